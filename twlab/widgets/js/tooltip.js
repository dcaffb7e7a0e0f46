/** What is under the pointer: a frame of that moment, its time, its labels. */

import { momentText, placeText, rowFacts } from "./facts.js";
import { element } from "./dom.js";
import { formatTime } from "./time.js";

/** @typedef {import("./actions.js").Pair} Pair */
/** @typedef {import("./actions.js").Side} Side */
/** @typedef {import("./data.js").Data} Data */
/** @typedef {{ video: number, sec: number, text: string }} Moment and what to write below its frame */

const SETTLE_MS = 60;
const GAP_TO_POINTER = 16;

export class Tooltip {
  #root;
  #data;
  #store;
  #frames;
  #picture = element("div", { class: "twx-tip-picture" });
  #text = element("div", { class: "twx-tip-text" });
  #tip = element(
    "div",
    { class: "twx-tip", role: "tooltip", hidden: true },
    this.#picture,
    this.#text,
  );
  /** Of which row and moment the picture is. */
  #shown = "";
  #timer = 0;
  /** On the page. */
  #pointer = { x: 0, y: 0 };

  /** @param {HTMLElement} root @param {Data} data @param {import("./state.js").Store} store @param {import("./frames.js").Frames} frames */
  constructor(root, data, store, frames) {
    this.#root = root;
    this.#data = data;
    this.#store = store;
    this.#frames = frames;
    root.append(this.#tip);
  }

  /** @type {import("./actions.js").Hover} */
  show(row, canvas, x, y, sec = NaN, pair = undefined) {
    if (row < 0) return this.#hide();
    const { start, end } = this.#data;
    this.#write(row, sec, pair);
    this.#tip.hidden = false;
    const middle = (/** @type {number} */ one) => (start[one] + end[one]) / 2;
    const rows = pair && pair.a !== pair.b ? [pair.a, pair.b] : [row];
    const moments = pair?.sides
      ? sidesToShow(pair.sides)
      : rows.map((one) => ({
          video: this.#data.video[one],
          sec: !pair && Number.isFinite(sec) ? sec : middle(one),
          text: pair ? momentText(this.#data, one) : "",
        }));
    const key = moments.map((one) => `${one.video}/${Math.round(one.sec * 4)}`).join(" ");
    if (key !== this.#shown) this.#showFrames(key, moments);
    const box = canvas.getBoundingClientRect();
    this.#pointer = { x: box.left + x, y: box.top + y };
    this.#place();
  }

  /** @param {number} row @param {number} sec @param {Pair | undefined} pair */
  #write(row, sec, pair) {
    const colorBy = this.#store.get("colorBy");
    const facts = pair ? pairFacts(this.#data, pair, colorBy) : rowFacts(this.#data, row, colorBy);
    this.#text.replaceChildren(
      element("b", {}, headingOf(this.#data, row, sec, pair)),
      ...facts.map(({ name, text }) => element("span", {}, element("i", {}, name), text)),
    );
  }

  /** When the pointer has settled, and if it is still there once the frames have come. @param {string} key @param {Moment[]} moments */
  #showFrames(key, moments) {
    this.#picture.hidden = true;
    this.#shown = key;
    clearTimeout(this.#timer);
    const timed = moments.filter((one) => Number.isFinite(one.sec));
    this.#timer = window.setTimeout(async () => {
      const wanted = timed.map((one) => this.#frames.frame(one.video, one.sec));
      const frames = await Promise.all(wanted);
      if (this.#shown !== key || !frames.some(Boolean)) return;
      this.#picture.replaceChildren(...frames.map((frame, k) => makeFigure(frame, timed[k].text)));
      this.#picture.hidden = false;
      this.#place();
    }, SETTLE_MS);
  }

  /** Beside the pointer, within the explorer. */
  #place() {
    const outer = this.#root.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#tip;
    const [px, py] = [this.#pointer.x - outer.left, this.#pointer.y - outer.top];
    const right = px + GAP_TO_POINTER + width < outer.width;
    const left = right ? px + GAP_TO_POINTER : Math.max(4, px - GAP_TO_POINTER - width);
    const top = Math.max(4, Math.min(py - 24, outer.height - height - 4));
    this.#tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  #hide() {
    this.#tip.hidden = true;
    this.#shown = "";
    clearTimeout(this.#timer);
  }

  destroy() {
    clearTimeout(this.#timer);
    this.#tip.remove();
  }
}

/** A frame, with its time where there are two. @param {import("./frames.js").Picture} frame @param {string} text */
function makeFigure(frame, text) {
  const caption = text ? element("figcaption", {}, text) : null;
  return element("figure", {}, frame ? copyOf(frame) : null, caption);
}

/** What to say of two rows: how alike they are, and each fact of both where they differ. @param {Data} data @param {Pair} pair @param {string} colorBy */
function pairFacts(data, pair, colorBy) {
  const { a, b, value, mean, sides } = pair;
  if (sides) return sideFacts(sides, value);
  const [left, right] = [a, b].map((row) => rowFacts(data, row, colorBy));
  const facts = left.map(({ name, text }, k) => {
    const same = text === right[k].text;
    return { name, text: same ? text : `${text} × ${right[k].text}` };
  });
  return [{ name: mean ? "mean similarity" : "similarity", text: value.toFixed(3) }, ...facts];
}

/** Both, or the one that is compared with itself. @param {[Side, Side]} sides @returns {Side[]} */
function sidesToShow([a, b]) {
  return a.text === b.text ? [a] : [a, b];
}

/** What to say of two videos: the mean over all pairs of their segments. @param {[Side, Side]} sides @param {number} value */
function sideFacts([a, b], value) {
  const own = a.text === b.text;
  const counts = (own ? [a] : [a, b]).map(({ count }) => count.toLocaleString("en"));
  const segments = `${counts.join(" × ")} segment${counts.length === 1 && a.count === 1 ? "" : "s"}`;
  if (!Number.isFinite(value))
    return [{ name: "similarity", text: `none: nothing to compare in ${segments}` }];
  const what = own ? "mean similarity of each to the others" : "mean similarity";
  return [
    { name: what, text: value.toFixed(3) },
    { name: "of", text: segments },
  ];
}

/** @param {Data} data @param {number} row @param {number} sec @param {Pair} [pair] */
export function headingOf(data, row, sec, pair) {
  if (pair?.sides)
    return sidesToShow(pair.sides)
      .map(({ text }) => text)
      .join(" × ");
  if (pair) return `${momentText(data, pair.a)} × ${momentText(data, pair.b)}`;
  const place = placeText(data, row);
  return Number.isFinite(sec) ? `${formatTime(sec, 1)}  in  ${place}` : place;
}

/** A canvas can hang in one place only: each place gets its own. @param {HTMLCanvasElement} frame */
export function copyOf(frame) {
  const copy = element("canvas", { width: frame.width, height: frame.height });
  copy.getContext("2d")?.drawImage(frame, 0, 0);
  return copy;
}
