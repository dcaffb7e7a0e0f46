/** Which rows a click and one with shift select: those of one video and option in between. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsBetween } from "../../twlab/widgets/js/timeindex.js";

/** Two videos, the first with two options; the last row has no time. */
const data = /** @type {any} */ ({
  order: Uint32Array.from([2, 0, 1, 3, 4, 5, 6]),
  video: Uint32Array.from([0, 0, 0, 0, 0, 1, 1, 1]),
  lane: Uint8Array.from([0, 0, 0, 1, 1, 0, 0, 0]),
});

/** @param {number} from @param {number} to */
const between = (from, to) => {
  const rows = rowsBetween(data, from, to);
  return rows && [...rows];
};

test("all from one row to another in time, whichever comes first and however they are sorted", () => {
  assert.deepEqual(between(2, 1), [2, 0, 1]);
  assert.deepEqual(between(1, 2), [2, 0, 1]);
  assert.deepEqual(between(0, 0), [0]);
});

test("rows of other videos or options, without time or none in focus are in no stretch", () => {
  assert.equal(between(1, 3), null);
  assert.equal(between(4, 5), null);
  assert.equal(between(6, 7), null);
  assert.equal(between(-1, 2), null);
});
