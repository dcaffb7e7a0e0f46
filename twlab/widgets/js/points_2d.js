/** The points of the map without WebGL: discs while they are few, squares of pixels when many. */

import { cssColour } from "./colour.js";

/** @typedef {import("./points_gl.js").PointRenderer} PointRenderer */
/** @typedef {{ xs: Float32Array, ys: Float32Array, colours: Uint32Array, mask: Uint8Array }} Cloud */
/** @typedef {{ k: number, left: number, top: number }} Scale pixels a unit, and the pixel of zero */
/** @typedef {{ picked: number, extent: number, alpha: number }} Stamp one pass: which points, and how */

const DISCS_UP_TO = 4000;

/** @implements {PointRenderer} */
export class FlatPoints {
  #canvas;
  #ctx;
  /** @type {Cloud} */
  #cloud = {
    xs: new Float32Array(0),
    ys: new Float32Array(0),
    colours: new Uint32Array(0),
    mask: new Uint8Array(0),
  };
  #dpr = 1;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /** @type {PointRenderer["setPositions"]} */
  setPositions(xs, ys) {
    Object.assign(this.#cloud, { xs, ys });
  }

  /** @type {PointRenderer["setLooks"]} */
  setLooks(colours, mask) {
    Object.assign(this.#cloud, { colours, mask });
  }

  /** What is not selected first, then what is. @type {PointRenderer["draw"]} */
  draw(view, pointSize, dim, every) {
    const { width, height } = this.#canvas;
    this.#ctx.clearRect(0, 0, width, height);
    const { xs, mask } = this.#cloud;
    if (mask.length !== xs.length) return;
    const k = view.k * this.#dpr;
    const scale = { k, left: width / 2 - view.cx * k, top: height / 2 + view.cy * k };
    const size = pointSize * this.#dpr;
    if (xs.length <= DISCS_UP_TO) {
      drawDiscs(this.#ctx, this.#cloud, scale, { picked: 0, extent: size, alpha: dim });
      drawDiscs(this.#ctx, this.#cloud, scale, { picked: 1, extent: size * 1.25, alpha: 1 });
      return;
    }
    const image = this.#ctx.createImageData(width, height);
    const extent = Math.max(1, Math.round(size * 0.85));
    paintSquares(image, this.#cloud, scale, { picked: 0, extent, alpha: dim }, every);
    paintSquares(image, this.#cloud, scale, { picked: 1, extent, alpha: 1 }, every);
    this.#ctx.putImageData(image, 0, 0);
  }

  /** @type {PointRenderer["resize"]} */
  resize({ width, height, dpr }) {
    this.#dpr = dpr;
    this.#canvas.width = Math.round(width * dpr);
    this.#canvas.height = Math.round(height * dpr);
  }

  destroy() {
    this.#canvas.width = this.#canvas.height = 0;
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {Cloud} cloud @param {Scale} scale @param {Stamp} stamp */
function drawDiscs(ctx, { xs, ys, colours, mask }, { k, left, top }, { picked, extent, alpha }) {
  ctx.globalAlpha = alpha;
  for (let i = 0; i < xs.length; i++) {
    if (mask[i] !== picked) continue;
    ctx.fillStyle = cssColour(colours[i]);
    ctx.beginPath();
    ctx.arc(left + xs[i] * k, top - ys[i] * k, extent / 2, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/**
 * A square of pixels for every so-manieth point; none for one that would not lie inside.
 * @param {{ data: Uint8ClampedArray, width: number, height: number }} image
 * @param {Cloud} cloud @param {Scale} scale @param {Stamp} stamp @param {number} every
 */
export function paintSquares(image, { xs, ys, colours, mask }, { k, left, top }, stamp, every) {
  const { width, height } = image;
  const { picked, extent, alpha } = stamp;
  const pixels = new Uint32Array(image.data.buffer);
  const opacity = (Math.round(255 * alpha) << 24) >>> 0;
  const half = extent >> 1;
  for (let i = 0; i < xs.length; i += every) {
    if (mask[i] !== picked) continue;
    const x = Math.round(left + xs[i] * k) - half;
    const y = Math.round(top - ys[i] * k) - half;
    if (x < 0 || y < 0 || x + extent > width || y + extent > height) continue;
    const packed = ((colours[i] & 0xffffff) | opacity) >>> 0;
    const last = (y + extent) * width + x;
    for (let from = y * width + x; from < last; from += width)
      for (let pixel = from; pixel < from + extent; pixel++) pixels[pixel] = packed;
  }
}
