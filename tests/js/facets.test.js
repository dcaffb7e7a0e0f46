/** Histograms, filters and the order of the table, against loops that anybody can check. */
import assert from "node:assert/strict";
import test from "node:test";

import { barPath } from "../../twlab/widgets/js/facet_view.js";
import {
  NO_FILTERS,
  binsOf,
  countSlots,
  edgesOf,
  facetOf,
  groupsOf,
  rangeFilter,
  rowsPassing,
  toggleInFilter,
  withFilter,
} from "../../twlab/widgets/js/facets.js";
import {
  cellAfterKey,
  nextSorting,
  numberText,
  rowsByColumn,
  rowsByNumber,
  valueText,
} from "../../twlab/widgets/js/table_order.js";

/** @typedef {import("../../twlab/widgets/js/data.js").Column} Column */
/** @typedef {import("../../twlab/widgets/js/facets.js").Filter} Filter */

/** @param {ArrayLike<number>} values @returns {import("../../twlab/widgets/js/data.js").NumberColumn} */
function numbers(values, name = "loud") {
  const told = { name, kind: /** @type {const} */ ("number"), low: 0, high: 0, time: false };
  return { ...told, values: Float32Array.from(values) };
}

/** @param {ArrayLike<number>} codes @param {string[]} names @returns {import("../../twlab/widgets/js/data.js").CategoryColumn} */
function category(codes, names, name = "topic") {
  return { name, kind: "category", codes: Uint16Array.from(codes), names };
}

/** Numbers from 0 to 1, the same ones every time. */
function dice(seed = 1) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

const ODD = [NaN, Infinity, -Infinity, 0, -0, 3.4e38, -3.4e38, 1e-45, 1, 0.1, 0.2, 0.3];
/** @type {[string, number[]][]} */
const CASES = [
  ["nothing", []],
  ["one value", [0.1]],
  ["all equal", [7, 7, 7, 7]],
  ["only missing", [NaN, NaN]],
  ["only infinite", [Infinity, -Infinity, NaN]],
  ["the odd ones", ODD],
  ["steps of 1/24", Array.from({ length: 49 }, (_, k) => k / 48)],
  ["far from zero", Array.from({ length: 40 }, (_, k) => 16777216 - 40 + k)],
  ["tenths", Array.from({ length: 300 }, (_, k) => (k % 31) / 10)],
  ["two", [1, 1 + 2 ** -23]],
];

test("every number lies in the one bin whose edges hold it, all others in a group", () => {
  for (const [what, values] of CASES) {
    const column = numbers(values);
    const facet = facetOf(column, values.length);
    const { edges, nBins, slots, totals } = facet;
    const counts = new Array(nBins + 2).fill(0);
    [...column.values].forEach((value, row) => {
      const inside = [...Array(nBins).keys()].filter(
        (k) =>
          value >= edges[k] && (value < edges[k + 1] || (k === nBins - 1 && value <= edges[k + 1])),
      );
      if (Number.isNaN(value)) inside.push(nBins);
      else if (!Number.isFinite(value)) inside.push(nBins + 1);
      assert.deepEqual([slots[row]], inside, `${what}: ${value}`);
      counts[slots[row]]++;
    });
    assert.deepEqual([...totals], counts, what);
    assert.equal(
      totals.reduce((sum, one) => sum + one, 0),
      values.length,
      what,
    );
  }
});

test("bins reach from the least to the largest number, and a single one needs one bin", () => {
  assert.deepEqual([...edgesOf(Float32Array.of(5, NaN, 5))], [5, 5]);
  assert.equal(edgesOf(Float32Array.of(NaN, Infinity)).length, 0);
  const edges = edgesOf(Float32Array.of(-2, Infinity, 10, NaN));
  assert.deepEqual([edges.length, edges[0], edges[24]], [25, -2, 10]);
  assert.ok(edges.every((edge, k) => !k || edge > edges[k - 1]));
});

test("what some bins count is what a filter by these bins leaves", () => {
  for (const [what, values] of CASES) {
    const facet = facetOf(numbers(values), values.length);
    for (let from = 0; from < facet.nBins; from += 5) {
      for (let to = from + 1; to <= facet.nBins; to += 3) {
        const filter = rangeFilter(facet, from, to);
        const mask = rowsPassing([facet.column], values.length, { loud: filter });
        const counted = facet.totals.slice(from, to).reduce((sum, one) => sum + one, 0);
        assert.equal(
          mask.reduce((sum, one) => sum + one, 0),
          counted,
          `${what} ${from}-${to}`,
        );
        assert.deepEqual(binsOf(facet, filter)?.[1], to, what);
      }
    }
  }
  assert.equal(
    binsOf(facetOf(numbers([1, 2]), 2), { range: null, closed: false, groups: [0] }),
    null,
  );
});

/** By the words of the definition, one row after the other. @param {Column} column @param {number} row @param {Filter} filter */
function passes(column, row, { range, closed, groups }) {
  if (column.kind === "category") return groups.includes(column.codes[row]);
  const value = column.values[row];
  if (Number.isNaN(value)) return groups.includes(0);
  if (Math.abs(value) === Infinity) return groups.includes(1);
  if (!range) return false;
  return value >= range[0] && (closed ? value <= range[1] : value < range[1]);
}

