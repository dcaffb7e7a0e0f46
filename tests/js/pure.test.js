/** The parts of the front end that need no browser. */
import assert from "node:assert/strict";
import test from "node:test";

import { combineSelection, countSet, packBits, unpackBits } from "../../twlab/widgets/js/bits.js";
import {
  categoryColours,
  luminance,
  packColour,
  rowColours,
  sequenceRamp,
  similarityLut,
} from "../../twlab/widgets/js/colour.js";
import {
  boxPolygon,
  fitView,
  nearestRow,
  rowTowards,
  rowsInPolygon,
  thinPath,
} from "../../twlab/widgets/js/geometry.js";
import { buildPyramid, contrastWindow, paintPyramid } from "../../twlab/widgets/js/pyramid.js";
import { Store } from "../../twlab/widgets/js/state.js";
import { formatRange, formatTime, parseTime, timeTicks } from "../../twlab/widgets/js/time.js";

test("times are written as people read them", () => {
  assert.equal(formatTime(187.4), "3:07");
  assert.equal(formatTime(3723.25, 2), "1:02:03.25");
  assert.equal(formatTime(59.96, 1), "1:00.0");
  assert.equal(formatTime(NaN), "–");
  assert.equal(formatTime(-5), "-0:05");
  assert.equal(formatRange(6, 12), "0:06 – 0:12");
  assert.equal(formatRange(5.94, 12), "0:05.9 – 0:12.0");
});

test("times are read back", () => {
  for (const sec of [0, 7, 59.5, 60, 3599, 3600, 36000.25]) {
    assert.equal(parseTime(formatTime(sec, 2)), sec);
  }
  assert.equal(parseTime(" 187,5 "), 187.5);
  for (const text of ["", "cat", "1:2:3:4", "-3", "1e3"]) assert.ok(Number.isNaN(parseTime(text)));
});

test("ticks are round, inside, and far enough apart", () => {
  for (const [lo, hi] of [
    [0, 5],
    [0, 600],
    [100, 36000],
    [3.2, 3.9],
  ]) {
    const perSec = 900 / (hi - lo);
    const { step, ticks } = timeTicks(lo, hi, perSec, 70);
    assert.ok(ticks.length >= 1 && ticks.length < 14, `${lo} ${hi}: ${ticks.length}`);
    assert.ok(step * perSec >= 70 - 1e-6);
    assert.ok(ticks.every((tick) => tick >= lo - 0.06 && tick <= hi + 0.06));
  }
});

test("masks survive the wire for any length", () => {
  for (let n = 0; n < 40; n++) {
    const mask = Uint8Array.from({ length: n }, (_, i) => Number((i * 7) % 3 === 0));
    assert.deepEqual(unpackBits(packBits(mask), n), mask);
  }
  assert.equal(packBits(new Uint8Array(100000).fill(1)).length, 12500);
  assert.deepEqual(unpackBits(new Uint8Array(0), 3), new Uint8Array(3));
});

test("selections replace, add and toggle without touching the old mask", () => {
  const mask = Uint8Array.of(1, 0, 0, 1);
  assert.deepEqual(combineSelection(mask, [1], "replace"), Uint8Array.of(0, 1, 0, 0));
  assert.deepEqual(combineSelection(mask, [1], "add"), Uint8Array.of(1, 1, 0, 1));
  assert.deepEqual(combineSelection(mask, [0, 1], "toggle"), Uint8Array.of(0, 1, 0, 1));
  assert.deepEqual(mask, Uint8Array.of(1, 0, 0, 1));
  assert.equal(countSet(mask), 2);
});

const x = Float32Array.of(0, 1, 0, 1, 10);
const y = Float32Array.of(0, 0, 1, 1, 10);
const all = Uint32Array.of(0, 1, 2, 3);

test("a lasso holds what lies inside it, of the rows that are drawn", () => {
  const triangle = /** @type {[number, number][]} */ ([
    [-0.5, -0.5],
    [1.7, -0.5],
    [-0.5, 1.7],
  ]);
  assert.deepEqual([...rowsInPolygon(x, y, all, triangle)], [0, 1, 2]);
  const around = /** @type {[number, number][]} */ ([
    [-9, -9],
    [99, -9],
    [99, 99],
    [-9, 99],
  ]);
  assert.deepEqual([...rowsInPolygon(x, y, all, around)], [0, 1, 2, 3], "row 4 is not drawn");
});

test("a box holds its corners' inside", () => {
  assert.deepEqual([...rowsInPolygon(x, y, all, boxPolygon([0.5, -1], [2, 2]))], [1, 3]);
});

test("picking takes the nearest within reach", () => {
  assert.equal(nearestRow(x, y, all, 0.9, 0.2, 0.5), 1);
  assert.equal(nearestRow(x, y, all, 0.5, 5, 1), -1);
  assert.equal(nearestRow(x, y, all, 10, 10, 1), -1, "row 4 is not drawn");
});

test("arrow keys go to the next point that way", () => {
  assert.equal(rowTowards(x, y, all, 0, [1, 0]), 1);
  assert.equal(rowTowards(x, y, all, 0, [0, 1]), 2);
  assert.equal(rowTowards(x, y, all, 3, [1, 0]), -1);
});

