/** What was selected, named, hidden and looked for before, to go back to and forth again. */

import { packBits, unpackBits, countSet } from "./bits.js";
import { wearSearch } from "./word_search.js";

/** @typedef {import("./state.js").Store} Store */
/** @typedef {{ bits: Uint8Array, labels: import("./naming.js").Labels, hidden: import("./visibility.js").Hidden, filters: import("./facets.js").Filters, searched: import("./word_search.js").Searched | null }} Step a bit for each row, the names, the groups hidden, the filters, and what words found */

/** Steps kept: of a million rows, 12 MB. */
const KEPT_STEPS = 100;

/** Steps one after the other, and where among them one is. */
export class Steps {
  /** @type {Step[]} */
  #steps;
  #at = 0;

  /** @param {Step} first */
  constructor(first) {
    this.#steps = [first];
  }

  /** Something new: what was undone is gone. @param {Step} step */
  add(step) {
    this.#steps.splice(this.#at + 1, Infinity, step);
    if (this.#steps.length > KEPT_STEPS) this.#steps.shift();
    this.#at = this.#steps.length - 1;
  }

  /** Whether there is a step so far away. @param {-1 | 1} by */
  has(by) {
    return this.#at + by >= 0 && this.#at + by < this.#steps.length;
  }

  /** Go there. @param {-1 | 1} by */
  move(by) {
    if (this.has(by)) this.#at += by;
    return this.#steps[this.#at];
  }
}

/** The steps of an explorer: everything that selects, names, hides or looks for words is one, whoever did it. */
export class History {
  #store;
  #n;
  #steps;
  /** While a step is being restored it is no new one. */
  #restoring = false;
  /** What the last step was made of: one change may be told twice. @type {unknown[]} */
  #seen = [];

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
    this.#n = store.get("mask").length;
    this.#steps = new Steps(this.#now());
    store.on(["mask", "labels", "hidden", "filters", "searched"], () => this.#note());
  }

  #now() {
    const store = this.#store;
    const [mask, labels, hidden] = [store.get("mask"), store.get("labels"), store.get("hidden")];
    const [filters, searched] = [store.get("filters"), store.get("searched")];
    this.#seen = [mask, labels, hidden, filters, searched];
    return { bits: packBits(mask), labels, hidden, filters, searched };
  }

  #note() {
    const keys = /** @type {const} */ (["mask", "labels", "hidden", "filters", "searched"]);
    const news = keys.some((key, k) => this.#store.get(key) !== this.#seen[k]);
    if (!this.#restoring && news) this.#steps.add(this.#now());
  }

  /** @param {-1 | 1} by */
  has(by) {
    return this.#steps.has(by);
  }

  undo() {
    this.#go(-1, "Undone", "Nothing to undo");
  }

  redo() {
    this.#go(1, "Done again", "Nothing to do again");
  }

  /** @param {-1 | 1} by @param {string} done @param {string} nothing */
  #go(by, done, nothing) {
    if (!this.has(by)) return this.#store.set({ message: nothing });
    const { bits, searched, ...kept } = this.#steps.move(by);
    const mask = unpackBits(bits, this.#n);
    const selected = countSet(mask);
    this.#restoring = true;
    const message = `${done}: ${selected.toLocaleString("en")} selected`;
    const worn = wearSearch(this.#store, searched);
    this.#store.set({ ...worn, mask, selected, ...kept, bands: [], scores: null, message });
    this.#restoring = false;
    this.#seen = [mask, kept.labels, kept.hidden, kept.filters, searched];
  }
}
