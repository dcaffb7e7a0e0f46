/** What is meant by what is typed into the search box. */
import assert from "node:assert/strict";
import test from "node:test";

import { findText } from "../../twlab/widgets/js/search.js";

/** Six rows of a film of 9:56 in three clusters. */
const data = /** @type {any} */ ({
  n: 6,
  videos: [{ title: "film", duration: 596 }],
  columns: [
    {
      name: "kind",
      kind: "category",
      codes: Uint8Array.of(0, 0, 1, 1, 2, 2),
      names: ["a", "b", "4"],
    },
    {
      name: "cluster",
      kind: "category",
      codes: Uint8Array.of(0, 1, 2, 2, 3, 4),
      names: ["1", "10", "4", "in the wood"],
    },
    {
      name: "loud",
      kind: "number",
      values: Float32Array.of(1, 2, 3, 4, 5, NaN),
      low: 1,
      high: 5,
      time: false,
    },
  ],
});
const now = { video: 0, colorBy: "cluster" };

/** @param {string} text */
const rowsOf = (text) => /** @type {any} */ (findText(data, now, text)).rows;

test("a label that is written so comes before a time, in the column that gives the colours", () => {
  assert.deepEqual(findText(data, now, "4"), { kind: "rows", rows: [2, 3], what: "cluster 4" });
  assert.deepEqual(findText(data, { ...now, colorBy: "kind" }, " 4 "), {
    kind: "rows",
    rows: [4, 5],
    what: "kind 4",
  });
  assert.deepEqual(rowsOf("1"), [0]);
  assert.deepEqual(findText(data, now, "5"), { kind: "time", sec: 5 });
  assert.deepEqual(findText(data, now, "0:04"), { kind: "time", sec: 4 });
});

test("a column can be named, with a colon or before its value", () => {
  for (const text of ["cluster:4", "Cluster: 4", "cluster 4"])
    assert.deepEqual(rowsOf(text), [2, 3]);
  assert.deepEqual(rowsOf("kind:4"), [4, 5]);
  assert.deepEqual(rowsOf("cluster:wood"), [4]);
  assert.deepEqual(rowsOf("loud:3"), [2]);
  assert.equal(findText(data, now, "cluster:7").kind, "none");
});

test("words are found within labels, and what is not there is said", () => {
  assert.deepEqual(findText(data, now, "WOOD"), { kind: "rows", rows: [4], what: "'WOOD'" });
  assert.deepEqual(findText(data, now, "x"), { kind: "words", words: "x" });
  assert.deepEqual(findText(data, now, "   "), { kind: "none", why: "" });
});

test("a time beyond the end is no place", () => {
  const why = "1:39:00 lies beyond the end of film, at 9:56";
  assert.deepEqual(findText(data, now, "99:00"), { kind: "none", why });
  assert.deepEqual(findText(data, now, "9:56"), { kind: "time", sec: 596 });
  const unknown = { ...data, videos: [] };
  assert.deepEqual(findText(unknown, now, "99:00"), { kind: "time", sec: 5940 });
});
