/** Which rows the gallery shows, and in which order. */

/** @typedef {import("./data.js").Data} Data */

/**
 * All rows by video and time, whatever lane they are in; then those without a time; last the rows
 * that stand for a whole video, which no view shows unless they are selected.
 * @param {Data} data @returns {{ rows: Uint32Array, parts: number }} how many are not whole videos
 */
export function rowsByTime(data) {
  const { n, order, video, start, lanes } = data;
  const timed = order.slice();
  // Lanes are runs within a video: a sort merges them in little more than one walk.
  if (lanes.length > 1) timed.sort((a, b) => video[a] - video[b] || start[a] - start[b]);
  if (timed.length === n) return { rows: timed, parts: n };
  const wholes = wholeVideos(data);
  const known = wholes.slice();
  for (const row of timed) known[row] = 1;
  const untimed = [...known.keys()].filter((row) => !known[row]);
  const whole = [...wholes.keys()].filter((row) => wholes[row]);
  const rows = Uint32Array.from([...timed, ...untimed, ...whole]);
  return { rows, parts: n - whole.length };
}

/** Rows that stand for a whole video among parts of it; they are no segments, and are not counted as such. @param {Pick<Data, "n" | "order" | "start">} data @returns {Uint8Array} one byte per row */
export function wholeVideos({ n, order, start }) {
  const whole = new Uint8Array(n);
  if (order.length === n) return whole;
  for (let row = 0; row < n; row++) whole[row] = Number(Number.isFinite(start[row]));
  for (const row of order) whole[row] = 0;
  return whole;
}

/** Those of some rows that are selected; all parts of videos where nothing is. @param {{ rows: Uint32Array, parts: number }} all @param {Uint8Array} mask @param {number} selected how many are */
export function rowsShown({ rows, parts }, mask, selected) {
  if (!selected) return rows.subarray(0, parts);
  const shown = new Uint32Array(selected);
  let count = 0;
  for (const row of rows) if (mask[row]) shown[count++] = row;
  return shown.subarray(0, count);
}

/** Best first, rows without a score last, equal ones as they were. @param {Uint32Array} rows @param {Float32Array} scores of all rows */
export function rowsByScore(rows, scores) {
  const worths = Float32Array.from(rows, (row) =>
    Number.isNaN(scores[row]) ? -Infinity : scores[row],
  );
  // Of two infinite ones the difference is no number: then, too, they stay as they were.
  const places = Uint32Array.from(rows.keys()).sort((a, b) => worths[b] - worths[a] || a - b);
  return places.map((place) => rows[place]);
}

/**
 * A score of every row: how alike to the focus after looking for neighbours, else the table's own.
 * @param {Data} data @param {Float32Array | null} found
 */
export function scoresOf(data, found) {
  if (found) return found;
  const own = data.columns.find(({ name, kind }) => name === "score" && kind === "number");
  return own?.kind === "number" ? own.values : null;
}

/** As short as it can be said: `.83`, `.016`, `12.4`. @param {number} score */
export function scoreText(score) {
  if (!Number.isFinite(score)) return "";
  const size = Math.abs(score);
  const text =
    size >= 10 ? score.toFixed(1) : size >= 0.1 || !size ? score.toFixed(2) : score.toPrecision(2);
  return text.replace(/^(-?)0\./, "$1.");
}
