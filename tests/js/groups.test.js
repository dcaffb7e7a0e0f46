/** The groups of a column: their order, their colours, and which of them are shown. */
import assert from "node:assert/strict";
import test from "node:test";

import { Actions } from "../../twlab/widgets/js/actions.js";
import { categoryColours, groupColours, mutedColour } from "../../twlab/widgets/js/colour.js";
import {
  codesByName,
  codesBySize,
  coloursOfGroups,
  compareNames,
  countGroups,
} from "../../twlab/widgets/js/groups.js";
import { hiddenRuns } from "../../twlab/widgets/js/heatmap_marks.js";
import { History } from "../../twlab/widgets/js/history.js";
import { entriesOf } from "../../twlab/widgets/js/legend.js";
import { Store, initialState } from "../../twlab/widgets/js/state.js";
import { paintLane } from "../../twlab/widgets/js/timeline_paint.js";
import { TimeIndex } from "../../twlab/widgets/js/timeindex.js";
import {
  NOTHING_HIDDEN,
  carryHidden,
  hideGroups,
  isSolo,
  maskShown,
  onlyShown,
  shownRows,
  soloGroup,
  toggleGroup,
} from "../../twlab/widgets/js/visibility.js";

/** @typedef {import("../../twlab/widgets/js/data.js").Column} Column */

/** @param {number[]} codes @param {string[]} names @returns {import("../../twlab/widgets/js/data.js").CategoryColumn} */
function category(codes, names, name = "topic") {
  return { name, kind: "category", codes: Uint16Array.from(codes), names };
}

/** @returns {import("../../twlab/widgets/js/data.js").NumberColumn} */
function numbers(/** @type {number[]} */ ...values) {
  return {
    ...{ name: "loud", kind: "number", values: Float32Array.from(values) },
    ...{ low: 0, high: 1, time: false },
  };
}

/** @param {string[]} names */
const sorted = (names) => codesByName(names).map((code) => names[code]);

test("names stand as one counts, numbers before words", () => {
  const topics = ["topic 0", "topic 1", "topic 10", "topic 100", "topic 2"];
  assert.deepEqual(sorted(topics), ["topic 0", "topic 1", "topic 2", "topic 10", "topic 100"]);
  assert.deepEqual(sorted(["10", "-1", "x", "2", "-10", "1.5"]), [
    ...["-10", "-1", "1.5", "2", "10"],
    "x",
  ]);
  assert.deepEqual(sorted(["b", "A", "a", ""]), ["", "a", "A", "b"].sort(compareNames));
});

test("the order of names is one order: however they come, they leave alike", () => {
  const names = ["1", "01", "1.0", "", " ", "-1", "a1", "a01", "A1", "Infinity", "é", "e", "10"];
  const wanted = sorted(names);
  for (let turn = 1; turn < names.length; turn++)
    assert.deepEqual(sorted([...names.slice(turn), ...names.slice(0, turn)]), wanted);
});

test("by size the largest come first, equal ones by name", () => {
  const names = ["t10", "t9", "t1"];
  assert.deepEqual(codesBySize(names, [5, 5, 9]), [2, 1, 0]);
});

test("rows are counted in every group, missing ones in the last", () => {
  assert.deepEqual([...countGroups(category([0, 2, 1, 2, 0, 0], ["a", "b"]), 6)], [3, 1, 2]);
  assert.deepEqual([...countGroups(numbers(0, NaN, Infinity, 1), 4)], [2, 2]);
  assert.deepEqual([...countGroups(category([], []), 0)], [0]);
});

test("entries say how many there are, and of what is missing only where something is", () => {
  const some = entriesOf(category([0, 2, 1, 2], ["b10", "b9"]), 4);
  assert.deepEqual(
    some.map(({ name, count, missing }) => [name, count, missing]),
    [
      ["b9", 1, false],
      ["b10", 1, false],
      ["missing", 2, true],
    ],
  );
  assert.equal(entriesOf(category([0, 1], ["a", "b"]), 2).length, 2);
  assert.deepEqual(entriesOf(numbers(0, 1), 2), []);
  assert.equal(entriesOf(numbers(0, NaN), 2)[0].what, "no loud");
});

/** Group k of 200 has 1 + k rows. */
function manyGroups() {
  const names = Array.from({ length: 200 }, (_, k) => `topic ${k}`);
  const codes = names.flatMap((_, k) => new Array(k + 1).fill(k));
  const counts = names.map((_, k) => k + 1);
  return { names, codes, ordered: codesBySize(names, counts) };
}

test("as many groups as colours have one each, whatever their size", () => {
  const nColours = categoryColours().length;
  const names = Array.from({ length: nColours }, (_, k) => `${k}`);
  const given = coloursOfGroups({ names, ordered: [], hidden: [3], nColours });
  assert.deepEqual([...given], [...names.keys()]);
});

