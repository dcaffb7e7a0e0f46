/** The map: every segment a point, near where its vector is alike. */

import { gather, maskOf } from "./bits.js";
import { Camera } from "./camera.js";
import { findColumn, mapRows } from "./data.js";
import { attachGestures } from "./gestures.js";
import { boxPolygon, nearestRow, rowTowards, rowsInPolygon, thinPath } from "./geometry.js";
import { groupOf } from "./groups.js";
import { AfterPicture } from "./later.js";
import { CROWD, drawDensity } from "./map_density.js";
import { MapFrames } from "./map_frames.js";
import { drawMapMarks, drawPath } from "./map_marks.js";
import { MapNames } from "./map_names.js";
import { drawPoints } from "./map_picture.js";
import { MapQueries } from "./map_queries.js";
import { PointLayer } from "./points.js";
import { RowPictures } from "./row_pictures.js";
import { Surface } from "./surface.js";
import { onlyShown } from "./visibility.js";
import { bestLast } from "./word_search.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./gestures.js").Gesture} Gesture */
/** @typedef {import("./gestures.js").Handlers} Handlers */

const REACH = 14;
/** Points drawn while the view moves; all of them once it rests. */
const WHILE_MOVING = 80000;
const REST_MS = 160;
/**
 * Where a picture of all points keeps the page for longer than this, other colours and selections
 * are shown on some of them first: without a GPU a million take .9 s, of which Python is told after.
 */
const SLOW_PICTURE_MS = 200;
/** Then all of them follow after this: a kernel has answered by then. */
const COLOURED_MS = 400;
/** Above so many points they overlap: each is drawn less opaque. */
const CROWDED = 20000;
/** Above so many the shade and the names, of 100,000 some 50 ms, are not waited for. */
const SLOW = 20000;

/** @type {(keyof import("./state.js").State)[]} */
const REDRAWN_BY = [
  "mask",
  "focus",
  "hover",
  "sec",
  "colorBy",
  "labels",
  "theme",
  "lit",
  "shown",
  "space",
  "names",
  "path",
  "playing",
  "video",
];

