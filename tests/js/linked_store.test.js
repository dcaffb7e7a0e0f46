/** Two spaces side by side: what is said of rows of one is said of those of the other at the same time. */
import assert from "node:assert/strict";
import test from "node:test";

import {
  LinkedStore,
  carryMask,
  carryRow,
  linkSpaces,
} from "../../twlab/widgets/js/linked_store.js";
import { Store, initialState } from "../../twlab/widgets/js/state.js";
import { TimeIndex } from "../../twlab/widgets/js/timeindex.js";

/** Numbers from 0 to 1, the same every time. @param {number} seed */
function dice(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

/** Three spaces of two videos on grids of their own, with gaps, laps, instants and rows without time; rows in any order. @param {number} seed */
function makeData(seed) {
  const roll = dice(seed);
  /** @type {{ video: number, lane: number, start: number, end: number }[]} */
  const rows = [];
  for (const video of [0, 1])
    for (const lane of [0, 1, 2])
      for (let sec = roll(); sec < 30; sec += 0.3 + 3 * roll()) {
        const length = roll() < 0.1 ? 0 : 4 * roll();
        rows.push({ video, lane, start: sec, end: sec + length });
      }
  rows.push({ video: 0, lane: 0, start: NaN, end: NaN });
  rows.push({ video: 1, lane: 1, start: NaN, end: NaN });
  rows.sort(() => roll() - 0.5);
  const n = rows.length;
  const all = [...rows.keys()];
  const byStart = (/** @type {number} */ a, /** @type {number} */ b) =>
    rows[a].video - rows[b].video || rows[a].lane - rows[b].lane || rows[a].start - rows[b].start;
  const order = Uint32Array.from(all.filter((row) => rows[row].start >= 0).sort(byStart));
  const spaces = [0, 1, 2].map((lane) => ({
    name: `space ${lane}`,
    rows: Uint32Array.from(all.filter((row) => rows[row].lane === lane)),
  }));
  const data = /** @type {any} */ ({
    ...{ n, order, spaces, colorBy: "", videos: [{}, {}] },
    start: Float64Array.from(rows, ({ start }) => start),
    end: Float64Array.from(rows, ({ end }) => end),
    video: Uint32Array.from(rows, ({ video }) => video),
    lane: Uint8Array.from(rows, ({ lane }) => lane),
  });
  return { data, rows, times: new TimeIndex(data) };
}

/** Every row of a space that runs with one for .05 s, or a quarter of the shorter, and for how long: by a loop over all rows. @param {ReturnType<typeof makeData>["rows"]} rows @param {number} row @param {number} lane */
function overlapsByLoop(rows, row, lane) {
  const length = (/** @type {{ start: number, end: number }} */ one) =>
    Math.max(one.end - one.start, 0.001);
  const mine = rows[row];
  return rows.flatMap((one, other) => {
    if (one.lane !== lane || one.video !== mine.video) return [];
    const end = Math.min(one.start + length(one), mine.start + length(mine));
    const sec = end - Math.max(one.start, mine.start);
    const least = Math.min(0.05, length(one) / 4, length(mine) / 4);
    return sec >= least ? [{ other, sec, start: one.start }] : [];
  });
}

test("each row is carried to the one that shares most seconds, a selection to all that overlap", () => {
  let carried = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const { data, rows, times } = makeData(seed);
    const roll = dice(seed + 100);
    const link = linkSpaces(data, times, 1, 0);
    const mask = Uint8Array.from(rows, () => Number(roll() < 0.1));
    const wanted = mask.slice();
    rows.forEach(({ lane }, row) => {
      if (lane !== 0) return assert.equal(carryRow(link, row), row);
      const all = overlapsByLoop(rows, row, 1);
      const best = all.sort((a, b) => b.sec - a.sec || a.start - b.start)[0]?.other ?? -1;
      assert.equal(carryRow(link, row), best);
      carried += Number(best >= 0);
      if (mask[row]) for (const { other } of all) wanted[other] = 1;
    });
    assert.deepEqual(carryMask(link, mask), wanted);
    assert.equal(carryRow(link, -1), -1);
  }
  assert.ok(carried > 200, String(carried));
});

