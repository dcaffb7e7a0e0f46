/** The heatmap: how alike any two moments are; a brush on it is two ranges of time. */

import { Grid, cellAt, clampCells, isOnPlot, plotWithin, zoomCells } from "./cells.js";
import { element } from "./dom.js";
import { attachGestures } from "./gestures.js";
import { rampBar } from "./scale_bar.js";
import { drawHeatmapAxes, drawHeatmapMarks } from "./heatmap_marks.js";
import { drawHoles, roomForNames, sideOf } from "./heatmap_names.js";
import { paintPyramid } from "./pyramid.js";
import { Surface } from "./surface.js";
import { stretchesOf } from "./timeindex.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./gestures.js").Gesture} Gesture */
/** @typedef {import("./gestures.js").Handlers} Handlers */
/** @typedef {import("./surface.js").Drawing} Drawing */

/** Stretches of time shown on the timeline for each side of a brush. */
const N_BANDS = 8;

/** @implements {Handlers} */
export class HeatmapView {
  #context;
  #legend;
  #toggle = element("button", { type: "button", class: "twx-by-video" }, "by video");
  #base;
  #marks;
  /** @type {Grid | null} null where no similarities are known */
  #grid = null;
  #view = { x: 0, y: 0, span: 1 };
  /** @type {import("./cells.js").Brush | null} */
  #brush = null;
  /** @type {import("./cells.js").Cell | null} the cell under the pointer */
  #over = null;
  /** @type {ImageData | null} */
  #image = null;
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} parent @param {HTMLElement} legend where the scale is shown */
  constructor(context, parent, legend) {
    this.#context = context;
    this.#legend = legend;
    legend.before(this.#toggle);
    // The lower canvas is measured first; both are as large as their parent.
    this.#base = new Surface(parent, (on) => this.#drawBase(on));
    this.#marks = new Surface(parent, (on) => this.#drawMarks(on));
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    const { store } = context;
    const { signal } = this.#life;
    attachGestures(this.canvas, this, () => store.get("tool") === "pan", signal);
    store.on(["space", "byVideo"], () => this.#load(), signal);
    const turn = () => store.set({ byVideo: !store.get("byVideo") });
    this.#toggle.addEventListener("click", turn, { signal });
    store.on(["theme"], () => this.#recolour(), signal);
    store.on(["mask", "focus", "hover", "sec", "shown"], this.#marks.schedule, signal);
    this.#load();
  }

  get canvas() {
    return this.#marks.canvas;
  }

  #load() {
    const { data, store } = this.#context;
    const space = data.spaces[store.get("space")];
    const { similarity, byVideo } = space ?? {};
    const square = store.get("byVideo") ? (byVideo ?? similarity) : (similarity ?? byVideo);
    this.#grid = square?.size ? new Grid(data, space.rows, square) : null;
    this.#toggle.hidden = !similarity || !byVideo;
    this.#toggle.setAttribute("aria-pressed", String(store.get("byVideo")));
    const what = square === byVideo && square ? "videos" : "segments";
    const of = data.spaces.length > 1 ? space.name : "";
    const n = what === "videos" ? data.videos.length : (space?.rows.length ?? 0);
    this.canvas.setAttribute(
      "aria-label",
      `Similarity of every two of ${n} ${what}${of && ` in ${of}`}. Arrow keys move along time.`,
    );
    this.#drawLegend();
    this.reset();
  }

  #recolour() {
    this.#drawLegend();
    this.#redraw();
  }

  #drawLegend() {
    const grid = this.#grid;
    if (!grid) return this.#legend.replaceChildren();
    const scale = this.scale;
    if (scale) return this.#legend.replaceChildren(scale.low, rampBar(scale.lut), scale.high);
    const alike = grid.size > 1 ? "all alike, " : "";
    this.#legend.replaceChildren(alike + grid.similarity(grid.levels[0].cells[0]).toFixed(2));
  }

  #plot() {
    const { size } = this.#base;
    return this.#grid?.ofVideos ? plotWithin(size, roomForNames(size)) : plotWithin(size);
  }

  /** @param {Grid} grid */
  #frame(grid) {
    const room = roomForNames(this.#base.size).left;
    const [plot, view, brush, over] = [this.#plot(), this.#view, this.#brush, this.#over];
    return { grid, plot, view, room, brush, over };
  }

  /** What a picture of this view is made of. */
  get layers() {
    return [
      (/** @type {Drawing} */ on) => this.#drawBase(on),
      (/** @type {Drawing} */ on) => this.#drawMarks(on),
    ];
  }

  /** What its colours mean; null where all are alike. */
  get scale() {
    const grid = this.#grid;
    if (!grid || grid.flat) return null;
    const text = (/** @type {number} */ byte) => grid.similarity(byte).toFixed(2);
    const { lo, hi } = grid.contrast;
    const lut = this.#context.look.similarityLut({ lo: 0, hi: 255 });
    return { low: text(lo), high: text(hi), lut };
  }

  get size() {
    return this.#base.size;
  }

  /** @param {Drawing} on */
  #drawBase({ ctx, dpr }) {
    if (!this.#grid) return;
    const frame = this.#frame(this.#grid);
    const { x, y, side } = frame.plot;
    const width = Math.round(side * dpr);
    if (this.#image?.width !== width) this.#image = ctx.createImageData(width, width);
    const pixels = new Uint32Array(this.#image.data.buffer);
    const lut = this.#context.look.similarityLut(this.#grid.contrast);
    paintPyramid(this.#grid.levels, lut, this.#view, pixels, width, 0);
    ctx.putImageData(this.#image, Math.round(x * dpr), Math.round(y * dpr));
    drawHoles(ctx, this.#context.look, frame);
    drawHeatmapAxes(ctx, this.#context, frame);
  }

  /** @param {Drawing} on */
  #drawMarks({ ctx, width, height }) {
    if (this.#grid) return drawHeatmapMarks(ctx, this.#context, this.#frame(this.#grid));
    const { look } = this.#context;
    ctx.fillStyle = look.ink(0.6);
    ctx.font = look.font(12);
    ctx.textAlign = "center";
    ctx.fillText("No similarities here", width / 2, height / 2);
  }

  #redraw() {
    this.#base.schedule();
    this.#marks.schedule();
  }

  /** @param {import("./cells.js").CellView} view */
  #show(view) {
    this.#view = view;
    this.#redraw();
  }

  reset() {
    this.#show({ x: 0, y: 0, span: this.#grid?.size ?? 1 });
  }

  /** The cell at a place in pixels; null beside the square. @param {{ x: number, y: number }} at */
  #cellUnder({ x, y }) {
    const plot = this.#plot();
    if (!this.#grid || !isOnPlot(plot, x, y)) return null;
    return cellAt(plot, this.#view, this.#grid.size, x, y);
  }

  /** @param {Gesture} at */
  hover(at) {
    const { actions, data } = this.#context;
    const grid = this.#grid;
    const over = (this.#over = this.#cellUnder(at));
    this.#marks.schedule();
    if (!grid || !over) return actions.hover(-1, this.canvas, at.x, at.y);
    const [b, a] = over.map((cell) => grid.rowOf(cell));
    const mean = grid.size < grid.rows.length;
    /** @type {import("./actions.js").Pair} */
    const pair = { a, b, value: grid.similarityAt(over), mean };
    const side = (/** @type {number} */ cell) => sideOf(data, grid.rowsOf(cell, cell));
    if (grid.ofVideos && mean) pair.sides = [side(over[1]), side(over[0])];
    actions.hover(b, this.canvas, at.x, at.y, NaN, pair);
  }

  leave() {
    this.#over = null;
    this.#marks.schedule();
    this.#context.actions.hover(-1, this.canvas, 0, 0);
  }

  /** @param {Gesture} at */
  click(at) {
    const { actions } = this.#context;
    const cell = this.#cellUnder(at);
    if (!this.#grid || !cell) return;
    const [column, row] = [this.#grid.rowOf(cell[0]), this.#grid.rowOf(cell[1])];
    if (at.add) actions.select([column, row], "add", "");
    actions.focus(column);
  }

  /** @param {Gesture} at */
  doubleClick(at) {
    const cell = this.#cellUnder(at);
    if (this.#grid && cell) this.#context.actions.playRow(this.#grid.rowOf(cell[0]));
  }

  /** @param {[number, number][]} path @param {Gesture} at @param {boolean} done */
  drag(path, { add }, done) {
    const grid = this.#grid;
    const plot = this.#plot();
    if (!grid || !isOnPlot(plot, ...path[0])) return;
    const [a, b] = [path[0], path[path.length - 1]].map(([x, y]) =>
      cellAt(plot, this.#view, grid.size, x, y),
    );
    this.#brush = done ? null : { a, b };
    this.#marks.schedule();
    if (!done) return;
    const { data, actions } = this.#context;
    const ranges = [grid.rowsOf(a[0], b[0]), grid.rowsOf(a[1], b[1])];
    const bands = ranges.flatMap((rows) => stretchesOf(data, rows).slice(0, N_BANDS));
    const rows = [...ranges[0], ...ranges[1]];
    actions.select(rows, add ? "add" : "replace", "in two ranges", bands);
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    if (!this.#grid) return;
    const { x, y, span } = this.#view;
    const unit = span / this.#plot().side;
    this.#show(clampCells({ x: x - dx * unit, y: y - dy * unit, span }, this.#grid.size));
  }

  /** @param {number} factor @param {{ x: number, y: number }} at */
  zoom(factor, at) {
    const { x, y, side } = this.#plot();
    this.#zoomAt(factor, (at.x - x) / side, (at.y - y) / side);
  }

  /** @param {number} factor @param {number} u the place as parts of the square @param {number} v */
  #zoomAt(factor, u, v) {
    if (this.#grid) this.#show(zoomCells(this.#view, this.#grid.size, factor, u, v));
  }

  cancel() {
    this.#brush = null;
    this.#marks.schedule();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for this view */
  key({ key }) {
    const { actions } = this.#context;
    if (key === "ArrowRight" || key === "ArrowDown") actions.stepInTime(1);
    else if (key === "ArrowLeft" || key === "ArrowUp") actions.stepInTime(-1);
    else if (key === "+" || key === "=") this.#zoomAt(1.5, 0.5, 0.5);
    else if (key === "-") this.#zoomAt(1 / 1.5, 0.5, 0.5);
    else if (key === "0") this.reset();
    else return false;
    return true;
  }

  destroy() {
    this.#life.abort();
    this.#base.destroy();
    this.#marks.destroy();
    this.#grid = this.#image = null;
  }
}
