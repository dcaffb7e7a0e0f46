/** The map: every segment a point, near where its vector is alike. */

import { mapRows } from "./data.js";
import { attachGestures } from "./gestures.js";
import {
  boxPolygon,
  fitView,
  nearestRow,
  rowTowards,
  rowsInPolygon,
  thinPath,
} from "./geometry.js";
import { drawMapMarks } from "./map_marks.js";
import { createPointLayer } from "./points.js";
import { createSurface } from "./surface.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./geometry.js").Point} Point */

const MARGIN = 28;
const REACH = 14;
/** Points drawn while the view moves; all of them once it rests. */
const WHILE_MOVING = 80000;
const REST_MS = 160;

/** @param {Context} context @param {HTMLElement} parent */
export function createMap(context, parent) {
  const { data, store, actions, look } = context;
  const x = data.x ?? new Float32Array(0);
  const y = data.y ?? new Float32Array(0);
  let rows = mapRows(data, store.get("space"));
  let member = membership();
  let view = { cx: 0, cy: 0, k: 1 };
  let fittedScale = 0;
  // Until the reader moves the view, it follows the size of the panel.
  let moved = false;
  /** A timer while the view is being moved. */
  let moving = 0;
  /** @type {Point[]} the outline being drawn around points, in pixels */
  let outline = [];

  const points = createPointLayer(parent, () => {
    uploadPositions();
    uploadLooks();
    surface.schedule();
  });
  const surface = createSurface(parent, draw, () => {
    const { width, height, dpr } = surface.size;
    points.resize(width, height, dpr);
    if (!moved) reset();
  });
  const { canvas, size } = surface;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");

  function membership() {
    const out = new Uint8Array(data.n);
    for (const row of rows) out[row] = 1;
    return out;
  }
  function uploadPositions() {
    const places = [new Float32Array(rows.length), new Float32Array(rows.length)];
    for (let k = 0; k < rows.length; k++) {
      places[0][k] = x[rows[k]];
      places[1][k] = y[rows[k]];
    }
    points.renderer.setPositions(places[0], places[1]);
    canvas.setAttribute(
      "aria-label",
      `Map of ${rows.length} segments by likeness. Arrow keys move to the next point, Enter selects it.`,
    );
  }
  function uploadLooks() {
    const [colours, mask] = [look.colours(), store.get("mask")];
    const own = new Uint32Array(rows.length);
    const picked = new Uint8Array(rows.length);
    for (let k = 0; k < rows.length; k++) {
      own[k] = colours[rows[k]];
      picked[k] = mask[rows[k]];
    }
    points.renderer.setLooks(own, picked);
  }
  function reset() {
    view = fitView(x, y, rows, size.width, size.height, Math.min(MARGIN, size.width / 10));
    [fittedScale, moved] = [view.k, false];
    surface.schedule();
  }
  /** @param {number} px @param {number} py @returns {Point} */
  const toData = (px, py) => [
    (px - size.width / 2) / view.k + view.cx,
    (size.height / 2 - py) / view.k + view.cy,
  ];
  /** Where a row lies in pixels; null where it is not on this map. @param {number} row @returns {Point | null} */
  const toPixels = (row) =>
    member[row]
      ? [
          (x[row] - view.cx) * view.k + size.width / 2,
          size.height / 2 - (y[row] - view.cy) * view.k,
        ]
      : null;

  function pointSize() {
    const room = Math.sqrt((size.width * size.height) / Math.max(rows.length, 1));
    const zoom = fittedScale ? Math.max(0, Math.log2(view.k / fittedScale)) : 0;
    return Math.max(1.6, Math.min(11, room * 0.3)) * (1 + 0.15 * zoom);
  }

  /** @param {{ ctx: CanvasRenderingContext2D, width: number, height: number }} on */
  function draw({ ctx, width, height }) {
    const dot = pointSize();
    const plain = rows.length > 20000 ? 0.7 : 0.95;
    const every = moving ? Math.ceil(rows.length / WHILE_MOVING) : 1;
    points.renderer.draw(view, dot, store.get("selected") ? 0.17 : plain, every);
    if (moving) restSoon();
    drawMapMarks(ctx, context, { dot, toPixels, outline, width, height, empty: !rows.length });
  }

  function startMoving() {
    moved = true;
    restSoon();
  }
  /** The view rests some time after the last frame, however long a frame takes. */
  function restSoon() {
    clearTimeout(moving);
    moving = window.setTimeout(() => {
      moving = 0;
      if (rows.length > WHILE_MOVING) surface.schedule();
    }, REST_MS);
  }
  /** @param {number} factor @param {number} px @param {number} py */
  function zoom(factor, px = size.width / 2, py = size.height / 2) {
    const [dx, dy] = toData(px, py);
    const k = Math.max(fittedScale / 4, Math.min(fittedScale * 4000, view.k * factor));
    view = {
      k,
      cx: dx - (px - size.width / 2) / k,
      cy: dy + (py - size.height / 2) / k,
    };
    startMoving();
    surface.schedule();
  }
  const pick = (/** @type {number} */ px, /** @type {number} */ py) =>
    nearestRow(x, y, rows, ...toData(px, py), REACH / view.k);

  const detach = attachGestures(
    canvas,
    {
      hover: ({ x: px, y: py }) => actions.hover(pick(px, py), canvas, px, py),
      leave: () => actions.hover(-1, canvas, 0, 0),
      click: ({ x: px, y: py, add }) => {
        const row = pick(px, py);
        if (row < 0 && !add) actions.clear();
        if (row < 0) return;
        if (add) actions.select([row], "toggle", "");
        actions.focus(row);
      },
      doubleClick: ({ x: px, y: py }) => actions.playRow(pick(px, py)),
      drag: (path, { add }, done) => {
        const box = store.get("tool") === "box";
        outline = box ? boxPolygon(path[0], path[path.length - 1]) : thinPath(path, 3);
        surface.schedule();
        if (!done) return;
        const polygon = outline.map(([px, py]) => toData(px, py));
        outline = [];
        actions.select(rowsInPolygon(x, y, rows, polygon), add ? "add" : "replace", "on the map");
      },
      pan: (dx, dy) => {
        view = { ...view, cx: view.cx - dx / view.k, cy: view.cy + dy / view.k };
        startMoving();
        surface.schedule();
      },
      zoom: (factor, { x: px, y: py }) => zoom(factor, px, py),
      cancel: () => {
        outline = [];
        surface.schedule();
      },
    },
    () => store.get("tool") === "pan",
  );

  /** @type {Record<string, Point>} */
  const directions = {
    ArrowRight: [1, 0],
    ArrowLeft: [-1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };
  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for this view */
  function key(event) {
    const direction = directions[event.key];
    if (direction) {
      const from = store.get("focus");
      const row = member[from] ? rowTowards(x, y, rows, from, direction) : (rows[0] ?? -1);
      if (row >= 0) actions.focus(row);
      return true;
    }
    if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") reset();
    else return false;
    return true;
  }

  const off = [
    store.on(["mask"], uploadLooks),
    store.on(["colorBy", "theme"], uploadLooks),
    store.on(["space"], () => {
      rows = mapRows(data, store.get("space"));
      member = membership();
      uploadPositions();
      uploadLooks();
      reset();
    }),
    store.on(["mask", "focus", "hover", "sec", "colorBy", "theme", "space"], surface.schedule),
  ];
  uploadPositions();
  uploadLooks();
  surface.measure();
  return {
    reset,
    key,
    canvas,
    destroy() {
      off.forEach((stop) => stop());
      clearTimeout(moving);
      detach();
      surface.destroy();
      points.destroy();
    },
  };
}