test("of more groups the largest have a colour each, the others share a muted one", () => {
  const { names, codes, ordered } = manyGroups();
  const places = coloursOfGroups({ names, ordered, hidden: [], nColours: 36 });
  for (const [code, place] of places.entries()) assert.equal(place, code >= 164 ? 199 - code : -1);
  const colours = groupColours(category(codes, names), codes.length, { theme: "light" });
  const own = [...colours.subarray(164, 200)];
  assert.equal(new Set(own).size, 36, "no two of them look the same");
  assert.deepEqual(new Set(colours.subarray(0, 164)), new Set([mutedColour("light")]));
  assert.ok(!own.includes(mutedColour("light")) && colours[200] !== mutedColour("light"));
});

test("the colours of hidden groups go to the largest of those without", () => {
  const { names, ordered } = manyGroups();
  const before = coloursOfGroups({ names, ordered, hidden: [], nColours: 36 });
  const hidden = [199, 170, 163];
  const after = coloursOfGroups({ names, ordered, hidden, nColours: 36 });
  assert.deepEqual([after[162], after[161], after[163]], [before[199], before[170], -1]);
  for (let code = 164; code < 200; code++) assert.equal(after[code], before[code]);
  const solo = coloursOfGroups({
    ...{ names, ordered, nColours: 36 },
    hidden: [...names.keys()].filter((code) => code !== 5),
  });
  assert.equal(solo[5], 0, "alone, a small one has the first");
});

test("what is pointed at is told apart from all others, also where it has no colour", () => {
  const { names, codes } = manyGroups();
  const strong = categoryColours().slice(0, 12);
  for (const lit of [0, 19, 170, 199, 200]) {
    const colours = groupColours(category(codes, names), codes.length, { theme: "dark", lit });
    assert.ok(strong.includes(colours[lit]), `${lit}`);
    assert.equal(new Set(colours).size, 2);
    assert.equal([...colours].filter((one) => one === colours[lit]).length, 1);
  }
});

/** @param {Column[]} columns */
const dataOf = (columns, n = 6) => /** @type {any} */ ({ columns, n, colorBy: "topic" });

test("hidden groups of several columns leave the rows that none of them hides", () => {
  const topic = category([0, 0, 1, 1, 2, 2], ["a", "b"]);
  const loud = numbers(0, NaN, 0, NaN, 0, 1);
  const data = dataOf([topic, loud]);
  assert.equal(shownRows(data, NOTHING_HIDDEN), null);
  let hidden = toggleGroup(NOTHING_HIDDEN, "topic", 1);
  assert.deepEqual([...(shownRows(data, hidden) ?? [])], [1, 1, 0, 0, 1, 1]);
  hidden = toggleGroup(hidden, "loud", 1);
  assert.deepEqual([...(shownRows(data, hidden) ?? [])], [1, 0, 0, 0, 1, 1]);
  hidden = toggleGroup(toggleGroup(hidden, "topic", 1), "loud", 1);
  assert.equal(shownRows(data, hidden), null, "shown again is nothing hidden");
  assert.equal(shownRows(data, hideGroups(hidden, "gone", [0])), null, "no such column");
});

test("alone is shown alone, then all again", () => {
  const topic = category([0, 0, 1, 1, 2, 2], ["a", "b"]);
  const data = dataOf([topic]);
  const alone = soloGroup(toggleGroup(NOTHING_HIDDEN, "topic", 0), topic, 0);
  assert.deepEqual([...(shownRows(data, alone) ?? [])], [1, 1, 0, 0, 0, 0]);
  assert.ok(isSolo(alone, topic, 0) && !isSolo(alone, topic, 1));
  assert.ok(!isSolo(NOTHING_HIDDEN, topic, 0));
  assert.equal(shownRows(data, soloGroup(alone, topic, 0)), null);
  const other = soloGroup(alone, topic, 2);
  assert.deepEqual([...(shownRows(data, other) ?? [])], [0, 0, 0, 0, 1, 1]);
});

