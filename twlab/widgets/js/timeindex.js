/** Rows by time: which segment runs at a second, and where each lane's rows lie. */

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./state.js").Stretch} Stretch */
/**
 * @typedef {object} Lane
 * @property {number} video
 * @property {number} lane
 * @property {Uint32Array} rows by start
 * @property {number} longest how long the longest of them is, in seconds
 * @property {number} ends when the last of them ends, in seconds
 */

/** Overlaps shorter than this are none: cuts of two models may lie a frame apart, .042 s at 24 a second. */
const LEAST_OVERLAP_SEC = 0.05;
/** What has no length is taken to be so long, so that it overlaps what runs at its moment. */
const INSTANT_SEC = 0.001;

export class TimeIndex {
  #data;
  /** @type {Map<string, Lane>} */
  #byKey;

  /** @param {Data} data */
  constructor(data) {
    this.#data = data;
    this.lanes = splitLanes(data);
    this.#byKey = new Map(this.lanes.map((lane) => [laneKey(lane.video, lane.lane), lane]));
  }

  /** The latest-starting row of a lane that runs at `sec`, or -1. @param {number} video @param {number} lane @param {number} sec */
  rowAt(video, lane, sec) {
    const found = this.#byKey.get(laneKey(video, lane));
    if (!found) return -1;
    const { rows, longest } = found;
    const { start, end } = this.#data;
    for (let k = this.#after(rows, sec) - 1; k >= 0 && start[rows[k]] >= sec - longest; k--) {
      if (end[rows[k]] > sec) return rows[k];
    }
    return -1;
  }

  /** The row before or after `row` in its lane, of those shown, or -1. @param {number} row @param {number} step @param {Uint8Array | null} [shown] */
  neighborInTime(row, step, shown = null) {
    const { video, lane } = this.#data;
    const rows = this.#byKey.get(laneKey(video[row], lane[row]))?.rows;
    const place = rows ? rows.indexOf(row) : -1;
    if (place < 0 || !rows) return -1;
    let next = place + step;
    while (shown && next in rows && !shown[rows[next]]) next += step;
    return rows[next] ?? -1;
  }

  /** Rows of a lane that overlap `[start, end)`. @param {Lane} lane @param {number} start @param {number} end */
  rowsWithin({ rows, longest }, start, end) {
    const first = this.#after(rows, start - longest - 1e-9);
    const last = this.#after(rows, end - 1e-9);
    return rows.slice(first > 0 ? first - 1 : 0, last).filter((row) => this.#data.end[row] > start);
  }

  /** Rows of a lane that run while a row of the same video does, by start. @param {number} row @param {number} lane */
  rowsAlong(row, lane) {
    const { video, start, end } = this.#data;
    const found = this.#byKey.get(laneKey(video[row], lane));
    if (!found || !(end[row] >= start[row])) return new Uint32Array(0);
    const near = this.rowsWithin(found, start[row] - INSTANT_SEC, end[row] + INSTANT_SEC);
    return near.filter((other) => {
      const shorter = Math.min(lengthOf(this.#data, row), lengthOf(this.#data, other));
      return overlapSec(this.#data, row, other) >= Math.min(LEAST_OVERLAP_SEC, shorter / 4);
    });
  }

  /** The place of the first of a lane's rows that starts after `sec`. @param {Uint32Array} rows @param {number} sec */
  #after(rows, sec) {
    let [lo, hi] = [0, rows.length];
    while (lo < hi) {
      const middle = (lo + hi) >> 1;
      if (this.#data.start[rows[middle]] <= sec) lo = middle + 1;
      else hi = middle;
    }
    return lo;
  }
}

/** @param {Data} data @param {number} row */
const lengthOf = ({ start, end }, row) => Math.max(end[row] - start[row], INSTANT_SEC);

/** Seconds for which two rows run together; below 0 they are so far apart. @param {Data} data @param {number} a @param {number} b */
export function overlapSec(data, a, b) {
  const { start } = data;
  const ends = [a, b].map((row) => start[row] + lengthOf(data, row));
  return Math.min(...ends) - Math.max(start[a], start[b]);
}

/** @param {number} video @param {number} lane */
const laneKey = (video, lane) => `${video}/${lane}`;

/** @param {Data} data @returns {Lane[]} */
function splitLanes(data) {
  const lanes = [];
  const { order, video, lane } = data;
  for (let from = 0, to = 1; from < order.length; from = to, to++) {
    const [v, l] = [video[order[from]], lane[order[from]]];
    while (to < order.length && video[order[to]] === v && lane[order[to]] === l) to++;
    const rows = order.subarray(from, to);
    lanes.push({ video: v, lane: l, rows, ...lengthsOf(data, rows) });
  }
  return lanes;
}

/** @param {Data} data @param {Uint32Array} rows */
function lengthsOf({ start, end }, rows) {
  let [longest, ends] = [0, 0];
  for (let k = 0; k < rows.length; k++) {
    const last = end[rows[k]];
    const length = last - start[rows[k]];
    if (length > longest) longest = length;
    if (last > ends) ends = last;
  }
  return { longest, ends };
}

/**
 * The rows of one video and option from one row to another, both with it and in time; null where
 * they are not of the same, or have no time.
 * @param {Data} data @param {number} from @param {number} to @returns {Uint32Array | null}
 */
export function rowsBetween({ order, video, lane }, from, to) {
  const [first, last] = [order.indexOf(from), order.indexOf(to)].sort((a, b) => a - b);
  const same = video[from] === video[to] && lane[from] === lane[to];
  return first >= 0 && same ? order.subarray(first, last + 1) : null;
}

/**
 * Rows joined into stretches of time, in order of video and time; touching ones become one.
 * @param {Data} data @param {ArrayLike<number>} rows @returns {Stretch[]}
 */
export function stretchesOf(data, rows) {
  const timed = Array.from(rows).filter((i) => data.end[i] >= data.start[i]);
  timed.sort((a, b) => data.video[a] - data.video[b] || data.start[a] - data.start[b]);
  /** @type {Stretch[]} */
  const out = [];
  for (const i of timed) {
    const last = out[out.length - 1];
    const joins = last && last.video === data.video[i] && data.start[i] <= last.end + 0.05;
    if (joins) last.end = Math.max(last.end, data.end[i]);
    else out.push({ video: data.video[i], start: data.start[i], end: data.end[i] });
  }
  return out;
}
