/** Rows by time and likeness, and what can be done with them, on a small table. */
import assert from "node:assert/strict";
import test from "node:test";

import { Actions } from "../../twlab/widgets/js/actions.js";
import { decodeData } from "../../twlab/widgets/js/data.js";
import { rowFacts, rowsWithText } from "../../twlab/widgets/js/facts.js";
import { layoutLanes, stripAt } from "../../twlab/widgets/js/lanes.js";
import { nearestOf, placeInSpace } from "../../twlab/widgets/js/near.js";
import { Store, initialState } from "../../twlab/widgets/js/state.js";
import { headingOf } from "../../twlab/widgets/js/tooltip.js";
import { TimeIndex, stretchesOf } from "../../twlab/widgets/js/timeindex.js";

/** Arrays as Python sends them, but one byte off, as buffers from the wire may be. @param {Record<string, any>} arrays */
function encode(arrays) {
  let offset = 0;
  /** @type {Record<string, [string, number, number]>} */
  const index = {};
  for (const [name, array] of Object.entries(arrays)) {
    index[name] = [array.constructor.name.replace("Array", "").toLowerCase(), array.length, offset];
    offset += Math.ceil(array.byteLength / 8) * 8;
  }
  const bytes = new Uint8Array(offset + 1);
  for (const [name, array] of Object.entries(arrays)) {
    bytes.set(new Uint8Array(array.buffer), index[name][2] + 1);
  }
  return { index, bytes: new DataView(bytes.buffer, 1) };
}

const VIDEOS = [
  { id: "a", title: "A", duration: 18, source: {}, thumbnail: "" },
  { id: "b", title: "B", duration: 12, source: {}, thumbnail: "" },
];

/** Two videos of three and two clips of 6 s; rows out of order. */
function table() {
  /** @type {Record<string, any>} */
  const arrays = {
    start: Float64Array.of(6, 0, 12, 0, 6),
    end: Float64Array.of(12, 6, 18, 6, 12),
    video: Uint32Array.of(0, 0, 0, 1, 1),
    lane: new Uint8Array(5),
    order: Uint32Array.of(1, 0, 2, 3, 4),
    rows0: Uint32Array.of(1, 0, 2, 3, 4),
    near0: Int32Array.of(0, 2, 1, 2, 0, 1, 4, 0, 3, 1),
    starts0: Uint32Array.of(0, 1, 2, 3, 4, 5),
    cells0: Uint8Array.from({ length: 25 }, (_, i) => i * 10),
    kind: Uint8Array.of(0, 1, 1, 0, 2),
    scene_video: Uint32Array.of(0),
    scene_sec: Float64Array.of(12),
  };
  const { index, bytes } = encode(arrays);
  const spec = {
    n: 5,
    title: "two",
    pages: {},
    views: ["timeline"],
    lanes: ["visual"],
    mapAll: false,
    colorBy: "kind",
    tooltip: [],
    columns: [{ name: "kind", kind: "category", array: "kind", names: ["forest", "meadow"] }],
    videos: VIDEOS,
    spaces: [
      {
        name: "visual",
        rows: "rows0",
        neighbors: "near0",
        nNeighbors: 2,
        similarity: { array: "cells0", starts: "starts0", size: 5, low: 0, high: 1 },
      },
    ],
    arrays: index,
  };
  return decodeData(spec, bytes);
}

function opened() {
  const data = table();
  const times = new TimeIndex(data);
  const store = new Store(initialState(data));
  const ask = async () => ({ answer: { rows: [] }, bytes: null });
  const actions = new Actions(data, store, times, { showTip: () => undefined, ask });
  return { data, times, store, actions };
}

test("arrays are read from an unaligned block", () => {
  const data = table();
  assert.deepEqual([...data.start], [6, 0, 12, 0, 6]);
  assert.deepEqual([...data.order], [1, 0, 2, 3, 4]);
  assert.equal(data.spaces[0].similarity?.cells[3], 30);
});

test("the row at a second, half-open", () => {
  const { times } = opened();
  assert.deepEqual(
    [0, 5.99, 6, 17.9].map((sec) => times.rowAt(0, 0, sec)),
    [1, 1, 0, 2],
  );
  assert.equal(times.rowAt(0, 0, 18), -1);
  assert.equal(times.rowAt(1, 0, 7), 4);
  assert.equal(times.rowAt(7, 0, 7), -1);
  assert.equal(times.neighborInTime(1, 1), 0);
  assert.equal(times.neighborInTime(2, 1), -1);
});

test("a range of time holds what overlaps it", () => {
  const { times } = opened();
  assert.deepEqual([...times.rowsWithin(times.lanes[0], 5, 7)], [1, 0]);
  assert.deepEqual([...times.rowsWithin(times.lanes[0], 6, 12)], [0]);
  assert.deepEqual([...times.rowsWithin(times.lanes[1], 20, 30)], []);
});

