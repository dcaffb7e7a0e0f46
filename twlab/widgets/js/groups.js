/** The groups of a column: how large they are, in which order, and which may have a colour each. */

import { isMissing } from "./data.js";

/** @typedef {import("./data.js").Column} Column */

const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The group of rows that have no value; the others are the codes before it. @param {Column} column */
export function missingGroup(column) {
  return column.kind === "category" ? column.names.length : 1;
}

/** The group of a row: its category, or whether it has a number. @param {Column} column @param {number} row */
export function groupOf(column, row) {
  if (column.kind === "category") return Math.min(column.codes[row], column.names.length);
  return Number(isMissing(column, row));
}

/** The group of rows that are in several others, -1 where none is. @param {Column} column */
export function groupOfSeveral(column) {
  return column.kind === "category" && column.each?.size ? column.names.length - 1 : -1;
}

/** Rows in each group, the missing ones last. @param {Column} column @param {number} n rows of the table */
export function countGroups(column, n) {
  const counts = new Uint32Array(missingGroup(column) + 1);
  for (let row = 0; row < n; row++) counts[groupOf(column, row)]++;
  return counts;
}

/** Rows in each group as readers count them: those with several names in each of these too. @param {Column} column @param {number} n rows of the table */
export function countMembers(column, n) {
  const counts = countGroups(column, n);
  const several = (column.kind === "category" && column.each) || [];
  for (const [, groups] of several) for (const group of groups) counts[group]++;
  return counts;
}

/** Numbers before words, each as one counts: topic 2 before topic 10, -1 before 0. @param {string} a @param {string} b */
export function compareNames(a, b) {
  const [x, y] = [a, b].map((name) => (name.trim() ? Number(name) : NaN));
  const [first, second] = [Number.isNaN(x), Number.isNaN(y)].map(Number);
  if (first !== second) return first - second;
  return (first ? 0 : x - y) || NATURAL.compare(a, b) || Number(a > b) - Number(a < b);
}

/** Codes by name. @param {string[]} names */
export function codesByName(names) {
  return [...names.keys()].sort((a, b) => compareNames(names[a], names[b]) || a - b);
}

/** Codes by size, the largest first; equal ones by name. @param {string[]} names @param {ArrayLike<number>} counts */
export function codesBySize(names, counts) {
  return codesByName(names).sort((a, b) => counts[b] - counts[a]);
}

/** Thousands of groups take long to sort, and a column keeps its own. @type {WeakMap<Column, number[]>} */
const known = new WeakMap();

/**
 * Codes in the order in which they have colours: the largest first, of equal ones the first, so
 * that a group keeps its colour when it is called by a name.
 * @param {import("./data.js").CategoryColumn} column @param {number} n rows of the table @returns {number[]}
 */
export function colourOrder(column, n) {
  const found = known.get(column);
  if (found) return found;
  const counts = countGroups(column, n);
  const ordered = [...column.names.keys()].sort((a, b) => counts[b] - counts[a]);
  known.set(column, ordered);
  return ordered;
}

/**
 * Which of the colours each group has, -1 for none of its own. Where there are more groups than
 * colours the first of `ordered` have them, as by `places_of_groups` of twlab/looks.py; those of
 * hidden groups go to the first that have none.
 * @param {{ names: string[], ordered: number[], hidden: number[], nColours: number }} groups
 */
export function coloursOfGroups({ names, ordered, hidden, nColours }) {
  if (names.length <= nColours) return Int32Array.from(names.keys());
  const places = new Int32Array(names.length).fill(-1);
  const [holders, others] = [ordered.slice(0, nColours), ordered.slice(nColours)];
  holders.forEach((code, place) => (places[code] = place));
  const gone = new Set(hidden);
  const free = holders.filter((code) => gone.has(code)).map((code) => places[code]);
  const heirs = others.filter((code) => !gone.has(code)).slice(0, free.length);
  heirs.forEach((code, k) => (places[code] = free[k]));
  return places;
}
