/** Where the cards of the gallery lie, which of them exist, and in which order. */
import assert from "node:assert/strict";
import test from "node:test";

import { Frames } from "../../twlab/widgets/js/frames.js";
import { CardFrames } from "../../twlab/widgets/js/gallery_frames.js";
import {
  CARD_GAP,
  cardAfterKey,
  cardPlace,
  cardsSeen,
  layCards,
  offsetAt,
  scrollFor,
} from "../../twlab/widgets/js/gallery_layout.js";
import {
  rowsByScore,
  rowsByTime,
  rowsShown,
  scoreText,
  scoresOf,
} from "../../twlab/widgets/js/gallery_rows.js";

const shape = { width: 152, words: 20, ratio: 9 / 16 };

/** @param {number} n @param {boolean} grid */
function layout(n, grid, width = 800, height = 400) {
  return layCards({ n, grid, width, height, shape });
}

test("a grid fills the width, and its last row is as long as is left", () => {
  const laid = layout(23, true);
  assert.equal(laid.columns, 5);
  assert.equal(laid.columns * laid.width + (laid.columns - 1) * CARD_GAP, 800);
  assert.equal(laid.height, Math.round((laid.width * 9) / 16) + 20);
  assert.equal(laid.full, 5 * laid.pitch - CARD_GAP);
  assert.deepEqual(cardPlace(laid, 7, 0), [2 * (laid.width + CARD_GAP), laid.pitch]);
});

test("a room narrower than a card still has one column", () => {
  assert.equal(layout(9, true, 100).columns, 1);
  assert.deepEqual(cardsSeen(layout(0, true), 0), [0, 0]);
  assert.equal(layout(0, false).full, 0);
});

test("of ten thousand cards only those in sight and a row beside them exist", () => {
  for (const grid of [true, false]) {
    const laid = layout(10_000, grid);
    for (const scroll of [0, 12_345, laid.length - laid.view]) {
      const [from, to] = cardsSeen(laid, scroll);
      assert.ok(to - from <= 45, `${to - from} cards`);
      const along = grid ? 1 : 0;
      const first = cardPlace(laid, from, scroll)[along];
      const last = cardPlace(laid, to - 1, scroll)[along];
      assert.ok(from === 0 || first <= scroll, "nothing is missing before");
      assert.ok(to === 10_000 || last + laid.pitch >= scroll + laid.view, "nor after");
    }
  }
});

test("more cards than a browser can scroll are all reached, each in its place", () => {
  const laid = layout(1_000_000, false);
  assert.ok(laid.full > laid.length && laid.length === 8_000_000);
  const end = laid.length - laid.view;
  assert.equal(offsetAt(laid, 0), 0);
  assert.ok(Math.abs(offsetAt(laid, end) - (laid.full - laid.view)) < 1e-6);
  assert.equal(cardsSeen(laid, end)[1], 1_000_000);
  for (const k of [0, 1, 499_999, 999_999]) {
    const scroll = scrollFor(laid, k, 0);
    const [x] = cardPlace(laid, k, scroll);
    assert.ok(x >= scroll - 1e-6 && x + laid.width <= scroll + laid.view + 1e-6, `${k} at ${x}`);
  }
});

test("a card in sight is not scrolled to, others as little as needed", () => {
  const laid = layout(100, true);
  assert.equal(scrollFor(laid, 3, 0), 0);
  assert.equal(scrollFor(laid, 0, 500), 0);
  const to = scrollFor(laid, 99, 0);
  assert.equal(to + laid.view, laid.full);
  assert.equal(scrollFor(laid, 99, to), to);
});

