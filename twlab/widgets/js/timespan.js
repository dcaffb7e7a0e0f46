/** Which seconds the timeline shows, and at which pixels. */

/** @typedef {{ lo: number, hi: number }} Span seconds, from and to */
/**
 * @typedef {object} Window
 * @property {number} lo first second shown
 * @property {number} perSec pixels a second
 * @property {number} left where time begins, in pixels
 * @property {number} width of the canvas
 * @property {number} top where the first strip begins, in pixels; scrolled, above the canvas
 */

const SHORTEST_SEC = 0.5;
const RIGHT_MARGIN = 8;

/** Where `span` lies on a canvas. @param {Span} span @param {{ width: number, left: number, top: number }} canvas @returns {Window} */
export function windowOf({ lo, hi }, { width, left, top }) {
  const perSec = Math.max(width - left - RIGHT_MARGIN, 1) / (hi - lo);
  return { lo, perSec, left, width, top };
}

/** @param {Window} w @param {number} sec */
export const secToX = (w, sec) => w.left + (sec - w.lo) * w.perSec;

/** @param {Window} w @param {number} x */
export const xToSec = (w, x) => w.lo + (x - w.left) / w.perSec;

/** As long as wanted where there is so much, and within the time there is. @param {Span} span @param {number} duration @returns {Span} */
export function clampSpan({ lo, hi }, duration) {
  const length = Math.min(Math.max(hi - lo, SHORTEST_SEC), duration);
  const from = Math.max(0, Math.min(lo, duration - length));
  return { lo: from, hi: from + length };
}

/** What is at `sec` stays where it is. @param {Span} span @param {number} factor @param {number} sec @returns {Span} */
export function zoomSpan({ lo, hi }, factor, sec) {
  return { lo: sec - (sec - lo) / factor, hi: sec + (hi - sec) / factor };
}

/** The span, or where `sec` has left it the one that begins shortly before. @param {Span} span @param {number} sec @returns {Span} */
export function followSec(span, sec) {
  if (!Number.isFinite(sec) || (sec >= span.lo && sec <= span.hi)) return span;
  const length = span.hi - span.lo;
  return { lo: sec - length * 0.1, hi: sec + length * 0.9 };
}