test("filters of several columns leave what a loop over all rows leaves", () => {
  const roll = dice(7);
  for (let turn = 0; turn < 60; turn++) {
    const n = Math.floor(roll() * 200);
    const draw = () => (roll() < 0.2 ? ODD[Math.floor(roll() * ODD.length)] : roll() * 10 - 5);
    const columns = [
      numbers(Array.from({ length: n }, draw), "a"),
      category(
        Array.from({ length: n }, () => Math.floor(roll() * 4)),
        ["x", "y", "z"],
        "b",
      ),
      numbers(Array.from({ length: n }, draw), "c"),
    ];
    /** @type {Record<string, Filter>} */
    const filters = {};
    for (const column of columns.filter(() => roll() < 0.7)) {
      const facet = facetOf(column, n);
      const from = Math.floor(roll() * facet.nBins);
      const range = facet.nBins ? rangeFilter(facet, from, facet.nBins - (turn % 2)) : null;
      const wide = range && roll() < 0.8 ? range : { range: null, closed: false };
      filters[column.name] = { ...wide, groups: [0, 1, 3].filter(() => roll() < 0.5) };
    }
    const wanted = Array.from({ length: n }, (_, row) =>
      Number(columns.every((one) => !filters[one.name] || passes(one, row, filters[one.name]))),
    );
    const mask = rowsPassing(columns, n, filters);
    assert.deepEqual([...mask], wanted);
    for (const column of columns) {
      const facet = facetOf(column, n);
      const counts = new Array(facet.totals.length).fill(0);
      wanted.forEach((one, row) => (counts[facet.slots[row]] += one));
      assert.deepEqual([...countSlots(facet, mask, n)], counts);
      assert.ok(counts.every((count, slot) => count <= facet.totals[slot]));
    }
  }
});

test("the order of rows changes no count", () => {
  const roll = dice(3);
  const values = Array.from({ length: 500 }, () => (roll() < 0.1 ? NaN : roll() ** 3));
  const turned = [...values].reverse();
  assert.deepEqual(facetOf(numbers(values), 500).totals, facetOf(numbers(turned), 500).totals);
});

test("filters come and go one by one, groups within them too", () => {
  const some = toggleInFilter(undefined, 3);
  assert.deepEqual(some, { range: null, closed: false, groups: [3] });
  assert.equal(toggleInFilter(some ?? undefined, 3), null);
  const wide = { range: /** @type {[number, number]} */ ([0, 1]), closed: true, groups: [0] };
  assert.deepEqual(toggleInFilter(wide, 0), { ...wide, groups: [] }, "the range stays");
  const both = withFilter(withFilter(NO_FILTERS, "a", some), "b", wide);
  assert.deepEqual(Object.keys(both), ["a", "b"]);
  assert.deepEqual(withFilter(both, "a", null), { b: wide });
  assert.deepEqual([...rowsPassing([], 2, both)], [1, 1], "columns that are gone filter nothing");
});

test("groups stand by size, those that say there is none last", () => {
  const told = groupsOf(facetOf(category([0, 1, 1, 3, 3, 3, 2], ["b10", "c", "b9"]), 7));
  assert.deepEqual(
    told.map(({ name, total }) => `${name} ${total}`),
    ["c 2", "b9 1", "b10 1", "missing 3"],
  );
  assert.deepEqual(
    groupsOf(facetOf(numbers([1, NaN, -Infinity, NaN]), 4)).map(({ name, total }) => [name, total]),
    [
      ["missing", 2],
      ["infinite", 1],
    ],
  );
  assert.deepEqual(groupsOf(facetOf(numbers([1]), 1)), []);
});

/** Milliseconds of the quickest of five turns. @param {() => unknown} act */
function quickest(act) {
  const times = [1, 2, 3, 4, 5].map(() => {
    const begun = performance.now();
    act();
    return performance.now() - begun;
  });
  return Math.min(...times);
}

test("a million rows are counted and filtered in no time one could notice", () => {
  const n = 1_000_000;
  const roll = dice();
  const column = numbers(Float32Array.from({ length: n }, () => roll()));
  const topic = category(
    Uint16Array.from({ length: n }, () => Math.floor(roll() * 200)),
    Array.from({ length: 200 }, (_, k) => `topic ${k}`),
  );
  const [facet, topics] = [facetOf(column, n), facetOf(topic, n)];
  const filters = {
    loud: rangeFilter(facet, 3, 9),
    topic: { range: null, closed: false, groups: [3, 4] },
  };
  const mask = rowsPassing([column, topic], n, filters);
  const counts = [facet, topics].map((one) => countSlots(one, mask, n));
  const own = quickest(() => {
    const again = rowsPassing([column, topic], n, filters);
    [facet, topics].forEach((one) => countSlots(one, again, n));
  });
  const walk = quickest(() => column.values.reduce((sum, value) => sum + value, 0));
  assert.ok(own < 12 * walk, `${own} ms, one walk over the numbers ${walk} ms`);
  const kept = mask.reduce((sum, one) => sum + one, 0);
  assert.ok(Math.abs(kept - n * (6 / 24) * (2 / 200)) < 300, `${kept} rows`);
  for (const one of counts)
    assert.equal(
      one.reduce((sum, count) => sum + count, 0),
      kept,
    );
});

