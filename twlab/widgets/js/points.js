/** The layer of points: WebGL2 where it works, a plain canvas where not or while it is lost. */

import { createFlatPoints } from "./points_2d.js";
import { createGlPoints } from "./points_gl.js";

/** @typedef {import("./points_gl.js").PointRenderer} PointRenderer */

/**
 * @param {HTMLElement} parent
 * @param {() => void} redraw called when the renderer changed: give it everything again
 */
export function createPointLayer(parent, redraw) {
  const size = { width: 1, height: 1, dpr: 1 };
  let closed = false;
  let canvas = freshCanvas();
  let renderer = start(true);

  function freshCanvas() {
    const made = document.createElement("canvas");
    made.className = "twx-canvas";
    parent.prepend(made);
    return made;
  }

  /** @param {boolean} tryGl @returns {PointRenderer} */
  function start(tryGl) {
    const gl = tryGl ? createGlPoints(canvas) : null;
    canvas.dataset.renderer = gl ? "webgl2" : "2d";
    if (!gl) return createFlatPoints(canvas);
    canvas.addEventListener("webglcontextlost", onLost);
    return gl;
  }

  /** @param {Event} event */
  function onLost(event) {
    event.preventDefault();
    const lost = canvas;
    lost.addEventListener("webglcontextrestored", () => swap(true), { once: true });
    swap(false);
    // The lost canvas stays out of sight: only its own event can tell that WebGL is back.
  }

  /** @param {boolean} tryGl */
  function swap(tryGl) {
    if (closed) return;
    canvas.remove();
    canvas = freshCanvas();
    renderer = start(tryGl);
    renderer.resize(size.width, size.height, size.dpr);
    redraw();
  }

  return {
    get renderer() {
      return renderer;
    },
    /** @param {number} width @param {number} height @param {number} dpr */
    resize(width, height, dpr) {
      Object.assign(size, { width, height, dpr });
      renderer.resize(width, height, dpr);
    },
    destroy() {
      closed = true;
      canvas.removeEventListener("webglcontextlost", onLost);
      renderer.destroy();
      canvas.remove();
    },
  };
}
