/** Rows by time: which segment runs at a second, and where each lane's rows lie. */

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./state.js").Stretch} Stretch */
/** @typedef {{ video: number, lane: number, rows: Uint32Array }} Lane */
/** @typedef {ReturnType<typeof createTimeIndex>} TimeIndex */

/** @param {Data} data */
export function createTimeIndex(data) {
  const lanes = splitLanes(data);
  /** @type {Map<string, Lane>} */
  const byKey = new Map(lanes.map((lane) => [`${lane.video}/${lane.lane}`, lane]));
  /** @type {Map<string, number>} */
  const longest = new Map();
  for (const [key, lane] of byKey) {
    let length = 0;
    for (const row of lane.rows) length = Math.max(length, data.end[row] - data.start[row]);
    longest.set(key, length);
  }

  /** Position in the lane of the first row that starts after `sec`. @param {Uint32Array} rows @param {number} sec */
  const after = (rows, sec) => {
    let [lo, hi] = [0, rows.length];
    while (lo < hi) {
      const middle = (lo + hi) >> 1;
      if (data.start[rows[middle]] <= sec) lo = middle + 1;
      else hi = middle;
    }
    return lo;
  };

  return {
    lanes,
    /** The latest-starting row of a lane that runs at `sec`, or -1. @param {number} video @param {number} lane @param {number} sec */
    rowAt(video, lane, sec) {
      const key = `${video}/${lane}`;
      const rows = byKey.get(key)?.rows;
      if (!rows) return -1;
      const reach = longest.get(key) ?? 0;
      for (let k = after(rows, sec) - 1; k >= 0 && data.start[rows[k]] >= sec - reach; k--) {
        if (data.end[rows[k]] > sec) return rows[k];
      }
      return -1;
    },
    /** The row before or after `row` in its lane, or -1. @param {number} row @param {number} step */
    neighborInTime(row, step) {
      const rows = byKey.get(`${data.video[row]}/${data.lane[row]}`)?.rows;
      const place = rows ? rows.indexOf(row) : -1;
      return place < 0 || !rows ? -1 : (rows[place + step] ?? -1);
    },
    /** Rows of a lane that overlap `[start, end)`. @param {Lane} lane @param {number} start @param {number} end */
    rowsWithin(lane, start, end) {
      const reach = longest.get(`${lane.video}/${lane.lane}`) ?? 0;
      const first = after(lane.rows, start - reach - 1e-9);
      const last = after(lane.rows, end - 1e-9);
      return lane.rows
        .slice(first > 0 ? first - 1 : 0, last)
        .filter((row) => data.end[row] > start);
    },
  };
}

/** @param {Data} data @returns {Lane[]} */
function splitLanes(data) {
  const lanes = [];
  const { order, video, lane } = data;
  for (let from = 0, to = 1; from < order.length; from = to, to++) {
    const [v, l] = [video[order[from]], lane[order[from]]];
    while (to < order.length && video[order[to]] === v && lane[order[to]] === l) to++;
    lanes.push({ video: v, lane: l, rows: order.subarray(from, to) });
  }
  return lanes;
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
