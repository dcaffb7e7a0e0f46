/** What the map writes and shows besides points: where names go, what has room, how thick points lie. */
import assert from "node:assert/strict";
import test from "node:test";

import { blurCells, countCells } from "../../twlab/widgets/js/map_density.js";
import { nameOf } from "../../twlab/widgets/js/map_names.js";
import { boxesWithRoom, densestPlaces } from "../../twlab/widgets/js/map_places.js";

/** Numbers that look drawn, and are the same each time. @param {number} seed */
function drawn(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

/** Groups of points around known middles, each with some strays far off. */
function planted() {
  const random = drawn(7);
  const middles = [
    [0, 0],
    [8, 1],
    [-3, 9],
  ];
  /** @type {number[][]} */
  const [x, y, codes] = [[], [], []];
  for (const [group, [mx, my]] of middles.entries())
    for (let k = 0; k < 40 + 20 * group; k++) {
      const stray = k % 5 === 0;
      x.push(stray ? 20 * random() - 8 : mx + random() - 0.5);
      y.push(stray ? 20 * random() - 8 : my + random() - 0.5);
      codes.push(group);
    }
  return { x: Float32Array.from(x), y: Float32Array.from(y), codes, middles };
}

/** @param {number[]} codes @param {string[]} names @returns {import("../../twlab/widgets/js/data.js").CategoryColumn} */
const column = (codes, names) => ({
  ...{ name: "cluster", kind: "category", names },
  codes: Uint8Array.from(codes),
});

test("a name goes where its group is densest, not where its mean is", () => {
  const { x, y, codes, middles } = planted();
  const rows = Uint32Array.from(codes.keys());
  const places = densestPlaces(column(codes, ["0", "1", "2"]), x, y, rows);
  assert.deepEqual(
    places.map(({ group, count }) => [group, count]),
    [
      [2, 80],
      [1, 60],
      [0, 40],
    ],
  );
  for (const place of places) {
    const [mx, my] = middles[place.group];
    assert.ok(Math.hypot(place.x - mx, place.y - my) < 0.4, JSON.stringify(place));
    assert.equal(codes[place.row], place.group);
    assert.ok(Math.hypot(x[place.row] - place.x, y[place.row] - place.y) < 0.4);
  }
});

test("the order of rows, a shift and a scale change nothing of it", () => {
  const { x, y, codes } = planted();
  const names = ["0", "1", "2"];
  const rows = Uint32Array.from(codes.keys());
  const plain = densestPlaces(column(codes, names), x, y, rows);
  const turned = densestPlaces(column(codes, names), x, y, rows.slice().reverse());
  const [wide, high] = [x.map((v) => 64 * v + 128), y.map((v) => 64 * v - 256)];
  const moved = densestPlaces(column(codes, names), wide, high, rows);
  for (const [k, { group, row, count }] of plain.entries()) {
    assert.deepEqual([turned[k].group, turned[k].row, turned[k].count], [group, row, count]);
    assert.equal(moved[k].group, group);
    assert.ok(Math.abs(moved[k].x - (64 * plain[k].x + 128)) < 0.1);
  }
});

test("groups without rows have no place, rows without a group belong to none", () => {
  const { x, y, codes } = planted();
  const own = column([...codes].fill(3, 0, 40), ["0", "1", "2"]);
  const places = densestPlaces(own, x, y, Uint32Array.from(codes.keys()));
  assert.deepEqual(
    places.map(({ group }) => group),
    [2, 1],
  );
  assert.deepEqual(densestPlaces(own, x, y, new Uint32Array(0)), []);
});

test("of many groups the places of the largest are the same ones as of all", () => {
  const [n, groups, random] = [30_000, 3000, drawn(3)];
  const [x, y] = [0, 1].map(() => Float32Array.from({ length: n }, random));
  const codes = Array.from({ length: n }, () => Math.floor(groups * random() ** 2));
  const names = Array.from({ length: groups }, (_, k) => String(k));
  const rows = Uint32Array.from(codes.keys());
  const all = densestPlaces(column(codes, names), x, y, rows);
  assert.deepEqual(densestPlaces(column(codes, names), x, y, rows, 60), all.slice(0, 60));
});

test("all on one spot is one place", () => {
  const same = new Float32Array(5).fill(2);
  const places = densestPlaces(
    column([0, 0, 1, 1, 1], ["a", "b"]),
    same,
    same,
    Uint32Array.of(0, 1, 2, 3, 4),
  );
  assert.deepEqual(
    places.map(({ group, x, y }) => [group, x, y]),
    [
      [1, 2, 2],
      [0, 2, 2],
    ],
  );
});

test("what is written never overlaps and never leaves the panel, first come, first served", () => {
  const random = drawn(3);
  for (let round = 0; round < 30; round++) {
    const boxes = Array.from({ length: 40 }, () => ({
      ...{ left: 460 * random() - 30, top: 360 * random() - 30 },
      ...{ width: 20 + 60 * random(), height: 10 + 40 * random() },
    }));
    const taken = boxes.splice(0, 2);
    const placed = boxesWithRoom(boxes, { width: 400, height: 300 }, taken);
    for (const [k, a] of placed.entries()) {
      assert.ok(a.left >= 0 && a.top >= 0 && a.left + a.width <= 400 && a.top + a.height <= 300);
      for (const b of [...taken, ...placed.slice(0, k)]) {
        const apart = [a.left - b.left - b.width, b.left - a.left - a.width];
        const above = [a.top - b.top - b.height, b.top - a.top - a.height];
        assert.ok(Math.max(...apart, ...above) >= 0);
      }
    }
    const first = boxes.find((box) => placed.length && box === placed[0]);
    assert.equal(first, placed[0]);
  }
});

test("a bare number says of what it is one", () => {
  const own = column([0, 1, 2], ["3", "forest", "-1"]);
  assert.deepEqual(
    [0, 1, 2].map((group) => nameOf(own, group)),
    ["cluster 3", "forest", "cluster -1"],
  );
});

test("a shade counts every point in sight once, and blurring loses none", () => {
  const random = drawn(11);
  const places = Array.from({ length: 500 }, () => [700 * random() - 50, 300 * random()]);
  const crowd = {
    x: Float32Array.from(places, ([px]) => px - 100),
    y: Float32Array.from(places, ([, py]) => 100 - py),
    ...{ rows: Uint32Array.from(places.keys()), scale: { k: 1, left: 100, top: 100 } },
  };
  const cells = countCells(crowd, { width: 600, height: 240 });
  const inSight = places.filter(([px, py]) => px >= 0 && px < 600 && py < 240).length;
  const sum = (/** @type {Float32Array} */ values) => values.reduce((a, b) => a + b, 0);
  assert.equal(sum(cells.counts), inSight);
  assert.ok(Math.abs(sum(blurCells(cells)) - inSight) < 0.01);
  const even = { counts: new Float32Array(12).fill(2), columns: 4, lines: 3 };
  assert.ok(blurCells(even).every((value) => Math.abs(value - 2) < 1e-5));
});
