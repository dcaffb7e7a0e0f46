/** Where the names of groups go on the map, and which of what is to be written has room. */

import { groupOf } from "./groups.js";

/** @typedef {import("./data.js").CategoryColumn} CategoryColumn */
/** @typedef {{ group: number, x: number, y: number, row: number, count: number }} Place of a group: its densest spot, in units of the data, and the row nearest to it */
/** @typedef {{ left: number, top: number, width: number, height: number }} Box in pixels */

/** Cells of the map along its longer side: groups of a film's scenes are some of these wide. */
const CELLS = 32;
/** From a cell to the one below: one more on either side, and the far edge. */
const STRIDE = CELLS + 3;
const GRID = STRIDE * STRIDE;
/** From a cell to itself and the eight around it. */
const AROUND = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => dy * STRIDE + dx));

/**
 * The densest place of each group, the largest group first; of many groups those of the largest.
 * @param {CategoryColumn} column @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 * @param {number} [most] groups whose places are found
 * @returns {Place[]}
 */
export function densestPlaces(column, x, y, rows, most = Infinity) {
  const places = largestGroups(column, rows, most);
  const keys = keysOf(places, column, x, y, rows);
  const counts = new Uint32Array(places.length * GRID + 1);
  for (let i = 0; i < rows.length; i++) counts[keys[i]]++;
  const near = new Uint8Array(counts.length);
  places.forEach((_, k) => {
    const cell = densestCell(counts.subarray(k * GRID, (k + 1) * GRID));
    for (const step of AROUND) near[k * GRID + cell + step] = 1;
  });
  moveToMeans(places, { x, y, rows, keys, near });
  return places;
}

/** The groups with most of some rows, without their places. @param {CategoryColumn} column @param {Uint32Array} rows @param {number} most @returns {Place[]} */
function largestGroups(column, rows, most) {
  const counts = new Uint32Array(column.names.length + 1);
  for (let i = 0; i < rows.length; i++) counts[groupOf(column, rows[i])]++;
  const groups = [...column.names.keys()].filter((group) => counts[group]);
  groups.sort((a, b) => counts[b] - counts[a] || a - b);
  const largest = groups.slice(0, most);
  return largest.map((group) => ({ group, x: 0, y: 0, row: -1, count: counts[group] }));
}

/**
 * For each row the cell it lies in, counted on through the grids of the places, one after the other;
 * the one behind them all for a row of none of them.
 * @param {Place[]} places @param {CategoryColumn} column @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 */
function keysOf(places, column, x, y, rows) {
  const nowhere = places.length * GRID;
  const from = new Int32Array(column.names.length + 1).fill(nowhere);
  places.forEach(({ group }, k) => (from[group] = k * GRID));
  const { x0, y0, side } = gridOver(x, y, rows);
  const keys = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const first = from[groupOf(column, row)];
    const line = Math.floor((y[row] - y0) / side) + 1;
    const cell = line * STRIDE + Math.floor((x[row] - x0) / side) + 1;
    keys[i] = first === nowhere ? nowhere : first + cell;
  }
  return keys;
}

/** Square cells over all rows. @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows */
function gridOver(x, y, rows) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < rows.length; k++) {
    const px = x[rows[k]];
    const py = y[rows[k]];
    if (px < x0) x0 = px;
    if (px > x1) x1 = px;
    if (py < y0) y0 = py;
    if (py > y1) y1 = py;
  }
  return { x0, y0, side: Math.max(x1 - x0, y1 - y0) / CELLS || 1 };
}

/** The cell with most rows in and around it, the middle counting twice. @param {Uint32Array} own counts of one group */
function densestCell(own) {
  let [best, most] = [-1, -1];
  for (let cell = 0; cell < own.length; cell++) {
    if (!own[cell]) continue;
    let sum = own[cell];
    for (const step of AROUND) sum += own[cell + step];
    if (sum > most) [best, most] = [cell, sum];
  }
  return best;
}

/**
 * Each place is the mean of its group's rows near the densest cell, and the row nearest to that.
 * @param {Place[]} places
 * @param {{ x: Float32Array, y: Float32Array, rows: Uint32Array, keys: Int32Array, near: Uint8Array }} of `near` says of each key whether it is near
 */
function moveToMeans(places, { x, y, rows, keys, near }) {
  const summed = new Uint32Array(places.length);
  for (let i = 0; i < rows.length; i++) {
    if (!near[keys[i]]) continue;
    const slot = Math.floor(keys[i] / GRID);
    const [place, n] = [places[slot], ++summed[slot]];
    place.x += (x[rows[i]] - place.x) / n;
    place.y += (y[rows[i]] - place.y) / n;
  }
  const least = new Float64Array(places.length).fill(Infinity);
  for (let i = 0; i < rows.length; i++) {
    if (!near[keys[i]]) continue;
    const slot = Math.floor(keys[i] / GRID);
    const place = places[slot];
    const far = (x[rows[i]] - place.x) ** 2 + (y[rows[i]] - place.y) ** 2;
    if (far >= least[slot]) continue;
    least[slot] = far;
    place.row = rows[i];
  }
}

/**
 * Those of some boxes that have room, first come, first served: none over another, none over an edge.
 * @template {Box} B @param {B[]} boxes @param {{ width: number, height: number }} panel @param {Box[]} [taken]
 */
export function boxesWithRoom(boxes, panel, taken = []) {
  /** @type {B[]} */
  const placed = [];
  for (const box of boxes) {
    const inside =
      box.left >= 0 &&
      box.top >= 0 &&
      box.left + box.width <= panel.width &&
      box.top + box.height <= panel.height;
    if (inside && ![...taken, ...placed].some((other) => overlap(box, other))) placed.push(box);
  }
  return placed;
}

/** @param {Box} a @param {Box} b */
function overlap(a, b) {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}
