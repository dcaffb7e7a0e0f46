/** What the views compute before they draw: where things lie, and what a gesture means. */
import assert from "node:assert/strict";
import test from "node:test";

import { gather, maskOf } from "../../twlab/widgets/js/bits.js";
import { Camera } from "../../twlab/widgets/js/camera.js";
import {
  Grid,
  alongCells,
  cellOfPlace,
  cellAt,
  clampCells,
  isOnPlot,
  plotWithin,
  zoomCells,
} from "../../twlab/widgets/js/cells.js";
import { cellOfTime, videoStarts } from "../../twlab/widgets/js/heatmap_marks.js";
import { shortenMiddle, sideOf } from "../../twlab/widgets/js/heatmap_names.js";
import { laneStrip, lanesBetween, videoExtents } from "../../twlab/widgets/js/lanes.js";
import { shortenApart } from "../../twlab/widgets/js/timeline_paint.js";
import { paintSquares } from "../../twlab/widgets/js/points_2d.js";
import {
  clampSpan,
  followSec,
  secToX,
  windowOf,
  xToSec,
  zoomSpan,
} from "../../twlab/widgets/js/timespan.js";

/** @param {number[]} actual @param {number[]} expected */
function close(actual, expected) {
  assert.equal(actual.length, expected.length);
  for (const [k, value] of actual.entries())
    assert.ok(Math.abs(value - expected[k]) < 1e-9, `${actual} is not ${expected}`);
}

const x = Float32Array.of(-1, 1, 0, 5);
const y = Float32Array.of(0, 0, 1, 5);
const rows = Uint32Array.of(0, 1, 2);

function fittedCamera() {
  const size = { width: 400, height: 300 };
  const camera = new Camera(size);
  camera.fit(x, y, rows);
  return { camera, size };
}

test("a camera shows the rows it is fitted to, and says where they are", () => {
  const { camera } = fittedCamera();
  close(camera.toPixels(-1, 0), [28, 236]);
  close(camera.toPixels(1, 0), [372, 236]);
  close(camera.toData(...camera.toPixels(0.3, -0.7)), [0.3, -0.7]);
  assert.equal(camera.moved, false);
});

test("what lies under the pointer stays there while zooming", () => {
  for (const factor of [0.5, 1.4, 30]) {
    const { camera } = fittedCamera();
    const [before, scale] = [camera.toData(90, 210), camera.view.k];
    camera.zoom(factor, 90, 210);
    close(camera.toData(90, 210), before);
    close([camera.view.k], [scale * factor]);
    assert.equal(camera.moved, true);
  }
});

test("zooming ends far out and close in, and fitting takes it back", () => {
  const { camera } = fittedCamera();
  const fitted = camera.view;
  camera.zoom(1e-9, 5, 5);
  close([camera.view.k], [fitted.k / 4]);
  camera.zoom(1e12, 5, 5);
  close([camera.view.k / fitted.k], [4000]);
  camera.fit(x, y, rows);
  assert.deepEqual([camera.view, camera.moved], [fitted, false]);
});

test("panning moves everything with the pointer", () => {
  const { camera } = fittedCamera();
  const [px, py] = camera.toPixels(0.5, 0.5);
  camera.pan(12, -7);
  close(camera.toPixels(0.5, 0.5), [px + 12, py - 7]);
});

test("a camera knows the size the panel has now", () => {
  const { camera, size } = fittedCamera();
  size.width = 800;
  close(camera.toPixels(0, 0.5), [400, 150]);
});

test("dots are smaller the more there are, and a little larger when closer", () => {
  const { camera } = fittedCamera();
  const sizes = [1, 100, 1000, 10000, 1e6].map((n) => camera.dotSize(n));
  assert.deepEqual(
    sizes,
    [...sizes].sort((a, b) => b - a),
  );
  assert.deepEqual([sizes[0], sizes[4]], [11, 1.6]);
  camera.zoom(4, 200, 150);
  close([camera.dotSize(1)], [11 * 1.3]);
});

