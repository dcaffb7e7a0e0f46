/** The timeline: every segment where it runs, lanes per option and video, and the playhead. */

import { attachGestures } from "./gestures.js";
import { element } from "./dom.js";
import {
  MOST_STRETCH,
  filmsWithRoom,
  laneStrip,
  lanesBetween,
  layoutLanes,
  stripAt,
  videoExtents,
} from "./lanes.js";
import { Surface } from "./surface.js";
import { formatRange, formatTime } from "./time.js";
import { FilmStrips, filmedVideos } from "./timeline_film.js";
import {
  AXIS,
  highestNovelty,
  paintAxis,
  paintBand,
  paintFocus,
  paintLabel,
  paintLane,
  tellNothing,
  paintNovelty,
  paintPlayhead,
  paintPointer,
  paintScenes,
} from "./timeline_paint.js";
import { clampSpan, followSec, secToX, windowOf, xToSec, zoomSpan } from "./timespan.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./gestures.js").Gesture} Gesture */
/** @typedef {import("./gestures.js").Handlers} Handlers */
/** @typedef {import("./surface.js").Drawing} Drawing */
/** @typedef {import("./timespan.js").Window} Window */

const GUTTER = 92;
/** Narrower than this there is no room for the names of lanes. */
const NAMED_FROM = 480;
const BARE_GUTTER = 8;
/** There several lanes get so much: ten letters, of which those that differ are shown. */
const SHORT_GUTTER = 64;
/** Of a name as it is written there, in pixels; a longer one takes more room, up to a part of the width. */
const [LETTER, GUTTER_PART] = [6, 0.16];
const TALLEST = 320;
const SCROLL_STEP = 26;

