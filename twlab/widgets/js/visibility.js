/** Which rows are shown: groups of any column can be hidden, and all but one. */

import { findColumn } from "./data.js";
import { groupOf, groupOfSeveral, missingGroup } from "./groups.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./data.js").Column} Column */
/** @typedef {Readonly<Record<string, number[]>>} Hidden groups by the name of their column */

/** @type {Hidden} */
export const NOTHING_HIDDEN = Object.freeze({});

/** These groups of a column are hidden, and no others of it. @param {Hidden} hidden @param {string} name @param {number[]} groups @returns {Hidden} */
export function hideGroups(hidden, name, groups) {
  const others = Object.entries(hidden).filter(([column]) => column !== name);
  return Object.fromEntries(groups.length ? [...others, [name, groups]] : others);
}

/** @param {Hidden} hidden @param {string} name @param {number} group @returns {Hidden} */
export function toggleGroup(hidden, name, group) {
  const now = hidden[name] ?? [];
  const without = now.filter((one) => one !== group);
  const next = without.length < now.length ? without : [...now, group];
  return hideGroups(hidden, name, next);
}

/** Only this group of its column; all of them where it was alone already. @param {Hidden} hidden @param {Column} column @param {number} group @returns {Hidden} */
export function soloGroup(hidden, column, group) {
  const others = isSolo(hidden, column, group) ? [] : groupsBeside(column, group);
  return hideGroups(hidden, column.name, others);
}

/** Whether a group is the only one of its column that is shown. @param {Hidden} hidden @param {Column} column @param {number} group */
export function isSolo(hidden, column, group) {
  const now = new Set(hidden[column.name]);
  return !now.has(group) && groupsBeside(column, group).every((one) => now.has(one));
}

/** All groups of a column but one, and but that of rows in several, of which it may be one. @param {Column} column @param {number} group */
function groupsBeside(column, group) {
  const apart = [group, groupOfSeveral(column)];
  return [...Array(missingGroup(column) + 1).keys()].filter((one) => !apart.includes(one));
}

/**
 * One byte per row: 1 where it is shown; null where nothing is hidden. A row in several groups is
 * shown as long as one of them is, and where those in several are all that is left.
 * @param {Data} data @param {Hidden} hidden
 */
export function shownRows(data, hidden) {
  /** @type {Uint8Array | null} */
  let shown = null;
  for (const [name, groups] of Object.entries(hidden)) {
    const column = findColumn(data, name);
    if (!column) continue;
    shown ??= new Uint8Array(data.n).fill(1);
    const gone = new Uint8Array(missingGroup(column) + 1);
    for (const group of groups) gone[group] = 1;
    for (let row = 0; row < data.n; row++) if (gone[groupOf(column, row)]) shown[row] = 0;
    const several = groupOfSeveral(column);
    if (column.kind !== "category" || several < 0) continue;
    if (gone.subarray(0, several).every(Boolean)) continue;
    for (const [row, own] of column.each ?? []) if (own.every((one) => gone[one])) shown[row] = 0;
  }
  return shown;
}

/** What is selected and shown; the mask itself where all of it is. @param {Uint8Array} mask @param {Uint8Array | null} shown */
export function maskShown(mask, shown) {
  return shown ? mask.map((one, row) => one & shown[row]) : mask;
}

/** Those of some rows that are shown. @template {Uint32Array} R @param {R} rows @param {Uint8Array | null} shown @returns {R | Uint32Array<ArrayBuffer>} */
export function onlyShown(rows, shown) {
  return shown ? rows.filter((row) => shown[row]) : rows;
}

/** What is hidden of a column whose names have changed: the same names. @param {Hidden} hidden @param {Column | null} before @param {Column | null} after @returns {Hidden} */
export function carryHidden(hidden, before, after) {
  const groups = before && hidden[before.name];
  if (!groups || before.kind !== "category") return hidden;
  if (after?.kind !== "category") return hideGroups(hidden, before.name, []);
  const moved = groups.map((group) =>
    group === before.names.length ? after.names.length : after.names.indexOf(before.names[group]),
  );
  const kept = moved.filter((group) => group >= 0);
  return hideGroups(hidden, before.name, kept);
}
