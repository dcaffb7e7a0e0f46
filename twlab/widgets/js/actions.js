/** Everything that can be done, in one place: views and keys call these, and only these write. */

import { combineSelection, countSet } from "./bits.js";
import { cellText } from "./data.js";
import { nearestOf } from "./near.js";
import { formatRange, formatTime, parseTime } from "./time.js";
import { stretchesOf } from "./timeindex.js";

const N_NEAREST = 10;

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./state.js").Store} Store */
/** @typedef {import("./state.js").Stretch} Stretch */
/** @typedef {import("./timeindex.js").TimeIndex} TimeIndex */
/** @typedef {ReturnType<typeof createActions>} Actions */
/**
 * @callback Hover
 * @param {number} row -1 for none
 * @param {HTMLElement} canvas
 * @param {number} x in pixels of the canvas
 * @param {number} y
 * @param {number} [sec] the moment pointed at, where it is finer than the row
 * @param {{ a: number, b: number, value: number }} [pair] two rows and how alike they are
 * @returns {void}
 */

/**
 * @param {Data} data @param {Store} store @param {TimeIndex} times
 * @param {{ showTip: Hover, ask: import("./app.js").Asker }} tools
 */
export function createActions(data, store, times, { showTip, ask }) {
  const count = (/** @type {number} */ n) =>
    `${n.toLocaleString("en")} segment${n === 1 ? "" : "s"}`;
  const describe = (/** @type {number} */ row) =>
    Number.isFinite(data.start[row]) ? formatRange(data.start[row], data.end[row]) : `row ${row}`;
  const known = (/** @type {number} */ row) => row >= 0 && row < data.n;

  /** @param {Uint8Array} mask @param {string} message @param {Stretch[]} bands */
  const setMask = (mask, message, bands = []) =>
    store.set({ mask, selected: countSet(mask), message, bands });

  /** Focus a row and bring the video there. @param {number} row @param {Stretch[] | null} playlist */
  const focus = (row, playlist = null) => {
    if (!known(row)) return;
    const sec = data.start[row];
    const video = data.video[row];
    const patch = { focus: row, message: `Focus on ${describe(row)}` };
    if (!Number.isFinite(sec)) return store.set(patch);
    store.set({ ...patch, video, sec, seek: { video, sec, playlist } });
  };

  /** @param {Stretch[]} playlist */
  const play = (playlist) => {
    if (!playlist.length) return;
    const { video, start } = playlist[0];
    store.set({ video, sec: start, seek: { video, sec: start, playlist } });
    follow(video, start);
  };

  /** The video is at this second: the focus goes along. @param {number} video @param {number} sec */
  const follow = (video, sec) => {
    const now = store.get("focus");
    const runs =
      known(now) &&
      data.video[now] === video &&
      data.start[now] - 0.05 <= sec &&
      sec < data.end[now];
    const lane = known(now)
      ? data.lane[now]
      : (data.lane[data.spaces[store.get("space")]?.rows[0]] ?? 0);
    const next = runs ? now : times.rowAt(video, lane, sec);
    store.set(next >= 0 ? { video, sec, focus: next } : { video, sec });
  };

  return {
    focus,
    follow,
    /** @param {number} row */
    playRow: (row) => known(row) && focus(row, stretchesOf(data, [row])),
    /** @type {Hover} */
    hover(row, canvas, x, y, sec, pair) {
      if (row !== store.get("hover")) store.set({ hover: row });
      showTip(row, canvas, x, y, sec, pair);
    },
    /**
     * @param {ArrayLike<number>} rows @param {"replace" | "add" | "toggle"} mode
     * @param {string} where for the message @param {Stretch[]} [bands]
     */
    select(rows, mode, where, bands = []) {
      const mask = combineSelection(store.get("mask"), rows, mode);
      const n = countSet(mask);
      if (rows.length && !mask[store.get("focus")]) focus(earliest(data, rows));
      setMask(mask, `${count(n)} selected${where && n ? ` ${where}` : ""}`, bands);
    },
    clear: () => setMask(new Uint8Array(data.n), "Selection cleared"),
    /** Select what is most like the focused segment, and it. */
    async selectNearest() {
      const row = store.get("focus");
      if (!known(row)) return store.set({ message: "Focus a segment first" });
      let near = nearestOf(data, store.get("space"), row, N_NEAREST).map((one) => one.row);
      if (!near.length) near = (await ask({ kind: "nearest", row, count: N_NEAREST })).answer.rows;
      if (!near?.length) return store.set({ message: "No neighbours are known here" });
      const mask = combineSelection(store.get("mask"), [row, ...near], "replace");
      setMask(mask, `${near.length} nearest neighbours of ${describe(row)} selected`);
    },
    /** Show another map and heatmap; the focus stays at its time. @param {number} space */
    showSpace(space) {
      store.set({ space });
      const lane = data.lane[data.spaces[space].rows[0]];
      const row = times.rowAt(store.get("video"), lane, store.get("sec"));
      if (row >= 0) store.set({ focus: row });
    },
    /** @param {number} video @param {number} sec */
    seek(video, sec) {
      store.set({ seek: { video, sec, playlist: null }, message: `At ${formatTime(sec, 1)}` });
      follow(video, sec);
    },
    /** @param {number} step */
    stepInTime(step) {
      const row = store.get("focus");
      const next = known(row) ? times.neighborInTime(row, step) : (data.order[0] ?? -1);
      if (next >= 0) focus(next);
    },
    playSelection() {
      const rows = [...store.get("mask").keys()].filter((i) => store.get("mask")[i]);
      const row = store.get("focus");
      const playlist = stretchesOf(data, rows.length ? rows : known(row) ? [row] : []);
      play(playlist);
      const what = rows.length ? count(rows.length) : "the focused segment";
      store.set({ message: playlist.length ? `Playing ${what}` : "Nothing to play" });
    },
    /** Go to a time, or select the rows whose texts hold some words. @param {string} text */
    find(text) {
      const sec = parseTime(text);
      if (Number.isFinite(sec)) return this.seek(store.get("video"), sec);
      const rows = rowsWithText(data, text);
      this.select(rows, "replace", `with “${text.trim()}”`);
    },
    count,
    describe,
  };
}

/** The row that starts first, in the first of their videos. @param {Data} data @param {ArrayLike<number>} rows */
function earliest(data, rows) {
  let best = rows[0];
  for (let k = 1; k < rows.length; k++) {
    const [row, video] = [rows[k], data.video[rows[k]]];
    if (video > data.video[best]) continue;
    if (video < data.video[best] || data.start[row] < data.start[best]) best = row;
  }
  return best;
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
    if (useful.some(({ column, codes }) => codes.has(column.codes[i]))) rows.push(i);
  }
  return rows;
}

/** What to say of a row: its time, its video, and the chosen columns. @param {Data} data @param {number} row @param {string} colorBy */
export function rowFacts(data, row, colorBy) {
  const chosen = data.columns.filter(
    (column) =>
      column.name !== "time" && (column.name === colorBy || data.tooltip.includes(column.name)),
  );
  const facts = chosen.map((column) => ({ name: column.name, text: cellText(column, row) }));
  if (data.videos.length > 1) {
    facts.unshift({ name: "video", text: data.videos[data.video[row]].title });
  }
  return facts.filter((fact, k) => facts.findIndex((other) => other.name === fact.name) === k);
}
