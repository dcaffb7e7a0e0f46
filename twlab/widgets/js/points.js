/**
 * The layer of points: a plain canvas for the first picture, since a browser without a GPU takes
 * most of a second to make WebGL ready; then WebGL2 where it works, unless it is lost.
 */

import { FlatPoints } from "./points_2d.js";
import { createGlPoints } from "./points_gl.js";

/** @typedef {import("./points_gl.js").PointRenderer} PointRenderer */

/** After the first picture, so that the other views are drawn before. */
const GL_AFTER_MS = 150;

export class PointLayer {
  #redraw;
  #size = { width: 1, height: 1, dpr: 1 };
  #canvas;
  /** @type {PointRenderer} */
  #renderer;
  /** The canvas of before, until the one in its place is drawn. @type {HTMLCanvasElement | null} */
  #former = null;
  /** A timer until WebGL is made ready. */
  #waiting = 0;
  #life = new AbortController();
  /** What the picture on the canvas was drawn with; empty where it is no longer that of the points. @type {number[]} */
  #drawn = [];

  /**
   * @param {HTMLElement} parent
   * @param {() => void} redraw called when the renderer changed: give it everything again
   */
  constructor(parent, redraw) {
    this.#redraw = redraw;
    this.#canvas = freshCanvas("2d");
    parent.prepend(this.#canvas);
    this.#renderer = new FlatPoints(this.#canvas);
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

  /**
   * Many points take their time: they are drawn again only where they look another way than before.
   * @param {import("./points_gl.js").View} view @param {number} size @param {number} dim @param {number} every
   * @returns {boolean} whether they were
   */
  draw(view, size, dim, every) {
    const now = [view.cx, view.cy, view.k, size, dim, every];
    if (now.every((value, k) => value === this.#drawn[k])) return false;
    this.#drawn = now;
    this.#renderer.draw(view, size, dim, every);
    this.#former?.remove();
    this.#former = null;
    this.#waiting ||= window.setTimeout(this.#startGl, GL_AFTER_MS);
    return true;
  }

  #startGl = () => {
    const canvas = freshCanvas("webgl2");
    const gl = createGlPoints(canvas);
    if (!gl) return;
    const { signal } = this.#life;
    canvas.addEventListener("webglcontextlost", this.#onLost, { signal });
    this.#swap(canvas, gl);
  };

  #onLost = (/** @type {Event} */ event) => {
    event.preventDefault();
    // The lost canvas stays out of sight: only its own event can tell that WebGL is back.
    const { signal } = this.#life;
    this.#canvas.addEventListener("webglcontextrestored", this.#startGl, { once: true, signal });
    const canvas = freshCanvas("2d");
    this.#swap(canvas, new FlatPoints(canvas));
  };

  /** @param {HTMLCanvasElement} canvas @param {PointRenderer} renderer */
  #swap(canvas, renderer) {
    this.#former?.remove();
    this.#former = this.#canvas;
    this.#former.after(canvas);
    this.#canvas = canvas;
    this.#renderer = renderer;
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
    clearTimeout(this.#waiting);
    this.#life.abort();
    this.#renderer.destroy();
    this.#former?.remove();
    this.#canvas.remove();
  }
}

/** @param {string} renderer what draws on it */
function freshCanvas(renderer) {
  const made = document.createElement("canvas");
  made.className = "twx-canvas";
  made.dataset.renderer = renderer;
  return made;
}
