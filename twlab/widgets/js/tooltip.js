/** What is under the pointer: a frame of that moment, its time, its labels. */

import { rowFacts } from "./actions.js";
import { element } from "./dom.js";
import { formatRange, formatTime } from "./time.js";

/** @typedef {import("./data.js").Data} Data */

const SETTLE_MS = 60;

/** @param {HTMLElement} root @param {Data} data @param {import("./state.js").Store} store @param {import("./frames.js").Frames} frames */
export function createTooltip(root, data, store, frames) {
  const picture = element("div", { class: "twx-tip-picture" });
  const text = element("div", { class: "twx-tip-text" });
  const tip = element("div", { class: "twx-tip", role: "tooltip", hidden: true }, picture, text);
  root.append(tip);
  let shown = "";
  let timer = 0;
  let pointer = { x: 0, y: 0 };

  /** Beside the pointer, within the explorer. */
  function place() {
    const outer = root.getBoundingClientRect();
    const [px, py] = [pointer.x - outer.left, pointer.y - outer.top];
    const right = px + 16 + tip.offsetWidth < outer.width;
    const left = right ? px + 16 : Math.max(4, px - 16 - tip.offsetWidth);
    const top = Math.max(4, Math.min(py - 24, outer.height - tip.offsetHeight - 4));
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** @param {number} row @param {number} sec */
  function ask(row, sec) {
    const wanted = `${row}/${Math.round(sec * 4)}`;
    clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const frame = await frames.frame(data.video[row], sec);
      if (shown !== wanted || !frame) return;
      picture.replaceChildren(copyOf(frame));
      picture.hidden = false;
      place();
    }, SETTLE_MS);
    return wanted;
  }

  /** @type {import("./actions.js").Hover} */
  function show(row, canvas, x, y, sec = NaN, pair = undefined) {
    if (row < 0) return hide();
    const moment = Number.isFinite(sec) ? sec : (data.start[row] + data.end[row]) / 2;
    const key = `${row}/${Math.round(moment * 4)}`;
    const facts = rowFacts(data, row, store.get("colorBy"));
    if (pair) facts.unshift({ name: "similarity", text: pair.value.toFixed(3) });
    text.replaceChildren(
      element("b", {}, heading(row, sec, pair)),
      ...facts.map(({ name, text: value }) => element("span", {}, element("i", {}, name), value)),
    );
    tip.hidden = false;
    if (key !== shown && Number.isFinite(moment)) {
      picture.hidden = true;
      shown = ask(row, moment);
    }
    const box = canvas.getBoundingClientRect();
    pointer = { x: box.left + x, y: box.top + y };
    place();
  }

  /** @param {number} row @param {number} sec @param {{ a: number, b: number }} [pair] */
  function heading(row, sec, pair) {
    if (pair) return `${formatTime(data.start[pair.a])} × ${formatTime(data.start[pair.b])}`;
    if (!Number.isFinite(data.start[row])) return `row ${row}`;
    const range = formatRange(data.start[row], data.end[row]);
    return Number.isFinite(sec) ? `${formatTime(sec, 1)}  in  ${range}` : range;
  }
  function hide() {
    tip.hidden = true;
    shown = "";
    clearTimeout(timer);
  }
  return {
    show,
    destroy() {
      clearTimeout(timer);
      tip.remove();
    },
  };
}

/** A canvas can hang in one place only: each place gets its own. @param {HTMLCanvasElement} frame */
export function copyOf(frame) {
  const copy = element("canvas", { width: frame.width, height: frame.height });
  copy.getContext("2d")?.drawImage(frame, 0, 0);
  return copy;
}
