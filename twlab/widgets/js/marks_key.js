/** What the marks of each view mean. A mark is drawn here by the function that draws it there. */

import { countSet } from "./bits.js";
import { cssColour } from "./colour.js";
import { mapRows } from "./data.js";
import {
  drawBrush,
  drawCross,
  drawDivider,
  drawHidden,
  drawPointer,
  drawSelected,
} from "./heatmap_marks.js";
import { drawHoles } from "./heatmap_names.js";
import { CROWD, drawDensity } from "./map_density.js";
import {
  LINES,
  drawFocus,
  drawHover,
  drawLikenesses,
  drawLit,
  drawOutline,
  drawPath,
  drawQuery,
  drawTail,
} from "./map_marks.js";
import { QUERY_RADIUS } from "./map_queries.js";
import {
  AXIS,
  paintBand,
  paintFocus,
  paintLane,
  paintNovelty,
  paintPlayhead,
  paintPointer,
  paintScenes,
} from "./timeline_paint.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./state.js").Store} Store */
/**
 * @typedef {object} Mark
 * @property {Function} by what draws it in the view
 * @property {string} says
 * @property {(context: Context) => boolean} [shows] whether it may be seen now; always where left out
 * @property {(ctx: CanvasRenderingContext2D, context: Context) => void} draw
 */

/** Size of a picture of a mark, in pixels. */
export const SAMPLE = { width: 46, height: 28 };
const DOT = 7;
/** @type {Point[]} */
const PLACES = [
  [39, 7],
  [28, 20],
  [17, 9],
  [6, 20],
];
/** @type {Point[]} */
const LOOP = Array.from({ length: 24 }, (_, k) => {
  const angle = (k / 12) * Math.PI;
  return [23 + 17 * Math.cos(angle) - 3 * Math.sin(2 * angle), 14 + 9 * Math.sin(angle)];
});
/** Of 255: a likeness on which dark and light marks are seen. */
const BELOW_MIDDLE = 96;
const toPixels = (/** @type {number} */ row) => PLACES[row] ?? null;
const KEY_MAP = {
  ...{ ...SAMPLE, dot: DOT, toPixels, outline: [], lit: Uint32Array.of(0), empty: false },
};

const isFocused = (/** @type {Context} */ { store }) => store.get("focus") >= 0;
const isSelecting = (/** @type {Context} */ { store }) => store.get("tool") !== "pan";
const isHiding = (/** @type {Context} */ { store }) => {
  const shown = store.get("shown");
  return shown !== null && countSet(shown) < shown.length;
};

/** @type {Mark[]} */
const MAP_MARKS = [
  {
    by: drawFocus,
    says: "The segment in focus.",
    shows: isFocused,
    draw: (ctx, { look }) => drawFocus(ctx, [23, 14], DOT, look, ownColour(look)),
  },
  {
    by: drawLikenesses,
    says: `Lines to the ${LINES} segments most like it.`,
    shows: isFocused,
    draw: (ctx, { look }) =>
      drawLikenesses(ctx, [6, 20], [{ row: 0 }, { row: 1 }], KEY_MAP, look.ink(0.6)),
  },
  {
    by: drawTail,
    says: "Where the film comes from: its last segments, while it plays.",
    shows: (context) => isFocused(context) && context.store.get("playing"),
    draw: (ctx, { look }) => drawTail(ctx, PLACES, look.accent()),
  },
  {
    by: drawPath,
    says: "The way of the video through the map, in the order of time.",
    shows: ({ store }) => store.get("path"),
    draw: (ctx, context) => {
      const lanes = [{ video: context.store.get("video"), rows: Uint32Array.of(3, 2, 1, 0) }];
      drawPath(ctx, /** @type {any} */ ({ ...context, times: { lanes } }), toPixels);
    },
  },
  {
    by: drawQuery,
    says: "What was looked for, among the segments most like it. It is no segment.",
    shows: ({ data }) => data.queries.length > 0,
    draw: (ctx, { look }) => drawQuery(ctx, [23, 14], QUERY_RADIUS, look),
  },
  {
    by: drawDensity,
    says: "A shade where many segments lie.",
    shows: ({ data, store }) => mapRows(data, store.get("space")).length > CROWD,
    draw: (ctx, { store }) => {
      const [x, y] = [Float32Array.of(23), Float32Array.of(-14)];
      const crowd = { x, y, rows: Uint32Array.of(0), scale: { k: 1, left: 0, top: 0 } };
      drawDensity(ctx, crowd, { ...SAMPLE, theme: store.get("theme") });
    },
  },
  {
    by: drawLit,
    says: "Segments of the group that is pointed at in the legend.",
    shows: ({ store }) => store.get("lit") >= 0,
    draw: (ctx, { look }) =>
      drawLit(ctx, { ...KEY_MAP, dot: 1, toPixels: () => /** @type {Point} */ ([23, 14]) }, look),
  },
  {
    by: drawHover,
    says: "The segment under the pointer, here or in another panel.",
    draw: (ctx, { look }) => drawHover(ctx, [23, 14], DOT, look),
  },
  {
    by: drawOutline,
    says: "What you draw: it selects the segments inside.",
    shows: isSelecting,
    draw: (ctx, { look }) => drawOutline(ctx, LOOP, look.accent()),
  },
];