/** @implements {Handlers} */
export class TimelineView {
  #context;
  #films;
  /** @type {import("./lanes.js").Strip[]} */
  #strips = [];
  /** @type {Map<number, import("./lanes.js").Extent>} */
  #extents = new Map();
  #duration;
  #novelty;
  #scroller;
  #spacer;
  /** Height of all strips as they are by themselves. */
  #content = 1;
  /** Height of the panel for that, and the most it makes use of. */
  natural = 0;
  most = 0;
  #film;
  #base;
  #marks;
  #shown;
  /** @type {import("./state.js").Stretch | null} the range being drawn */
  #range = null;
  /** Where the pointer is, in pixels. */
  #pointer = NaN;
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    const { data, store, times } = context;
    const { scroller, holder, spacer } = makeScroller(parent);
    this.#scroller = scroller;
    this.#spacer = spacer;
    this.#films = filmsWithRoom(data, times.lanes, filmedVideos(data), TALLEST - AXIS - 8);
    this.#duration = this.#layOut();
    this.#novelty = highestNovelty(data);
    this.#shown = { lo: 0, hi: this.#duration };
    this.#film = this.#makeFilm(holder);
    // The lower canvas is measured first; both are as large as their parent.
    this.#base = new Surface(
      holder,
      (on) => this.#drawBase(on),
      () => this.#stretch(),
    );
    this.#marks = new Surface(holder, (on) => this.#drawMarks(on));
    this.#describe();
    const { signal } = this.#life;
    if (this.#film) store.on(["theme"], this.#film.schedule, signal);
    attachGestures(this.canvas, this, () => store.get("tool") === "pan", signal);
    scroller.addEventListener("scroll", () => this.#redraw(), { signal });
    store.on(
      ["mask", "colorBy", "labels", "searched", "theme", "lit", "shown"],
      () => this.#redraw(),
      signal,
    );
    store.on(["sec"], () => this.#keepInSight(), signal);
    store.on(["sec", "video", "focus", "bands"], this.#marks.schedule, signal);
  }

  get canvas() {
    return this.#marks.canvas;
  }

  /** Where all strips lie, and how high the panel is for them; how long they are, in seconds. */
  #layOut() {
    const { data, times } = this.#context;
    const { strips, height, duration } = layoutLanes(data, times.lanes, 1, this.#films);
    this.#strips = strips;
    this.#extents = videoExtents(strips);
    this.#content = height;
    this.natural = Math.min(height + AXIS + 8, TALLEST);
    this.most = height * MOST_STRETCH + AXIS + 8;
    this.#spacer.style.height = `${height + AXIS + 6}px`;
    const panel = this.#scroller.parentElement;
    panel?.style.setProperty("--twx-timeline", `${this.natural}px`);
    return duration;
  }

  /** Below the other canvases, so that scenes and the playhead are seen on the film. @param {HTMLElement} holder */
  #makeFilm(holder) {
    if (!this.#strips.some(({ kind }) => kind === "film")) return null;
    const scene = () => ({
      strips: this.#strips,
      duration: this.#duration,
      window: this.#window(),
    });
    return new FilmStrips(this.#context, holder, scene, (video) => this.#foldFilm(video));
  }

  /** A film that cannot be shown leaves no empty strip. @param {number} video */
  #foldFilm(video) {
    this.#films.delete(video);
    this.#layOut();
    this.#stretch();
    this.#redraw();
  }

  /** In a panel with room to spare the strips are higher. */
  #stretch() {
    const { data, times } = this.#context;
    const room = (this.#base.size.height - AXIS - 8) / this.#content;
    const { strips, height } = layoutLanes(data, times.lanes, stretchOf(room), this.#films);
    this.#strips = strips;
    this.#extents = videoExtents(strips);
    this.#spacer.style.height = `${height + AXIS + 6}px`;
    this.#film?.schedule();
    this.#marks?.schedule();
  }

  #describe() {
    const n = this.#context.data.videos.length;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute(
      "aria-label",
      `Timeline of ${n} video${n === 1 ? "" : "s"}, ${formatTime(this.#duration)} long. ` +
        `${lanesText(this.#context.data)}Left and right arrows step through the segments.`,
    );
  }

  /** @returns {Window} */
  #window() {
    const { data } = this.#context;
    const { width } = this.#base.size;
    const left = gutterOf(data, width);
    return windowOf(this.#shown, { width, left, top: AXIS - this.#scroller.scrollTop });
  }

  /** The moment at a pixel, within the time there is. @param {number} x */
  #secAt(x) {
    return Math.max(0, Math.min(this.#duration, xToSec(this.#window(), x)));
  }

  /** @param {number} y */
  #stripUnder(y) {
    return y < AXIS ? null : stripAt(this.#strips, y - this.#window().top);
  }

  /** @param {number} row */
  #isShown(row) {
    const shown = this.#context.store.get("shown");
    return !shown || shown[row] === 1;
  }

  /** The strip, the row and the moment under the pointer. @param {Gesture} at */
  #under({ x, y }) {
    const strip = this.#stripUnder(y);
    const sec = this.#secAt(x);
    const lane = x >= this.#window().left ? strip?.lane : null;
    const found = lane ? this.#context.times.rowAt(lane.video, lane.lane, sec) : -1;
    return { strip, row: this.#isShown(found) ? found : -1, sec };
  }

  /** What a picture of this view is made of. */
  get layers() {
    return [
      (/** @type {Drawing} */ on) => this.#film?.draw(on),
      (/** @type {Drawing} */ on) => this.#drawBase(on),
      (/** @type {Drawing} */ on) => this.#drawMarks(on),
    ];
  }

  get size() {
    return this.#base.size;
  }

  /** @param {Drawing} on */
  #drawBase({ ctx, height }) {
    const w = this.#window();
    if (!this.#strips.some(({ kind }) => kind === "lane"))
      return tellNothing(ctx, this.#context, w);
    paintAxis(ctx, this.#context, w, height);
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, AXIS, w.width, height - AXIS);
    ctx.clip();
    for (const strip of this.#strips) {
      const y = w.top + strip.top;
      if (y > height || y + strip.height < AXIS) continue;
      paintLabel(ctx, this.#context, w, strip);
      if (strip.kind === "lane") paintLane(ctx, this.#context, w, strip);
      if (strip.kind === "novelty") paintNovelty(ctx, this.#context, w, strip, this.#novelty);
    }
    for (const [video, extent] of this.#extents) paintScenes(ctx, this.#context, w, video, extent);
    ctx.restore();
  }

  /** @param {Drawing} on */
  #drawMarks({ ctx, width, height }) {
    const { store, look } = this.#context;
    const w = this.#window();
    ctx.save();
    ctx.beginPath();
    ctx.rect(w.left - 6, 0, width, height);
    ctx.clip();
    const bands = store.get("bands").map((band, k) => ({ band, colour: look.band(k, 0.22) }));
    if (this.#range) bands.push({ band: this.#range, colour: look.band(0, 0.25) });
    for (const { band, colour } of bands)
      paintBand(ctx, w, band, colour, this.#extents.get(band.video));
    this.#drawFocus(ctx, w);
    if (Number.isFinite(this.#pointer)) paintPointer(ctx, look, this.#pointer, height);
    this.#drawPlayhead(ctx, w, height);
    ctx.restore();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Window} w */
  #drawFocus(ctx, w) {
    const { data, store, look } = this.#context;
    const focus = store.get("focus");
    if (focus < 0 || !this.#isShown(focus)) return;
    const strip = laneStrip(this.#strips, data.video[focus], data.lane[focus]);
    const segment = { start: data.start[focus], end: data.end[focus] };
    if (strip) paintFocus(ctx, w, strip, segment, look.accent());
  }

  /** Along the strips of its video; all the way down where there is but one. @param {CanvasRenderingContext2D} ctx @param {Window} w @param {number} height */
  #drawPlayhead(ctx, w, height) {
    const { data, store, look } = this.#context;
    const extent = this.#extents.get(store.get("video"));
    if (!extent || !Number.isFinite(store.get("sec"))) return;
    const x = secToX(w, store.get("sec"));
    const [top, bottom] =
      data.videos.length === 1
        ? [AXIS - 2, height]
        : [w.top + extent[0] - 4, w.top + extent[1] + 4];
    paintPlayhead(ctx, x, [top, bottom], look.accent());
  }

  #redraw() {
    this.#film?.schedule();
    this.#base.schedule();
    this.#marks.schedule();
  }

  /** @param {import("./timespan.js").Span} span */
  #show(span) {
    this.#shown = clampSpan(span, this.#duration);
    this.#redraw();
  }

  /** Keep what is playing in sight when zoomed in. */
  #keepInSight() {
    const { lo, hi } = this.#shown;
    if (hi - lo >= this.#duration) return;
    const span = followSec(this.#shown, this.#context.store.get("sec"));
    if (span !== this.#shown) this.#show(span);
  }

  reset() {
    this.#show({ lo: 0, hi: this.#duration });
  }

  /** @param {Gesture} at */
  hover(at) {
    const beside = at.x < this.#window().left;
    this.#pointer = beside ? NaN : at.x;
    // Beside the lanes stand their names, which may be cut.
    this.canvas.title = beside ? (this.#stripUnder(at.y)?.label ?? "") : "";
    this.#marks.schedule();
    const { row, sec } = this.#under(at);
    this.#context.actions.hover(row, this.canvas, at.x, at.y, sec);
  }

  leave() {
    this.#pointer = NaN;
    this.#marks.schedule();
    this.#context.actions.hover(-1, this.canvas, 0, 0);
  }

  /** @param {Gesture} at */
  click(at) {
    const { actions, store } = this.#context;
    const { strip, row, sec } = this.#under(at);
    if (at.add && row >= 0) actions.selectTo(row, at.shift);
    else if (row >= 0 && strip?.kind === "lane") actions.focus(row);
    else actions.seek(strip?.video ?? store.get("video"), sec);
  }

  /** @param {Gesture} at */
  doubleClick(at) {
    this.#context.actions.playRow(this.#under(at).row);
  }

  /** From the axis: move the playhead. From below: select a range. @param {[number, number][]} path @param {Gesture} at @param {boolean} done */
  drag(path, at, done) {
    const { actions, store } = this.#context;
    if (path[0][1] < AXIS) actions.seek(store.get("video"), this.#secAt(at.x));
    else this.#dragRange(path[0], path[path.length - 1], at.add, done);
  }

  /** @param {[number, number]} first @param {[number, number]} last @param {boolean} add @param {boolean} done */
  #dragRange(first, last, add, done) {
    const { actions, times } = this.#context;
    const strip = this.#stripUnder(first[1]) ?? this.#strips[0];
    if (!strip) return;
    const [start, end] = [first[0], last[0]].map((x) => this.#secAt(x)).sort((a, b) => a - b);
    this.#range = done ? null : { video: strip.video, start, end };
    this.#marks.schedule();
    if (!done) return;
    const w = this.#window();
    const [top, bottom] = [first[1], last[1]].map((y) => y - w.top).sort((a, b) => a - b);
    const lanes = lanesBetween(this.#strips, top, bottom, strip.video);
    const rows = lanes.flatMap(({ lane }) => (lane ? [...times.rowsWithin(lane, start, end)] : []));
    actions.select(rows, add ? "add" : "replace", `from ${formatRange(start, end)}`);
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    const sec = dx / this.#window().perSec;
    this.#show({ lo: this.#shown.lo - sec, hi: this.#shown.hi - sec });
    this.#scroller.scrollTop -= dy;
  }

  /** @param {number} factor @param {Gesture} at */
  zoom(factor, { x }) {
    this.#show(zoomSpan(this.#shown, factor, this.#secAt(x)));
  }

  cancel() {
    this.#range = null;
    this.#marks.schedule();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for this view */
  key({ key }) {
    const { actions } = this.#context;
    if (key === "ArrowRight") actions.stepInTime(1);
    else if (key === "ArrowLeft") actions.stepInTime(-1);
    else if (key === "ArrowDown") this.#scroller.scrollTop += SCROLL_STEP;
    else if (key === "ArrowUp") this.#scroller.scrollTop -= SCROLL_STEP;
    else if (key === "+" || key === "=") this.#zoomAtPlayhead(1.5);
    else if (key === "-") this.#zoomAtPlayhead(1 / 1.5);
    else if (key === "0") this.reset();
    else return false;
    return true;
  }

  /** @param {number} factor */
  #zoomAtPlayhead(factor) {
    const sec = this.#context.store.get("sec");
    const { lo, hi } = this.#shown;
    this.#show(zoomSpan(this.#shown, factor, Number.isFinite(sec) ? sec : (lo + hi) / 2));
  }

  destroy() {
    this.#life.abort();
    this.#film?.destroy();
    this.#base.destroy();
    this.#marks.destroy();
    this.#scroller.remove();
  }
}

/** Room for names beside the lanes. @param {import("./data.js").Data} data @param {number} width */
function gutterOf({ lanes, novelty }, width) {
  if (width <= NAMED_FROM) return lanes.length > 1 ? SHORT_GUTTER : BARE_GUTTER;
  if (!lanes.length && !novelty) return BARE_GUTTER;
  const longest = Math.max(0, ...lanes.map((name) => name.length));
  return Math.max(GUTTER, Math.min(longest * LETTER + 14, GUTTER_PART * width));
}

/** @param {import("./data.js").Data} data */
function lanesText({ lanes }) {
  return lanes.length > 1 ? `Lanes: ${lanes.join(", ")}. ` : "";
}

/** How much higher lanes are where there is so many times the room that they need. @param {number} room */
function stretchOf(room) {
  return Math.max(1, Math.min(room, MOST_STRETCH));
}

/** A canvas as large as what is seen, in front of a spacer that gives the scrollbar its length. @param {HTMLElement} parent */
function makeScroller(parent) {
  const holder = element("div", { class: "twx-sticky" });
  const spacer = element("div", { class: "twx-spacer" });
  const scroller = element("div", { class: "twx-scroller" }, holder, spacer);
  parent.append(scroller);
  return { scroller, holder, spacer };
}
