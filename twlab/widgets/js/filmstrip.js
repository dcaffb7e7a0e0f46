/** Which frames of a film fit beside each other along time, and which moment each one shows. */

import { PER_SEC } from "./frames.js";

/** @typedef {{ from: number, to: number, sec: number }} Slot a stretch of time, and the moment in it that is shown */
/** @typedef {{ endSec: number, perSec: number, wide: number }} Reach how long the film is, pixels a second, pixels a frame */

/** Rounding in the pixels of a second must not take a frame away while the view is moved. */
const HAIR = 1e-6;

/**
 * As many stretches of equal length as frames fit, of those that begin before `hi` and end after
 * `lo`. They lie in the film, not in the view: moving along time leaves each frame at its moment.
 * @param {Reach} reach @param {number} lo @param {number} hi @returns {Slot[]}
 */
export function slotsWithin({ endSec, perSec, wide }, lo, hi) {
  if (!(endSec > 0)) return [];
  const fitting = Math.min((endSec * perSec) / wide, endSec * PER_SEC);
  const n = Math.max(1, Math.floor(fitting + HAIR));
  const step = endSec / n;
  const [first, last] = [Math.max(0, Math.floor(lo / step)), Math.min(n, Math.ceil(hi / step))];
  return Array.from({ length: Math.max(0, last - first) }, (_, k) => {
    const [from, to] = [(first + k) * step, (first + k + 1) * step];
    return { from, to, sec: momentWithin(from, to) };
  });
}

/** Of the moments that have a frame of their own the one nearest the middle, within the stretch where one is. @param {number} from @param {number} to */
function momentWithin(from, to) {
  const near = Math.round(((from + to) / 2) * PER_SEC) / PER_SEC;
  return near < to ? near : Math.max(0, near - 1 / PER_SEC);
}
