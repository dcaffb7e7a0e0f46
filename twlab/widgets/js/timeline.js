/** The timeline: every segment where it runs, lanes per option and video, and the playhead. */

import { attachGestures } from "./gestures.js";
import { element } from "./dom.js";
import { layoutLanes, stripAt } from "./lanes.js";
import { createSurface } from "./surface.js";
import { formatRange, formatTime } from "./time.js";
import {
  AXIS,
  paintAxis,
  paintLabel,
  paintLane,
  paintNovelty,
  paintScenes,
  secToX,
} from "./timeline_paint.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./lanes.js").Strip} Strip */
/** @typedef {import("./gestures.js").Gesture} Gesture */

const GUTTER = 92;

/** @param {Context} context @param {HTMLElement} parent */
export function createTimeline(context, parent) {
  const { data, store, actions, look, times } = context;
  const { strips, height: content, duration } = layoutLanes(data, times.lanes);
  // The canvas is as large as what is seen; the spacer gives the scrollbar its length.
  const holder = element("div", { class: "twx-sticky" });
  const scroller = element(
    "div",
    { class: "twx-scroller" },
    holder,
    element("div", { class: "twx-spacer" }),
  );
  const spacer = /** @type {HTMLElement} */ (scroller.lastChild);
  parent.append(scroller);
  spacer.style.height = `${content + AXIS + 6}px`;
  parent.style.setProperty("--twx-timeline", `${Math.min(content + AXIS + 8, 320)}px`);

  let shown = { lo: 0, hi: duration };
  /** @type {{ video: number, start: number, end: number, strips: Strip[] } | null} */
  let range = null;
  let pointer = NaN;

  const base = createSurface(holder, drawBase);
  const marks = createSurface(holder, drawMarks);
  const { canvas } = marks;
  // The lower canvas is measured first; both are as large as their parent.
  const { size } = base;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute(
    "aria-label",
    `Timeline of ${data.videos.length} video${data.videos.length === 1 ? "" : "s"}, ` +
      `${formatTime(duration)} long. Left and right arrows step through the segments.`,
  );

  function windowNow() {
    const left = size.width > 480 && data.lanes.length + (data.novelty ? 1 : 0) > 0 ? GUTTER : 8;
    const perSec = Math.max(size.width - left - 8, 1) / (shown.hi - shown.lo);
    return { lo: shown.lo, perSec, left, width: size.width };
  }
  const xToSec = (/** @type {number} */ x) => {
    const w = windowNow();
    return Math.max(0, Math.min(duration, w.lo + (x - w.left) / w.perSec));
  };
  const scrolled = () => scroller.scrollTop - AXIS;
  const stripUnder = (/** @type {number} */ y) =>
    y < AXIS ? null : stripAt(strips, y + scrolled());

  /** @param {{ ctx: CanvasRenderingContext2D, width: number, height: number }} on */
  function drawBase({ ctx, height }) {
    const w = windowNow();
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, AXIS, w.width, height - AXIS);
    ctx.clip();
    for (const strip of strips) {
      const y = strip.top - scrolled();
      if (y > height || y + strip.height < AXIS) continue;
      paintLabel(ctx, context, w, strip, y);
      if (strip.kind === "lane") paintLane(ctx, context, w, strip, y);
      if (strip.kind === "novelty") paintNovelty(ctx, context, w, strip, y);
    }
    for (const [video, [top, bottom]] of extents()) {
      paintScenes(ctx, context, w, video, top - scrolled(), bottom - scrolled());
    }
    ctx.restore();
    paintAxis(ctx, context, w, height);
  }

  /** Top and bottom of each video's strips. */
  function extents() {
    /** @type {Map<number, [number, number]>} */
    const out = new Map();
    for (const { kind, video, top, height } of strips) {
      if (kind === "title") continue;
      const known = out.get(video);
      out.set(video, [known ? known[0] : top, top + height]);
    }
    return out;
  }

  /** @param {{ ctx: CanvasRenderingContext2D, width: number, height: number }} on */
  function drawMarks({ ctx, width, height }) {
    const w = windowNow();
    ctx.save();
    ctx.beginPath();
    ctx.rect(w.left - 6, 0, width, height);
    ctx.clip();
    const spans = extents();
    store.get("bands").forEach((band, k) => drawBand(ctx, w, band, look.band(k, 0.22), spans));
    if (range) drawBand(ctx, w, range, look.band(0, 0.25), spans);
    const focus = store.get("focus");
    const place = strips.find(
      (s) =>
        s.kind === "lane" &&
        s.lane &&
        s.video === data.video[focus] &&
        s.lane.lane === data.lane[focus],
    );
    if (focus >= 0 && place) {
      const [x0, x1] = [secToX(w, data.start[focus]), secToX(w, data.end[focus])];
      ctx.strokeStyle = look.accent();
      ctx.lineWidth = 2;
      ctx.strokeRect(
        x0 - 1,
        place.top - scrolled() - 1,
        Math.max(x1 - x0, 3) + 1,
        place.height + 2,
      );
    }
    if (Number.isFinite(pointer)) {
      ctx.fillStyle = look.ink(0.35);
      ctx.fillRect(Math.round(pointer), AXIS - 4, 1, height);
    }
    drawPlayhead(ctx, w, spans, height);
    ctx.restore();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import("./timeline_paint.js").Window} w @param {{ video: number, start: number, end: number }} band @param {string} colour @param {Map<number, [number, number]>} spans */
  function drawBand(ctx, w, band, colour, spans) {
    const span = spans.get(band.video);
    if (!span) return;
    const [x0, x1] = [secToX(w, band.start), secToX(w, band.end)];
    ctx.fillStyle = colour;
    ctx.fillRect(x0, span[0] - scrolled() - 3, x1 - x0, span[1] - span[0] + 6);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import("./timeline_paint.js").Window} w @param {Map<number, [number, number]>} spans @param {number} height */
  function drawPlayhead(ctx, w, spans, height) {
    const span = spans.get(store.get("video"));
    if (!span || !Number.isFinite(store.get("sec"))) return;
    const x = secToX(w, store.get("sec"));
    const alone = data.videos.length === 1;
    const [top, bottom] = alone
      ? [AXIS - 2, height]
      : [span[0] - scrolled() - 4, span[1] - scrolled() + 4];
    ctx.fillStyle = look.accent();
    ctx.fillRect(x - 0.75, top, 1.5, bottom - top);
    ctx.beginPath();
    ctx.roundRect(x - 4.5, top - 5, 9, 9, 3);
    ctx.fill();
  }

  const redraw = () => (base.schedule(), marks.schedule());

  /** @param {number} lo @param {number} hi */
  function show(lo, hi) {
    const span = Math.min(Math.max(hi - lo, 0.5), duration);
    const from = Math.max(0, Math.min(lo, duration - span));
    shown = { lo: from, hi: from + span };
    redraw();
  }
  /** @param {number} factor @param {number} sec */
  function zoom(factor, sec) {
    show(sec - (sec - shown.lo) / factor, sec + (shown.hi - sec) / factor);
  }

  /** The strip and row under the pointer. @param {Gesture} at */
  function under({ x, y }) {
    const strip = stripUnder(y);
    const row =
      strip?.lane && x >= windowNow().left
        ? times.rowAt(strip.video, strip.lane.lane, xToSec(x))
        : -1;
    return { strip, row, sec: xToSec(x) };
  }

  /** @param {[number, number][]} path @param {Gesture} at @param {boolean} done */
  function dragRange(path, at, done) {
    const [first, last] = [path[0], path[path.length - 1]];
    if (first[1] < AXIS) return scrub(at);
    const strip = stripUnder(first[1]) ?? strips[0];
    if (!strip) return;
    const [start, end] = [xToSec(first[0]), xToSec(last[0])].sort((a, b) => a - b);
    const [top, bottom] = [first[1], last[1]].sort((a, b) => a - b).map((y) => y + scrolled());
    const touched = strips.filter(
      (s) => s.lane && s.kind === "lane" && s.top < bottom && s.top + s.height > top,
    );
    const chosen = touched.length
      ? touched
      : strips.filter((s) => s.kind === "lane" && s.video === strip.video);
    range = { video: strip.video, start, end, strips: chosen };
    marks.schedule();
    if (!done) return;
    range = null;
    const rows = chosen.flatMap((s) => (s.lane ? [...times.rowsWithin(s.lane, start, end)] : []));
    actions.select(rows, at.add ? "add" : "replace", `from ${formatRange(start, end)}`);
  }
  /** @param {Gesture} at */
  function scrub(at) {
    actions.seek(store.get("video"), xToSec(at.x));
  }

  const detach = attachGestures(
    canvas,
    {
      hover: (at) => {
        pointer = at.x >= windowNow().left ? at.x : NaN;
        marks.schedule();
        const { row, sec } = under(at);
        actions.hover(row, canvas, at.x, at.y, sec);
      },
      leave: () => {
        pointer = NaN;
        marks.schedule();
        actions.hover(-1, canvas, 0, 0);
      },
      click: (at) => {
        const { strip, row, sec } = under(at);
        if (at.add && row >= 0) actions.select([row], "toggle", "");
        else if (row >= 0 && strip?.kind === "lane") actions.focus(row);
        else actions.seek(strip?.video ?? store.get("video"), sec);
      },
      doubleClick: (at) => actions.playRow(under(at).row),
      drag: dragRange,
      pan: (dx, dy) => {
        const sec = dx / windowNow().perSec;
        show(shown.lo - sec, shown.hi - sec);
        scroller.scrollTop -= dy;
      },
      zoom: (factor, { x }) => zoom(factor, xToSec(x)),
      cancel: () => {
        range = null;
        marks.schedule();
      },
    },
    () => store.get("tool") === "pan",
  );

  /** @param {KeyboardEvent} event */
  function key(event) {
    const middle = Number.isFinite(store.get("sec")) ? store.get("sec") : (shown.lo + shown.hi) / 2;
    if (event.key === "ArrowRight") actions.stepInTime(1);
    else if (event.key === "ArrowLeft") actions.stepInTime(-1);
    else if (event.key === "ArrowDown") scroller.scrollTop += 26;
    else if (event.key === "ArrowUp") scroller.scrollTop -= 26;
    else if (event.key === "+" || event.key === "=") zoom(1.5, middle);
    else if (event.key === "-") zoom(1 / 1.5, middle);
    else if (event.key === "0") show(0, duration);
    else return false;
    return true;
  }

  /** Keep what is playing in sight when zoomed in. */
  function keepInSight() {
    const sec = store.get("sec");
    const span = shown.hi - shown.lo;
    if (span >= duration || !Number.isFinite(sec) || (sec >= shown.lo && sec <= shown.hi)) return;
    show(sec - span * 0.1, sec + span * 0.9);
  }
  scroller.addEventListener("scroll", redraw);
  const off = [
    store.on(["mask", "colorBy", "theme"], redraw),
    store.on(["sec"], keepInSight),
    store.on(["sec", "video", "focus", "bands"], marks.schedule),
  ];
  base.measure();
  marks.measure();
  return {
    reset: () => show(0, duration),
    key,
    canvas,
    destroy() {
      off.forEach((stop) => stop());
      detach();
      base.destroy();
      marks.destroy();
      scroller.remove();
    },
  };
}