test("cuts that are a frame apart do not overlap, and touching segments neither", () => {
  const start = [0, 6, 0, 6.04];
  const end = [6, 12, 6.04, 12];
  const data = /** @type {any} */ ({
    ...{ n: 4, start, end, video: [0, 0, 0, 0], lane: [0, 0, 1, 1] },
    order: Uint32Array.of(0, 1, 2, 3),
    spaces: [{ rows: Uint32Array.of(0, 1) }, { rows: Uint32Array.of(2, 3) }],
  });
  const link = linkSpaces(data, new TimeIndex(data), 1, 0);
  assert.deepEqual([...carryMask(link, Uint8Array.of(1, 0, 0, 0))], [1, 0, 1, 0]);
  assert.deepEqual([...carryMask(link, Uint8Array.of(0, 1, 0, 0))], [0, 1, 0, 1]);
});

/** @param {number} seed */
function makeStores(seed) {
  const { data, rows, times } = makeData(seed);
  const main = new Store(initialState(data));
  const life = new AbortController();
  const left = new LinkedStore(main, data, times, "space", life.signal);
  const right = new LinkedStore(main, data, times, "beside", life.signal);
  return { data, rows, times, main, left, right, life };
}

test("by itself a space says what the store says; beside another it says it of its own rows", () => {
  const { data, times, main, left, right } = makeStores(3);
  const row = data.spaces[0].rows.find((/** @type {number} */ one) => {
    return carryRow(linkSpaces(data, times, 2, 0), one) >= 0;
  });
  main.set({ hover: row, focus: row });
  for (const store of [left, right]) assert.deepEqual(store.all(), main.all());
  main.set({ beside: 2 });
  assert.deepEqual([left.get("space"), right.get("space")], [0, 2]);
  assert.deepEqual([left.get("hover"), left.get("focus")], [row, row]);
  const there = carryRow(linkSpaces(data, times, 2, 0), row);
  assert.deepEqual([right.get("hover"), right.get("focus")], [there, there]);
  assert.equal(main.get("hover"), row);
  // They change places.
  main.set({ space: 2, beside: 0 });
  assert.deepEqual([left.get("hover"), right.get("hover")], [there, row]);
});

test("views hear of what is new on their side only, and what they set goes to the store", () => {
  const { data, times, main, left, right, life } = makeStores(5);
  main.set({ beside: 1 });
  let heard = 0;
  right.on(["mask", "hover"], () => heard++);
  main.set({ message: "nothing of theirs" });
  assert.equal(heard, 0);
  left.set({ hover: 0 });
  assert.equal(main.get("hover"), 0);
  heard = 0;
  const mask = new Uint8Array(data.n).fill(1);
  main.set({ mask });
  assert.equal(heard, 1);
  assert.equal(carryMask(linkSpaces(data, times, 1, 0), mask).length, data.n);
  life.abort();
  main.set({ mask: new Uint8Array(data.n) });
  assert.equal(heard, 1);
});

test("what is hidden here is not selected here", () => {
  const { data, main, right } = makeStores(7);
  const shown = Uint8Array.from(data.lane, (lane) => Number(lane !== 1));
  const mask = Uint8Array.from(data.lane, (lane) => Number(lane === 0));
  main.set({ beside: 1, mask, shown });
  assert.ok(data.spaces[1].rows.every((/** @type {number} */ row) => !right.get("mask")[row]));
  let heard = 0;
  right.on(["mask"], () => heard++);
  main.set({ sec: 3 });
  assert.equal(heard, 0);
  main.set({ shown: null });
  assert.ok(data.spaces[1].rows.some((/** @type {number} */ row) => right.get("mask")[row]));
});
