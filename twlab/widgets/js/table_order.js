/** The table's columns in words, and its rows in the order of one of them. */

import { NAMES_APART, namesOf } from "./data.js";
import { codesByName, missingGroup } from "./groups.js";
import { formatTime } from "./time.js";

/** @typedef {import("./data.js").Column} Column */
/** @typedef {{ by: string, descending: boolean }} Sorting */

/** Digits that numbers of 32 bits can be trusted in. */
const DIGITS = 6;

/** What a column says of a row; an empty text where it says nothing. @param {Column} column @param {number} row */
export function valueText(column, row) {
  if (column.kind === "category") return namesOf(column, row).join(NAMES_APART);
  const value = column.values[row];
  return Number.isNaN(value) ? "" : numberText(column, value);
}

/** @param {{ time: boolean }} column @param {number} value */
export function numberText({ time }, value) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (time) return formatTime(value, Number.isInteger(value) ? 0 : 1);
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)));
}

/** The rows by a column: numbers by size, names as they count, what is missing last either way; equal ones as they were. @param {Uint32Array} rows @param {Column} column @param {boolean} descending */
export function rowsByColumn(rows, column, descending) {
  if (column.kind === "number") return rowsByNumber(rows, column.values, descending);
  const last = missingGroup(column);
  const ranks = new Uint32Array(last + 1);
  codesByName(column.names).forEach((code, place) => {
    ranks[code] = descending ? last - 1 - place : place;
  });
  ranks[last] = last;
  return rowsByRank(rows, (row) => ranks[Math.min(column.codes[row], last)], last + 1);
}

/** Rows by small whole numbers, in two walks. @param {Uint32Array} rows @param {(row: number) => number} rankOf @param {number} nRanks */
function rowsByRank(rows, rankOf, nRanks) {
  const next = new Uint32Array(nRanks + 1);
  for (const row of rows) next[rankOf(row) + 1]++;
  for (let rank = 0; rank < nRanks; rank++) next[rank + 1] += next[rank];
  const out = new Uint32Array(rows.length);
  for (const row of rows) out[next[rankOf(row)]++] = row;
  return out;
}

/** @param {Uint32Array} rows @param {ArrayLike<number>} values @param {boolean} descending */
export function rowsByNumber(rows, values, descending) {
  const known = rows.filter((row) => !Number.isNaN(values[row]));
  const sign = descending ? -1 : 1;
  known.sort((a, b) => {
    const [x, y] = [values[a], values[b]];
    return x === y ? 0 : x < y ? -sign : sign;
  });
  if (known.length === rows.length) return known;
  const out = new Uint32Array(rows.length);
  out.set(known);
  out.set(
    rows.filter((row) => Number.isNaN(values[row])),
    known.length,
  );
  return out;
}

/** What a click on the head of a column leads to: up, down, and the order of time again. @param {Sorting | null} now @param {string} by @returns {Sorting | null} */
export function nextSorting(now, by) {
  if (now?.by !== by) return { by, descending: false };
  return now.descending ? null : { by, descending: true };
}

/** The cell to which a key leads, or null where it leads nowhere. @param {string} key @param {{ row: number, column: number }} from @param {{ rows: number, columns: number, page: number }} size */
export function cellAfterKey(key, { row, column }, { rows, columns, page }) {
  /** @type {Record<string, [number, number]>} */
  const steps = {
    ...{ ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] },
    ...{ PageDown: [page, 0], PageUp: [-page, 0], Home: [-rows, 0], End: [rows, 0] },
  };
  if (!(key in steps) || !rows) return null;
  const [down, right] = steps[key];
  const within = (/** @type {number} */ at, /** @type {number} */ n) =>
    Math.max(0, Math.min(n - 1, at));
  return {
    row: within(row + down, rows),
    column: within(column + right, columns),
  };
}
