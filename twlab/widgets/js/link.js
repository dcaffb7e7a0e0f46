/** The explorer tied to a model: Python's traits in a notebook, the same names in a file. */

import { openExplorer } from "./app.js";
import { packBits, unpackBits } from "./bits.js";
import { decodeData } from "./data.js";

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
  const app = openExplorer(host, data, createAsker(model, stopAsking.signal));
  const stop = linkState(model, app, data);
  return () => {
    stopAsking.abort();
    stop();
    app.destroy();
  };
}

/** @param {Model} model @param {import("./app.js").App} app @param {import("./data.js").Data} data */
function linkState(model, { store, actions }, data) {
  // What was last read from or written to the model: only a difference is news.
  const told = { mask: /** @type {Uint8Array | null} */ (null), sec: NaN, row: -1, video: "" };
  let timer = 0;

  const readSelection = () => {
    const bits = asView(model.get("_selection"));
    const mask = unpackBits(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength), data.n);
    const now = store.get("mask");
    if (mask.every((value, i) => value === now[i])) return;
    told.mask = mask;
    const selected = mask.reduce((sum, value) => sum + value, 0);
    store.set({
      mask,
      selected,
      bands: [],
      message: `${actions.count(selected)} selected from Python`,
    });
  };
  const readFocus = () => {
    const row = model.get("_focus");
    if (row === told.row) return;
    told.row = row;
    if (row < 0) store.set({ focus: -1 });
    else actions.focus(row);
  };
  const readVideo = () => {
    const id = model.get("current_video");
    const video = data.videos.findIndex((one) => one.id === id);
    if (id === told.video || video < 0 || video === store.get("video")) return;
    told.video = id;
    store.set({ video });
  };
  const readSec = () => {
    const sec = model.get("current_sec");
    if (Math.abs(sec - told.sec) < 1e-6) return;
    told.sec = sec;
    actions.seek(store.get("video"), sec);
  };

  const writeSelection = () => {
    const mask = store.get("mask");
    if (mask === told.mask) return;
    told.mask = mask;
    model.set("_selection", new DataView(packBits(mask).buffer));
    model.save_changes();
  };
  const writePlace = () => {
    timer = 0;
    const [row, sec, video] = [
      store.get("focus"),
      store.get("sec"),
      data.videos[store.get("video")]?.id ?? "",
    ];
    if (row === told.row && sec === told.sec && video === told.video) return;
    Object.assign(told, { row, sec, video });
    model.set("_focus", row);
    model.set("current_video", video);
    if (Number.isFinite(sec)) model.set("current_sec", sec);
    model.save_changes();
  };
  // While a video plays, five reports a second are enough.
  const writeSoon = () => {
    if (!timer) timer = window.setTimeout(writePlace, store.get("playing") ? REPORT_MS : 16);
  };

  /** @type {[string, () => void][]} */
  const incoming = [
    ["change:_selection", readSelection],
    ["change:current_video", readVideo],
    ["change:_focus", readFocus],
    ["change:current_sec", readSec],
  ];
  told.sec = model.get("current_sec") || 0;
  told.row = -1;
  readSelection();
  readVideo();
  readFocus();
  if (store.get("focus") < 0) {
    if (told.sec > 0) actions.seek(store.get("video"), told.sec);
    else actions.follow(store.get("video"), 0);
  }
  for (const [event, listener] of incoming) model.on(event, listener);
  writeSoon();
  const off = [store.on(["mask"], writeSelection), store.on(["focus", "sec", "video"], writeSoon)];
  return () => {
    clearTimeout(timer);
    off.forEach((leave) => leave());
    for (const [event, listener] of incoming) model.off(event, listener);
  };
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
