/** A square of bytes at halving sizes, so that any zoom of a heatmap is one look-up per pixel. */

/** @typedef {{ cells: Uint8Array, size: number }} Level */

/**
 * The square itself and its block means, down to 64 cells a side.
 * @param {Uint8Array} cells @param {number} size @returns {Level[]}
 */
export function buildPyramid(cells, size) {
  const levels = [{ cells, size }];
  while (levels[levels.length - 1].size > 128) levels.push(halve(levels[levels.length - 1]));
  return levels;
}

/** @param {Level} level @returns {Level} */
function halve({ cells, size }) {
  const half = (size + 1) >> 1;
  const out = new Uint8Array(half * half);
  for (let r = 0; r < half; r++) {
    const top = 2 * r * size;
    const bottom = Math.min(2 * r + 1, size - 1) * size;
    for (let c = 0; c < half; c++) {
      const [left, right] = [2 * c, Math.min(2 * c + 1, size - 1)];
      const sum =
        cells[top + left] + cells[top + right] + cells[bottom + left] + cells[bottom + right];
      out[r * half + c] = (sum + 2) >> 2;
    }
  }
  return { cells: out, size: half };
}

/**
 * Paint the window `[x0, x0 + span) × [y0, y0 + span)` (in cells) into a square of pixels.
 * @param {Level[]} levels @param {Uint32Array} lut 256 packed colours
 * @param {{ x: number, y: number, span: number }} view
 * @param {Uint32Array} pixels @param {number} width of the square in pixels
 * @param {number} outside packed colour where there is no cell
 */
export function paintPyramid(levels, lut, view, pixels, width, outside) {
  const perPixel = view.span / width;
  const wanted = Math.max(0, Math.floor(Math.log2(Math.max(perPixel, 1e-9)) + 0.25));
  const depth = Math.min(wanted, levels.length - 1);
  const { cells, size } = levels[depth];
  const scale = 1 / 2 ** depth;
  const full = levels[0].size;
  const index = (/** @type {number} */ origin) =>
    Int32Array.from({ length: width }, (_, p) => {
      const cell = origin + (p + 0.5) * perPixel;
      return cell < 0 || cell >= full ? -1 : Math.min(size - 1, Math.floor(cell * scale));
    });
  const columns = index(view.x);
  const rows = index(view.y);
  for (let py = 0; py < width; py++) {
    const from = rows[py] * size;
    for (let px = 0; px < width; px++) {
      const known = rows[py] >= 0 && columns[px] >= 0;
      pixels[py * width + px] = known ? lut[cells[from + columns[px]]] : outside;
    }
  }
}

/**
 * The bytes between which the colours run: all but the rarest hundredth at either end; all bytes
 * where that leaves but one.
 * @param {Level} level
 */
export function contrastWindow({ cells, size }) {
  const histogram = new Uint32Array(256);
  const stride = Math.max(1, Math.floor(cells.length / 250000));
  let total = 0;
  for (let i = 0; i < cells.length; i += stride) {
    // What is compared with itself does not count, here as in tw.plot.heatmap.
    if (i % (size + 1) === 0) continue;
    histogram[cells[i]]++;
    total++;
  }
  let [lo, hi, below, above] = [0, 255, 0, 0];
  while (lo < 254 && below + histogram[lo] < total * 0.01) below += histogram[lo++];
  while (hi > lo + 1 && above + histogram[hi] < total * 0.01) above += histogram[hi--];
  return hi - lo > 1 ? { lo, hi } : { lo: 0, hi: 255 };
}
