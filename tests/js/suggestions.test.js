/** What the search box offers while someone types. */
import assert from "node:assert/strict";
import test from "node:test";

import { knownLabels, suggest } from "../../twlab/widgets/js/suggestions.js";

/** @param {string} name @param {string[]} names @param {number[]} codes */
const category = (name, names, codes) => ({ name, kind: "category", names, codes });

const data = /** @type {any} */ ({
  n: 5,
  video: Uint32Array.of(0, 0, 0, 1, 1),
  videos: [
    { title: "beach.mp4", duration: 600 },
    { title: "attic.mp4", duration: 60 },
  ],
  columns: [
    category("cluster", ["topic 10", "topic 2", "topic 1"], [0, 1, 1, 2, 3]),
    category("kind", ["a topic", "2"], [0, 0, 1, 1, 1]),
  ],
});
const known = knownLabels(data, "cluster");
/** @param {string} text */
const offered = (text, from = known) => suggest(from, data.videos[0], text);
/** @param {string} text */
const texts = (text, from = known) => offered(text, from).map((one) => one.text);

test("labels that begin so come first, each kind by natural order, with their counts", () => {
  assert.deepEqual(texts("TOPIC"), ["topic 1", "topic 2", "topic 10", "kind:a topic"]);
  assert.deepEqual(
    offered("topic").map(({ count }) => count),
    [1, 2, 1, 2],
  );
  assert.deepEqual(texts("kind:"), ["kind:2", "kind:a topic"]);
  assert.deepEqual(texts("nowhere"), []);
});

test("the column that gives the colours is offered by its names alone", () => {
  assert.deepEqual(texts("a topic", knownLabels(data, "kind")), ["a topic"]);
  assert.equal(texts("topic", knownLabels(data, "kind"))[0], "cluster:topic 1");
});

test("a time within the video is offered; a label that is a number comes before it", () => {
  assert.deepEqual(texts("3:07"), ["3:07"]);
  assert.deepEqual(offered("3:07")[0].found(), { kind: "time", sec: 187 });
  assert.deepEqual(texts("33:07"), []);
  assert.deepEqual(texts("2"), ["kind:2", "topic 2", "0:02"]);
});

test("names of several videos are offered unless a column says them", () => {
  assert.deepEqual(texts("video"), ["video:attic.mp4", "video:beach.mp4"]);
  assert.deepEqual(offered("attic")[0].found(), {
    ...{ kind: "rows", rows: [3, 4], what: "video attic.mp4" },
  });
  const named = category("video_id", ["beach.mp4", "attic.mp4"], [0, 0, 0, 1, 1]);
  const twice = knownLabels({ ...data, columns: [named] }, "video_id");
  assert.deepEqual(texts("attic", twice), ["attic.mp4"]);
});

test("choosing means that very label, and nothing is worked out before", () => {
  for (const { text, count, found } of offered(""))
    assert.equal(/** @type {any} */ (found()).rows.length, count, text);
});