test("a segment of several names is shown with each of them", () => {
  const named = category([0, 1, 3, 3, 4, 2], ["sky", "tree", "sea", "several"], "named here");
  named.each = new Map([[2, [0, 1]], [3, [1, 2]]]); // prettier-ignore
  const data = dataOf([named]);
  /** @param {import("../../twlab/widgets/js/visibility.js").Hidden} hidden */
  const seen = (hidden) => [...(shownRows(data, hidden) ?? [1, 1, 1, 1, 1, 1])];
  const [sky, tree, sea, several] = [0, 1, 2, 3];
  const hide = (/** @type {number[]} */ ...groups) =>
    groups.reduce((now, one) => toggleGroup(now, "named here", one), NOTHING_HIDDEN);
  assert.deepEqual(seen(hide(sky)), [0, 1, 1, 1, 1, 1], "it is called tree, too");
  assert.deepEqual(seen(hide(sky, tree)), [0, 0, 0, 1, 1, 1], "no name of it is left");
  assert.deepEqual(seen(hide(several)), [1, 1, 0, 0, 1, 1]);
  const alone = soloGroup(NOTHING_HIDDEN, named, sky);
  assert.deepEqual(seen(alone), [1, 0, 1, 0, 0, 0], "all that is called sky");
  assert.ok(isSolo(alone, named, sky));
  const pure = toggleGroup(alone, "named here", several);
  assert.deepEqual(seen(pure), [1, 0, 0, 0, 0, 0], "and nothing besides");
  assert.ok(isSolo(pure, named, sky));
  assert.deepEqual(seen(soloGroup(pure, named, sky)), [1, 1, 1, 1, 1, 1]);
  const mixed = soloGroup(alone, named, several);
  assert.deepEqual(seen(mixed), [0, 0, 1, 1, 0, 0]);
  assert.ok(isSolo(mixed, named, several) && !isSolo(mixed, named, sky));
  assert.deepEqual(seen(soloGroup(mixed, named, sea)), [0, 0, 0, 1, 0, 1]);
});

test("what is hidden is neither drawn nor selected", () => {
  const shown = Uint8Array.of(1, 0, 1);
  assert.deepEqual([...maskShown(Uint8Array.of(1, 1, 0), shown)], [1, 0, 0]);
  assert.deepEqual([...onlyShown(Uint32Array.of(2, 1, 0), shown)], [2, 0]);
  const mask = Uint8Array.of(1, 1);
  assert.equal(maskShown(mask, null), mask);
});

test("names given by hand stay hidden when others come and go", () => {
  const before = category([0, 1, 2], ["sky", "tree"], "named here");
  const hidden = hideGroups(NOTHING_HIDDEN, "named here", [1, 2]);
  const more = category([0, 1, 2], ["sky", "tree", "sea"], "named here");
  assert.deepEqual(carryHidden(hidden, before, more), { "named here": [1, 3] });
  const fewer = category([0, 1], ["tree"], "named here");
  assert.deepEqual(carryHidden(hidden, before, fewer), { "named here": [0, 1] });
  assert.deepEqual(carryHidden(hidden, before, null), {});
  assert.equal(carryHidden(hidden, null, more), hidden);
});

test("runs of cells are veiled only where every row in them is hidden", () => {
  const rows = Uint32Array.of(0, 1, 2, 3, 4, 5, 6);
  const shown = Uint8Array.of(0, 0, 1, 0, 0, 0, 0);
  assert.deepEqual(
    hiddenRuns(shown, { rows, starts: Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7), size: 7 }),
    [
      [0, 2],
      [3, 7],
    ],
  );
  assert.deepEqual(hiddenRuns(shown, { rows, starts: Uint32Array.of(0, 2, 4, 6, 7), size: 4 }), [
    [0, 1],
    [2, 4],
  ]);
});

test("steps in time pass over what is hidden", () => {
  const data = /** @type {any} */ ({
    order: Uint32Array.of(0, 1, 2, 3),
    video: new Uint32Array(4),
    lane: new Uint8Array(4),
    start: Float64Array.of(0, 1, 2, 3),
    end: Float64Array.of(1, 2, 3, 4),
  });
  const times = new TimeIndex(data);
  const shown = Uint8Array.of(1, 0, 0, 1);
  assert.equal(times.neighborInTime(0, 1, shown), 3);
  assert.equal(times.neighborInTime(3, -1, shown), 0);
  assert.equal(times.neighborInTime(0, 1, Uint8Array.of(1, 0, 0, 0)), -1);
  assert.equal(times.neighborInTime(0, 1), 1);
});

test("hiding is a step to undo, told once", () => {
  const store = new Store(initialState(dataOf([], 3)));
  const history = new History(store);
  const hidden = hideGroups(NOTHING_HIDDEN, "topic", [1]);
  store.set({ hidden });
  store.set({ hidden, mask: Uint8Array.of(1, 0, 0), selected: 1 });
  history.undo();
  assert.deepEqual([store.get("hidden"), store.get("selected")], [hidden, 0]);
  history.undo();
  assert.equal(store.get("hidden"), NOTHING_HIDDEN);
  assert.ok(!history.has(-1));
  history.redo();
  assert.equal(store.get("hidden"), hidden);
});

