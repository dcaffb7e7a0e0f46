/** Names that readers give to what they selected: a column of the table, made by hand. A row may have several. */

/**
 * @typedef {object} Labels
 * @property {string[]} names in the order in which they were given
 * @property {Uint8Array[]} masks of each name one byte per row: 1 where it has the name
 * @property {number} n rows
 */

/** The column by which the colours can be chosen. */
export const NAMED_COLUMN = "named here";

/** The group of rows that have several names. */
const SEVERAL = "several";

/** @param {number} n @returns {Labels} */
export function noLabels(n) {
  return { names: [], masks: [], n };
}

/** The rows of the mask have this name, beside those that they have. @param {Labels} labels @param {Uint8Array} mask @param {string} name @returns {Labels} */
export function giveName(labels, mask, name) {
  const own = rowsNamed(labels, name);
  return withRows(
    labels,
    name,
    own.map((has, row) => has | mask[row]),
  );
}

/** The rows of the mask do not have this name any longer; a name without rows is forgotten. @param {Labels} labels @param {Uint8Array} mask @param {string} name */
export function takeName(labels, mask, name) {
  const own = rowsNamed(labels, name);
  return withRows(
    labels,
    name,
    own.map((has, row) => has & (1 - mask[row])),
  );
}

/** No row has this name any longer. @param {Labels} labels @param {string} name */
export function forgetName(labels, name) {
  return withRows(labels, name, new Uint8Array(labels.n));
}

/** @param {Labels} labels @param {string} name @param {Uint8Array} rows @returns {Labels} */
function withRows({ names, masks, n }, name, rows) {
  const [k, some] = [names.indexOf(name), rows.includes(1)];
  if (k < 0)
    return some ? { names: [...names, name], masks: [...masks, rows], n } : { names, masks, n };
  const [kept, own] = [[...names], [...masks]];
  if (some) own[k] = rows;
  else for (const list of [kept, own]) list.splice(k, 1);
  return { names: kept, masks: own, n };
}

/** One byte per row: 1 where it has the name. @param {Labels} labels @param {string} name */
export function rowsNamed({ names, masks, n }, name) {
  return masks[names.indexOf(name)] ?? new Uint8Array(n);
}

/** How many rows each name has, in the order of the names. @param {Labels} labels */
export function countNamed({ masks }) {
  return masks.map((mask) => mask.reduce((sum, one) => sum + one, 0));
}

/** How many names each row has. @param {Labels} labels */
export function countNames({ masks, n }) {
  const counts = new Uint16Array(n);
  for (const mask of masks) for (let row = 0; row < n; row++) counts[row] += mask[row];
  return counts;
}

/** As Python is told: for each name from which row to before which, one after the other. @param {Labels} labels @returns {[string, number[]][]} */
export function tellLabels({ names, masks, n }) {
  return names.map((name, k) => {
    /** @type {number[]} */
    const runs = [];
    for (let row = 0; row <= n; row++)
      if ((masks[k][row] ?? 0) !== (masks[k][row - 1] ?? 0)) runs.push(row);
    return [name, runs];
  });
}

/** @param {[string, number[]][] | undefined} told @param {number} n @returns {Labels} */
export function readLabels(told, n) {
  const labels = noLabels(n);
  for (const [name, runs] of told ?? []) {
    const mask = new Uint8Array(n);
    for (let k = 0; k < runs.length; k += 2) mask.fill(1, runs[k], runs[k + 1]);
    labels.names.push(name);
    labels.masks.push(mask);
  }
  return labels;
}

/** The columns with the names as one of them, where there are some. @param {import("./data.js").Column[]} columns @param {Labels} labels @returns {import("./data.js").Column[]} */
export function withNames(columns, labels) {
  const others = columns.filter((column) => column.name !== NAMED_COLUMN);
  return labels.names.length ? [...others, columnOfNames(labels)] : others;
}

/** Rows with several names are a group of their own, and in each of theirs. @param {Labels} labels @returns {import("./data.js").CategoryColumn} */
function columnOfNames(labels) {
  const { masks, n } = labels;
  const counts = countNames(labels);
  const names = [...labels.names];
  if (counts.some((count) => count > 1)) names.push(wordForSeveral(labels.names));
  const codes = new Uint16Array(n).fill(names.length);
  /** @type {Map<number, number[]>} */
  const each = new Map();
  masks.forEach((mask, k) => {
    for (let row = 0; row < n; row++) {
      if (!mask[row]) continue;
      codes[row] = counts[row] > 1 ? masks.length : k;
      if (counts[row] > 1) each.set(row, [...(each.get(row) ?? []), k]);
    }
  });
  return { name: NAMED_COLUMN, kind: "category", codes, names, each };
}

/** One that is no name. @param {string[]} names */
function wordForSeveral(names) {
  let word = SEVERAL;
  while (names.includes(word)) word += " names";
  return word;
}
