/** The list of the videos: what it knows of each, which it finds, in which order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { videoEntries, videosFound, videosInOrder } from "../../twlab/widgets/js/video_list.js";

/** Three videos of 1, 3 and 2 rows in a table in no order; the last one has no times. */
function archive() {
  const video = Uint32Array.of(1, 0, 1, 2, 1, 2);
  const names = ["Beach 10", "beach 9", "Ärger"];
  const column = { name: "video", kind: "category", codes: Uint8Array.of(1, 0, 1, 2, 1, 2), names };
  return /** @type {any} */ ({
    n: 6,
    video,
    start: Float64Array.of(12, 0, 0, NaN, 6, NaN),
    order: Uint32Array.of(1, 2, 4, 0),
    videoColumn: "video",
    columns: [column],
    videos: names.map((title, k) => ({ title, duration: [30, 18, 0][k] })),
  });
}

test("every video is known by its group, its rows and the first of them", () => {
  const entries = videoEntries(archive());
  assert.deepEqual(
    entries.map(({ group, count, first }) => [group, count, first]),
    [
      [0, 1, 1],
      [1, 3, 2],
      [2, 2, 3],
    ],
  );
});

test("a row that stands for the whole video is none of its segments", () => {
  const data = archive();
  data.start[5] = 0; // of the video without times, which now has a part and a whole
  assert.deepEqual(
    videoEntries(data).map(({ count }) => count),
    [1, 3, 1],
  );
});

test("the order of the groups is not that of the videos", () => {
  const data = archive();
  data.columns[0].codes = Uint8Array.of(0, 2, 0, 1, 0, 1);
  assert.deepEqual(
    videoEntries(data).map(({ group }) => group),
    [2, 0, 1],
  );
  assert.deepEqual(
    videoEntries({ ...data, videoColumn: "" }).map(({ group }) => group),
    [-1, -1, -1],
  );
});

test("a video is found by a part of its title in any case", () => {
  const entries = videoEntries(archive());
  const found = (/** @type {string} */ text) => videosFound(entries, text).map((one) => one.video);
  assert.deepEqual(found(""), [0, 1, 2]);
  assert.deepEqual(found(" BEACH "), [0, 1]);
  assert.deepEqual(found("h 9"), [1]);
  assert.deepEqual(found("är"), [2]);
  assert.deepEqual(found("mountain"), []);
});

test("videos stand in the order asked for, equal ones as they were", () => {
  const data = archive();
  const order = (/** @type {any} */ by) =>
    videosInOrder(videoEntries(data), by, data).map((one) => one.video);
  assert.deepEqual(order("given"), [0, 1, 2]);
  assert.deepEqual(order("name"), [2, 1, 0]);
  assert.deepEqual(order("segments"), [1, 2, 0]);
  assert.deepEqual(order("length"), [0, 1, 2]);
  data.videos.forEach((/** @type {any} */ one) => (one.duration = 7));
  assert.deepEqual(order("length"), [0, 1, 2]);
});