test("arrows move by card and by row, and end at the ends", () => {
  const grid = layout(23, true);
  const keys = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End"];
  assert.deepEqual(
    keys.map((key) => cardAfterKey(grid, key, 7)),
    [8, 6, 12, 2, 0, 22],
  );
  assert.equal(cardAfterKey(grid, "ArrowLeft", 0), 0);
  assert.equal(cardAfterKey(grid, "ArrowDown", 21), 22);
  assert.equal(cardAfterKey(grid, "x", 7), -1);
  const strip = layout(23, false);
  assert.equal(cardAfterKey(strip, "ArrowDown", 7), -1, "the page scrolls");
  assert.equal(cardAfterKey(strip, "PageDown", 7), 12);
});

/** Two lanes of one video, then another video, a row without a time, and one of a whole video. */
function twoLanes() {
  return /** @type {any} */ ({
    n: 8,
    lanes: ["visual", "audio"],
    video: Uint32Array.of(0, 0, 0, 0, 1, 1, 0, 0),
    start: Float64Array.of(6, 0, 3, 9, 5, 2, NaN, 0),
    order: Uint32Array.of(1, 0, 2, 3, 5, 4),
    columns: [],
  });
}

test("rows run by video and time across lanes, those without a time after them", () => {
  const { rows, parts } = rowsByTime(twoLanes());
  assert.deepEqual([...rows], [1, 2, 0, 3, 5, 4, 6, 7]);
  assert.equal(parts, 7);
  const one = { ...twoLanes(), lanes: ["visual"], n: 6 };
  assert.deepEqual([...rowsByTime(one).rows], [1, 0, 2, 3, 5, 4], "one lane is in order already");
});

test("what is selected is shown; where nothing is, all but the rows of whole videos", () => {
  const all = { rows: Uint32Array.of(2, 0, 1), parts: 2 };
  assert.deepEqual([...rowsShown(all, Uint8Array.of(1, 1, 0), 2)], [0, 1]);
  assert.deepEqual([...rowsShown(all, Uint8Array.of(0, 0, 0), 0)], [2, 0]);
});

test("the best come first, unknown ones last, equal ones as they were", () => {
  const scores = Float32Array.of(0.5, NaN, 0.9, 0.5, -Infinity);
  assert.deepEqual([...rowsByScore(Uint32Array.of(1, 3, 0, 2), scores)], [2, 3, 0, 1]);
});

test("scores are those of the last search, else the table's own", () => {
  const values = Float32Array.of(1, 2);
  const data = /** @type {any} */ ({ columns: [{ name: "score", kind: "number", values }] });
  const found = Float32Array.of(3, 4);
  assert.equal(scoresOf(data, found), found);
  assert.equal(scoresOf(data, null), values);
  assert.equal(scoresOf(twoLanes(), null), null);
});

test("a score is as short as it can be, and never rounded to nothing", () => {
  assert.deepEqual([0.834, 1, 0, -0.25, 0.0163, 12.44, NaN].map(scoreText), [
    ".83",
    "1.00",
    ".00",
    "-.25",
    ".016",
    "12.4",
    "",
  ]);
});

test("of many wishes for frames the oldest are given up, which says nothing of the film", async () => {
  const media = /** @type {any} */ ({ playable: () => new Promise(() => undefined) });
  const frames = new Frames(media);
  const wishes = Array.from({ length: 30 }, (_, sec) => frames.frame(0, sec));
  const late = await Promise.all([1, 2, 3, 4, 5].map((k) => wishes[k]));
  assert.deepEqual(new Set(late), new Set([undefined]));
});

test("a card whose wish was given up asks again; a film is blind when it says so", async () => {
  const answers = [undefined, undefined, null];
  let [asked, blind] = [0, 0];
  const context = /** @type {any} */ ({
    data: {
      ...{ video: [0], start: [0], end: [6], stills: { rows: {}, videos: new Set() } },
      videos: [{ source: { kind: "url" }, thumbnail: "" }],
    },
    frames: { frame: () => Promise.resolve(answers[asked++]) },
  });
  const card = /** @type {any} */ ({ row: 0, screen: {}, asked: false });
  const cards = new CardFrames(
    context,
    () => [card],
    () => blind++,
  );
  await cards.fill();
  assert.deepEqual([asked, blind], [3, 1]);
});
