/** Where the names of groups go on the map, and which of what is to be written has room. */

import { groupOf } from "./groups.js";

/** @typedef {import("./data.js").CategoryColumn} CategoryColumn */
/** @typedef {{ group: number, x: number, y: number, row: number, count: number }} Place of a group: its densest spot, in units of the data, and the row nearest to it */
/** @typedef {{ left: number, top: number, width: number, height: number }} Box in pixels */

/** Cells of the map along its longer side: groups of a film's scenes are some of these wide. */
const CELLS = 32;

/**
 * The densest place of each group, the largest group first; of many groups those of the largest.
 * @param {CategoryColumn} column @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows
 * @param {number} [most] groups whose places are found
 * @returns {Place[]}
 */
export function densestPlaces(column, x, y, rows, most = Infinity) {
  const places = largestGroups(column, rows, most);
  /** @type {(Place | undefined)[]} */
  const placeOf = Array(column.names.length);
  for (const place of places) placeOf[place.group] = place;
  const own = rows.filter((row) => placeOf[groupOf(column, row)]);
  const grid = gridOver(x, y, rows);
  /** @type {Map<number, Map<number, number>>} cells with a row of the group, and how many */
  const cells = new Map(places.map(({ group }) => [group, new Map()]));
  for (const row of own) {
    const counts = cells.get(groupOf(column, row));
    const cell = grid.cellOf(x[row], y[row]);
    counts?.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const near = [...cells].map(([group, counts]) => {
    const cell = densestCell(counts, grid.stride);
    return /** @type {const} */ ([group, new Set(around(cell, grid.stride))]);
  });
  moveToMeans(placeOf, new Map(near), { column, x, y, rows: own, grid });
  return places;
}

/** The groups with most of some rows, without their places. @param {CategoryColumn} column @param {Uint32Array} rows @param {number} most @returns {Place[]} */
function largestGroups(column, rows, most) {
  const counts = new Uint32Array(column.names.length + 1);
  for (const row of rows) counts[groupOf(column, row)]++;
  const groups = [...column.names.keys()].filter((group) => counts[group]);
  groups.sort((a, b) => counts[b] - counts[a] || a - b);
  const largest = groups.slice(0, most);
  return largest.map((group) => ({ group, x: 0, y: 0, row: -1, count: counts[group] }));
}

/** Square cells over all rows. @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows */
function gridOver(x, y, rows) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < rows.length; k++) {
    const [px, py] = [x[rows[k]], y[rows[k]]];
    if (px < x0) x0 = px;
    if (px > x1) x1 = px;
    if (py < y0) y0 = py;
    if (py > y1) y1 = py;
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
 * Each place is the mean of its group's rows near the densest cell, and the row nearest to that.
 * @param {(Place | undefined)[]} placeOf a group @param {Map<number, Set<number>>} near cells by group
 * @param {{ column: CategoryColumn, x: Float32Array, y: Float32Array, rows: Uint32Array, grid: ReturnType<typeof gridOver> }} of
 */
function moveToMeans(placeOf, near, { column, x, y, rows, grid }) {
  const eachNear = (/** @type {(place: Place, row: number) => void} */ then) => {
    for (const row of rows) {
      const place = placeOf[groupOf(column, row)];
      if (place && near.get(place.group)?.has(grid.cellOf(x[row], y[row]))) then(place, row);
    }
  };
  const [summed, least] = [new Map(), new Map()];
  eachNear((place, row) => {
    const n = (summed.get(place.group) ?? 0) + 1;
    summed.set(place.group, n);
    place.x += (x[row] - place.x) / n;
    place.y += (y[row] - place.y) / n;
  });
  eachNear((place, row) => {
    const far = (x[row] - place.x) ** 2 + (y[row] - place.y) ** 2;
    if (far >= (least.get(place.group) ?? Infinity)) return;
    least.set(place.group, far);
    place.row = row;
  });
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
