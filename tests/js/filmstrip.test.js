/** Which frames of a film lie over the timeline, and which moment each one shows. */
import assert from "node:assert/strict";
import test from "node:test";

import { slotsWithin } from "../../twlab/widgets/js/filmstrip.js";
import { filmsWithRoom, layoutLanes, videoExtents } from "../../twlab/widgets/js/lanes.js";
import { clampSpan, secToX, windowOf, zoomSpan } from "../../twlab/widgets/js/timespan.js";

const LENGTHS = [0.08, 0.7, 4, 31.36, 596.46, 7261.5, 36000];
const PANELS = [300, 390, 1301, 1920];
const FRAMES = [22, 53.3, 71.1, 96];
/** How far zoomed in, and where. */
const ZOOMS = [
  [1, 0],
  [1.7, 0.31],
  [9, 0.5],
  [240, 0.77],
];

/** Views of films of many lengths, zoomed and moved. */
function views() {
  return LENGTHS.flatMap((endSec) =>
    PANELS.flatMap((width) =>
      FRAMES.flatMap((wide) => ZOOMS.map((zoom) => view(endSec, width, wide, zoom))),
    ),
  );
}

/** @param {number} endSec @param {number} width @param {number} wide @param {number[]} zoom */
function view(endSec, width, wide, [factor, at]) {
  const span = clampSpan(zoomSpan({ lo: 0, hi: endSec }, factor, at * endSec), endSec);
  const w = windowOf(span, { width, left: 92, top: 0 });
  return { endSec, wide, span, w, reach: { endSec, perSec: w.perSec, wide } };
}

test("frames do not overlap, lie in time order, and show a moment that is under them", () => {
  for (const { endSec, wide, span, w, reach } of views()) {
    const slots = slotsWithin(reach, span.lo, span.hi);
    assert.ok(slots.length, `no frame of ${endSec} s`);
    for (const [k, { from, to, sec }] of slots.entries()) {
      assert.ok(sec >= 0 && sec < endSec && sec < to);
      // Where frames are told apart no finer than by a quarter second, a shorter film has but one.
      if (to - from >= 0.25) assert.ok(sec >= from - 1e-9, `${sec} before ${from}`);
      assert.ok(from < span.hi && to > span.lo, "a frame out of sight was asked for");
      if (k) assert.ok(Math.abs(from - slots[k - 1].to) < 1e-6);
      const room = secToX(w, to) - secToX(w, from);
      if (endSec * w.perSec >= wide && endSec >= 0.25) assert.ok(room >= wide - 1e-3);
    }
    assert.ok(slots.length <= Math.max(1, (w.width - w.left) / wide + 2));
    assert.equal(new Set(slots.map(({ sec }) => sec)).size, slots.length);
  }
});

test("as many frames as fit: one more would not", () => {
  for (const { endSec, wide, reach } of views()) {
    const n = slotsWithin(reach, 0, endSec).length;
    const most = Math.min((endSec * reach.perSec) / wide, endSec * 4);
    assert.ok(n + 1 > most - 1e-5, `${n} frames where ${most} fit`);
  }
});

test("moved along time, a frame that stays in sight stays the same and in its place", () => {
  for (const { endSec, span, reach } of views()) {
    const by = (span.hi - span.lo) / 3;
    if (span.hi + by > endSec) continue;
    const before = slotsWithin(reach, span.lo, span.hi);
    const after = slotsWithin(reach, span.lo + by, span.hi + by);
    const known = new Map(after.map((slot) => [slot.sec, slot]));
    for (const slot of before)
      if (slot.to > span.lo + by + 1e-6) assert.deepEqual(known.get(slot.sec), slot);
  }
});

test("of a film without any length there is no frame", () => {
  for (const endSec of [0, NaN, -1])
    assert.deepEqual(slotsWithin({ endSec, perSec: 2, wide: 71 }, 0, 10), []);
});

/** @param {number} videos each of one clip */
function archive(videos) {
  const each = Array.from({ length: videos }, (_, video) => video);
  const data = /** @type {any} */ ({
    videos: each.map((k) => ({ title: `film ${k}`, duration: 6 })),
    end: new Float64Array(videos).fill(6),
    lanes: ["visual"],
    novelty: null,
  });
  const lanes = each.map((video) => ({
    video,
    lane: 0,
    rows: Uint32Array.of(video),
    longest: 6,
    ends: 6,
  }));
  return { data, lanes };
}

/** @param {ReturnType<typeof archive>} table @param {Set<number>} films @param {number} room */
function layoutWithFilms({ data, lanes }, films, room) {
  return layoutLanes(data, lanes, 1, filmsWithRoom(data, lanes, films, room));
}

test("a film has a strip above its lanes; without a film nothing is as it was not", () => {
  const table = archive(1);
  const { lanes } = table;
  const bare = layoutWithFilms(table, new Set(), 300);
  assert.deepEqual(
    bare.strips.map(({ kind }) => kind),
    ["lane"],
  );
  // A single film has its strip however little room there is.
  const { strips, height } = layoutWithFilms(table, new Set([0]), 10);
  assert.deepEqual(
    strips.map(({ kind }) => kind),
    ["film", "lane"],
  );
  const [film, lane] = strips;
  assert.ok(film.top + film.height <= lane.top);
  assert.equal(film.lane, lanes[0], "what runs there is known above the lane too");
  assert.ok(height > bare.height);
  assert.deepEqual(videoExtents(strips).get(0), [0, lane.top + lane.height]);
});

test("several films have a strip each where all of them are seen at once, else none", () => {
  const kinds = (/** @type {number} */ n, /** @type {number} */ room) => {
    const table = archive(n);
    const films = new Set(table.lanes.map(({ video }) => video));
    return layoutWithFilms(table, films, room).strips.filter(({ kind }) => kind === "film");
  };
  assert.deepEqual(
    kinds(3, 300).map(({ video }) => video),
    [0, 1, 2],
  );
  assert.equal(kinds(40, 300).length, 0);
});
