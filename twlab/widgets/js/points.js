/** The layer of points: WebGL2 where it works, a plain canvas where not or while it is lost. */

import { FlatPoints } from "./points_2d.js";
import { createGlPoints } from "./points_gl.js";

/** @typedef {import("./points_gl.js").PointRenderer} PointRenderer */

export class PointLayer {
  #parent;
  #redraw;
  #size = { width: 1, height: 1, dpr: 1 };
  #canvas;
  #renderer;
  /** What the picture on the canvas was drawn with; empty where it is no longer that of the points. @type {number[]} */
  #drawn = [];
  #closed = false;

  /**
   * @param {HTMLElement} parent
   * @param {() => void} redraw called when the renderer changed: give it everything again
   */
  constructor(parent, redraw) {
    this.#parent = parent;
    this.#redraw = redraw;
    this.#canvas = this.#freshCanvas();
    this.#renderer = this.#start(true);
  }

  /** @type {PointRenderer["setPositions"]} */
  setPositions(x, y) {
    this.#drawn = [];
    this.#renderer.setPositions(x, y);
  }

  /** @type {PointRenderer["setLooks"]} */
  setLooks(colours, mask) {
    this.#drawn = [];
    this.#renderer.setLooks(colours, mask);
  }

  /** Many points take their time: they are drawn again only where they look another way than before. @type {PointRenderer["draw"]} */
  draw(view, size, dim, every) {
    const now = [view.cx, view.cy, view.k, size, dim, every];
    if (now.every((value, k) => value === this.#drawn[k])) return;
    this.#drawn = now;
    this.#renderer.draw(view, size, dim, every);
  }

  #freshCanvas() {
    const made = document.createElement("canvas");
    made.className = "twx-canvas";
    this.#parent.prepend(made);
    return made;
  }

  /** @param {boolean} tryGl @returns {PointRenderer} */
  #start(tryGl) {
    const gl = tryGl ? createGlPoints(this.#canvas) : null;
    this.#canvas.dataset.renderer = gl ? "webgl2" : "2d";
    if (!gl) return new FlatPoints(this.#canvas);
    this.#canvas.addEventListener("webglcontextlost", this.#onLost);
    return gl;
  }

  #onLost = (/** @type {Event} */ event) => {
    event.preventDefault();
    const lost = this.#canvas;
    lost.addEventListener("webglcontextrestored", () => this.#swap(true), { once: true });
    this.#swap(false);
    // The lost canvas stays out of sight: only its own event can tell that WebGL is back.
  };

  /** @param {boolean} tryGl */
  #swap(tryGl) {
    if (this.#closed) return;
    this.#canvas.remove();
    this.#canvas = this.#freshCanvas();
    this.#renderer = this.#start(tryGl);
    this.#drawn = [];
    this.#renderer.resize(this.#size);
    this.#redraw();
  }

  /** @param {{ width: number, height: number, dpr: number }} size */
  resize({ width, height, dpr }) {
    this.#size = { width, height, dpr };
    this.#drawn = [];
    this.#renderer.resize(this.#size);
  }

  destroy() {
    this.#closed = true;
    this.#canvas.removeEventListener("webglcontextlost", this.#onLost);
    this.#renderer.destroy();
    this.#canvas.remove();
  }
}
