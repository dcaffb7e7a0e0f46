/** Pictures for the cards in sight, one after the other: nothing is fetched for cards not seen. */

import { element } from "./dom.js";
import { copyOf } from "./tooltip.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./data.js").Data} Data */
/** @typedef {{ row: number, item: HTMLElement, button: HTMLButtonElement, screen: HTMLElement | null, asked: boolean }} Card */

/** Whether rows of a video can have a picture: its film, or thumbnails. @param {Data} data @param {number} video */
export function hasPictures(data, video) {
  const one = data.videos[video];
  if (!one) return false;
  // The one picture of the one video says nothing about its clips.
  const own = Boolean(one.thumbnail) && data.videos.length > 1;
  return own || one.source.kind !== "none" || data.stills.videos.has(video);
}

export class CardFrames {
  #context;
  #seen;
  #busy = false;
  #closed = false;
  #lastVideo = -1;
  /** Videos of which a picture has come, and those of which none comes. */
  #shown = new Set();
  #blind = new Set();
  #onBlind;

  /**
   * @param {Context} context @param {() => Card[]} seen the cards in sight, first one first
   * @param {() => void} onBlind no video at all gives a picture
   */
  constructor(context, seen, onBlind) {
    this.#context = context;
    this.#seen = seen;
    this.#onBlind = onBlind;
  }

  /** Fill whatever is in sight and still empty. */
  async fill() {
    if (this.#busy) return;
    this.#busy = true;
    for (let card = this.#next(); card && !this.#closed; card = this.#next()) {
      card.asked = true;
      await this.#picture(card);
    }
    this.#busy = false;
  }

  /** Of the video that is wound already, if there is one: changing videos takes longest. */
  #next() {
    const empty = this.#seen().filter(({ screen, asked }) => screen && !asked);
    const { video } = this.#context.data;
    return empty.find(({ row }) => video[row] === this.#lastVideo) ?? empty[0];
  }

  /** @param {Card} card */
  async #picture(card) {
    const { data, frames } = this.#context;
    const [video, screen] = [data.video[card.row], card.screen];
    if (!screen) return;
    const still = data.stills.rows[card.row];
    if (still) return showStill(screen, still);
    const middle = (data.start[card.row] + data.end[card.row]) / 2;
    const asked = Number.isFinite(middle) && !this.#blind.has(video);
    const frame = asked ? await frames.frame(video, middle) : null;
    // Others were in more of a hurry: it is asked for again.
    if (frame === undefined) return void (card.asked = false);
    if (frame) this.#shown.add((this.#lastVideo = video));
    if (frame) return showFrame(screen, frame);
    if (data.videos[video]?.thumbnail) return showStill(screen, data.videos[video].thumbnail);
    if (asked && !this.#shown.has(video)) this.#giveUp(video);
  }

  /** The film of a video cannot be shown here. @param {number} video */
  #giveUp(video) {
    this.#blind.add(video);
    const { data } = this.#context;
    const hope = data.videos.some((_, k) => !this.#blind.has(k) && hasPictures(data, k));
    if (!hope) this.#onBlind();
  }

  destroy() {
    this.#closed = true;
  }
}

/** @param {HTMLElement} screen @param {HTMLCanvasElement} frame */
function showFrame(screen, frame) {
  screen.classList.toggle("twx-tall", frame.height > frame.width);
  screen.prepend(copyOf(frame));
}

/** @param {HTMLElement} screen @param {string} address */
export function showStill(screen, address) {
  const image = element("img", { src: address, alt: "", decoding: "async" });
  // One that cannot be loaded leaves the colour of its group, not a broken sign.
  image.addEventListener("error", () => image.remove());
  screen.prepend(image);
}
