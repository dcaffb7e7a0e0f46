/** Search by words: the kernel scores every row, the page is coloured and ordered by the scores. */

import { NO_FILTERS } from "./facets.js";
import { placeText } from "./facts.js";
import { scoreText } from "./gallery_rows.js";
import { hideGroups } from "./visibility.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./data.js").Column} Column */
/** @typedef {import("./state.js").Store} Store */
/**
 * @typedef {object} Searched
 * @property {string} words
 * @property {Float32Array} scores of the place of each row, NaN where there is none
 * @property {Uint32Array} rows the best one of each place, best first
 * @property {import("./data.js").NumberColumn} column the scores as a column
 * @property {string} before what gave the colours before
 */

/** So long an answer takes unless the kernel is at work on something else. */
const USUAL_WAIT_MS = 4000;
/** Of the words, in the name of their column: a choice of colours is no wider. */
const LONGEST_IN_NAME = 32;
/** As many as the scale has. */
const N_COLOURS = 256;

export class WordSearch {
  #data;
  #store;
  #ask;
  /** Counts what was asked and cleared: only the answer to the last one counts. */
  #turn = 0;

  /** @param {Data} data @param {Store} store @param {import("./app.js").Asker} ask */
  constructor(data, store, ask) {
    this.#data = data;
    this.#store = store;
    this.#ask = ask;
  }

