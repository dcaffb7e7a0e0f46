/** One small store: views subscribe to the keys they draw, and never talk to each other. */

import { NO_FILTERS } from "./facets.js";
import { noLabels } from "./naming.js";
import { OWN_LAYOUT } from "./stage_plan.js";
import { MANY_VIDEOS } from "./video_list.js";
import { NOTHING_HIDDEN } from "./visibility.js";

/**
 * @typedef {object} State
 * @property {number} focus row of the focused segment, -1 for none
 * @property {number} hover row under the pointer, -1 for none
 * @property {Uint8Array} mask selected rows, one byte each
 * @property {number} selected how many are
 * @property {number} video which video is on the player
 * @property {number} sec its current second
 * @property {boolean} playing
 * @property {Seek | null} seek what the player is asked to do
 * @property {Stretch[]} bands the time ranges of the last brush, for the timeline to show
 * @property {import("./naming.js").Labels} labels names that rows have been given here
 * @property {Float32Array | null} scores how well each row answers what was looked for last, NaN where unknown
 * @property {import("./word_search.js").Searched | null} searched what words found, null where none are shown
 * @property {string} pending words for which an answer is awaited, empty for none
 * @property {"time" | "score"} order of the gallery
 * @property {import("./facets.js").Filters} filters that made the selection, none where something else did
 * @property {import("./visibility.js").Hidden} hidden groups that are not shown
 * @property {Uint8Array | null} shown one byte per row that says whether it is shown, null where all are; it follows `hidden`
 * @property {number} lit group of the colours that is pointed at in the legend, -1 for none
 * @property {boolean} names whether the map shows names of groups, and frames when zoomed in
 * @property {boolean} path whether the map shows the way of the video on the player
 * @property {string} colorBy name of the column that gives the colours
 * @property {number} space which map and heatmap are shown
 * @property {number} beside which are shown beside them, -1 for none
 * @property {boolean} byVideo whether the heatmap shows videos where it can
 * @property {"lasso" | "box" | "pan"} tool
 * @property {import("./stage_plan.js").Layout} layout sizes of the panels, and which are shown
 * @property {"light" | "dark"} theme
 * @property {string} message last thing that happened, to be seen and heard
 * @property {string} echo what the eye sees anyway, for screen readers alone
 */

/** @typedef {{ video: number, start: number, end: number }} Stretch */
/** @typedef {{ video: number, sec: number, playlist: Stretch[] | null }} Seek */

/** Nothing chosen yet. @param {import("./data.js").Data} data @returns {State} */
export function initialState({ n, colorBy, videos }) {
  return {
    focus: -1,
    hover: -1,
    mask: new Uint8Array(n),
    selected: 0,
    video: 0,
    sec: 0,
    playing: false,
    seek: null,
    bands: [],
    labels: noLabels(n),
    scores: null,
    searched: null,
    pending: "",
    order: "time",
    filters: NO_FILTERS,
    hidden: NOTHING_HIDDEN,
    shown: null,
    lit: -1,
    names: true,
    path: false,
    colorBy,
    space: 0,
    beside: -1,
    byVideo: (videos?.length ?? 0) >= MANY_VIDEOS,
    tool: "lasso",
    layout: OWN_LAYOUT,
    theme: "light",
    message: "",
    echo: "",
  };
}

/** What changes, and who wants to know. */
export class Store {
  #state;
  /** @type {Map<string, Set<() => void>>} */
  #listeners = new Map();

  /** @param {State} initial */
  constructor(initial) {
    this.#state = { ...initial };
  }

  /** @template {keyof State} K @param {K} key @returns {State[K]} */
  get(key) {
    return this.#state[key];
  }

  /** All of it as it is now. @returns {State} */
  all() {
    return { ...this.#state };
  }

  /** @param {Partial<State>} patch */
  set(patch) {
    /** @type {Set<() => void>} */
    const due = new Set();
    for (const [key, value] of Object.entries(patch)) {
      const name = /** @type {keyof State} */ (key);
      if (Object.is(this.#state[name], value)) continue;
      /** @type {any} */ (this.#state)[name] = value;
      for (const listener of this.#listeners.get(key) ?? []) due.add(listener);
    }
    for (const listener of due) listener();
  }

  /**
   * Call `listener` after any of the keys changed, until the signal.
   * @param {(keyof State)[]} keys @param {() => void} listener @param {AbortSignal} [signal]
   */
  on(keys, listener, signal) {
    for (const key of keys) {
      const listeners = this.#listeners.get(key) ?? new Set();
      this.#listeners.set(key, listeners.add(listener));
      signal?.addEventListener("abort", () => listeners.delete(listener));
    }
  }

  /** Forget every listener. */
  close() {
    this.#listeners.clear();
  }
}
