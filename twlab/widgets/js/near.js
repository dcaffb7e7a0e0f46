/** The rows most like a row: from the list Python made, else from the bytes of the heatmap. */

/** @typedef {import("./data.js").Data} Data */
/** @typedef {{ row: number, similarity: number }} Likeness */

/**
 * At most `count` rows, best first; none where nothing is known.
 * @param {Data} data @param {number} space @param {number} row @param {number} count
 * @returns {Likeness[]}
 */
export function nearestOf(data, space, row, count) {
  const home = [data.spaces[space], ...data.spaces].find(
    (one) => one && placeInSpace(one.rows, data, row) >= 0,
  );
  if (!home?.neighbors) return [];
  const place = placeInSpace(home.rows, data, row);
  const out = [];
  for (let k = 0; k < Math.min(count, home.nNeighbors); k++) {
    const other = home.neighbors[place * home.nNeighbors + k];
    if (other < 0) break;
    out.push({ row: other, similarity: similarityAt(data, home, row, other) });
  }
  return out;
}

/** Cosine similarity of two rows as the heatmap knows it, NaN where it does not. @param {Data} data @param {import("./data.js").Space} shown @param {number} a @param {number} b */
function similarityAt(data, shown, a, b) {
  const square = shown.similarity;
  if (!square) return NaN;
  // Neighbours are known ahead only where each row has a cell of its own.
  const place = (/** @type {number} */ row) => placeInSpace(shown.rows, data, row);
  const [i, j] = [place(a), place(b)];
  if (i < 0 || j < 0 || square.size < shown.rows.length) return NaN;
  const byte = square.cells[i * square.size + j];
  return square.low + (byte / 255) * (square.high - square.low);
}

/**
 * Where a row stands among rows sorted by video and start, or -1.
 * @param {Uint32Array} rows @param {Data} data @param {number} row
 */
export function placeInSpace(rows, data, row) {
  if (row < 0) return -1;
  const { video, start } = data;
  let [lo, hi] = [0, rows.length];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    const other = rows[middle];
    const before =
      video[other] < video[row] || (video[other] === video[row] && start[other] < start[row]);
    if (before) lo = middle + 1;
    else hi = middle;
  }
  for (let k = lo; k < rows.length && video[rows[k]] === video[row]; k++) {
    if (rows[k] === row) return k;
    if (start[rows[k]] > start[row]) break;
  }
  return untimedPlace(rows, data, row);
}

/** Rows without a time are not in that order; they are few. @param {Uint32Array} rows @param {Data} data @param {number} row */
function untimedPlace(rows, data, row) {
  return Number.isNaN(data.start[row]) ? rows.indexOf(row) : -1;
}
