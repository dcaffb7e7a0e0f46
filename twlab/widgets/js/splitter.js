/** The border between two panels: dragged, moved by the arrows, put back by a double click. */

import { element } from "./dom.js";

/**
 * @typedef {object} Border
 * @property {string} label
 * @property {boolean} upright between columns
 * @property {() => { now: number, least: number, most: number }} read size of what is before it
 * @property {(size: number) => void} write
 * @property {() => void} reset
 */

/** Pixels that an arrow moves it; with shift four times as far. */
const STEP = 16;

/** @param {Border} border @param {AbortSignal} signal */
export function makeSplitter(border, signal) {
  const node = element("div", {
    class: `twx-splitter ${border.upright ? "twx-upright" : "twx-level"}`,
    role: "separator",
    tabindex: 0,
    title: "Drag, or use the arrows; double click for its own size",
    "aria-label": border.label,
    "aria-orientation": border.upright ? "vertical" : "horizontal",
  });
  node.addEventListener("dblclick", border.reset, { signal });
  node.addEventListener("keydown", (event) => moveByKey(event, border), { signal });
  attachDrag(node, border, signal);
  return node;
}

/** Screen readers hear how large it is. @param {HTMLElement} node @param {Border} border */
export function tellSize(node, { read }) {
  const { now, least, most } = read();
  node.setAttribute("aria-valuenow", String(Math.round(now)));
  node.setAttribute("aria-valuemin", String(Math.round(least)));
  node.setAttribute("aria-valuemax", String(Math.round(Math.max(most, now))));
  node.setAttribute("aria-valuetext", `${Math.round(now)} pixels`);
}

/** @param {KeyboardEvent} event @param {Border} border */
function moveByKey(event, { upright, read, write, reset }) {
  const [back, forth] = upright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const { now, least, most } = read();
  const step = event.shiftKey ? 4 * STEP : STEP;
  /** @type {Record<string, () => void>} */
  const verbs = {
    [back]: () => write(Math.max(least, now - step)),
    [forth]: () => write(Math.min(most, now + step)),
    Home: () => write(least),
    End: () => write(most),
    Enter: reset,
  };
  const verb = verbs[event.key];
  if (!verb) return;
  event.preventDefault();
  event.stopPropagation();
  verb();
}

/** @param {HTMLElement} node @param {Border} border @param {AbortSignal} signal */
function attachDrag(node, { upright, read, write }, signal) {
  /** @type {{ at: number, now: number } | null} */
  let start = null;
  const placeOf = (/** @type {PointerEvent} */ event) => (upright ? event.clientX : event.clientY);
  const begin = (/** @type {PointerEvent} */ event) => {
    if (event.button) return;
    node.setPointerCapture(event.pointerId);
    start = { at: placeOf(event), now: read().now };
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (!start || placeOf(event) === start.at) return;
    const { least, most } = read();
    write(Math.max(least, Math.min(start.now + placeOf(event) - start.at, most)));
  };
  const end = () => (start = null);
  node.addEventListener("pointerdown", begin, { signal });
  node.addEventListener("pointermove", move, { signal });
  for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, end, { signal });
}
