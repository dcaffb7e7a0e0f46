/** Names for rows, what Python is told of them, and going back. */
import assert from "node:assert/strict";
import test from "node:test";

import { History, Steps } from "../../twlab/widgets/js/history.js";
import {
  countNamed,
  forgetName,
  nameRows,
  noLabels,
  readLabels,
  rowsNamed,
  tellLabels,
  withNames,
} from "../../twlab/widgets/js/naming.js";
import { Store, initialState } from "../../twlab/widgets/js/state.js";

const first = nameRows(noLabels(6), Uint8Array.of(1, 1, 0, 0, 1, 0), "sky");

test("rows have the name they were given last", () => {
  const then = nameRows(first, Uint8Array.of(0, 1, 1, 0, 0, 0), "tree");
  assert.deepEqual(then.names, ["sky", "tree"]);
  assert.deepEqual([...then.codes], [1, 2, 2, 0, 1, 0]);
  assert.deepEqual(countNamed(then), [2, 2]);
  assert.deepEqual([...rowsNamed(then, "tree")], [0, 1, 1, 0, 0, 0]);
  assert.deepEqual([...first.codes], [1, 1, 0, 0, 1, 0], "what was before is kept for undo");
});

test("a name without rows is forgotten, and the others keep their rows", () => {
  const both = nameRows(first, Uint8Array.of(0, 0, 1, 0, 0, 0), "tree");
  const over = nameRows(both, Uint8Array.of(1, 1, 0, 0, 1, 0), "tree");
  assert.deepEqual([over.names, [...over.codes]], [["tree"], [1, 1, 1, 0, 1, 0]]);
  assert.deepEqual([...forgetName(both, "sky").codes], [0, 0, 1, 0, 0, 0]);
});

test("what is told can be read again, whatever the names are", () => {
  const odd = nameRows(first, Uint8Array.of(0, 0, 0, 1, 0, 1), "2");
  const all = nameRows(odd, Uint8Array.of(1, 0, 0, 0, 0, 0), "__proto__");
  const told = tellLabels(all);
  assert.deepEqual(told, [
    ["sky", [1, 2, 4, 5]],
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
  });
  assert.deepEqual(withNames(columns, noLabels(6)), [other]);
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
  store.set({ labels: nameRows(store.get("labels"), mask, "sky") });
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
