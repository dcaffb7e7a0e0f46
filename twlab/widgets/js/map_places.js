/** Where the names of groups go on the map, and which of what is to be written has room. */

import { groupOf } from "./groups.js";

/** @typedef {import("./data.js").CategoryColumn} CategoryColumn */
/** @typedef {{ group: number, x: number, y: number, row: number, count: number }} Place of a group: its densest spot, in units of the data, and the row nearest to it */
/** @typedef {{ left: number, top: number, width: number, height: number }} Box in pixels */

/** Cells of the map along its longer side: groups of a film's scenes are some of these wide. */
const CELLS = 32;

/**
 * The densest place of each group, the largest group first.
 * @param {CategoryColumn} column @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 * @returns {Place[]}
 */
export function densestPlaces(column, x, y, rows) {
  const grid = gridOver(x, y, rows);
  /** @type {Map<number, number>[]} cells with a row of the group, and how many */
  const cells = column.names.map(() => new Map());
  for (const row of rows) {
    const group = groupOf(column, row);
    const cell = grid.cellOf(x[row], y[row]);
    if (group < cells.length) cells[group].set(cell, (cells[group].get(cell) ?? 0) + 1);
  }
  const dense = cells.map((own) => densestCell(own, grid.stride));
  const places = meansAround(column, x, y, rows, { dense, grid });
  return places.sort((a, b) => b.count - a.count || a.group - b.group);
}

/** Square cells over all rows. @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows */
function gridOver(x, y, rows) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const row of rows) {
    [x0, x1] = [Math.min(x0, x[row]), Math.max(x1, x[row])];
    [y0, y1] = [Math.min(y0, y[row]), Math.max(y1, y[row])];
  }
  const side = Math.max(x1 - x0, y1 - y0) / CELLS || 1;
  const stride = CELLS + 3; // one more on either side, and the far edge
  const cellOf = (/** @type {number} */ px, /** @type {number} */ py) =>
    (Math.floor((py - y0) / side) + 1) * stride + Math.floor((px - x0) / side) + 1;
  return { stride, cellOf };
}

/** The eight cells around one, and itself. @param {number} cell @param {number} stride */
function around(cell, stride) {
  return [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => cell + dy * stride + dx));
}

/** The cell with most rows in and around it, the middle counting twice. @param {Map<number, number>} own @param {number} stride */
function densestCell(own, stride) {
  let [best, most] = [-1, -1];
  for (const [cell, count] of own) {
    const sum = around(cell, stride).reduce((total, one) => total + (own.get(one) ?? 0), count);
    if (sum > most || (sum === most && cell < best)) [best, most] = [cell, sum];
  }
  return best;
}

/**
 * The mean of each group's rows near its densest cell, and the row nearest to that.
 * @param {CategoryColumn} column @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 * @param {{ dense: number[], grid: ReturnType<typeof gridOver> }} found
 */
function meansAround(column, x, y, rows, { dense, grid }) {
  const near = dense.map((cell) => new Set(cell < 0 ? [] : around(cell, grid.stride)));
  const places = dense.map((_, group) => ({ group, x: 0, y: 0, row: -1, count: 0, summed: 0 }));
  const eachNear = (/** @type {(place: typeof places[0], row: number) => void} */ then) => {
    for (const row of rows) {
      const place = places[groupOf(column, row)];
      if (place && near[place.group].has(grid.cellOf(x[row], y[row]))) then(place, row);
    }
  };
  for (const row of rows) {
    const place = places[groupOf(column, row)];
    if (place) place.count++;
  }
  eachNear((place, row) => {
    place.summed++;
    place.x += (x[row] - place.x) / place.summed;
    place.y += (y[row] - place.y) / place.summed;
  });
  const least = new Float64Array(places.length).fill(Infinity);
  eachNear((place, row) => {
    const far = (x[row] - place.x) ** 2 + (y[row] - place.y) ** 2;
    if (far < least[place.group]) [least[place.group], place.row] = [far, row];
  });
  return places.filter(({ count }) => count).map(({ summed: _, ...place }) => place);
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
