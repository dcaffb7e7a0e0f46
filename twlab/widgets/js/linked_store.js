/** The store of one of two spaces seen side by side: what is said of rows of the other space, it says of the rows of its own that run at the same time. */

import { maskOf } from "./bits.js";
import { Store } from "./state.js";
import { overlapSec } from "./timeindex.js";
import { maskShown } from "./visibility.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./timeindex.js").TimeIndex} TimeIndex */
/** @typedef {{ times: TimeIndex, data: Data, lane: number, away: Uint8Array }} Link `lane` of the space that is carried to; one byte per row that says whether it is `away`, in the other space */

/** @param {Data} data @param {TimeIndex} times @param {number} mine the space carried to @param {number} other @returns {Link} */
export function linkSpaces(data, times, mine, other) {
  const lane = data.lane[data.spaces[mine].rows[0]];
  return { times, data, lane, away: maskOf(data.spaces[other].rows, data.n) };
}

/** Of a row of the other space the one here that shares most seconds with it, the first of equals, or -1; any other row itself. @param {Link} link @param {number} row */
export function carryRow({ times, data, lane, away }, row) {
  if (row < 0 || !away[row]) return row;
  let [best, longest] = [-1, -1];
  for (const one of times.rowsAlong(row, lane)) {
    const sec = overlapSec(data, row, one);
    if (sec > longest) [best, longest] = [one, sec];
  }
  return best;
}

/** What is selected, and the rows here that run while a selected row of the other space does. @param {Link} link @param {Uint8Array} mask */
export function carryMask({ times, lane, away }, mask) {
  const carried = mask.slice();
  for (let row = 0; row < mask.length; row++)
    if (mask[row] && away[row]) for (const one of times.rowsAlong(row, lane)) carried[one] = 1;
  return carried;
}

export class LinkedStore extends Store {
  #main;
  #data;
  #times;
  #side;
  /** @type {Link | null} between the spaces that it was made for */
  #link = null;
  #linked = "";
  /** What was carried last, and what came of it. */
  #carried = {
    of: /** @type {unknown[]} */ ([]),
    out: /** @type {Uint8Array} */ (new Uint8Array(0)),
  };

  /**
   * @param {Store} main takes what is set here @param {Data} data @param {TimeIndex} times
   * @param {"space" | "beside"} side which of the two spaces is this one's
   * @param {AbortSignal} signal until when it follows the other
   */
  constructor(main, data, times, side, signal) {
    super(main.all());
    this.#main = main;
    this.#data = data;
    this.#times = times;
    this.#side = side;
    const keys = /** @type {(keyof State)[]} */ (Object.keys(main.all()));
    const follow = () => super.set(this.#carry(main.all()));
    main.on(keys, follow, signal);
    follow();
  }

  /** @param {Partial<State>} patch */
  set(patch) {
    this.#main.set(patch);
  }

  /** @param {State} state @returns {State} */
  #carry(state) {
    const { space, beside } = state;
    if (beside < 0) return state;
    const [mine, other] = this.#side === "space" ? [space, beside] : [beside, space];
    const link = this.#linkOf(mine, other);
    const mask = this.#carryMask(link, state);
    const [focus, hover] = [carryRow(link, state.focus), carryRow(link, state.hover)];
    return { ...state, space: mine, focus, hover, mask };
  }

  /** @param {number} mine @param {number} other */
  #linkOf(mine, other) {
    const spaces = `${mine} ${other}`;
    if (!this.#link || spaces !== this.#linked) {
      this.#link = linkSpaces(this.#data, this.#times, mine, other);
    }
    this.#linked = spaces;
    return this.#link;
  }

  /** The same array where nothing has changed: it is no news. @param {Link} link @param {State} state */
  #carryMask(link, { mask, shown }) {
    const of = [link, mask, shown];
    if (of.some((part, k) => part !== this.#carried.of[k]))
      this.#carried = { of, out: maskShown(carryMask(link, mask), shown) };
    return this.#carried.out;
  }
}
