/** The key to the marks: no mark without an entry, no entry without a mark. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { MARKS_OF } from "../../twlab/widgets/js/marks_key.js";

/** Words and numbers beside a view say themselves what they are; a name of a group is one. */
const WORDS = ["paintAxis", "paintLabel", "drawHeatmapAxes", "drawVideoName", "drawVideoNames"];
const TICKS = ["drawTickBelow", "drawTickBeside"];
/** Of points and cells the sentence at the top of the key tells. */
const GROUNDS = ["drawPoints", "paintPyramid"];
/** Which draw several marks. */
const WHOLES = ["drawMapMarks", "drawHeatmapMarks"];
const FILES = {
  map: ["map", "map_marks", "map_queries"],
  heatmap: ["heatmap", "heatmap_marks"],
  timeline: ["timeline"],
};

/** Functions that draw, by their name, and are called in a source. @param {string} source */
function drawnIn(source) {
  const called = source
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")
    .matchAll(/(?<![#.\w]|function )((?:draw|paint)[A-Z]\w*)\(/g);
  const names = new Set([...called].map(([, name]) => name));
  for (const name of [...WORDS, ...TICKS, ...WHOLES, ...GROUNDS]) names.delete(name);
  return names;
}

/** @param {string[]} files */
function sourcesOf(files) {
  const url = (/** @type {string} */ name) =>
    new URL(`../../twlab/widgets/js/${name}.js`, import.meta.url);
  return files.map((name) => readFileSync(url(name), "utf8")).join("\n");
}

test("calls are found, definitions and words are not", () => {
  const source =
    "function drawOne() {}\ndrawTwo(ctx); // drawThree()\nthis.#drawFour(); paintAxis(x)";
  assert.deepEqual([...drawnIn(source)], ["drawTwo"]);
});

for (const [view, files] of Object.entries(FILES))
  test(`every mark of the ${view} has an entry, and every entry a mark`, () => {
    const drawn = [...drawnIn(sourcesOf(files))].sort();
    const { marks } = MARKS_OF[/** @type {keyof typeof MARKS_OF} */ (view)];
    assert.ok(drawn.length > 4);
    assert.deepEqual([...new Set(marks.map(({ by }) => by.name))].sort(), drawn);
    assert.equal(new Set(marks.map(({ says }) => says)).size, marks.length);
    for (const { by, draw } of marks) assert.ok(String(draw).includes(`${by.name}(`), by.name);
  });

/** A state as it may be. @param {Record<string, any>} state */
function contextOf(state) {
  const initial = {
    focus: -1,
    selected: 0,
    lit: -1,
    bands: [],
    shown: null,
    tool: "pan",
    space: 0,
  };
  const values = { ...initial, path: false, playing: false, theme: "light", ...state };
  const data = { novelty: null, scenes: { sec: [] }, videos: [{}], spaces: [], n: 0, x: null };
  return /** @type {any} */ ({
    data: { ...data, spaceOf: null, order: [], map: null, ...state.data },
    store: { get: (/** @type {string} */ key) => values[/** @type {keyof values} */ (key)] },
  });
}

/** @param {"heatmap" | "timeline"} view @param {Record<string, any>} state */
function toldOf(view, state) {
  const context = contextOf(state);
  return MARKS_OF[view].marks
    .filter(({ shows }) => !shows || shows(context))
    .map(({ by }) => by.name);
}

test("only marks that may be seen now are told", () => {
  assert.deepEqual(toldOf("heatmap", {}), ["drawCross", "drawPointer"]);
  assert.ok(toldOf("heatmap", { selected: 3 }).includes("drawSelected"));
  assert.ok(toldOf("heatmap", { shown: Uint8Array.of(1, 0) }).includes("drawHidden"));
  assert.ok(!toldOf("heatmap", { shown: Uint8Array.of(1, 1) }).includes("drawHidden"));
  assert.deepEqual(toldOf("timeline", {}), ["paintLane", "paintPlayhead", "paintPointer"]);
  const both = toldOf("timeline", { bands: [{}, {}] });
  assert.equal(both.filter((name) => name === "paintBand").length, 2);
});