  /**
   * Whether the page shows now what was found; else it says why not, unless something newer is
   * asked. What was asked before is shown `again` without a word, and never paid for.
   * @param {string} words @param {{ again?: boolean }} [how]
   */
  async look(words, { again = false } = {}) {
    const store = this.#store;
    if (store.get("pending") === words) return false;
    const [turn, mask] = [++this.#turn, store.get("mask")];
    const told = again || !this.#data.words ? {} : { message: `Looking for “${words}” …` };
    store.set({ pending: words, ...told });
    const answer = await this.#answer(words, again, turn);
    if (turn !== this.#turn) return false;
    store.set({ pending: "" });
    const found = answer.bytes && decodeScores(answer.bytes, this.#data.n);
    if (!found) return this.#refuse(words, answer.note, again);
    // What was selected while one waited stays so.
    const kept = store.get("mask") !== mask || again;
    this.#show(words, found, kept, again);
    return !kept;
  }

  /** @param {string} words @param {boolean} again @param {number} turn */
  async #answer(words, again, turn) {
    const late = () => {
      const message = "The kernel is at work or gone; the answer comes when it is free";
      if (turn === this.#turn && this.#data.words) this.#store.set({ message });
    };
    const timer = setTimeout(late, USUAL_WAIT_MS);
    try {
      const { answer, bytes } = await this.#ask({ kind: "words", text: words, again });
      return { note: String(answer.note ?? ""), bytes };
    } catch {
      return { note: "the kernel cannot be reached", bytes: null };
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {string} words @param {string} note @param {boolean} again */
  #refuse(words, note, again) {
    const nothing = this.#data.words ? "" : `Nothing holds '${words}'; `;
    if (!again) this.#store.set({ message: capitalised(`${nothing}${note}`) });
    return false;
  }

  /** @param {string} words @param {{ scores: Float32Array, rows: Uint32Array }} found @param {boolean} kept whether the selection stays @param {boolean} quiet */
  #show(words, { scores, rows }, kept, quiet) {
    const store = this.#store;
    const before = colourBefore(store);
    const column = columnOfScores(this.#data.columns, words, scores);
    const searched = { words, scores, rows, column, before };
    const selection = {
      mask: new Uint8Array(this.#data.n),
      selected: 0,
      bands: [],
      filters: NO_FILTERS,
    };
    store.set({
      ...wearSearch(store, searched),
      ...{ colorBy: column.name, scores: null, order: "score" },
      ...(kept ? {} : selection),
      ...(quiet ? {} : { message: tellSpread(this.#data, searched) }),
    });
  }

  /** Whether there was something to clear, or to wait for. @param {string} message */
  clear(message) {
    const store = this.#store;
    const [searched, pending] = [store.get("searched"), store.get("pending")];
    this.#turn++;
    if (!searched && !pending) return false;
    store.set({ ...wearSearch(store, null), pending: "", message });
    return true;
  }
}

/**
 * What the store is to have where other words are shown, or none: what spoke of the old column is
 * gone. It comes first in a patch, so that the columns are there when views hear of the rest.
 * @param {Store} store @param {Searched | null} searched
 * @returns {Partial<import("./state.js").State>}
 */
export function wearSearch(store, searched) {
  const old = store.get("searched");
  if (old === searched) return {};
  const [colorBy, filters] = [store.get("colorBy"), store.get("filters")];
  const worn = { searched, colorBy: colorBy === old?.column.name ? old.before : colorBy };
  if (searched) worn.colorBy = searched.column.name;
  if (!old) return worn;
  const hidden = hideGroups(store.get("hidden"), old.column.name, []);
  const spoken = old.column.name in filters ? { filters: NO_FILTERS } : {};
  return old.column.name in store.get("hidden")
    ? { ...worn, ...spoken, hidden }
    : { ...worn, ...spoken };
}

/** What gives the colours apart from words. @param {Store} store */
function colourBefore(store) {
  const [old, now] = [store.get("searched"), store.get("colorBy")];
  return old && now === old.column.name ? old.before : now;
}

/** Scores of all rows, then the best row of each place; null where that is not what came. @param {DataView} bytes @param {number} n rows of the table */
export function decodeScores(bytes, n) {
  if (bytes.byteLength < 4 * n || bytes.byteLength % 4) return null;
  // Buffers that arrive over the wire are not always aligned.
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return { scores: new Float32Array(copy, 0, n), rows: new Uint32Array(copy, 4 * n) };
}

/** The scores as a column with a name that no other has. @param {Column[]} columns @param {string} words @param {Float32Array} scores @returns {import("./data.js").NumberColumn} */
export function columnOfScores(columns, words, scores) {
  const cut = words.length > LONGEST_IN_NAME ? `${words.slice(0, LONGEST_IN_NAME - 1)}…` : words;
  const taken = new Set(withSearched(columns, null).map((column) => column.name));
  let name = `search: ${cut}`;
  while (taken.has(name)) name += "*";
  const known = scores.filter((score) => score - score === 0);
  const low = known.reduce((least, one) => Math.min(least, one), known[0] ?? 0);
  const high = known.reduce((most, one) => Math.max(most, one), low);
  return { name, kind: "number", values: scores, low, high, time: false, searched: true };
}

/** The columns with the scores as the last of them, where there are some. @param {Column[]} columns @param {Searched | null} searched @returns {Column[]} */
export function withSearched(columns, searched) {
  const others = columns.filter((column) => column.kind !== "number" || !column.searched);
  return searched ? [...others, searched.column] : others;
}

/**
 * Rows by their colour, those without a score first: of as many as share a colour none need lie
 * over another, and a million are put in order while one blinks.
 * @param {Uint32Array} rows @param {import("./data.js").NumberColumn} column
 */
export function bestLast(rows, { values, low, high }) {
  const scale = (N_COLOURS - 1) / (high - low || 1);
  const slotOf = (/** @type {number} */ row) => {
    const value = values[row];
    return value - value === 0 ? 1 + Math.round((value - low) * scale) : 0;
  };
  const firsts = new Uint32Array(N_COLOURS + 2);
  for (const row of rows) firsts[slotOf(row) + 1]++;
  for (let slot = 1; slot < firsts.length; slot++) firsts[slot] += firsts[slot - 1];
  const ordered = new Uint32Array(rows.length);
  for (const row of rows) ordered[firsts[slotOf(row)]++] = row;
  return ordered;
}

/** The best place, and between which scores half of all lie: whether it fits is for the reader to say. @param {Data} data @param {Searched} searched */
export function tellSpread(data, { words, scores, rows }) {
  if (!rows.length) return `No segment can be compared with “${words}”`;
  const sorted = Float32Array.from(rows, (row) => scores[row]).sort();
  const at = (/** @type {number} */ part) =>
    scoreText(sorted[Math.round(part * (sorted.length - 1))]);
  const [row, { videos, video }] = [rows[0], data];
  const place = `${videos.length > 1 ? `${videos[video[row]].title}, ` : ""}${placeText(data, row)}`;
  const best = `Best for “${words}”: ${place}, score ${scoreText(scores[row])}`;
  return rows.length < 4 ? best : `${best}; half of all score ${at(0.25)} to ${at(0.75)}`;
}

/** @param {string} text */
function capitalised(text) {
  return text && text[0].toUpperCase() + text.slice(1);
}
