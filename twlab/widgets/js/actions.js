/** Everything that can be done with segments, in one place: views and keys call these. */

import { combineSelection, countSet } from "./bits.js";
import { NO_FILTERS, isFiltered, rowsPassing, withFilter } from "./facets.js";
import { placeText } from "./facts.js";
import { countNames, forgetName, giveName, rowsNamed, takeName } from "./naming.js";
import { nearestOf } from "./near.js";
import { NAMES_APART, findColumn } from "./data.js";
import { groupOf, missingGroup } from "./groups.js";
import { findText } from "./search.js";
import { formatTime } from "./time.js";
import { rowsBetween, stretchesOf } from "./timeindex.js";
import { WordSearch } from "./word_search.js";
import {
  NOTHING_HIDDEN,
  hideGroups,
  isSolo,
  maskShown,
  shownRows,
  soloGroup,
  toggleGroup,
} from "./visibility.js";

const N_NEAREST = 10;
/** So much before its start a segment already runs: players do not stop to the millisecond. */
const EARLY_SEC = 0.05;

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./state.js").Store} Store */
/** @typedef {import("./state.js").Stretch} Stretch */
/** @typedef {import("./timeindex.js").TimeIndex} TimeIndex */
/** @typedef {{ text: string, sec: number, video: number, count: number }} Side a video, or several of them, how many segments it has, and a moment to show of it */
/** @typedef {{ a: number, b: number, value: number, mean?: boolean, sides?: [Side, Side] }} Pair two rows and how alike they are; of cells of many rows the first ones and the mean */
/**
 * @callback Hover
 * @param {number} row -1 for none
 * @param {HTMLElement} canvas
 * @param {number} x in pixels of the canvas
 * @param {number} y
 * @param {number} [sec] the moment pointed at, where it is finer than the row
 * @param {Pair} [pair]
 * @returns {void}
 */

export class Actions {
  #data;
  #store;
  #times;
  #showTip;
  #ask;
  #words;

  /**
   * @param {Data} data @param {Store} store @param {TimeIndex} times
   * @param {{ showTip: Hover, ask: import("./app.js").Asker }} tools
   */
  constructor(data, store, times, { showTip, ask }) {
    this.#data = data;
    this.#store = store;
    this.#times = times;
    this.#showTip = showTip;
    this.#ask = ask;
    this.#words = new WordSearch(data, store, ask);
  }

  /** Whether the reader has gone to a segment that is not selected, since others were. */
  #aside = false;

