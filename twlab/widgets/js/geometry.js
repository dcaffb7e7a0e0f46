/** Plane geometry of the map: fitting a view, picking, and what lies within a lasso or a box. */

/** @typedef {[number, number]} Point */
/** @typedef {{ cx: number, cy: number, k: number }} View centre in data, pixels per data unit */

/**
 * The view that shows all points, both axes to the same scale.
 * @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 * @param {number} width @param {number} height @param {number} margin
 * @returns {View}
 */
export function fitView(x, y, rows, width, height, margin) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const i of rows) {
    if (x[i] < x0) x0 = x[i];
    if (x[i] > x1) x1 = x[i];
    if (y[i] < y0) y0 = y[i];
    if (y[i] > y1) y1 = y[i];
  }
  if (!(x1 >= x0)) return { cx: 0, cy: 0, k: 1 };
  const room = [Math.max(width - 2 * margin, 10), Math.max(height - 2 * margin, 10)];
  const k = Math.min(room[0] / (x1 - x0 || 1e-6), room[1] / (y1 - y0 || 1e-6));
  return { cx: (x0 + x1) / 2, cy: (y0 + y1) / 2, k: Math.min(k, 1e6) };
}

/**
 * The nearest of the drawn rows within `reach` pixels, or -1.
 * @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 * @param {number} px @param {number} py in data units
 * @param {number} reach in data units
 */
export function nearestRow(x, y, rows, px, py, reach) {
  let [best, bestDistance] = [-1, reach * reach];
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k];
    const dx = x[i] - px;
    const dy = y[i] - py;
    const distance = dx * dx + dy * dy;
    if (distance <= bestDistance) [best, bestDistance] = [i, distance];
  }
  return best;
}

/**
 * The next row from `from` in a direction: near, and not far off the axis.
 * @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 * @param {number} from @param {Point} direction in data units, length 1
 */
export function rowTowards(x, y, rows, from, direction) {
  let [best, bestCost] = [-1, Infinity];
  for (const i of rows) {
    const [dx, dy] = [x[i] - x[from], y[i] - y[from]];
    const along = dx * direction[0] + dy * direction[1];
    if (i === from || along <= 0) continue;
    const across = Math.abs(dx * direction[1] - dy * direction[0]);
    const cost = along + 2.5 * across;
    if (cost < bestCost) [best, bestCost] = [i, cost];
  }
  return best;
}

/**
 * Rows inside a polygon (even-odd rule), its points in data units.
 * @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows @param {Point[]} polygon
 */
export function rowsInPolygon(x, y, rows, polygon) {
  const xs = polygon.map((p) => p[0]);
  const ys = polygon.map((p) => p[1]);
  const bounds = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const inside = new Uint32Array(rows.length);
  let count = 0;
  for (let k = 0; k < rows.length; k++) {
    const [px, py] = [x[rows[k]], y[rows[k]]];
    if (px < bounds[0] || px > bounds[1] || py < bounds[2] || py > bounds[3]) continue;
    if (crossesOddly(xs, ys, px, py)) inside[count++] = rows[k];
  }
  return inside.slice(0, count);
}

/** @param {number[]} xs @param {number[]} ys @param {number} px @param {number} py */
function crossesOddly(xs, ys, px, py) {
  let odd = false;
  for (let a = 0, b = xs.length - 1; a < xs.length; b = a++) {
    if (ys[a] > py === ys[b] > py) continue;
    if (px < ((xs[b] - xs[a]) * (py - ys[a])) / (ys[b] - ys[a]) + xs[a]) odd = !odd;
  }
  return odd;
}

/** The four corners of the box between two opposite ones. @param {Point} a @param {Point} b */
export function boxPolygon(a, b) {
  return /** @type {Point[]} */ ([a, [b[0], a[1]], b, [a[0], b[1]]]);
}

/**
 * The smallest lasso worth sending: points closer than `gap` to the one before are left out.
 * @param {Point[]} path @param {number} gap
 */
export function thinPath(path, gap) {
  const out = path.slice(0, 1);
  for (const p of path) {
    const last = out[out.length - 1];
    if (Math.hypot(p[0] - last[0], p[1] - last[1]) >= gap) out.push(p);
  }
  return out;
}
