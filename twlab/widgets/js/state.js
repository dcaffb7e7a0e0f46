/** One small store: views subscribe to the keys they draw, and never talk to each other. */

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
 * @property {string} colorBy name of the column that gives the colours
 * @property {number} space which map and heatmap are shown
 * @property {"lasso" | "box" | "pan"} tool
 * @property {"light" | "dark"} theme
 * @property {string} message last thing that happened, for the status line and screen readers
 */

/** @typedef {{ video: number, start: number, end: number }} Stretch */
/** @typedef {{ video: number, sec: number, playlist: Stretch[] | null }} Seek */

/** @typedef {ReturnType<typeof createStore>} Store */

/** @param {State} initial */
export function createStore(initial) {
  const state = { ...initial };
  /** @type {Map<string, Set<() => void>>} */
  const listeners = new Map();
  return {
    /** @template {keyof State} K @param {K} key @returns {State[K]} */
    get: (key) => state[key],
    /** @param {Partial<State>} patch */
    set(patch) {
      /** @type {Set<() => void>} */
      const due = new Set();
      for (const [key, value] of Object.entries(patch)) {
        const name = /** @type {keyof State} */ (key);
        if (Object.is(state[name], value)) continue;
        /** @type {any} */ (state)[name] = value;
        for (const listener of listeners.get(key) ?? []) due.add(listener);
      }
      for (const listener of due) listener();
    },
    /** Call `listener` after any of the keys changed. @param {(keyof State)[]} keys @param {() => void} listener */
    on(keys, listener) {
      for (const key of keys) {
        if (!listeners.has(key)) listeners.set(key, new Set());
        listeners.get(key)?.add(listener);
      }
      return () => {
        for (const key of keys) listeners.get(key)?.delete(listener);
      };
    },
    /** Forget every listener. */
    close: () => listeners.clear(),
  };
}
