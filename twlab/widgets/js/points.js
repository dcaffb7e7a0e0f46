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

  get renderer() {
    return this.#renderer;
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
    this.#renderer.resize(this.#size);
    this.#redraw();
  }

  /** @param {{ width: number, height: number, dpr: number }} size */
  resize({ width, height, dpr }) {
    this.#size = { width, height, dpr };
    this.#renderer.resize(this.#size);
  }

  destroy() {
    this.#closed = true;
    this.#canvas.removeEventListener("webglcontextlost", this.#onLost);
    this.#renderer.destroy();
    this.#canvas.remove();
  }
}
