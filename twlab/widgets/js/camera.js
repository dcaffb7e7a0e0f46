/** From where the map is looked at: what lies in the middle, and at what scale. */

import { fitView } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").View} View */

const MARGIN = 28;
/** How far one may zoom out and in, as parts of the scale that shows everything. */
const [FARTHEST, CLOSEST] = [1 / 4, 4000];

export class Camera {
  /** @type {View} */
  view = { cx: 0, cy: 0, k: 1 };
  /** Whether the reader has moved the view; until then it follows the size of the panel. */
  moved = false;
  #fittedScale = 0;
  #size;

  /** @param {{ width: number, height: number }} size of the panel in pixels, as it is now */
  constructor(size) {
    this.#size = size;
  }

  /** Show all of some rows. @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows */
  fit(x, y, rows) {
    const { width, height } = this.#size;
    this.view = fitView(x, y, rows, width, height, Math.min(MARGIN, width / 10));
    this.#fittedScale = this.view.k;
    this.moved = false;
  }

  /** What lies at a pixel stays there. @param {number} factor @param {number} px @param {number} py */
  zoom(factor, px, py) {
    const { width, height } = this.#size;
    const [x, y] = this.toData(px, py);
    const least = this.#fittedScale * FARTHEST;
    const most = this.#fittedScale * CLOSEST;
    const k = Math.max(least, Math.min(most, this.view.k * factor));
    this.view = { k, cx: x - (px - width / 2) / k, cy: y + (py - height / 2) / k };
    this.moved = true;
  }

  /** @param {number} dx @param {number} dy in pixels */
  pan(dx, dy) {
    const { cx, cy, k } = this.view;
    this.view = { k, cx: cx - dx / k, cy: cy + dy / k };
    this.moved = true;
  }

  /** @param {number} px @param {number} py @returns {Point} */
  toData(px, py) {
    const { cx, cy, k } = this.view;
    return [(px - this.#size.width / 2) / k + cx, (this.#size.height / 2 - py) / k + cy];
  }

  /** Pixels a unit, and the pixel of zero. @returns {import("./points_2d.js").Scale} */
  get scale() {
    const { cx, cy, k } = this.view;
    return { k, left: this.#size.width / 2 - cx * k, top: this.#size.height / 2 + cy * k };
  }

  /** @param {number} x @param {number} y @returns {Point} */
  toPixels(x, y) {
    const { cx, cy, k } = this.view;
    return [(x - cx) * k + this.#size.width / 2, this.#size.height / 2 - (y - cy) * k];
  }

  /** How large to draw one of `n` points: by the room there is, and a little by the zoom. @param {number} n */
  dotSize(n) {
    const room = Math.sqrt((this.#size.width * this.#size.height) / Math.max(n, 1));
    const doublings = this.#fittedScale ? Math.log2(this.view.k / this.#fittedScale) : 0;
    return Math.max(1.6, Math.min(11, room * 0.3)) * (1 + 0.15 * Math.max(0, doublings));
  }
}
