/** The explorer tied to a model: Python's traits in a notebook, the same names in a file. */

import { countText } from "./actions.js";
import { App } from "./app.js";
import { countSet, packBits, unpackBits } from "./bits.js";
import { decodeData } from "./data.js";
import { NO_FILTERS } from "./facets.js";
import { readLabels, tellLabels } from "./naming.js";
import { NOTHING_HIDDEN } from "./visibility.js";

/**
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(message: any) => void} send
 * @property {(event: string, listener: (...args: any[]) => void) => void} on
 * @property {(event: string, listener?: (...args: any[]) => void) => void} off
 */

const REPORT_MS = 200;

/** @param {Model} model @param {HTMLElement} host @returns {() => void} */
export function linkExplorer(model, host) {
  const stopAsking = new AbortController();
  const data = decodeData(model.get("_spec"), asView(model.get("_data")));
  const app = new App(host, data, createAsker(model, stopAsking.signal));
  const link = new ModelLink(model, app, data);
  return () => {
    stopAsking.abort();
    link.destroy();
    app.destroy();
  };
}

/** What the store and the model tell each other. */
class ModelLink {
  #model;
  #data;
  #store;
  #actions;
  // What was last read from or written to the model: only a difference is news.
  #told = {
    mask: /** @type {Uint8Array | null} */ (null),
    labels: /** @type {import("./naming.js").Labels | null} */ (null),
    ...{ sec: NaN, row: -1, video: "", words: "" },
  };
  #timer = 0;
  /** @type {[string, () => void][]} */
  #incoming = [
    ["change:_selection", () => this.#readSelection()],
    ["change:_labels", () => this.#readLabels()],
    ["change:_words", () => this.#readWords()],
    ["change:current_video", () => this.#readVideo()],
    ["change:_focus", () => this.#readFocus()],
    ["change:current_sec", () => this.#readSec()],
  ];
  #life = new AbortController();

  /** @param {Model} model @param {import("./app.js").App} app @param {import("./data.js").Data} data */
  constructor(model, { store, actions }, data) {
    this.#model = model;
    this.#data = data;
    this.#store = store;
    this.#actions = actions;
    this.#readAll();
    for (const [event, listener] of this.#incoming) model.on(event, listener);
    this.#writeSoon();
    const { signal } = this.#life;
    store.on(["mask"], () => this.#writeSelection(), signal);
    store.on(["labels"], () => this.#writeLabels(), signal);
    store.on(["searched"], () => this.#writeWords(), signal);
    store.on(["focus", "sec", "video"], () => this.#writeSoon(), signal);
  }

  #readAll() {
    const store = this.#store;
    this.#told.sec = this.#model.get("current_sec") || 0;
    this.#readSelection();
    this.#readLabels();
    this.#readWords();
    this.#readVideo();
    this.#readFocus();
    if (store.get("focus") >= 0) return;
    if (this.#told.sec > 0) this.#actions.seek(store.get("video"), this.#told.sec);
    else this.#actions.follow(store.get("video"), 0);
  }

  #readSelection() {
    const bits = asView(this.#model.get("_selection"));
    const packed = new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
    if (!this.#store.get("selected") && !packed.some(Boolean)) return;
    const mask = unpackBits(packed, this.#data.n);
    const now = this.#store.get("mask");
    if (mask.every((value, i) => value === now[i])) return;
    this.#told.mask = mask;
    const selected = countSet(mask);
    const message = `${countText(selected)} selected from Python`;
    const shown = this.#store.get("shown");
    // Whoever selects rows in Python wants to see them.
    const hidden = shown && mask.some((one, row) => one && !shown[row]);
    const told = { mask, selected, bands: [], filters: NO_FILTERS, message, scores: null };
    this.#store.set(hidden ? { ...told, hidden: NOTHING_HIDDEN } : told);
  }

  #readLabels() {
    const told = this.#model.get("_labels");
    if (JSON.stringify(told ?? []) === JSON.stringify(tellLabels(this.#store.get("labels"))))
      return;
    const labels = readLabels(told, this.#data.n);
    this.#told.labels = labels;
    this.#store.set({ labels, message: "Names from Python" });
  }

  #writeLabels() {
    const labels = this.#store.get("labels");
    if (labels === this.#told.labels) return;
    this.#told.labels = labels;
    this.#model.set("_labels", tellLabels(labels));
    this.#model.save_changes();
  }

  /** What another view, or this one before, has looked for. */
  #readWords() {
    const words = this.#model.get("_words") ?? "";
    if (words === this.#told.words) return;
    this.#told.words = words;
    this.#actions.showWords(words);
  }

  #writeWords() {
    const words = this.#store.get("searched")?.words ?? "";
    if (words === this.#told.words) return;
    this.#told.words = words;
    this.#model.set("_words", words);
    this.#model.save_changes();
  }

  #readFocus() {
    const row = this.#model.get("_focus");
    if (row === this.#told.row) return;
    this.#told.row = row;
    if (row < 0) this.#store.set({ focus: -1 });
    else this.#actions.focus(row);
  }

  #readVideo() {
    const id = this.#model.get("current_video");
    const video = this.#data.videos.findIndex((one) => one.id === id);
    if (id === this.#told.video || video < 0 || video === this.#store.get("video")) return;
    this.#told.video = id;
    this.#store.set({ video });
  }

  #readSec() {
    const sec = this.#model.get("current_sec");
    if (Math.abs(sec - this.#told.sec) < 1e-6) return;
    this.#told.sec = sec;
    this.#actions.seek(this.#store.get("video"), sec);
  }

  #writeSelection() {
    const mask = this.#store.get("mask");
    if (mask === this.#told.mask) return;
    this.#told.mask = mask;
    this.#model.set("_selection", new DataView(packBits(mask).buffer));
    this.#model.save_changes();
  }

  /** While a video plays, five reports a second are enough. */
  #writeSoon() {
    const wait = this.#store.get("playing") ? REPORT_MS : 16;
    if (!this.#timer) this.#timer = window.setTimeout(() => this.#writePlace(), wait);
  }

  #writePlace() {
    this.#timer = 0;
    const [row, sec] = [this.#store.get("focus"), this.#store.get("sec")];
    const video = this.#data.videos[this.#store.get("video")]?.id ?? "";
    const told = this.#told;
    if (row === told.row && sec === told.sec && video === told.video) return;
    Object.assign(told, { row, sec, video });
    this.#model.set("_focus", row);
    this.#model.set("current_video", video);
    if (Number.isFinite(sec)) this.#model.set("current_sec", sec);
    this.#model.save_changes();
  }

  destroy() {
    clearTimeout(this.#timer);
    this.#life.abort();
    for (const [event, listener] of this.#incoming) this.#model.off(event, listener);
  }
}

/**
 * A function that asks the other side of the model, and waits for the answer to that question.
 * @param {Model} model @param {AbortSignal} signal
 * @returns {import("./app.js").Asker}
 */
function createAsker(model, signal) {
  let asked = 0;
  return (question) =>
    new Promise((give) => {
      const id = `${Date.now()}-${asked++}`;
      /** @param {any} answer @param {DataView[]} [buffers] */
      const listen = (answer, buffers) => {
        if (answer?.id !== id) return;
        model.off("msg:custom", listen);
        give({ answer, bytes: buffers?.[0] ? asView(buffers[0]) : null });
      };
      signal.addEventListener("abort", () => model.off("msg:custom", listen));
      model.on("msg:custom", listen);
      model.send({ ...question, id });
    });
}

/** Bytes however the host hands them over. @param {any} value @returns {DataView} */
function asView(value) {
  if (!value) return new DataView(new ArrayBuffer(0));
  if (value instanceof DataView) return value;
  if (value instanceof ArrayBuffer) return new DataView(value);
  return new DataView(value.buffer, value.byteOffset, value.byteLength);
}
