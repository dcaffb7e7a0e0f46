/** What someone means who types into the search box: a time, a label, or some words. */

import { cellText, namesOf } from "./data.js";
import { rowsInGroup, rowsWithText } from "./facts.js";
import { formatTime, parseTime } from "./time.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./data.js").Column} Column */
/**
 * @typedef {{ kind: "rows", rows: number[], what: string }
 *   | { kind: "time", sec: number }
 *   | { kind: "words", words: string }
 *   | { kind: "none", why: string }} Found what only a kernel can look for is `words`
 */

/**
 * A label that is written so comes before a time: what the legend shows can be found.
 * @param {Data} data @param {{ video: number, colorBy: string }} now @param {string} text
 * @returns {Found}
 */
export function findText(data, { video, colorBy }, text) {
  const wanted = text.trim();
  if (!wanted) return { kind: "none", why: "" };
  const quoted = /^["“](.*\S.*)["”]$/.exec(wanted);
  if (quoted) return { kind: "words", words: quoted[1].trim() };
  const label = findInColumn(data, wanted, ":") ?? findLabel(data, colorBy, wanted);
  if (label) return label;
  const sec = parseTime(wanted);
  if (Number.isFinite(sec)) return checkTime(data, video, sec);
  const words = findInColumn(data, wanted, " ");
  if (words) return words;
  const rows = rowsWithText(data, wanted);
  const quotes = data.words ? `; in quotes it is looked for by what it means` : "";
  if (rows.length) return { kind: "rows", rows, what: `'${wanted}'${quotes}` };
  if (namesColumn(data, wanted)) return { kind: "none", why: `Nothing holds '${wanted}'` };
  return { kind: "words", words: wanted };
}

/** `cluster:7` asks for a label, even where there is none. @param {Data} data @param {string} text */
function namesColumn({ columns }, text) {
  const low = text.toLowerCase();
  return columns.some(({ name }) => low.startsWith(`${name.toLowerCase()}:`));
}

/** A time within the video. @param {Data} data @param {number} video @param {number} sec @returns {Found} */
function checkTime(data, video, sec) {
  const { duration, title } = data.videos[video] ?? { duration: 0, title: "" };
  if (!(duration > 0) || sec <= duration) return { kind: "time", sec };
  const why = `${formatTime(sec)} lies beyond the end of ${title}, at ${formatTime(duration)}`;
  return { kind: "none", why };
}

/** `cluster:4`: rows of a column that is named. @param {Data} data @param {string} text @param {string} mark between name and value @returns {Found | null} */
function findInColumn(data, text, mark) {
  const low = text.toLowerCase();
  for (const column of data.columns) {
    const start = `${column.name.toLowerCase()}${mark}`;
    if (!low.startsWith(start)) continue;
    const value = low.slice(start.length).trim();
    const exact = rowsSaying(data, column, (said) => said === value);
    const rows = exact.length ? exact : rowsSaying(data, column, (said) => said.includes(value));
    if (value && rows.length) return { kind: "rows", rows, what: `${column.name} ${value}` };
  }
  return null;
}

/** Rows with that very label, in the column that gives the colours or else in the first that has it. @param {Data} data @param {string} colorBy @param {string} text @returns {Found | null} */
function findLabel({ columns, n }, colorBy, text) {
  const low = text.toLowerCase();
  const ordered = [...columns].sort((a, b) => +(b.name === colorBy) - +(a.name === colorBy));
  for (const column of ordered) {
    if (column.kind !== "category") continue;
    const code = column.names.findIndex((name) => name.toLowerCase() === low);
    if (code < 0) continue;
    const rows = rowsInGroup(n, column, code);
    return { kind: "rows", rows, what: `${column.name} ${column.names[code]}` };
  }
  return null;
}

/** @param {Data} data @param {Column} column @param {(said: string) => boolean} says */
function rowsSaying({ n }, column, says) {
  const texts = (/** @type {number} */ row) =>
    column.kind === "category" ? namesOf(column, row) : [cellText(column, row)];
  return [...Array(n).keys()].filter((row) => texts(row).some((one) => says(one.toLowerCase())));
}
