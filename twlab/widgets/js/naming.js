/** Names that readers give to what they selected: a column of the table, made by hand. */

/**
 * @typedef {object} Labels
 * @property {string[]} names in the order in which they were given
 * @property {Uint16Array} codes of each row: 0 without a name, else one more than the place of its name
 */

/** The column by which the colours can be chosen. */
export const NAMED_COLUMN = "named here";

/** @param {number} n @returns {Labels} */
export function noLabels(n) {
  return { names: [], codes: new Uint16Array(n) };
}

/** The selected rows have this name now, and no other; names without rows are forgotten. @param {Labels} labels @param {Uint8Array} mask @param {string} name empty to take their names away @returns {Labels} */
export function nameRows({ names, codes }, mask, name) {
  const known = name && !names.includes(name) ? [...names, name] : names;
  const code = name ? known.indexOf(name) + 1 : 0;
  const next = codes.map((old, row) => (mask[row] ? code : old));
  return forgetUnused({ names: known, codes: next });
}

/** No row has this name any longer. @param {Labels} labels @param {string} name */
export function forgetName(labels, name) {
  return nameRows(labels, rowsNamed(labels, name), "");
}

/** One byte per row: 1 where it has the name. @param {Labels} labels @param {string} name */
export function rowsNamed({ names, codes }, name) {
  const code = names.indexOf(name) + 1;
  return Uint8Array.from(codes, (own) => Number(code > 0 && own === code));
}

/** How many rows each name has, in the order of the names. @param {Labels} labels */
export function countNamed({ names, codes }) {
  const counts = new Array(names.length + 1).fill(0);
  for (const code of codes) counts[code]++;
  return counts.slice(1);
}

/** @param {Labels} labels @returns {Labels} */
function forgetUnused(labels) {
  const counts = countNamed(labels);
  const kept = labels.names.filter((_, k) => counts[k]);
  if (kept.length === labels.names.length) return labels;
  const moved = [0, ...labels.names.map((name) => kept.indexOf(name) + 1)];
  return { names: kept, codes: labels.codes.map((code) => moved[code]) };
}

/** As Python is told: for each name from which row to before which, one after the other. @param {Labels} labels @returns {[string, number[]][]} */
export function tellLabels({ names, codes }) {
  /** @type {number[][]} */
  const runs = names.map(() => []);
  for (let from = 0, to = 1; from < codes.length; from = to, to++) {
    while (to < codes.length && codes[to] === codes[from]) to++;
    if (codes[from]) runs[codes[from] - 1].push(from, to);
  }
  return names.map((name, k) => [name, runs[k]]);
}

/** @param {[string, number[]][] | undefined} told @param {number} n @returns {Labels} */
export function readLabels(told, n) {
  const labels = noLabels(n);
  for (const [name, runs] of told ?? []) {
    labels.names.push(name);
    for (let k = 0; k < runs.length; k += 2)
      labels.codes.fill(labels.names.length, runs[k], runs[k + 1]);
  }
  return labels;
}

/** The columns with the names as one of them, where there are some. @param {import("./data.js").Column[]} columns @param {Labels} labels @returns {import("./data.js").Column[]} */
export function withNames(columns, { names, codes }) {
  const others = columns.filter((column) => column.name !== NAMED_COLUMN);
  if (!names.length) return others;
  const missing = names.length;
  const own = codes.map((code) => (code ? code - 1 : missing));
  return [...others, { name: NAMED_COLUMN, kind: "category", codes: own, names }];
}