  /** Focus a row and bring the video there. @param {number} row @param {Stretch[] | null} playlist */
  focus(row, playlist = null) {
    if (!this.#isRow(row)) return;
    this.#aside = !this.#store.get("mask")[row];
    const sec = this.#data.start[row];
    const video = this.#data.video[row];
    const patch = { focus: row, echo: `Focus on ${this.#describe(row)}` };
    if (!Number.isFinite(sec)) return this.#store.set(patch);
    this.#store.set({ ...patch, video, sec, seek: { video, sec, playlist } });
  }

  /** The video is at this second: the focus goes along. @param {number} video @param {number} sec */
  follow(video, sec) {
    const focus = this.#store.get("focus");
    const next = this.#runsAt(focus, video, sec)
      ? focus
      : this.#times.rowAt(video, this.#laneShown(), sec);
    this.#store.set(next >= 0 ? { video, sec, focus: next } : { video, sec });
  }

  /** @param {number} row */
  playRow(row) {
    this.focus(row, stretchesOf(this.#data, [row]));
  }

  /** @type {Hover} */
  hover(row, canvas, x, y, sec, pair) {
    this.#store.set({ hover: row });
    this.#showTip(row, canvas, x, y, sec, pair);
  }

  /**
   * What is hidden is not selected.
   * @param {ArrayLike<number>} rows @param {"replace" | "add" | "toggle"} mode
   * @param {string} where for the message @param {Stretch[]} [bands]
   */
  select(rows, mode, where, bands = []) {
    this.#select(rows, mode, where, { bands });
  }

  /** A click on a row with a key held: shift selects from the one in focus to this one, where both run in one video; else this one is added or taken away. @param {number} row @param {boolean} shift */
  selectTo(row, shift) {
    const rows = shift ? rowsBetween(this.#data, this.#store.get("focus"), row) : null;
    this.#select(rows ?? [row], rows ? "replace" : "toggle", rows ? "in one stretch" : "", {});
  }

  /** @param {ArrayLike<number>} rows @param {"replace" | "add" | "toggle"} mode @param {string} where @param {Partial<import("./state.js").State>} more */
  #select(rows, mode, where, more) {
    const old = this.#store.get("mask");
    const shown = more.hidden ? shownRows(this.#data, more.hidden) : this.#store.get("shown");
    const seen = shown ? Array.from(rows).filter((row) => shown[row]) : rows;
    const mask = combineSelection(old, seen, mode);
    const n = countSet(mask);
    if (seen.length && !mask[this.#store.get("focus")]) this.focus(earliest(this.#data, seen));
    const hidden = rows.length - seen.length;
    const left = hidden ? `; ${countText(hidden)} hidden in the legend left out` : "";
    const message = `${countText(n)} selected${where && n ? ` ${where}` : ""}${left}`;
    this.#setMask(mask, message, more);
  }

  /** Select groups of a column; those that are hidden are shown again. @param {import("./data.js").Column} column @param {number[]} groups @param {"replace" | "add"} mode @param {string} what */
  selectGroups(column, groups, mode, what) {
    const hidden = this.#store.get("hidden");
    const wanted = new Set(groups);
    const gone = hidden[column.name] ?? [];
    const still = gone.filter((group) => !wanted.has(group));
    const more =
      still.length < gone.length ? { hidden: hideGroups(hidden, column.name, still) } : {};
    const rows = [...Array(this.#data.n).keys()].filter((row) => {
      const each = column.kind === "category" && column.each?.get(row);
      return wanted.has(groupOf(column, row)) || (each && each.some((group) => wanted.has(group)));
    });
    this.#select(rows, mode, `with ${what}`, more);
  }

  /** Hide a group of a column, or show it again. @param {string} name @param {number} group @param {string} what */
  toggleGroup(name, group, what) {
    const hidden = toggleGroup(this.#store.get("hidden"), name, group);
    const gone = hidden[name]?.includes(group);
    this.#hide(hidden, `${what} ${gone ? "hidden" : "shown again"}`);
  }

  /** Show one group of a column only, or all of them again. @param {string} name @param {number} group @param {string} what */
  soloGroup(name, group, what) {
    const column = findColumn(this.#data, name);
    if (!column || !missingGroup(column)) return;
    const hidden = soloGroup(this.#store.get("hidden"), column, group);
    const alone = isSolo(hidden, column, group);
    this.#hide(hidden, alone ? `Only ${what} shown` : `All of ${name} shown again`);
  }

  /** Show all groups of a column again. @param {string} name */
  showGroups(name) {
    this.#hide(hideGroups(this.#store.get("hidden"), name, []), `All of ${name} shown again`);
  }

  showAll() {
    this.#hide(NOTHING_HIDDEN, "Everything is shown again");
  }

  /** What is hidden is selected no longer; filters leave of what is shown what they leave. @param {import("./visibility.js").Hidden} hidden @param {string} message */
  #hide(hidden, message) {
    const [old, filters] = [this.#store.get("mask"), this.#store.get("filters")];
    const shown = shownRows(this.#data, hidden);
    const mask = isFiltered(filters) ? this.#passing(filters, shown) : maskShown(old, shown);
    const selected = countSet(mask);
    const lost = this.#store.get("selected") - selected;
    if (!lost) return this.#store.set({ hidden, message });
    const told = lost > 0 ? `; ${countText(lost)} not selected any longer` : "";
    this.#setMask(mask, `${message}${told}`, { hidden, filters });
  }

  /** Select what passes this filter and those of the other columns. @param {string} name of the column @param {import("./facets.js").Filter | null} filter */
  filter(name, filter) {
    const filters = withFilter(this.#store.get("filters"), name, filter);
    const some = isFiltered(filters);
    const { n } = this.#data;
    const shown = this.#store.get("shown");
    const mask = some ? this.#passing(filters, shown) : new Uint8Array(n);
    const names = Object.keys(filters).join(", ");
    const told = `${countText(countSet(mask))} selected by ${names}`;
    if (some && !mask[this.#store.get("focus")]) this.#focusFirst(mask);
    this.#setMask(mask, some ? told : "Filters cleared", { filters });
  }

  /** @param {Uint8Array} mask */
  #focusFirst(mask) {
    const rows = [...mask.keys()].filter((row) => mask[row]);
    if (rows.length) this.focus(earliest(this.#data, rows));
  }

  clearFilters() {
    this.#setMask(new Uint8Array(this.#data.n), "Filters cleared");
  }

  /** @param {import("./facets.js").Filters} filters @param {Uint8Array | null} shown */
  #passing(filters, shown) {
    return maskShown(rowsPassing(this.#data.columns, this.#data.n, filters), shown);
  }

  /** Nothing is selected any longer; where nothing was, what words found is not shown any longer. */
  clear() {
    if (!this.#store.get("selected") && this.#words.clear("Search cleared")) return;
    this.#setMask(new Uint8Array(this.#data.n), "Selection cleared");
  }

  /** Show what was found for some words before, here or in another view; nothing where there are none. @param {string} words */
  showWords(words) {
    if (words) void this.#words.look(words, { again: true });
    else this.#words.clear("");
  }

  /** Select what is most like the focused segment, and it. */
  async selectNearest() {
    const store = this.#store;
    const row = store.get("focus");
    if (!this.#isRow(row)) return store.set({ message: "Focus a segment first" });
    const shown = store.get("shown");
    const near = (await this.#nearest(row)).filter((one) => shown?.[one.row] !== 0);
    const why = this.#data.spaces[store.get("space")]?.noNeighbors;
    if (!near.length) return store.set({ message: why || "No neighbours are known here" });
    const rows = [row, ...near.map((one) => one.row)];
    const mask = combineSelection(store.get("mask"), rows, "replace");
    const message = `${near.length} nearest neighbours of ${this.#describe(row)} selected`;
    const scores = scoresAround(this.#data.n, row, near);
    this.#setMask(mask, message, scores ? { scores, order: "score" } : {});
  }

  /** What the page knows to be most like a row, else what the kernel answers. @param {number} row @returns {Promise<import("./near.js").Likeness[]>} */
  async #nearest(row) {
    const known = nearestOf(this.#data, this.#store.get("space"), row, N_NEAREST);
    if (known.length) return known;
    const { answer } = await this.#ask({ kind: "nearest", row, count: N_NEAREST });
    return (answer.rows ?? []).map((/** @type {number} */ one, /** @type {number} */ k) => ({
      row: one,
      similarity: answer.similarity?.[k] ?? NaN,
    }));
  }

  /** The selected rows are called so too from now on. @param {string} text a name, or several */
  nameSelection(text) {
    const [store, mask] = [this.#store, this.#store.get("mask")];
    const typed = text.split(NAMES_APART.trim()).map((name) => name.trim());
    const names = typed.filter(Boolean);
    if (!store.get("selected") || !names.length)
      return store.set({ message: "Select segments, then give them a name" });
    this.#name(mask, names);
  }

  /** What is selected gets the name of this number, or what is in focus, where nothing is selected or the reader has gone to another segment since; where it has that name, it is taken away. @param {number} number from 1 on */
  nameByNumber(number) {
    const store = this.#store;
    const labels = store.get("labels");
    const name = labels.names[number - 1];
    const message = `No name has the number ${number} yet: select segments and type one`;
    if (!name) return store.set({ message });
    const mask = this.#meant();
    const count = countSet(mask);
    if (!count) return store.set({ message: `Select what is to be named “${name}”` });
    const has = rowsNamed(labels, name);
    if (mask.some((one, row) => one && !has[row])) return this.#name(mask, [name]);
    const gone = `${countText(count)} not named “${name}” any longer`;
    store.set({ labels: takeName(labels, mask, name), message: gone });
  }

  /** The rows that a key is for. @returns {Uint8Array} */
  #meant() {
    const [mask, focus] = [this.#store.get("mask"), this.#store.get("focus")];
    const gone = this.#aside && !mask[focus];
    if (this.#store.get("selected") && !gone) return mask;
    const alone = new Uint8Array(this.#data.n);
    if (this.#isRow(focus)) alone[focus] = 1;
    return alone;
  }

  /** @param {Uint8Array} mask @param {string[]} names */
  #name(mask, names) {
    let labels = this.#store.get("labels");
    for (const name of names) labels = giveName(labels, mask, name);
    const several = countNames(labels).reduce((n, one, row) => n + Number(mask[row] && one > 1), 0);
    const more = several ? `; ${several.toLocaleString("en")} with several names` : "";
    const called = names.map((name) => `“${name}”`).join(" and ");
    this.#store.set({ labels, message: `${countText(countSet(mask))} named ${called}${more}` });
  }

  /** @param {string} name @param {"replace" | "add"} mode */
  selectNamed(name, mode) {
    const named = rowsNamed(this.#store.get("labels"), name);
    const rows = [...named.keys()].filter((row) => named[row]);
    this.select(rows, mode, `with the name “${name}”`);
  }

  /** @param {string} name */
  forgetName(name) {
    const labels = forgetName(this.#store.get("labels"), name);
    this.#store.set({ labels, message: `No segment is named “${name}” any longer` });
  }

  /** Show another map and heatmap; the focus stays at its time. @param {number} space */
  showSpace(space) {
    const store = this.#store;
    // Two spaces side by side change places: the same one twice says nothing.
    const beside = store.get("beside") === space ? store.get("space") : store.get("beside");
    store.set({ space, beside });
    const lane = this.#data.lane[this.#data.spaces[space].rows[0]];
    const row = this.#times.rowAt(store.get("video"), lane, store.get("sec"));
    if (row >= 0) store.set({ focus: row });
  }

  /** Show those of another space beside map and heatmap, or of none (-1). @param {number} beside */
  showBeside(beside) {
    const [store, { spaces }] = [this.#store, this.#data];
    const names = [spaces[store.get("space")], spaces[beside]].map((space) => space?.name);
    const message = beside < 0 ? `Only ${names[0]} shown` : `${names.join(" and ")} side by side`;
    // Widths that were chosen are of other columns.
    const own = store.get("beside") < 0 === beside < 0;
    const layout = own ? store.get("layout") : { ...store.get("layout"), columns: {} };
    store.set({ beside, layout, message });
  }

  /** @param {number} video @param {number} sec */
  seek(video, sec) {
    const echo = `At ${formatTime(sec, 1)}`;
    this.#store.set({ seek: { video, sec, playlist: null }, echo });
    this.follow(video, sec);
    this.#aside = !this.#store.get("mask")[this.#store.get("focus")];
  }

  /** @param {number} step */
  stepInTime(step) {
    const [row, shown] = [this.#store.get("focus"), this.#store.get("shown")];
    const next = this.#isRow(row)
      ? this.#times.neighborInTime(row, step, shown)
      : (this.#data.order.find((one) => shown?.[one] !== 0) ?? -1);
    if (next >= 0) this.focus(next);
  }

  /** Play what is selected; where nothing is, what has the focus. */
  playSelection() {
    const [mask, focus] = [this.#store.get("mask"), this.#store.get("focus")];
    const rows = [...mask.keys()].filter((row) => mask[row]);
    const chosen = rows.length || !this.#isRow(focus) ? rows : [focus];
    const playlist = stretchesOf(this.#data, chosen);
    this.#play(playlist);
    const what = rows.length ? countText(rows.length) : "the focused segment";
    this.#store.set({ message: playlist.length ? `Playing ${what}` : "Nothing to play" });
  }

  /** Go to a time, select the rows of a label, or look for words; else say why not. @param {string} text */
  find(text) {
    const [video, colorBy] = [this.#store.get("video"), this.#store.get("colorBy")];
    if (!text.trim()) return void this.#words.clear("Search cleared");
    const found = findText(this.#data, { video, colorBy }, text);
    if (found.kind === "words") void this.#findWords(found.words);
    else this.take(found);
  }

  /** The player goes to the best place. @param {string} words */
  async #findWords(words) {
    if (!(await this.#words.look(words))) return;
    const shown = this.#store.get("shown");
    const best = this.#store.get("searched")?.rows.find((row) => shown?.[row] !== 0);
    if (best !== undefined) this.focus(best);
  }

  /** Do what was found. @param {import("./search.js").Found} found */
  take(found) {
    if (found.kind === "time") this.seek(this.#store.get("video"), found.sec);
    else if (found.kind === "rows") this.select(found.rows, "replace", `with ${found.what}`);
    else if (found.kind === "none") this.#store.set({ message: found.why });
  }

  /** @param {Stretch[]} playlist */
  #play(playlist) {
    if (!playlist.length) return;
    const { video, start: sec } = playlist[0];
    this.#store.set({ video, sec, seek: { video, sec, playlist } });
    this.follow(video, sec);
  }

  /** @param {Uint8Array} mask @param {string} message @param {Partial<import("./state.js").State>} more */
  #setMask(mask, message, more = {}) {
    this.#aside = false;
    this.#store.set({
      ...{ mask, selected: countSet(mask), message },
      ...{ bands: [], scores: null, filters: NO_FILTERS, ...more },
    });
  }

  /** @param {number} row */
  #isRow(row) {
    return row >= 0 && row < this.#data.n;
  }

  /** @param {number} row @param {number} video @param {number} sec */
  #runsAt(row, video, sec) {
    const { video: videos, start, end } = this.#data;
    const here = this.#isRow(row) && videos[row] === video;
    return here && start[row] - EARLY_SEC <= sec && sec < end[row];
  }

  /** The lane of the focus; without one, that of the map and the heatmap. */
  #laneShown() {
    const { lane, spaces } = this.#data;
    const [focus, space] = [this.#store.get("focus"), this.#store.get("space")];
    return this.#isRow(focus) ? lane[focus] : (lane[spaces[space]?.rows[0]] ?? 0);
  }

  /** @param {number} row */
  #describe(row) {
    return placeText(this.#data, row);
  }
}

/** How alike to a row its neighbours are, null where that is not known. @param {number} n @param {number} row @param {import("./near.js").Likeness[]} near */
function scoresAround(n, row, near) {
  if (!near.some(({ similarity }) => Number.isFinite(similarity))) return null;
  const scores = new Float32Array(n).fill(NaN);
  scores[row] = 1;
  for (const one of near) scores[one.row] = one.similarity;
  return scores;
}

/** @param {number} n */
export function countText(n) {
  return `${n.toLocaleString("en")} segment${n === 1 ? "" : "s"}`;
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