test("numbers are sorted by size, missing ones last either way, equal ones as they were", () => {
  const values = [2, NaN, Infinity, -Infinity, 10, 2, -0, 0, NaN];
  const rows = Uint32Array.from(values.keys());
  assert.deepEqual([...rowsByNumber(rows, values, false)], [3, 6, 7, 0, 5, 4, 2, 1, 8]);
  assert.deepEqual([...rowsByNumber(rows, values, true)], [2, 4, 0, 5, 6, 7, 3, 1, 8]);
  const turned = Uint32Array.from(rows).reverse();
  assert.deepEqual([...rowsByNumber(turned, values, false)], [3, 7, 6, 5, 0, 4, 2, 8, 1]);
  assert.deepEqual([...turned], [...rows].reverse(), "what was given stays as it was");
});

test("names are sorted as they count, missing ones last either way", () => {
  const names = ["topic 10", "topic 2", "10", "9"];
  const column = category([0, 1, 4, 2, 3, 1, 4], names);
  const rows = Uint32Array.from({ length: 7 }, (_, k) => k);
  assert.deepEqual([...rowsByColumn(rows, column, false)], [4, 3, 1, 5, 0, 2, 6]);
  assert.deepEqual([...rowsByColumn(rows, column, true)], [0, 1, 5, 3, 4, 2, 6]);
});

test("one sort after another leaves the first one within the second", () => {
  const roll = dice(5);
  const n = 3000;
  const loud = numbers(Array.from({ length: n }, () => Math.floor(roll() * 9)));
  const topic = category(
    Array.from({ length: n }, () => Math.floor(roll() * 4)),
    ["b", "a", "c"],
  );
  const rows = Uint32Array.from({ length: n }, (_, k) => k);
  const both = rowsByColumn(rowsByColumn(rows, loud, true), topic, false);
  const rank = [1, 0, 2, 3];
  for (let k = 1; k < n; k++) {
    const [a, b] = [both[k - 1], both[k]];
    const [x, y] = [rank[topic.codes[a]], rank[topic.codes[b]]];
    const [u, v] = [loud.values[a], loud.values[b]];
    assert.ok(x < y || (x === y && (u > v || (u === v && a < b))), `${a} before ${b}`);
  }
});

test("the head of a column leads up, down, and back", () => {
  const up = nextSorting(null, "a");
  assert.deepEqual(up, { by: "a", descending: false });
  assert.deepEqual(nextSorting(up, "a"), { by: "a", descending: true });
  assert.equal(nextSorting({ by: "a", descending: true }, "a"), null);
  assert.deepEqual(nextSorting({ by: "a", descending: true }, "b"), { by: "b", descending: false });
});

test("cells say what is there, and nothing where nothing is", () => {
  const column = numbers([0.1, 1234567, NaN, Infinity, -Infinity, 596.5]);
  const said = [0, 1, 2, 3, 4].map((row) => valueText(column, row));
  assert.deepEqual(said, ["0.1", "1234567", "", "∞", "−∞"]);
  assert.equal(valueText({ ...column, time: true }, 5), "9:56.5");
  assert.equal(numberText({ time: true }, 60), "1:00");
  const names = category([0, 1], ["sky"]);
  assert.deepEqual([valueText(names, 0), valueText(names, 1)], ["sky", ""]);
});

test("keys move from cell to cell and end at the ends", () => {
  const size = { rows: 10, columns: 3, page: 4 };
  const from = { row: 5, column: 1 };
  /** @type {[string, number, number][]} */
  const wanted = [
    ["ArrowDown", 6, 1],
    ["ArrowUp", 4, 1],
    ["ArrowRight", 5, 2],
    ["ArrowLeft", 5, 0],
    ["PageDown", 9, 1],
    ["PageUp", 1, 1],
    ["Home", 0, 1],
    ["End", 9, 1],
  ];
  for (const [key, row, column] of wanted)
    assert.deepEqual(cellAfterKey(key, from, size), { row, column }, key);
  assert.deepEqual(cellAfterKey("ArrowLeft", { row: 0, column: 0 }, size), { row: 0, column: 0 });
  assert.equal(cellAfterKey("x", from, size), null);
  assert.equal(cellAfterKey("End", from, { ...size, rows: 0 }), null);
});

test("a bar is as high as its share of the highest, and a few rows are still seen", () => {
  const path = barPath(Uint32Array.of(50, 0, 100, 1), 4, 100);
  assert.equal(
    path,
    "M0.06 1V0.5000H0.94V1ZM2.06 1V0.0000H2.94V1ZM3.06 1V0.9600H3.94V1Z",
    "none for no rows",
  );
});
