/** Names for rows, what Python is told of them, and going back. */
import assert from "node:assert/strict";
import test from "node:test";

import { cellText } from "../../twlab/widgets/js/data.js";
import { countSlots, facetOf, rowsPassing } from "../../twlab/widgets/js/facets.js";
import { History, Steps } from "../../twlab/widgets/js/history.js";
import {
  countNamed,
  countNames,
  forgetName,
  giveName,
  noLabels,
  readLabels,
  rowsNamed,
  takeName,
  tellLabels,
  withNames,
} from "../../twlab/widgets/js/naming.js";
import { findText } from "../../twlab/widgets/js/search.js";
import { Store, initialState } from "../../twlab/widgets/js/state.js";
import { knownLabels } from "../../twlab/widgets/js/suggestions.js";

const first = giveName(noLabels(6), Uint8Array.of(1, 1, 0, 0, 1, 0), "sky");
const both = giveName(first, Uint8Array.of(0, 1, 1, 0, 0, 0), "tree");

test("rows have all names that they were given", () => {
  assert.deepEqual(both.names, ["sky", "tree"]);
  assert.deepEqual([...rowsNamed(both, "sky")], [1, 1, 0, 0, 1, 0]);
  assert.deepEqual([...rowsNamed(both, "tree")], [0, 1, 1, 0, 0, 0]);
  assert.deepEqual(countNamed(both), [3, 2]);
  assert.deepEqual([...countNames(both)], [1, 2, 1, 0, 1, 0]);
  assert.deepEqual(first.names, ["sky"], "what was before is kept for undo");
  assert.deepEqual(giveName(both, Uint8Array.of(1, 0, 0, 0, 0, 0), "sky"), both);
});

test("a name is taken from some rows, and without rows it is forgotten", () => {
  const less = takeName(both, Uint8Array.of(1, 1, 1, 1, 0, 1), "sky");
  assert.deepEqual(
    [less.names, countNamed(less)],
    [
      ["sky", "tree"],
      [1, 2],
    ],
  );
  const gone = takeName(less, Uint8Array.of(0, 0, 0, 0, 1, 0), "sky");
  assert.deepEqual([gone.names, countNamed(gone)], [["tree"], [2]]);
  assert.deepEqual(forgetName(both, "sky"), gone);
  assert.deepEqual(takeName(both, Uint8Array.of(1, 1, 1, 1, 1, 1), "sea"), both);
});

test("what is told can be read again, whatever the names are", () => {
  const odd = giveName(both, Uint8Array.of(0, 0, 0, 1, 0, 1), "2");
  const all = giveName(odd, Uint8Array.of(1, 0, 0, 0, 0, 0), "__proto__");
  const told = tellLabels(all);
  assert.deepEqual(told, [
    ["sky", [0, 2, 4, 5]],
    ["tree", [1, 3]],
    ["2", [3, 4, 5, 6]],
    ["__proto__", [0, 1]],
  ]);
  assert.deepEqual(readLabels(told, 6), all);
  assert.deepEqual(readLabels(undefined, 6), noLabels(6));
});

test("names are a column among the others while there are some", () => {
  const other = /** @type {any} */ ({ name: "cluster", kind: "category" });
  const columns = withNames([other], first);
  assert.deepEqual(columns[1], {
    name: "named here",
    kind: "category",
    codes: Uint16Array.of(0, 0, 1, 1, 0, 1),
    names: ["sky"],
    each: new Map(),
  });
  assert.deepEqual(withNames(columns, noLabels(6)), [other]);
});

test("rows with several names are a group of their own, and are found by each", () => {
  const [column] = /** @type {import("../../twlab/widgets/js/data.js").CategoryColumn[]} */ (
    withNames([], both)
  );
  assert.deepEqual(
    [column.names, [...column.codes]],
    [
      ["sky", "tree", "several"],
      [0, 2, 1, 3, 0, 3],
    ],
  );
  assert.deepEqual(
    [0, 1, 2, 3].map((row) => cellText(column, row)),
    ["sky", "sky; tree", "tree", "–"],
  );
  const data = /** @type {any} */ ({
    columns: [column],
    n: 6,
    videos: [{}],
    video: new Uint32Array(6),
    pages: {},
  });
  const found = (/** @type {string} */ text) => {
    const told = findText(data, { video: 0, colorBy: "" }, text);
    return told.kind === "rows" ? told.rows : [];
  };
  assert.deepEqual(found("sky"), [0, 1, 4]);
  assert.deepEqual(found("named here:tree"), [1, 2]);
  assert.deepEqual(found("ee"), [1, 2]);
  assert.deepEqual(found("several"), [1]);
  const offered = knownLabels(data, "named here").map(({ suggestion }) => [
    suggestion.text,
    suggestion.count,
  ]);
  assert.deepEqual(offered, [
    ["several", 1],
    ["sky", 3],
    ["tree", 2],
  ]);
});

test("heads and filters count a row in each of its names", () => {
  const [column] = withNames([], both);
  const facet = facetOf(column, 6);
  assert.deepEqual([...facet.totals], [3, 2, 1, 2]);
  assert.deepEqual([...countSlots(facet, Uint8Array.of(0, 1, 0, 1, 0, 0), 6)], [1, 1, 1, 1]);
  const passing = rowsPassing([column], 6, {
    [column.name]: { range: null, closed: false, groups: [1] },
  });
  assert.deepEqual([...passing], [0, 1, 1, 0, 0, 0]);
  const named = withNames([], giveName(both, Uint8Array.of(0, 0, 0, 1, 0, 0), "several"))[0];
  assert.deepEqual(named.kind === "category" && named.names.at(-1), "several names");
});

test("steps go back and forth, and end where something new is done", () => {
  const step = (/** @type {number} */ k) => /** @type {any} */ (k);
  const steps = new Steps(step(0));
  steps.add(step(1));
  steps.add(step(2));
  assert.equal(steps.move(-1), 1);
  assert.equal(steps.move(-1), 0);
  assert.equal(steps.has(-1), false);
  assert.equal(steps.move(1), 1);
  steps.add(step(3));
  assert.equal(steps.has(1), false);
  assert.equal(steps.move(-1), 1);
  for (let k = 0; k < 300; k++) steps.add(step(k));
  let back = 0;
  while (steps.has(-1)) back += Number(steps.move(-1) !== undefined);
  assert.equal(back, 99);
});

test("undo brings back selection and names together", () => {
  const store = new Store(initialState(/** @type {any} */ ({ n: 9, colorBy: "" })));
  const history = new History(store);
  const mask = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1);
  store.set({ mask, selected: 2 });
  store.set({ labels: giveName(store.get("labels"), mask, "sky") });
  store.set({ mask: new Uint8Array(9), selected: 0 });
  history.undo();
  assert.deepEqual([...store.get("mask")], [...mask]);
  assert.deepEqual([store.get("selected"), store.get("labels").names], [2, ["sky"]]);
  history.undo();
  assert.deepEqual([store.get("selected"), store.get("labels").names], [2, []]);
  history.redo();
  history.redo();
  assert.deepEqual([store.get("selected"), store.get("labels").names], [0, ["sky"]]);
  history.redo();
  assert.equal(store.get("message"), "Nothing to do again");
});