/** @type {Record<string, Point>} */
const DIRECTIONS = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** @implements {Handlers} */
export class MapView {
  #context;
  #x;
  #y;
  /** Rows of the table that are on this map, and one byte per row of the table that says so. */
  #rows = new Uint32Array(0);
  /** Those and the hidden ones: the view is as wide whatever is hidden. */
  #placed = new Uint32Array(0);
  #member = new Uint8Array(0);
  /** @type {Uint32Array} rows on this map of the group that is pointed at */
  #lit = new Uint32Array(0);
  #shade;
  #points;
  /** Whether the points have been on the screen, so that shade and names may take their time. */
  #seen = false;
  #second = new AfterPicture(() => this.#complete());
  /** What has changed of the points since they were drawn. */
  #stale = { places: true, looks: true };
  #surface;
  #camera;
  #pictures;
  #names;
  #queries;
  #frames;
  /** A timer while the view is being moved, or coloured anew where that is slow. */
  #moving = 0;
  #restMs = REST_MS;
  #slow = false;
  /** @type {Point[]} the outline being drawn around points, in pixels */
  #outline = [];
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    this.#x = context.data.x ?? new Float32Array(0);
    this.#y = context.data.y ?? new Float32Array(0);
    this.#points = new PointLayer(parent, this.#restorePoints);
    this.#surface = new Surface(
      parent,
      (on) => this.#draw(on),
      () => this.#follow(),
    );
    this.#shade = new Surface(parent, (on) => this.#drawShade(on));
    parent.prepend(this.#shade.canvas);
    this.#camera = new Camera(this.#surface.size);
    this.#pictures = new RowPictures(context, this.#surface.schedule);
    this.#names = new MapNames(context, this.#pictures);
    this.#frames = new MapFrames(context, this.#pictures);
    this.#queries = new MapQueries(context);
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    const { store } = context;
    const { signal } = this.#life;
    attachGestures(this.canvas, this, () => store.get("tool") === "pan", signal);
    store.on(["mask", "colorBy", "labels", "theme", "lit"], () => this.#colourAnew(), signal);
    store.on(["shown", "searched"], () => this.#showRows(), signal);
    store.on(["space"], () => this.#showSpace(), signal);
    store.on(REDRAWN_BY, this.#surface.schedule, signal);
    store.on(["theme", "shown", "space"], this.#shade.schedule, signal);
    this.#showSpace();
  }

  get canvas() {
    return this.#surface.canvas;
  }

  #showSpace() {
    const { data, store } = this.#context;
    this.#placed = mapRows(data, store.get("space"));
    this.#showRows();
    this.reset();
  }

  #showRows() {
    const { data, store } = this.#context;
    const searched = store.get("searched");
    const shown = onlyShown(this.#placed, store.get("shown"));
    // What is drawn last lies over the others.
    this.#rows = searched ? bestLast(shown, searched.column) : shown;
    this.#member = maskOf(this.#rows, data.n);
    this.#stale = { places: true, looks: true };
    const of = data.spaces.length > 1 && !data.mapAll ? data.spaces[store.get("space")].name : "";
    this.canvas.setAttribute(
      "aria-label",
      `Map of ${this.#rows.length} segments by likeness${of && ` in ${of}`}. Arrow keys move to the next point, Enter selects it.`,
    );
  }

  /** What draws the points has what they are now: once a drawing, however often that changed. */
  #upload() {
    const rows = this.#rows;
    const { places, looks } = this.#stale;
    if (places) this.#points.setPositions(gather(this.#x, rows), gather(this.#y, rows));
    if (looks)
      this.#points.setLooks(
        gather(this.#context.look.colours(), rows),
        gather(this.#outstanding(), rows),
      );
    this.#stale = { places: false, looks: false };
  }

  /** Rows drawn over the others: those of the group that is pointed at, else what is selected. */
  #outstanding() {
    const { data, store } = this.#context;
    const column = findColumn(data, store.get("colorBy"));
    const lit = store.get("lit");
    this.#lit = new Uint32Array(0);
    if (!column || lit < 0) return store.get("mask");
    this.#lit = this.#rows.filter((row) => groupOf(column, row) === lit);
    return maskOf(this.#lit, data.n);
  }

  /** The layer of points draws with another means from now on. */
  #restorePoints = () => {
    this.#stale = { places: true, looks: true };
    this.#surface.schedule();
  };

  /** The panel has another size. */
  #follow() {
    this.#points.resize(this.#surface.size);
    if (!this.#camera.moved) this.reset();
  }

  /** What a picture of this view is made of: all of it, even where the screen does not show it yet. */
  get layers() {
    this.#complete();
    /** @type {((on: import("./surface.js").Drawing) => void)[]} */
    const layers = [(on) => this.#drawShade(on), (on) => this.#drawCloud(on)];
    return [...layers, (/** @type {import("./surface.js").Drawing} */ on) => this.#draw(on)];
  }

  get size() {
    return this.#surface.size;
  }

  /** @param {import("./surface.js").Drawing} on */
  #drawCloud(on) {
    const rows = this.#rows;
    const cloud = {
      xs: gather(this.#x, rows),
      ys: gather(this.#y, rows),
      colours: gather(this.#context.look.colours(), rows),
      mask: gather(this.#outstanding(), rows),
    };
    drawPoints(on, cloud, { view: this.#camera.view, ...this.#looks() });
  }

  /** How large points are, and how opaque those that do not stand out. */
  #looks() {
    const { store } = this.#context;
    const plain = this.#rows.length > CROWDED ? 0.7 : 1;
    return {
      dot: this.#camera.dotSize(this.#placed.length),
      dim: store.get("lit") >= 0 ? 0.4 : store.get("selected") ? 0.17 : plain,
    };
  }

  /** @param {import("./surface.js").Drawing} on */
  #draw({ ctx, width, height }) {
    const n = this.#rows.length;
    this.#upload();
    const { dot, dim } = this.#looks();
    const every = this.#moving ? Math.ceil(n / WHILE_MOVING) : 1;
    const began = performance.now();
    const drawn = this.#points.draw(this.#camera.view, dot, dim, every);
    if (drawn && every === 1 && n > WHILE_MOVING) this.#timePicture(began);
    if (this.#moving) this.#restSoon();
    const rowToPixels = (/** @type {number} */ row) => this.#toPixels(row);
    if (this.#context.store.get("path")) drawPath(ctx, this.#context, rowToPixels);
    const toPixels = (/** @type {number} */ px, /** @type {number} */ py) =>
      this.#camera.toPixels(px, py);
    this.#queries.place(ctx, { toPixels, width, height });
    const { taken } = this.#queries;
    if (!this.#unhurried) this.#second.begin();
    else
      this.#names.draw(ctx, {
        ...{ x: this.#x, y: this.#y, rows: this.#rows, width, height, toPixels, taken },
      });
    this.#frames.draw(ctx, {
      ...{ rows: this.#rows, width, height, taken: [...this.#names.shown, ...taken] },
      zoomed: this.#camera.moved && !this.#moving,
      toPixels: rowToPixels,
    });
    drawMapMarks(ctx, this.#context, {
      dot,
      width,
      height,
      toPixels: rowToPixels,
      outline: this.#outline,
      lit: this.#lit,
      empty: !this.#placed.length,
    });
    this.#queries.draw(ctx);
  }

  /** Under the points, where they are many. @param {import("./surface.js").Drawing} on */
  #drawShade({ ctx, width, height }) {
    if (this.#rows.length <= CROWD || this.#moving || !this.#unhurried) return;
    const theme = this.#context.store.get("theme");
    const crowd = { x: this.#x, y: this.#y, rows: this.#rows, scale: this.#camera.scale };
    drawDensity(ctx, crowd, { width, height, theme });
  }

  /** Where a row lies in pixels; null where it is not on this map. @param {number} row */
  #toPixels(row) {
    return this.#member[row] ? this.#camera.toPixels(this.#x[row], this.#y[row]) : null;
  }

  /** The row at a place in pixels, or -1. @param {{ x: number, y: number }} place */
  #pick({ x, y }) {
    const asked = this.#queries.rowAt({ x, y });
    if (asked >= 0) return asked;
    const framed = this.#frames.rowAt({ x, y });
    if (framed >= 0) return framed;
    const [dx, dy] = this.#camera.toData(x, y);
    return nearestRow(this.#x, this.#y, this.#rows, dx, dy, REACH / this.#camera.view.k);
  }

  #colourAnew() {
    this.#stale.looks = true;
    if (!this.#slow || this.#moving) return;
    this.#restMs = COLOURED_MS;
    this.#restSoon();
  }

  /** The next frame comes when this one is on the screen. @param {number} began */
  #timePicture(began) {
    requestAnimationFrame(() => (this.#slow = performance.now() - began > SLOW_PICTURE_MS));
  }

  #drawMoving() {
    this.#restMs = REST_MS;
    this.#restSoon();
    this.#surface.schedule();
  }

  /** The view rests some time after the last frame, however long a frame takes. */
  #restSoon() {
    clearTimeout(this.#moving);
    this.#moving = window.setTimeout(() => {
      this.#moving = 0;
      this.#surface.schedule();
      this.#shade.schedule();
    }, this.#restMs);
  }

  /** The first picture is there: now what it did without. */
  #complete() {
    this.#second.cancel();
    this.#seen = true;
    this.#surface.schedule();
    this.#shade.schedule();
  }

  /** Whether there is time to find out where points lie thick and where names go. */
  get #unhurried() {
    return this.#seen || this.#rows.length <= SLOW;
  }

  reset() {
    if (this.#surface.size.width) this.#camera.fit(this.#x, this.#y, this.#placed);
    this.#surface.schedule();
    this.#shade.schedule();
  }

  /** @param {Gesture} at */
  hover(at) {
    this.#context.actions.hover(this.#pick(at), this.canvas, at.x, at.y);
  }

  leave() {
    this.#context.actions.hover(-1, this.canvas, 0, 0);
  }

  /** @param {Gesture} at */
  click(at) {
    const { actions } = this.#context;
    const row = this.#pick(at);
    if (row < 0 && !at.add) actions.clear();
    if (row < 0) return;
    if (at.add) actions.select([row], "toggle", "");
    actions.focus(row);
  }

  /** @param {Gesture} at */
  doubleClick(at) {
    this.#context.actions.playRow(this.#pick(at));
  }

  /** @param {Point[]} path @param {Gesture} at @param {boolean} done */
  drag(path, { add }, done) {
    const { store, actions } = this.#context;
    const box = store.get("tool") === "box";
    this.#outline = box ? boxPolygon(path[0], path[path.length - 1]) : thinPath(path, 3);
    this.#surface.schedule();
    if (!done) return;
    const polygon = this.#outline.map(([px, py]) => this.#camera.toData(px, py));
    this.#outline = [];
    const rows = rowsInPolygon(this.#x, this.#y, this.#rows, polygon);
    actions.select(rows, add ? "add" : "replace", "on the map");
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.#camera.pan(dx, dy);
    this.#drawMoving();
  }

  /** @param {number} factor @param {{ x: number, y: number }} at */
  zoom(factor, { x, y }) {
    this.#camera.zoom(factor, x, y);
    this.#drawMoving();
  }

  cancel() {
    this.#outline = [];
    this.#surface.schedule();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for this view */
  key({ key }) {
    const { width, height } = this.#surface.size;
    const middle = { x: width / 2, y: height / 2 };
    if (DIRECTIONS[key]) this.#focusTowards(DIRECTIONS[key]);
    else if (key === "+" || key === "=") this.zoom(1.4, middle);
    else if (key === "-") this.zoom(1 / 1.4, middle);
    else if (key === "0") this.reset();
    else return false;
    return true;
  }

  /** @param {Point} direction */
  #focusTowards(direction) {
    const from = this.#context.store.get("focus");
    const next = this.#member[from]
      ? rowTowards(this.#x, this.#y, this.#rows, from, direction)
      : (this.#rows[0] ?? -1);
    if (next >= 0) this.#context.actions.focus(next);
  }

  destroy() {
    this.#life.abort();
    this.#second.cancel();
    clearTimeout(this.#moving);
    this.#pictures.destroy();
    this.#shade.destroy();
    this.#surface.destroy();
    this.#points.destroy();
  }
}