test("the fitted view shows every point, both axes to one scale", () => {
  const { cx, cy, k } = fitView(x, y, Uint32Array.of(0, 4), 400, 300, 20);
  assert.deepEqual([cx, cy, k], [5, 5, 26]);
  assert.deepEqual(fitView(x, y, new Uint32Array(0), 400, 300, 20), { cx: 0, cy: 0, k: 1 });
  assert.ok(Number.isFinite(fitView(x, y, Uint32Array.of(0), 400, 300, 20).k));
});

test("paths are thinned, their first point kept", () => {
  assert.deepEqual(
    thinPath(
      [
        [0, 0],
        [1, 0],
        [5, 0],
      ],
      3,
    ),
    [
      [0, 0],
      [5, 0],
    ],
  );
});

test("a pyramid keeps the mean and reaches a small square", () => {
  const size = 300;
  const cells = Uint8Array.from({ length: size * size }, (_, i) => (i * 31) % 256);
  const levels = buildPyramid(cells, size);
  const mean = (/** @type {Uint8Array} */ part) => part.reduce((a, b) => a + b, 0) / part.length;
  assert.deepEqual(
    levels.map((level) => level.size),
    [300, 150, 75],
  );
  for (const level of levels) assert.ok(Math.abs(mean(level.cells) - mean(cells)) < 1.5);
});

test("the painted window shows each cell where it lies", () => {
  const levels = buildPyramid(Uint8Array.of(0, 50, 100, 150), 2);
  const lut = Uint32Array.from({ length: 256 }, (_, i) => i);
  const pixels = new Uint32Array(16);
  paintPyramid(levels, lut, { x: 0, y: 0, span: 2 }, pixels, 4, 999);
  assert.deepEqual([...pixels.slice(0, 4)], [0, 0, 50, 50]);
  assert.deepEqual([...pixels.slice(12)], [100, 100, 150, 150]);
  paintPyramid(levels, lut, { x: 1, y: 1, span: 2 }, pixels, 4, 999);
  assert.deepEqual([...pixels.slice(0, 4)], [150, 150, 999, 999]);
});

test("contrast ignores the rarest hundredth", () => {
  const cells = new Uint8Array(10000).fill(100);
  cells.fill(200, 5000);
  cells[0] = 0;
  cells[1] = 255;
  assert.deepEqual(contrastWindow({ cells, size: 100 }), { lo: 100, hi: 200 });
  // One byte alone has no contrast: stretched, it would look like the least there is.
  for (const byte of [0, 1, 128, 254, 255]) {
    const flat = { cells: new Uint8Array(100).fill(byte), size: 10 };
    assert.deepEqual(contrastWindow(flat), { lo: 0, hi: 255 });
  }
});

test("the store tells each listener once, and only of changes", () => {
  const store = new Store(/** @type {any} */ ({ focus: -1, sec: 0 }));
  let calls = 0;
  const life = new AbortController();
  store.on(["focus", "sec"], () => calls++, life.signal);
  store.set({ focus: 3, sec: 2 });
  store.set({ focus: 3 });
  assert.equal(calls, 1);
  life.abort();
  store.set({ focus: 4 });
  assert.equal(calls, 1);
  assert.equal(store.get("focus"), 4);
});

test("rows get the colour of their value, missing ones that of nothing", () => {
  const palette = categoryColours();
  const category = {
    name: "c",
    kind: /** @type {const} */ ("category"),
    codes: Uint8Array.of(0, 1, 2),
    names: ["a", "b"],
  };
  const colours = rowColours(category, 3, { theme: "light" });
  assert.deepEqual([...colours.slice(0, 2)], palette.slice(0, 2));
  assert.ok(!palette.includes(colours[2]));
  const number = {
    name: "n",
    kind: /** @type {const} */ ("number"),
    values: Float32Array.of(0, 10, NaN),
    low: 0,
    high: 10,
    time: false,
  };
  const ramp = sequenceRamp();
  const made = rowColours(number, 3, { theme: "dark" });
  assert.deepEqual([made[0], made[1]], [ramp[0], ramp[255]]);
  assert.ok(![...ramp].includes(made[2]));
});

test("ramps grow evenly lighter: bright is much, and alike", () => {
  const light = (/** @type {number} */ c) => luminance([c & 255, (c >> 8) & 255, (c >> 16) & 255]);
  const rises = (/** @type {Uint32Array} */ lut) => {
    const steps = [0, 64, 128, 192, 255].map((i) => light(lut[i]));
    return steps.every((value, k) => !k || value > steps[k - 1]);
  };
  assert.ok(rises(sequenceRamp()));
  assert.ok(rises(similarityLut({ lo: 0, hi: 255 })));
  assert.equal(packColour([1, 2, 3]), 0xff030201);
});

test("categories stand out from either background", () => {
  for (const [theme, behind] of /** @type {const} */ ([
    ["light", 1],
    ["dark", 0.0085],
  ])) {
    for (const c of categoryColours()) {
      const own = luminance([c & 255, (c >> 8) & 255, (c >> 16) & 255]);
      const [high, low] = [Math.max(own, behind), Math.min(own, behind)];
      assert.ok((high + 0.05) / (low + 0.05) > 3, `${theme} ${c.toString(16)}`);
    }
  }
});
