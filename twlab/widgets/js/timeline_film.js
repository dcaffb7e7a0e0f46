/** The film above the lanes of its video: frames side by side, each at its place in time. */

import { slotsWithin } from "./filmstrip.js";
import { playsHls } from "./media.js";
import { Surface } from "./surface.js";
import { AXIS } from "./timeline_paint.js";
import { secToX, xToSec } from "./timespan.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./lanes.js").Strip} Strip */
/** @typedef {import("./timespan.js").Window} Window */
/** @typedef {{ strips: Strip[], duration: number, window: Window }} Scene what the timeline shows now */
/** @typedef {{ key: string, video: number, sec: number }} Wish */

/** Of a film of which no frame is known yet; most are so. */
const USUAL_ASPECT = 16 / 9;
/** Frames are fetched once the rest has been on the screen for a while. */
const FIRST_AFTER_MS = 700;
/** And when the view has not moved for so long: each frame costs the decoder a search. */
const SETTLED_MS = 220;
/** Frames remembered: those of some views before, should one come back. */
const KEPT_FRAMES = 240;
/** Videos whose films the browser may show. @param {import("./data.js").Data} data @returns {Set<number>} */
export function filmedVideos({ videos }) {
  const kinds = videos.map(({ source }) => source.kind);
  const may = (/** @type {string} */ kind) => kind !== "none" && (kind !== "hls" || playsHls());
  return new Set([...kinds.keys()].filter((video) => may(kinds[video])));
}

export class FilmStrips {
  #context;
  #scene;
  #onBlind;
  #surface;
  /** Width over height. @type {Map<number, number>} */
  #aspects = new Map();
  /** @type {Map<string, HTMLCanvasElement | null>} null where none has come */
  #pictures = new Map();
  /** @type {Wish[]} in sight and not there yet */
  #wanted = [];
  #view = "";
  #quietUntil = performance.now() + FIRST_AFTER_MS;
  #timer = 0;
  #busy = false;
  #closed = false;

  /**
   * @param {Context} context @param {HTMLElement} holder
   * @param {() => Scene} scene @param {(video: number) => void} onBlind a film that gives no frames
   */
  constructor(context, holder, scene, onBlind) {
    this.#context = context;
    this.#scene = scene;
    this.#onBlind = onBlind;
    this.#surface = new Surface(holder, (on) => this.draw(on));
  }

  schedule = () => this.#surface.schedule();

  /** @param {import("./surface.js").Drawing} on */
  draw({ ctx, width, height }) {
    const { strips, duration, window } = this.#scene();
    this.#noteMove(`${window.lo}/${window.perSec}/${window.top}/${height}`);
    ctx.save();
    ctx.beginPath();
    ctx.rect(window.left, AXIS, width - window.left, height - AXIS);
    ctx.clip();
    this.#wanted = [];
    for (const strip of strips) {
      const y = window.top + strip.top;
      if (strip.kind === "film" && y < height && y + strip.height > AXIS)
        this.#drawStrip(ctx, window, strip, duration);
    }
    ctx.restore();
    if (this.#wanted.length) this.#fetchLater();
  }

  /** Where the view has moved, what came in vain is asked for again, and nothing before it rests. @param {string} view */
  #noteMove(view) {
    if (view === this.#view) return;
    this.#view = view;
    this.#quietUntil = Math.max(this.#quietUntil, performance.now() + SETTLED_MS);
    for (const [key, picture] of this.#pictures) if (!picture) this.#pictures.delete(key);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Window} w @param {Strip} strip @param {number} duration of the timeline */
  #drawStrip(ctx, w, { video, lane, top, height }, duration) {
    const { data, frames, look } = this.#context;
    const wide = height * (this.#aspects.get(video) ?? USUAL_ASPECT);
    const told = data.videos[video].duration || (lane?.ends ?? 0);
    const endSec = Math.min(frames.lengthSec(video) ?? told, duration);
    const [lo, hi] = [w.lo, xToSec(w, w.width)];
    for (const { from, to, sec } of slotsWithin({ endSec, perSec: w.perSec, wide }, lo, hi)) {
      const [x0, x1] = [secToX(w, from), secToX(w, to)];
      const room = Math.min(x1 - x0, wide);
      const box = { x: Math.round((x0 + x1 - room) / 2), y: w.top + top, room, wide, height };
      const key = `${video}/${sec}`;
      const picture = this.#pictures.get(key);
      if (picture) paintFrame(ctx, picture, box);
      else paintBlank(ctx, box, look.ink(0.06));
      if (picture === undefined) this.#wanted.push({ key, video, sec });
    }
  }

  #fetchLater() {
    clearTimeout(this.#timer);
    const wait = Math.max(0, this.#quietUntil - performance.now());
    this.#timer = window.setTimeout(() => void this.#fetch(), wait);
  }

  /** One after the other, so that the frame under the pointer never waits for a whole strip. */
  async #fetch() {
    if (this.#busy) return;
    this.#busy = true;
    for (let wish = this.#next(); wish; wish = this.#next())
      this.#take(wish, await this.#context.frames.frame(wish.video, wish.sec));
    this.#busy = false;
    if (this.#wanted.length && !this.#closed) this.#fetchLater();
  }

  #next() {
    if (this.#closed || performance.now() < this.#quietUntil) return undefined;
    return this.#wanted.shift();
  }

  /** @param {Wish} wish @param {import("./frames.js").Picture} picture */
  #take({ key, video }, picture) {
    if (this.#closed) return;
    if (picture !== undefined) this.#keep(key, picture);
    if (picture && !this.#aspects.has(video)) {
      this.#aspects.set(video, picture.width / picture.height);
      // Now that its form and length are known, others fit.
      this.#wanted = [];
    }
    if (picture === null && !this.#aspects.has(video)) this.#onBlind(video);
    this.#surface.schedule();
  }

  /** @param {string} key @param {HTMLCanvasElement | null} picture */
  #keep(key, picture) {
    this.#pictures.delete(key);
    this.#pictures.set(key, picture);
    for (const oldest of this.#pictures.keys()) {
      if (this.#pictures.size <= KEPT_FRAMES) break;
      this.#pictures.delete(oldest);
    }
  }

  destroy() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#surface.destroy();
  }
}

/** @typedef {{ x: number, y: number, room: number, wide: number, height: number }} Box `room` is less than `wide` where the film is shorter than a frame */

/** @param {CanvasRenderingContext2D} ctx @param {HTMLCanvasElement} picture @param {Box} box */
function paintFrame(ctx, picture, { x, y, room, wide, height }) {
  const whole = room > wide - 1;
  ctx.drawImage(whole ? picture : middleOf(picture, room / wide), x, y, room - 1, height);
}

/** So much of its width. @param {HTMLCanvasElement} picture @param {number} part */
function middleOf(picture, part) {
  const middle = document.createElement("canvas");
  middle.width = Math.max(1, Math.round(picture.width * part));
  middle.height = picture.height;
  middle.getContext("2d")?.drawImage(picture, (middle.width - picture.width) / 2, 0);
  return middle;
}

/** @param {CanvasRenderingContext2D} ctx @param {Box} box @param {string} colour */
function paintBlank(ctx, { x, y, room, height }, colour) {
  ctx.fillStyle = colour;
  ctx.fillRect(x, y, room - 1, height);
}
