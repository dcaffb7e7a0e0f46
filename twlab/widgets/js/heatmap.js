/** The heatmap: how alike any two moments are; a brush on it is two ranges of time. */

import { attachGestures } from "./gestures.js";
import { rampBar } from "./legend.js";
import { drawHeatmapAxes, drawHeatmapMarks } from "./heatmap_marks.js";
import { placeInSpace } from "./near.js";
import { buildPyramid, contrastWindow, paintPyramid } from "./pyramid.js";
import { createSurface } from "./surface.js";
import { stretchesOf } from "./timeindex.js";

/** @typedef {import("./app.js").Context} Context */

const LEFT = 44;
const BOTTOM = 22;

/** @param {Context} context @param {HTMLElement} parent @param {HTMLElement} legend where the scale is shown */
export function createHeatmap(context, parent, legend) {
  const { data, store, actions, look } = context;
  /** @type {import("./data.js").Space | undefined} */
  let space;
  /** @type {import("./pyramid.js").Level[]} */
  let levels = [];
  let contrast = { lo: 0, hi: 255 };
  let view = { x: 0, y: 0, span: 1 };
  /** @type {{ a: number[], b: number[] } | null} cells of two opposite corners */
  let brush = null;
  /** @type {number[] | null} the cell under the pointer */
  let over = null;
  /** @type {ImageData | null} */
  let image = null;

  const base = createSurface(parent, drawBase);
  const marks = createSurface(parent, drawMarks);
  const { canvas } = marks;
  // The lower canvas is measured first; both are as large as their parent.
  const { size } = base;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");

  const count = () => space?.similarity?.size ?? 0;
  const block = () => space?.similarity?.block ?? 1;
  /** The square the cells are drawn into. */
  const plot = () => {
    const side = Math.max(
      10,
      Math.floor(Math.min(size.width - LEFT - 12, size.height - BOTTOM - 12)),
    );
    const x = Math.round((size.width - side - LEFT) / 2 + LEFT);
    const y = Math.max(8, Math.round((size.height - side - BOTTOM) / 2));
    return { x, y, side };
  };

  function load() {
    space = data.spaces[store.get("space")];
    const square = space?.similarity;
    levels = square ? buildPyramid(square.cells, square.size) : [];
    if (levels.length) contrast = contrastWindow(levels[Math.min(1, levels.length - 1)]);
    canvas.setAttribute(
      "aria-label",
      `Similarity of every two of ${space?.rows.length ?? 0} segments. Arrow keys move along time.`,
    );
    drawLegend();
    reset();
  }
  function drawLegend() {
    const square = space?.similarity;
    if (!square) return legend.replaceChildren();
    const lut = look.similarityLut({ lo: 0, hi: 255 });
    const value = (/** @type {number} */ byte) =>
      (square.low + (byte / 255) * (square.high - square.low)).toFixed(2);
    legend.replaceChildren(value(contrast.lo), rampBar(lut), value(contrast.hi));
  }
  function reset() {
    view = { x: 0, y: 0, span: Math.max(count(), 1) };
    redraw();
  }
  const redraw = () => (base.schedule(), marks.schedule());

  /** @param {{ ctx: CanvasRenderingContext2D, dpr: number }} on */
  function drawBase({ ctx, dpr }) {
    if (!levels.length) return;
    const { x, y, side } = plot();
    const width = Math.round(side * dpr);
    if (image?.width !== width) image = ctx.createImageData(width, width);
    const lut = look.similarityLut(contrast);
    paintPyramid(levels, lut, view, new Uint32Array(image.data.buffer), width, 0);
    ctx.putImageData(image, Math.round(x * dpr), Math.round(y * dpr));
    drawHeatmapAxes(ctx, context, frame());
  }
  const frame = () => ({
    plot: plot(),
    view,
    block: block(),
    rows: space?.rows ?? new Uint32Array(0),
    count: count(),
    brush,
    over,
    place: (/** @type {number} */ row) =>
      space ? Math.floor(placeInSpace(space.rows, data, row) / block()) : -1,
  });

  /** @param {{ ctx: CanvasRenderingContext2D, width: number, height: number }} on */
  function drawMarks({ ctx, width, height }) {
    if (levels.length) return drawHeatmapMarks(ctx, context, frame());
    ctx.fillStyle = look.ink(0.6);
    ctx.font = look.font(12);
    ctx.textAlign = "center";
    ctx.fillText("No similarities here", width / 2, height / 2);
  }

  /** Column and row of the cell at a pixel, kept inside. @param {number} px @param {number} py */
  function cellAt(px, py) {
    const { x, y, side } = plot();
    const inside = (/** @type {number} */ v) => Math.max(0, Math.min(count() - 1, Math.floor(v)));
    return [
      inside(view.x + ((px - x) / side) * view.span),
      inside(view.y + ((py - y) / side) * view.span),
    ];
  }
  const onPlot = (/** @type {number} */ px, /** @type {number} */ py) => {
    const { x, y, side } = plot();
    return count() > 0 && px >= x && px < x + side && py >= y && py < y + side;
  };
  /** First row of a cell. @param {number} cell */
  const rowOf = (cell) => space?.rows[Math.min(cell * block(), space.rows.length - 1)] ?? -1;
  /** Rows of the cells from a to b, both included. @param {number} a @param {number} b */
  const rowsOf = (a, b) =>
    space?.rows.slice(Math.min(a, b) * block(), (Math.max(a, b) + 1) * block()) ??
    new Uint32Array(0);

  /** @param {number} x @param {number} y @param {number} span */
  function show(x, y, span) {
    const n = count();
    const wide = Math.max(Math.min(4, n), Math.min(n, span));
    view = {
      x: Math.max(0, Math.min(n - wide, x)),
      y: Math.max(0, Math.min(n - wide, y)),
      span: wide,
    };
    redraw();
  }
  /** @param {number} factor @param {number} u @param {number} v where, as parts of the square */
  function zoom(factor, u = 0.5, v = 0.5) {
    const span = Math.max(Math.min(4, count()), Math.min(count(), view.span / factor));
    show(view.x + u * (view.span - span), view.y + v * (view.span - span), span);
  }
  function hoverCell() {
    if (!over || !space?.similarity) return;
    const { cells, size: n, low, high } = space.similarity;
    const value = low + (cells[over[1] * n + over[0]] / 255) * (high - low);
    return { a: rowOf(over[1]), b: rowOf(over[0]), value };
  }

  const detach = attachGestures(
    canvas,
    {
      hover: ({ x, y }) => {
        over = onPlot(x, y) ? cellAt(x, y) : null;
        marks.schedule();
        actions.hover(over ? rowOf(over[0]) : -1, canvas, x, y, NaN, hoverCell());
      },
      leave: () => {
        over = null;
        marks.schedule();
        actions.hover(-1, canvas, 0, 0);
      },
      click: ({ x, y, add }) => {
        if (!onPlot(x, y)) return;
        const [column, row] = cellAt(x, y);
        if (add) actions.select([rowOf(column), rowOf(row)], "add", "");
        actions.focus(rowOf(column));
      },
      doubleClick: ({ x, y }) => onPlot(x, y) && actions.playRow(rowOf(cellAt(x, y)[0])),
      drag: (path, { add }, done) => {
        const [first, last] = [path[0], path[path.length - 1]];
        if (!count() || !onPlot(...first)) return;
        brush = { a: cellAt(...first), b: cellAt(...last) };
        marks.schedule();
        if (!done) return;
        const ranges = [0, 1].map((k) => rowsOf(brush?.a[k] ?? 0, brush?.b[k] ?? 0));
        brush = null;
        const bands = ranges.flatMap((rows) => stretchesOf(data, rows).slice(0, 8));
        actions.select(
          [...ranges[0], ...ranges[1]],
          add ? "add" : "replace",
          "in two ranges",
          bands,
        );
      },
      pan: (dx, dy) => {
        const perPixel = view.span / plot().side;
        show(view.x - dx * perPixel, view.y - dy * perPixel, view.span);
      },
      zoom: (factor, { x, y }) => {
        const { x: left, y: top, side } = plot();
        zoom(factor, (x - left) / side, (y - top) / side);
      },
      cancel: () => {
        brush = null;
        marks.schedule();
      },
    },
    () => store.get("tool") === "pan",
  );

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.key === "ArrowRight" || event.key === "ArrowDown") actions.stepInTime(1);
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") actions.stepInTime(-1);
    else if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") reset();
    else return false;
    return true;
  }

  const off = [
    store.on(["space"], load),
    store.on(["theme"], () => (drawLegend(), redraw())),
    store.on(["mask", "focus", "hover", "sec"], marks.schedule),
  ];
  load();
  base.measure();
  marks.measure();
  return {
    reset,
    key,
    canvas,
    destroy() {
      off.forEach((stop) => stop());
      detach();
      base.destroy();
      marks.destroy();
      levels = [];
      image = null;
    },
  };
}