const KEY_PLOT = { x: 11, y: 2, side: 24 };
const KEY_CELLS = {
  plot: KEY_PLOT,
  view: { x: 0, y: 0, span: 6 },
  grid: /** @type {any} */ ({
    rows: Uint32Array.of(0, 1, 2, 3, 4, 5),
    starts: Uint32Array.of(0, 1, 2, 3, 4, 5, 6),
    size: 6,
  }),
  room: 0,
  brush: null,
  over: null,
};
const KEY_UNIT = KEY_PLOT.side / KEY_CELLS.view.span;

/** @type {Mark[]} */
const HEATMAP_MARKS = [
  {
    by: drawCross,
    says: "The segment in focus, on both axes.",
    shows: isFocused,
    draw: (ctx, { look }) =>
      onCells(ctx, look, () => drawCross(ctx, KEY_CELLS, 2, KEY_UNIT, look.accent())),
  },
  {
    by: drawCross,
    says: "The segment under the pointer in another panel.",
    draw: (ctx, { look }) =>
      onCells(ctx, look, () => drawCross(ctx, KEY_CELLS, 2, KEY_UNIT, look.ink(0.4))),
  },
  {
    by: drawPointer,
    says: "The pair of segments under the pointer.",
    draw: (ctx, { look }) =>
      onCells(ctx, look, () => drawPointer(ctx, KEY_CELLS, [3, 1], KEY_UNIT)),
  },
  {
    by: drawSelected,
    says: "Along the edges: what is selected.",
    shows: ({ store }) => store.get("selected") > 0,
    draw: (ctx, { look }) => {
      const plot = { x: 8, y: 8, side: 30 };
      drawSelected(ctx, look.accent(), Uint8Array.of(0, 1, 1, 0, 0, 1), { ...KEY_CELLS, plot });
    },
  },
  {
    by: drawBrush,
    says: "What you draw: it selects a stretch across (blue) and one down (orange).",
    shows: isSelecting,
    draw: (ctx, { look }) =>
      onCells(ctx, look, () => drawBrush(ctx, look, KEY_CELLS, { a: [3, 1], b: [4, 2] }, KEY_UNIT)),
  },
  {
    by: drawDivider,
    says: "A line where another video begins.",
    shows: ({ data }) => data.videos.length > 1,
    draw: (ctx, { look }) => onCells(ctx, look, () => drawDivider(ctx, look, KEY_PLOT, 10, 10)),
  },
  {
    by: drawHoles,
    says: "Empty: a video of one segment, which has no other of its own; or of none to compare.",
    shows: ({ data, store }) =>
      store.get("byVideo") &&
      Boolean(data.spaces[store.get("space")]?.byVideo?.holes?.some(Boolean)),
    draw: (ctx, { look }) =>
      onCells(ctx, look, () => {
        const grid = /** @type {any} */ ({ holes: [[2, 1]] });
        drawHoles(ctx, look, { ...KEY_CELLS, grid });
      }),
  },
  {
    by: drawHidden,
    says: "Faded: segments of hidden groups.",
    shows: isHiding,
    draw: (ctx, { look }) =>
      onCells(ctx, look, () =>
        drawHidden(ctx, look.paper(0.82), Uint8Array.of(1, 1, 0, 0, 1, 1), KEY_CELLS),
      ),
  },
];

