/** What the search box offers while someone types: labels, a time, and names of videos. */

import { rowsInGroup } from "./facts.js";
import { codesByName, countMembers } from "./groups.js";
import { formatTime, parseTime } from "./time.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./search.js").Found} Found */
/**
 * @typedef {object} Suggestion
 * @property {string} text as the box shows it
 * @property {number} count of the segments that it means, -1 for a time
 * @property {() => Found} found what choosing it does
 */
/** @typedef {{ name: string, low: string, suggestion: Suggestion }} Known a suggestion, its value and its text in lower case */

/** More than this nobody reads: who does not see it types another letter. */
const OFFERED = 40;

/**
 * All that can be offered, in order: labels of the column that gives the colours by their names
 * alone, those of the others after the names of their columns, and videos.
 * @param {Data} data @param {string} colorBy @returns {Known[]}
 */
export function knownLabels(data, colorBy) {
  const ordered = [...data.columns].sort((a, b) => +(b.name === colorBy) - +(a.name === colorBy));
  const known = [];
  for (const column of ordered) {
    if (column.kind !== "category") continue;
    const counts = countMembers(column, data.n);
    const before = column.name === colorBy ? "" : `${column.name}:`;
    for (const code of codesByName(column.names)) {
      const what = `${column.name} ${column.names[code]}`;
      const rows = () => rowsInGroup(data.n, column, code);
      known.push(know(before, column.names[code], counts[code], rows, what));
    }
  }
  return [...known, ...knownVideos(data)];
}

/** The videos of several, unless a column has their names already. @param {Data} data @returns {Known[]} */
function knownVideos(data) {
  const titles = data.videos.map(({ title }) => title);
  if (titles.length < 2) return [];
  const said = new Set(data.columns.flatMap((one) => (one.kind === "category" ? one.names : [])));
  const counts = new Uint32Array(titles.length);
  for (const video of data.video) counts[video]++;
  return codesByName(titles)
    .filter((video) => !said.has(titles[video]))
    .map((video) => {
      const rows = () => [...data.video.keys()].filter((row) => data.video[row] === video);
      return know("video:", titles[video], counts[video], rows, `video ${titles[video]}`);
    });
}

/** @param {string} before @param {string} value @param {number} count @param {() => number[]} rows @param {string} what @returns {Known} */
function know(before, value, count, rows, what) {
  const text = `${before}${value}`;
  /** @returns {Found} */
  const found = () => ({ kind: "rows", rows: rows(), what });
  return { name: value.toLowerCase(), low: text.toLowerCase(), suggestion: { text, count, found } };
}

/**
 * A time within the video, then labels that begin with the text, then those that hold it.
 * @param {Known[]} known @param {{ duration: number }} video @param {string} text
 * @returns {Suggestion[]}
 */
export function suggest(known, { duration }, text) {
  const low = text.trim().toLowerCase();
  const begins = (/** @type {Known} */ one) => one.name.startsWith(low) || one.low.startsWith(low);
  const [first, second] = [known.filter(begins), known.filter((one) => !begins(one))];
  const offered = [...first, ...second.filter((one) => one.low.includes(low))];
  const sec = low ? parseTime(low) : NaN;
  const inside = Number.isFinite(sec) && (!(duration > 0) || sec <= duration);
  /** @type {Suggestion[]} */
  const times = inside
    ? [{ text: formatTime(sec), count: -1, found: () => ({ kind: "time", sec }) }]
    : [];
  // A number that is a label means the label first, as when it is entered.
  const labels = offered.slice(0, OFFERED).map(({ suggestion }) => suggestion);
  return first.length ? [...labels, ...times] : [...times, ...labels];
}
