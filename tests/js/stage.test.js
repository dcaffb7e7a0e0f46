/** How panels share the room: nothing is left empty, nothing is squeezed away. */
import assert from "node:assert/strict";
import test from "node:test";

import { layoutLanes } from "../../twlab/widgets/js/lanes.js";
import {
  GAP,
  LEAST_COLUMN,
  OWN_LAYOUT,
  isWordsBeside,
  moveBorder,
  planColumns,
  planHeights,
  togglePanel,
} from "../../twlab/widgets/js/stage_plan.js";

const NAMES = ["map", "heatmap", "player"];
/** @type {Record<string, number>[]} */
const CHOSEN = [{}, { map: 3, heatmap: 1, player: 2 }, { player: 400 }];
const sum = (/** @type {number[]} */ sizes) => sizes.reduce((total, size) => total + size, 0);

test("columns take the whole width, whatever is asked for", () => {
  for (const names of [NAMES, ["map"], ["heatmap"], ["map", "player"]])
    for (const [width, tall] of [
      [1000, 310],
      [1900, 520],
      [2540, 900],
    ])
      for (const columns of CHOSEN) {
        const widths = planColumns(names, width, tall, { ...OWN_LAYOUT, columns });
        assert.ok(Math.abs(sum(widths) - (width - GAP * (names.length - 1))) < 1e-6);
        assert.ok(widths.every((size) => size > 0));
      }
});

test("a heatmap is not wider than its square; what it leaves goes to its neighbours", () => {
  const [low, high] = [300, 900].map((tall) => planColumns(NAMES, 1900, tall, OWN_LAYOUT));
  assert.ok(low[1] < 330 && low[1] > 300);
  assert.ok(low[0] > high[0] && low[2] > high[2]);
  assert.ok(high[1] > 560);
});

test("of two heatmaps side by side neither is wider than its square, unless they are alone", () => {
  const names = ["heatmap", "heatmapBeside", "player"];
  const widths = planColumns(names, 1900, 300, OWN_LAYOUT);
  assert.equal(widths[0], widths[1]);
  assert.ok(widths[0] < 330);
  const alone = planColumns(names.slice(0, 2), 1900, 300, OWN_LAYOUT);
  assert.deepEqual(alone, [945, 945]);
});

test("in a notebook heights are bounded, in a window they fill it", () => {
  const page = { tight: false, natural: 110, most: 290 };
  for (const width of [1000, 1440, 2560]) {
    const { tall, timeline } = planHeights({ width, height: NaN, ...page }, OWN_LAYOUT);
    assert.ok(tall >= 310 && tall <= 560);
    assert.equal(timeline, 110);
    for (const height of [900, 1200]) {
      const filled = planHeights({ width, height, ...page }, OWN_LAYOUT);
      assert.equal(filled.tall + filled.timeline, height);
      assert.ok(filled.timeline > 110 && filled.timeline <= 290);
    }
  }
});

test("in a window too small a page scrolls, a full screen gets smaller panels first", () => {
  const room = { width: 1440, height: 520, natural: 110, most: 290 };
  assert.equal(planHeights({ ...room, tight: true }, OWN_LAYOUT).tall, 380);
  assert.ok(planHeights({ ...room, tight: false }, OWN_LAYOUT).tall > 470);
  assert.equal(planHeights({ ...room, tight: true, height: 200 }, OWN_LAYOUT).tall, 310);
});

test("two rows of columns fill a window together, and are smaller before a page scrolls", () => {
  const room = { width: 1440, tight: false, natural: 110, most: 290, rows: 2 };
  for (const height of [1000, 1400]) {
    const { tall, timeline } = planHeights({ ...room, height }, OWN_LAYOUT);
    assert.ok(Math.abs(2 * tall + GAP + timeline - height) <= 1);
  }
  assert.equal(planHeights({ ...room, height: 600 }, OWN_LAYOUT).tall, 310);
  const kept = planHeights({ ...room, height: 1400 }, { ...OWN_LAYOUT, tall: 400 });
  assert.equal(kept.tall, 400);
});

test("on a full screen the lanes of many videos scroll before columns are low", () => {
  const room = { width: 1900, height: 690, natural: 320, most: 4000 };
  const { tall, timeline } = planHeights({ ...room, tight: true }, OWN_LAYOUT);
  assert.ok(tall >= 2 * timeline - 1 && tall + timeline === 690);
  assert.equal(planHeights({ ...room, tight: false }, OWN_LAYOUT).timeline, 320);
});

test("without a timeline the columns take all", () => {
  const room = { width: 1440, height: 700, tight: true, natural: 0, most: 0 };
  assert.deepEqual(planHeights(room, OWN_LAYOUT), { tall: 700, timeline: 0 });
});

test("what was dragged is kept, and the other takes the rest", () => {
  const room = { width: 1440, height: 700, tight: true, natural: 110, most: 290 };
  const { tall, timeline } = planHeights(room, { ...OWN_LAYOUT, tall: 450 });
  assert.deepEqual([tall, timeline], [450, 250]);
  assert.deepEqual(planHeights(room, { ...OWN_LAYOUT, timeline: 150 }), {
    tall: 550,
    timeline: 150,
  });
});

test("a border takes from one neighbour what it gives to the other", () => {
  assert.deepEqual(moveBorder([400, 400, 500], 0, 450), [450, 350, 500]);
  assert.deepEqual(moveBorder([400, 400, 500], 1, 9999), [400, 900 - LEAST_COLUMN, LEAST_COLUMN]);
  assert.deepEqual(moveBorder([100, 100], 0, 0), [100, 100]);
});

test("a very wide player has its words beside it", () => {
  assert.equal(isWordsBeside(650, 520), false);
  assert.equal(isWordsBeside(1090, 580), true);
});

test("panels are hidden and come back; the last one stays", () => {
  const without = togglePanel(OWN_LAYOUT, "map", ["map", "player"]);
  assert.deepEqual(without.away, ["map"]);
  assert.equal(togglePanel(without, "player", ["map", "player"]), without);
  assert.deepEqual(togglePanel(without, "map", ["map", "player"]), OWN_LAYOUT);
});

test("lanes grow with the panel, titles do not", () => {
  const data = {
    videos: [
      { title: "a", duration: 0 },
      { title: "b", duration: 0 },
    ],
    lanes: ["visual"],
    end: Float64Array.of(6, 6),
    novelty: null,
  };
  const lanes = [0, 1].map((video) => ({ video, lane: 0, rows: Uint32Array.of(video), ends: 6 }));
  const [one, two] = [1, 2].map((stretch) =>
    layoutLanes(/** @type {any} */ (data), /** @type {any} */ (lanes), stretch),
  );
  for (const [k, strip] of one.strips.entries()) {
    const factor = strip.kind === "lane" ? 2 : 1;
    assert.equal(two.strips[k].height, factor * strip.height);
  }
  assert.ok(two.height < 2 * one.height);
});
