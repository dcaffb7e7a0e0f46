/** What leaves the page as text: every row with all that is known of it, whoever reads it. */
import assert from "node:assert/strict";
import test from "node:test";

import {
  rowsAsCsv,
  rowsAsJson,
  rowsAsPython,
  rowsAsRecords,
} from "../../twlab/widgets/js/out_rows.js";

/** @param {Partial<import("../../twlab/widgets/js/data.js").Data>} more @returns {any} */
const table = (more = {}) => ({
  title: "two films",
  n: 3,
  videos: [{ id: 'say "hé"' }, { id: "=1+1" }],
  video: Uint32Array.of(0, 0, 1),
  lanes: ["visual", "audio"],
  lane: Uint8Array.of(0, 1, 0),
  start: Float64Array.of(0, 6.25, NaN),
  end: Float64Array.of(6.25, 12.000001, NaN),
  pages: { 2: "page 4" },
  timeColumn: "time",
  columns: [
    {
      name: "time",
      kind: "number",
      values: Float32Array.of(3, 9, NaN),
      low: 3,
      high: 9,
      time: true,
    },
    {
      name: "score",
      kind: "number",
      values: Float32Array.of(0.1, -2, NaN),
      low: -2,
      high: 1,
      time: false,
    },
    { name: "label", kind: "category", codes: Uint8Array.of(0, 1, 2), names: ["a,b", "-x\ny"] },
  ],
  ...more,
});

test("records say what is known, and null what is not", () => {
  assert.deepEqual(rowsAsRecords(table(), [1, 2]), [
    {
      ...{ video_id: 'say "hé"', embedding_option: "audio", start_sec: 6.25, end_sec: 12.000001 },
      ...{ score: -2, label: "-x\ny" },
    },
    {
      ...{ video_id: "=1+1", embedding_option: "visual", start_sec: null, end_sec: null },
      ...{ page: "page 4", score: null, label: null },
    },
  ]);
  assert.deepEqual(JSON.parse(rowsAsJson(table(), [0, 2])), rowsAsRecords(table(), [0, 2]));
  assert.equal(rowsAsJson(table(), []), "[]\n");
});

test("numbers of 32 bits come back, as short as they can be", () => {
  const values = Float32Array.of(0.1, 1 / 3, 123456.789);
  const columns = [{ name: "v", kind: "number", values, low: 0, high: 1, time: false }];
  const records = rowsAsRecords(table(/** @type {any} */ ({ columns })), [0, 1, 2]);
  assert.equal(records[0].v, 0.1);
  for (const [k, { v }] of records.entries()) assert.equal(Math.fround(Number(v)), values[k]);
});

test("a sheet calculates nothing, and its quotes hold", () => {
  const csv = rowsAsCsv(table(), [0, 1, 2]);
  assert.equal(
    csv,
    "video_id,embedding_option,start_sec,end_sec,score,label,page\r\n" +
      '"say ""hé""",visual,0,6.25,0.1,"a,b",\r\n' +
      '"say ""hé""",audio,6.25,12.000001,-2,"\'-x\ny",\r\n' +
      "'=1+1,visual,,,,,page 4\r\n",
  );
});

test("what looks as if it had been kept from a sheet is kept from it once more", () => {
  const names = ["=a", "'=b", "'t is"];
  const columns = [{ name: "label", kind: "category", codes: Uint8Array.of(0, 1, 2), names }];
  const csv = rowsAsCsv(table(/** @type {any} */ ({ columns, pages: {} })), [0, 1, 2]);
  const cells = csv.split("\r\n").map((line) => line.split(",").at(-1));
  assert.deepEqual(cells.slice(0, 4), ["label", "'=a", "''=b", "'t is"]);
});

test("a segment with several names has a row for each", () => {
  const names = {
    ...{ name: "named here", kind: "category", names: ["sky", "tree", "several"] },
    ...{ codes: Uint8Array.of(2, 0, 3), each: new Map([[0, [0, 1]]]) },
  };
  const csv = rowsAsCsv(table({ columns: [/** @type {any} */ (names)] }), [0, 1, 2]);
  const labels = csv.split("\r\n").map((line) => line.split(",").at(-2));
  assert.deepEqual(labels.slice(0, 5), ["label", "sky", "tree", "sky", ""]);
  const json = rowsAsJson(table({ columns: [/** @type {any} */ (names)] }), [0, 1, 2]);
  const lists = JSON.parse(json).map((/** @type {any} */ { label }) => label);
  assert.deepEqual(lists, [["sky", "tree"], ["sky"], []]);
  const beside = table({ columns: [...table().columns, names] });
  assert.match(rowsAsCsv(beside, [0]), /score,label,named here\r\n/);
});

test("segments that nothing tells apart are chosen by position, and it is said", () => {
  const same = table({
    start: Float64Array.of(0, 0, 0),
    lane: Uint8Array.of(0, 0, 0),
    video: Uint32Array.of(0, 0, 1),
    end: Float64Array.of(6, 6, 6),
  });
  assert.match(rowsAsPython(same, [0]), /by position.*\nselection = segments\.iloc\[\[0\]\]\n$/);
  assert.match(rowsAsPython(same, [2]), /"=1\+1", "visual", 0\.0, 6\.0/);
});