test("rows are gathered in their order, and known by one byte each", () => {
  assert.deepEqual(gather(x, Uint32Array.of(3, 0)), Float32Array.of(5, -1));
  const all = Uint32Array.from(x.keys());
  assert.equal(gather(x, all), x);
  assert.deepEqual(gather(x, all.slice(1)), x.slice(1));
  assert.deepEqual(maskOf([3, 0], 4), Uint8Array.of(1, 0, 0, 1));
});

test("squares of pixels lie around their points, selected ones in their own pass", () => {
  const image = { data: new Uint8ClampedArray(6 * 4 * 4), width: 6, height: 4 };
  const cloud = {
    xs: Float32Array.of(1, 4, 5.9),
    ys: Float32Array.of(-1, -2, -2),
    colours: Uint32Array.of(0xff0000ff, 0xff00ff00, 0xffffffff),
    mask: Uint8Array.of(0, 1, 0),
  };
  const scale = { k: 1, left: 0, top: 0 };
  const painted = () => [...new Uint32Array(image.data.buffer)].flatMap((c, i) => (c ? [i] : []));
  paintSquares(image, cloud, scale, { picked: 0, extent: 2, alpha: 0.5 }, 1);
  assert.deepEqual(painted(), [0, 1, 6, 7], "the third would not lie inside");
  assert.equal(new Uint32Array(image.data.buffer)[0], 0x800000ff);
  paintSquares(image, cloud, scale, { picked: 1, extent: 2, alpha: 1 }, 1);
  assert.deepEqual(painted(), [0, 1, 6, 7, 9, 10, 15, 16]);
  image.data.fill(0);
  paintSquares(image, cloud, scale, { picked: 1, extent: 2, alpha: 1 }, 2);
  assert.deepEqual(painted(), [], "every other point: the second is left out");
});

test("seconds and pixels of the timeline are each other's inverse", () => {
  const w = windowOf({ lo: 30, hi: 90 }, { width: 700, left: 92, top: 22 });
  assert.deepEqual([w.perSec, secToX(w, 30), secToX(w, 90)], [10, 92, 692]);
  for (const sec of [0, 30, 47.25, 600]) close([xToSec(w, secToX(w, sec))], [sec]);
});

test("a span stays within the time there is, as long as it was", () => {
  assert.deepEqual(clampSpan({ lo: -5, hi: 15 }, 100), { lo: 0, hi: 20 });
  assert.deepEqual(clampSpan({ lo: 95, hi: 115 }, 100), { lo: 80, hi: 100 });
  assert.deepEqual(clampSpan({ lo: -50, hi: 500 }, 100), { lo: 0, hi: 100 });
  assert.deepEqual(clampSpan({ lo: 4, hi: 4 }, 100), { lo: 4, hi: 4.5 });
});

test("zooming a span keeps a moment at its place", () => {
  const span = { lo: 10, hi: 50 };
  const zoomed = zoomSpan(span, 2, 20);
  assert.deepEqual(zoomed, { lo: 15, hi: 35 });
  assert.equal((20 - zoomed.lo) / (zoomed.hi - zoomed.lo), (20 - span.lo) / (span.hi - span.lo));
});

test("the span follows the playhead once it leaves", () => {
  const span = { lo: 10, hi: 50 };
  assert.equal(followSec(span, 10), span);
  assert.equal(followSec(span, 50), span);
  assert.equal(followSec(span, NaN), span);
  assert.deepEqual(followSec(span, 51), { lo: 47, hi: 87 });
  assert.deepEqual(followSec(span, 4), { lo: 0, hi: 40 });
});

/** @param {"title" | "lane" | "novelty"} kind @param {number} video @param {number} top */
function strip(kind, video, top, lane = 0) {
  const own = { video, lane, rows: new Uint32Array(0), longest: 0, ends: 0 };
  return { kind, video, top, height: 20, label: "", lane: kind === "title" ? null : own };
}

const strips = [
  strip("title", 0, 0),
  strip("lane", 0, 24),
  strip("lane", 0, 48, 1),
  strip("novelty", 0, 72),
  strip("title", 1, 104),
  strip("lane", 1, 128),
];

test("the strips of a video reach from its first lane to its last", () => {
  assert.deepEqual(
    [...videoExtents(strips)],
    [
      [0, [24, 92]],
      [1, [128, 148]],
    ],
  );
});