test("touching rows are one stretch, videos are not", () => {
  assert.deepEqual(stretchesOf(table(), [0, 1, 4]), [
    { video: 0, start: 0, end: 12 },
    { video: 1, start: 6, end: 12 },
  ]);
});

test("lanes are stacked by video, with titles where there are several", () => {
  const { data, times } = opened();
  const { strips, duration } = layoutLanes(data, times.lanes);
  assert.deepEqual(
    strips.map((strip) => strip.kind),
    ["title", "lane", "title", "lane"],
  );
  assert.equal(duration, 18);
  assert.equal(stripAt(strips, strips[3].top + 2)?.video, 1);
  assert.equal(stripAt(strips, 9999), null);
});

test("neighbours and their similarity come from what Python sent", () => {
  const data = table();
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((row) => placeInSpace(data.spaces[0].rows, data, row)),
    [1, 0, 2, 3, 4],
  );
  const near = nearestOf(data, 0, 1, 5);
  assert.deepEqual(
    near.map((one) => one.row),
    [0, 2],
  );
  assert.ok(Math.abs(near[0].similarity - 10 / 255) < 1e-6);
  assert.deepEqual(nearestOf(data, 0, -1, 5), []);
});

test("focus seeks, and the focus follows the video", () => {
  const { store, actions } = opened();
  actions.focus(2);
  assert.deepEqual(store.get("seek"), { video: 0, sec: 12, playlist: null });
  actions.follow(0, 11.99);
  assert.equal(store.get("focus"), 2, "a hair before its start is still the segment");
  actions.follow(0, 7);
  assert.equal(store.get("focus"), 0);
  actions.follow(1, 7);
  assert.deepEqual([store.get("focus"), store.get("video")], [4, 1]);
  actions.follow(1, 99);
  assert.equal(store.get("focus"), 4, "after the last segment the focus stays");
});

test("selecting brings the video to the first of it", () => {
  const { store, actions } = opened();
  actions.select([4, 0, 2], "replace", "here");
  assert.equal(store.get("selected"), 3);
  assert.equal(store.get("focus"), 0);
  assert.match(store.get("message"), /3 segments selected here/);
  actions.select([0], "toggle", "");
  assert.deepEqual([...store.get("mask")], [0, 0, 1, 0, 1]);
  actions.clear();
  assert.equal(store.get("selected"), 0);
});

test("playing a selection plays its stretches in order", () => {
  const { store, actions } = opened();
  actions.select([4, 0, 1], "replace", "");
  actions.playSelection();
  const seek = store.get("seek");
  assert.deepEqual(
    seek?.playlist?.map((part) => [part.video, part.start, part.end]),
    [
      [0, 0, 12],
      [1, 6, 12],
    ],
  );
});

test("nearest neighbours are selected with the focus", async () => {
  const { store, actions } = opened();
  actions.focus(1);
  await actions.selectNearest();
  assert.deepEqual([...store.get("mask")], [1, 1, 1, 0, 0]);
});

test("finding takes times and words", () => {
  const { data, store, actions } = opened();
  actions.find("0:13");
  assert.equal(store.get("focus"), 2);
  actions.find("MEADOW");
  assert.deepEqual([...store.get("mask")], [0, 1, 1, 0, 0]);
  assert.deepEqual(rowsWithText(data, "  "), []);
});

test("facts name the video where there are several, and missing values", () => {
  const facts = rowFacts(table(), 4, "kind");
  assert.deepEqual(facts, [
    { name: "video", text: "B" },
    { name: "kind", text: "–" },
  ]);
});

test("headings name the stretch, the moment within it, or the two of a cell", () => {
  const data = table();
  assert.equal(headingOf(data, 0, NaN), "0:06 – 0:12");
  assert.equal(headingOf(data, 0, 7.25), "0:07.3  in  0:06 – 0:12");
  assert.equal(headingOf(data, 0, NaN, { a: 2, b: 1, value: 1 }), "0:12 × 0:00");
  data.start[0] = NaN;
  assert.equal(headingOf(data, 0, NaN), "row 0");
  data.pages[0] = "p. 3";
  assert.equal(headingOf(data, 0, NaN), "p. 3");
  assert.equal(headingOf(data, 0, NaN, { a: 2, b: 0, value: 1 }), "0:12 × p. 3");
});

test("without a focus the video is followed in the lane that is shown", () => {
  const { store, actions } = opened();
  actions.follow(1, 7);
  assert.deepEqual([store.get("focus"), store.get("sec")], [4, 7]);
});

test("nothing selected: the focus is played, and without it nothing", () => {
  const { store, actions } = opened();
  actions.playSelection();
  assert.equal(store.get("message"), "Nothing to play");
  actions.focus(2);
  actions.playSelection();
  assert.deepEqual(store.get("seek")?.playlist, [{ video: 0, start: 12, end: 18 }]);
  assert.equal(store.get("message"), "Playing the focused segment");
});
