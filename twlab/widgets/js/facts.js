/** What the columns say in words: of one row, and which rows say some words. */

import { cellText, findColumn, isInGroup } from "./data.js";
import { formatRange, formatTime } from "./time.js";

/** @typedef {import("./data.js").Data} Data */

/** Where a row lies: its time, or which page of a document it is. @param {Data} data @param {number} row */
export function placeText(data, row) {
  const { start, end } = data;
  return Number.isFinite(start[row]) ? formatRange(start[row], end[row]) : untimedText(data, row);
}

/** Where a row begins, as short as it can be said. @param {Data} data @param {number} row */
export function momentText(data, row) {
  const { start } = data;
  return Number.isFinite(start[row]) ? formatTime(start[row]) : untimedText(data, row);
}

/** @param {Data} data @param {number} row */
function untimedText({ pages }, row) {
  return pages[row] ?? `row ${row}`;
}

/** What to say of a row: its time, its video, and the chosen columns. @param {Data} data @param {number} row @param {string} colorBy */
export function rowFacts(data, row, colorBy) {
  const chosen = data.columns.filter(
    (column) =>
      column.name !== data.timeColumn &&
      (column.name === colorBy || data.tooltip.includes(column.name)),
  );
  // Of a search the number is the news, and not the words.
  const nameOf = (/** @type {import("./data.js").Column} */ column) =>
    column.kind === "number" && column.searched ? "search" : column.name;
  const facts = chosen.map((column) => ({ name: nameOf(column), text: cellText(column, row) }));
  if (data.videos.length > 1) {
    const column = findColumn(data, data.videoColumn);
    const text = column ? cellText(column, row) : data.videos[data.video[row]].title;
    facts.unshift({ name: data.videoColumn || "video", text });
  }
  return facts.filter((fact, k) => facts.findIndex((other) => other.name === fact.name) === k);
}

/** Rows in a group, those that are in several too. @param {number} n rows of the table @param {import("./data.js").CategoryColumn} column @param {number} code */
export function rowsInGroup(n, column, code) {
  return [...Array(n).keys()].filter((row) => isInGroup(column, row, code));
}

/** Rows of which some category column holds the text. @param {Data} data @param {string} text */
export function rowsWithText(data, text) {
  const wanted = text.trim().toLowerCase();
  /** @type {number[]} */
  const rows = [];
  if (!wanted) return rows;
  const columns = data.columns.filter((column) => column.kind === "category");
  const hits = columns.map((column) => ({
    column,
    codes: new Set(
      column.names.flatMap((name, code) => (name.toLowerCase().includes(wanted) ? [code] : [])),
    ),
  }));
  const useful = hits.filter((hit) => hit.codes.size);
  for (let i = 0; i < data.n; i++) {
    if (useful.some(({ column, codes }) => [...codes].some((code) => isInGroup(column, i, code))))
      rows.push(i);
  }
  return rows;
}
