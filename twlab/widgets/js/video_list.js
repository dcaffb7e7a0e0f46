/** The videos as one looks through them: how many segments each has, which are looked for, in which order. */

import { findColumn } from "./data.js";
import { wholeVideos } from "./gallery_rows.js";
import { codesByName, groupOf } from "./groups.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {"given" | "name" | "segments" | "length"} VideoOrder */
/**
 * @typedef {object} VideoEntry
 * @property {number} video
 * @property {string} title
 * @property {number} group of the column of the videos, -1 where there is none
 * @property {number} count of segments
 * @property {number} first row of it in time, else in the table
 */

/** From so many on the heatmap shows videos, and their list is open: of fewer, lanes and legend show them all. */
export const MANY_VIDEOS = 12;

/** What the list knows of every video. @param {Data} data @returns {VideoEntry[]} */
export function videoEntries(data) {
  const column = findColumn(data, data.videoColumn);
  const entries = data.videos.map(({ title }, video) => ({
    ...{ video, title, group: -1, count: 0, first: -1 },
  }));
  for (const row of data.order) {
    const entry = entries[data.video[row]];
    if (entry.first < 0 || data.start[row] < data.start[entry.first]) entry.first = row;
  }
  const whole = wholeVideos(data);
  for (let row = 0; row < data.n; row++) {
    const entry = entries[data.video[row]];
    entry.count += 1 - whole[row];
    if (entry.first < 0) entry.first = row;
    if (entry.group < 0 && column) entry.group = groupOf(column, row);
  }
  return entries;
}

/** Those whose title holds the text looked for, whatever its case. @param {VideoEntry[]} entries @param {string} text */
export function videosFound(entries, text) {
  const wanted = text.trim().toLowerCase();
  return entries.filter(({ title }) => title.toLowerCase().includes(wanted));
}

/** In another order, the longest and largest first; equal ones as they were. @param {VideoEntry[]} entries @param {VideoOrder} order @param {Data} data */
export function videosInOrder(entries, order, { videos }) {
  if (order === "name")
    return codesByName(entries.map(({ title }) => title)).map((k) => entries[k]);
  if (order === "segments") return [...entries].sort((a, b) => b.count - a.count);
  const long = (/** @type {VideoEntry} */ { video }) => videos[video].duration || 0;
  return order === "length" ? [...entries].sort((a, b) => long(b) - long(a)) : entries;
}