test("one segment that is pointed at is seen among a hundred in the same pixel", () => {
  const n = 1000;
  const codes = Array.from({ length: n }, (_, row) => Number(row === 505));
  const data = dataOf([category(codes, ["a", "b"])], n);
  data.start = Float64Array.from({ length: n }, (_, row) => row);
  data.end = data.start.map((/** @type {number} */ sec) => sec + 1);
  const colours = Uint32Array.from(codes, (code) => (code ? 0xff0000ff : 0xff888888));
  const look = { colours: () => colours };
  const strip = /** @type {any} */ ({
    ...{ top: 0, height: 10 },
    lane: { rows: Uint32Array.from({ length: n }, (_, row) => row) },
  });
  const seen = (/** @type {Partial<import("../../twlab/widgets/js/state.js").State>} */ state) => {
    const store = new Store({ ...initialState(data), ...state });
    /** @type {string[]} */
    const drawn = [];
    const ctx = /** @type {any} */ ({
      getTransform: () => ({ a: 1 }),
      fillRect: () => drawn.push(ctx.fillStyle),
    });
    const window = { lo: 0, perSec: 0.01, width: 10, left: 0, top: 0 };
    paintLane(ctx, /** @type {any} */ ({ data, store, look }), window, strip);
    return drawn.includes("rgb(255,0,0)");
  };
  assert.ok(!seen({}), "it shares its pixel");
  assert.ok(seen({ lit: 1 }));
  assert.ok(!seen({ lit: 0 }));
  assert.ok(!seen({ lit: 1, shown: Uint8Array.from(codes, (code) => 1 - code) }), "hidden");
  const scored = (/** @type {number} */ best) =>
    /** @type {any} */ ({ scores: Float32Array.from(codes, (_, row) => (row === best ? 2 : NaN)) });
  assert.ok(seen({ searched: scored(505) }), "the best of those that words were compared with");
  assert.ok(!seen({ searched: scored(506) }));
});

/** Six rows of three topics, and what one does with them. */
function sixRows() {
  const topic = category([0, 0, 1, 1, 2, 2], ["a", "b"]);
  const loud = numbers(0, 1, 2, 3, NaN, 5);
  const data = dataOf([topic, loud]);
  Object.assign(data, { start: new Float64Array(6).fill(NaN), video: new Uint32Array(6) });
  Object.assign(data, { videos: [{ title: "film" }], pages: {} });
  const store = new Store(initialState(data));
  store.on(["hidden"], () => store.set({ shown: shownRows(data, store.get("hidden")) }));
  const history = new History(store);
  const tools = /** @type {any} */ ({ showTip: () => undefined, ask: () => undefined });
  const actions = new Actions(data, store, /** @type {any} */ ({}), tools);
  const chosen = () => [...store.get("mask").keys()].filter((row) => store.get("mask")[row]);
  return { topic, store, history, actions, chosen };
}

test("filters meet what is shown, and grow again with it", () => {
  const { store, history, actions, chosen } = sixRows();
  const wide = { range: /** @type {[number, number]} */ ([1, 5]), closed: true, groups: [] };
  actions.filter("loud", wide);
  assert.deepEqual([chosen(), store.get("focus")], [[1, 2, 3, 5], 1]);
  actions.toggleGroup("topic", 1, "topic b");
  assert.deepEqual(chosen(), [1, 5]);
  actions.filter("topic", { range: null, closed: false, groups: [0, 1] });
  assert.deepEqual(chosen(), [1]);
  actions.showAll();
  assert.deepEqual(chosen(), [1, 2, 3], "what was hidden passes as well");
  actions.filter("loud", null);
  assert.deepEqual(chosen(), [0, 1, 2, 3]);
  history.undo();
  history.undo();
  assert.deepEqual([chosen(), Object.keys(store.get("filters"))], [[1], ["loud", "topic"]]);
  actions.select([4, 2], "add", "");
  assert.deepEqual(store.get("filters"), {}, "a selection by hand is none by filters");
  assert.deepEqual(chosen(), [1, 4], "what is hidden is not selected");
  actions.clearFilters();
  assert.deepEqual(chosen(), []);
});

test("to select a hidden group shows it again, in one step", () => {
  const { topic, store, history, actions, chosen } = sixRows();
  actions.soloGroup("topic", 0, "topic a");
  actions.selectGroups(topic, [2], "replace", "no topic");
  assert.deepEqual([...(store.get("shown") ?? [])], [1, 1, 0, 0, 1, 1]);
  assert.deepEqual(chosen(), [4, 5]);
  history.undo();
  assert.deepEqual([...(store.get("shown") ?? [])], [1, 1, 0, 0, 0, 0]);
  assert.deepEqual(chosen(), []);
});