const KEY_WINDOW = { lo: 0, perSec: 1, left: 0, width: SAMPLE.width, top: 0 };
const KEY_ROWS = Uint32Array.of(0, 1, 2);
const KEY_STRIP = /** @type {any} */ ({
  kind: "lane",
  top: 7,
  height: 15,
  lane: { rows: KEY_ROWS },
});
const SEGMENTS = { start: [2, 16, 30], end: [15, 29, 44], novelty: [0.2, 1, 0.3] };

/** @type {Mark[]} */
const TIMELINE_MARKS = [
  {
    by: paintLane,
    says: "Segments where they run, in the colours of the legend; paler: not selected.",
    draw: (ctx, context) => paintLane(ctx, sampleContext(context), KEY_WINDOW, KEY_STRIP),
  },
  {
    by: paintFocus,
    says: "The segment in focus.",
    shows: isFocused,
    draw: (ctx, { look }) =>
      paintFocus(ctx, KEY_WINDOW, KEY_STRIP, { start: 16, end: 29 }, look.accent()),
  },
  {
    by: paintPlayhead,
    says: "Where the film is. Drag it along the axis.",
    draw: (ctx, { look }) => paintPlayhead(ctx, 23, [6, SAMPLE.height], look.accent()),
  },
  {
    by: paintNovelty,
    says: "Novelty: the higher, the more a segment differs from what came before.",
    shows: ({ data }) => data.novelty !== null,
    draw: (ctx, context) => paintNovelty(ctx, sampleContext(context), KEY_WINDOW, KEY_STRIP, 1),
  },
  {
    by: paintScenes,
    says: "A scene begins.",
    shows: ({ data }) => data.scenes.sec.length > 0,
    draw: (ctx, context) => paintScenes(ctx, sampleContext(context), KEY_WINDOW, 0, [7, 26]),
  },
  {
    by: paintBand,
    says: "The stretch across in what was drawn on the heatmap, or what you draw here.",
    shows: (context) => context.store.get("bands").length > 0 || isSelecting(context),
    draw: (ctx, { look }) =>
      paintBand(ctx, KEY_WINDOW, { video: 0, start: 8, end: 38 }, look.band(0, 0.22), [6, 22]),
  },
  {
    by: paintBand,
    says: "The stretch down in what was drawn on the heatmap.",
    shows: ({ store }) => store.get("bands").length > 1,
    draw: (ctx, { look }) =>
      paintBand(ctx, KEY_WINDOW, { video: 0, start: 8, end: 38 }, look.band(1, 0.22), [6, 22]),
  },
  {
    by: paintPointer,
    says: "The moment under the pointer.",
    draw: (ctx, { look }) => {
      ctx.translate(0, -AXIS + 4);
      paintPointer(ctx, look, 23, SAMPLE.height + AXIS);
    },
  },
];

/** What is seen of each view before anything is marked, and its marks in the order of the key. */
export const MARKS_OF = {
  map: {
    intro:
      "Each point is a segment; those that are alike lie near each other. Colours: see the legend.",
    marks: MAP_MARKS,
  },
  heatmap: {
    intro:
      "Each cell compares two segments: the one above it or below, and the one to its left. Bright is alike.",
    marks: HEATMAP_MARKS,
  },
  timeline: { intro: "", marks: TIMELINE_MARKS },
};

/** @param {import("./look.js").Look} look */
function ownColour(look) {
  return look.colours()[0] ?? look.missing();
}

/** On a square of cells of middling likeness. @param {CanvasRenderingContext2D} ctx @param {import("./look.js").Look} look @param {() => void} draw */
function onCells(ctx, look, draw) {
  const lut = look.similarityLut({ lo: 0, hi: 255 });
  ctx.fillStyle = cssColour(lut[BELOW_MIDDLE]);
  ctx.fillRect(KEY_PLOT.x, KEY_PLOT.y, KEY_PLOT.side, KEY_PLOT.side);
  draw();
}

/** Three segments, of which the last is not selected. @param {Context} context @returns {any} */
function sampleContext({ look }) {
  const colours = () => KEY_ROWS.map(() => ownColour(look));
  /** @type {Record<string, any>} */
  const state = { shown: null, mask: Uint8Array.of(1, 1, 0), selected: 2 };
  const scenes = { sec: [23], video: [0] };
  return {
    data: { ...SEGMENTS, scenes, columns: [] },
    store: { get: (/** @type {string} */ key) => state[key] },
    look: { colours, ink: (/** @type {number} */ alpha) => look.ink(alpha) },
  };
}