test("a drag touches the lanes it crosses, or else all of its video", () => {
  assert.deepEqual(lanesBetween(strips, 30, 50, 0), [strips[1], strips[2]]);
  assert.deepEqual(lanesBetween(strips, 30, 40, 0), [strips[1]]);
  assert.deepEqual(lanesBetween(strips, 75, 80, 0), [strips[1], strips[2]]);
  assert.deepEqual(lanesBetween(strips, 106, 110, 1), [strips[5]]);
  assert.equal(laneStrip(strips, 0, 1), strips[2]);
  assert.equal(laneStrip(strips, 1, 1), undefined);
});

/** Five clips of two videos in cells of two rows. */
function gridOfTwo() {
  const start = Float64Array.of(0, 6, 12, 0, 6);
  const end = Float64Array.of(6, 12, 18, 6, 12);
  const data = /** @type {any} */ ({ start, end, video: Uint32Array.of(0, 0, 0, 1, 1) });
  const cells = Uint8Array.of(255, 51, 0, 51, 255, 102, 0, 102, 255);
  const starts = Uint32Array.of(0, 2, 4, 5);
  const square = { cells, size: 3, starts, holes: null, low: 0, high: 1 };
  return { data, grid: new Grid(data, Uint32Array.of(0, 1, 2, 3, 4), square) };
}

test("a cell stands for rows, and rows for a cell", () => {
  const { grid } = gridOfTwo();
  assert.deepEqual(
    [0, 1, 2, 9].map((cell) => grid.rowOf(cell)),
    [0, 2, 4, 4],
  );
  assert.deepEqual(
    [0, 1, 2, 3, 4, -1].map((row) => grid.cellOf(row)),
    [0, 0, 1, 1, 2, -1],
  );
  assert.deepEqual([...grid.rowsOf(1, 0)], [0, 1, 2, 3]);
  assert.deepEqual([...grid.rowsOf(2, 2)], [4]);
});

test("a cell says how alike its row and its column are", () => {
  const { grid } = gridOfTwo();
  close(
    [grid.similarityAt([1, 0]), grid.similarityAt([2, 1]), grid.similarityAt([2, 2])],
    [0.2, 0.4, 1],
  );
});

test("cells of any length know their rows, and places in them", () => {
  const starts = Uint32Array.of(0, 1, 4, 6);
  const cells = [0, 1, 2, 3, 4, 5].map((place) => cellOfPlace(starts, place));
  assert.deepEqual(cells, [0, 1, 1, 1, 2, 2]);
  close(
    [0, 0.5, 1, 2.5, 4, 5, 6].map((place) => alongCells(starts, place)),
    [0, 0.5, 1, 1.5, 2, 2.5, 3],
  );
});

test("cells that are videos are known, and what they cannot be compared with", () => {
  const { data } = gridOfTwo();
  const rows = Uint32Array.of(0, 1, 2, 3, 4);
  const square = { size: 2, low: 0, high: 1, cells: Uint8Array.of(255, 51, 51, 102) };
  const grid = (/** @type {number[]} */ starts, /** @type {number[]} */ holes) =>
    new Grid(data, rows, {
      ...square,
      starts: Uint32Array.from(starts),
      holes: Uint8Array.from(holes),
    });
  assert.equal(grid([0, 3, 5], [0, 0]).ofVideos, true);
  assert.equal(grid([0, 2, 5], [0, 0]).ofVideos, false);
  const [alone, blank] = [grid([0, 3, 5], [0, 1]), grid([0, 3, 5], [2, 0])];
  assert.ok(Number.isNaN(alone.similarityAt([1, 1])) && Number.isNaN(blank.similarityAt([1, 0])));
  close([alone.similarityAt([1, 0]), blank.similarityAt([1, 1])], [0.2, 0.4]);
  assert.deepEqual([alone.holes, blank.holes], [[[1, 1]], [[0, 2]]]);
});

test("a video is told by its title and its most typical second", () => {
  const titled = (/** @type {number} */ k) => ({ title: `film ${k}`, typical: 7 * k });
  const data = /** @type {any} */ ({ videos: [0, 1, 2].map(titled), video: [0, 0, 1, 2] });
  const of = (/** @type {number[]} */ ...rows) => sideOf(data, Uint32Array.from(rows));
  assert.deepEqual(of(0, 1), { text: "film 0", sec: 0, video: 0, count: 2 });
  assert.deepEqual(of(2, 3), { text: "film 1 to film 2 (2)", sec: 7, video: 1, count: 2 });
});

