/** The points of the map without WebGL: discs while they are few, squares of pixels when many. */

/** @typedef {import("./points_gl.js").PointRenderer} PointRenderer */

const DISCS_UP_TO = 4000;

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {PointRenderer}
 */
export function createFlatPoints(canvas) {
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {Float32Array[]} */
  let [xs, ys] = [new Float32Array(0), new Float32Array(0)];
  let colours = /** @type {Uint32Array} */ (new Uint32Array(0));
  let mask = /** @type {Uint8Array} */ (new Uint8Array(0));
  const size = { width: 1, height: 1, dpr: 1 };

  /** Where point i lies, in pixels. @param {import("./geometry.js").View} view */
  const placer = (view) => {
    const k = view.k * size.dpr;
    const [left, top] = [canvas.width / 2 - view.cx * k, canvas.height / 2 + view.cy * k];
    return (/** @type {number} */ i) => [left + xs[i] * k, top - ys[i] * k];
  };

  /** @param {import("./geometry.js").View} view @param {number} radius @param {number} dim @param {number} pass */
  const discs = (view, radius, dim, pass) => {
    const place = placer(view);
    ctx.globalAlpha = pass ? 1 : dim;
    for (let i = 0; i < xs.length; i++) {
      if (mask[i] !== pass) continue;
      const [x, y] = place(i);
      const c = colours[i];
      ctx.fillStyle = `rgb(${c & 255},${(c >> 8) & 255},${(c >> 16) & 255})`;
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  };

  /** @param {import("./geometry.js").View} view @param {number} side @param {number} dim @param {number} pass @param {ImageData} image @param {number} every */
  const squares = (view, side, dim, pass, image, every) => {
    const place = placer(view);
    const pixels = new Uint32Array(image.data.buffer);
    const alpha = (Math.round(255 * (pass ? 1 : dim)) << 24) >>> 0;
    const half = side >> 1;
    for (let i = 0; i < xs.length; i += every) {
      if (mask[i] !== pass) continue;
      const [x, y] = place(i).map((v) => Math.round(v) - half);
      if (x < 0 || y < 0 || x + side > image.width || y + side > image.height) continue;
      const packed = ((colours[i] & 0xffffff) | alpha) >>> 0;
      for (let r = y; r < y + side; r++)
        pixels.fill(packed, r * image.width + x, r * image.width + x + side);
    }
  };

  return {
    setPositions(x, y) {
      [xs, ys] = [x, y];
    },
    setLooks(newColours, newMask) {
      [colours, mask] = [newColours, newMask];
    },
    draw(view, pointSize, dim, every) {
      ctx.clearRect(0, 0, canvas.width, canvas.height);
      if (mask.length !== xs.length) return;
      if (xs.length <= DISCS_UP_TO) {
        for (const pass of [0, 1])
          discs(view, (pointSize * size.dpr * (pass ? 1.25 : 1)) / 2, dim, pass);
        return;
      }
      const image = ctx.createImageData(canvas.width, canvas.height);
      const side = Math.max(1, Math.round(pointSize * size.dpr * 0.85));
      for (const pass of [0, 1]) squares(view, side, dim, pass, image, every);
      ctx.putImageData(image, 0, 0);
    },
    resize(width, height, dpr) {
      Object.assign(size, { width, height, dpr });
      canvas.width = Math.round(width * dpr);
      canvas.height = Math.round(height * dpr);
    },
    destroy() {
      canvas.width = canvas.height = 0;
    },
  };
}