test("a name keeps its beginning and more of its end", () => {
  const ctx = /** @type {any} */ ({
    measureText: (/** @type {string} */ t) => ({ width: t.length }),
  });
  assert.equal(shortenMiddle(ctx, "holiday_0012", 12), "holiday_0012");
  assert.equal(shortenMiddle(ctx, "holiday_0012", 8), "hol…0012");
  assert.equal(shortenMiddle(ctx, "holiday_0012", 1), "…");
});

test("of names that begin alike what differs is shown, and as much else as there is room for", () => {
  const ctx = /** @type {any} */ ({
    measureText: (/** @type {string} */ t) => ({ width: t.length }),
  });
  const names = ["visual · marengo2.7", "visual · marengo3.0", "audio"];
  const short = (/** @type {string} */ name, /** @type {number} */ room, all = names) =>
    shortenApart(ctx, name, all, room);
  assert.equal(short(names[0], 19), names[0]);
  assert.equal(short(names[0], 18), "marengo2.7");
  assert.equal(short(names[1], 9), "…3.0");
  assert.equal(short(names[1], 3), "…3…");
  assert.equal(short("transcription", 6), "trans…");
  const nets = ["visual · net-lite0-x", "visual · net-lite2-x", "visual · colour layout"];
  assert.deepEqual(
    nets.map((name) => short(name, 10, nets)),
    ["…lite0-x", "…lite2-x", "colour la…"],
  );
  assert.equal(short("visual", 4, ["visual", "visual"]), "vis…");
});

test("cells are shown inside the square, at least four of them where there are four", () => {
  assert.deepEqual(clampCells({ x: -3, y: 95, span: 10 }, 100), { x: 0, y: 90, span: 10 });
  assert.deepEqual(clampCells({ x: 0, y: 0, span: 1 }, 100), { x: 0, y: 0, span: 4 });
  assert.deepEqual(clampCells({ x: 0, y: 0, span: 1 }, 3), { x: 0, y: 0, span: 3 });
  assert.deepEqual(clampCells({ x: 7, y: 7, span: 900 }, 100), { x: 0, y: 0, span: 100 });
});

test("the cell under the pointer stays there while zooming", () => {
  const view = { x: 20, y: 30, span: 40 };
  const zoomed = zoomCells(view, 100, 2, 0.25, 0.75);
  assert.deepEqual(zoomed, { x: 25, y: 45, span: 20 });
  assert.deepEqual(zoomCells(zoomed, 100, 0.5, 0.25, 0.75), view);
});

test("the square of cells fits beside its axes, and pixels on it are cells", () => {
  const plot = plotWithin({ width: 400, height: 300 });
  assert.equal(plot.side, 266);
  assert.ok(plot.x >= 44 && plot.x + plot.side <= 400 && plot.y + plot.side + 22 <= 300);
  assert.equal(isOnPlot(plot, plot.x, plot.y), true);
  assert.equal(isOnPlot(plot, plot.x + plot.side, plot.y), false);
  const view = { x: 0, y: 0, span: 10 };
  assert.deepEqual(cellAt(plot, view, 10, plot.x, plot.y + plot.side - 1), [0, 9]);
  assert.deepEqual(cellAt(plot, view, 10, -99, 9999), [0, 9], "kept inside");
  assert.ok(plotWithin({ width: 0, height: 0 }).side > 0);
});

test("the axes know where videos begin and where a time lies", () => {
  const { data, grid } = gridOfTwo();
  assert.deepEqual(videoStarts(data, grid), [
    { cell: 0, video: 0, from: 0, to: 3 },
    { cell: 1.5, video: 1, from: 3, to: 5 },
  ]);
  assert.equal(cellOfTime(data, grid, 0, 3, 9), 0.75, "in the middle of the second clip");
  assert.equal(cellOfTime(data, grid, 3, 5, 6), 2, "where the second clip of the second begins");
});
