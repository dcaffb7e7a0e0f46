/** A picture of each video in sight: its thumbnail, else its most typical frame. */

import { element } from "./dom.js";
import { copyOf } from "./tooltip.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {{ video: number, screen: HTMLElement | null, asked: boolean }} Pictured */

export class VideoPictures {
  #context;
  #seen;
  #busy = false;
  #closed = false;
  /** @type {Map<number, import("./frames.js").Picture>} */
  #known = new Map();

  /** @param {Context} context @param {() => Pictured[]} seen the cards in sight, first one first */
  constructor(context, seen) {
    this.#context = context;
    this.#seen = seen;
  }

  /** Whether any video can have one. */
  get possible() {
    const { videos } = this.#context.data;
    return videos.some(({ thumbnail, source }) => thumbnail || source.kind !== "none");
  }

  /** Fill whatever is in sight and still empty, one after the other. */
  async fill() {
    if (this.#busy) return;
    this.#busy = true;
    const next = () => this.#seen().find(({ screen, asked }) => screen && !asked);
    for (let card = next(); card && !this.#closed; card = next()) {
      card.asked = true;
      await this.#show(card);
    }
    this.#busy = false;
  }

  /** @param {Pictured} card */
  async #show(card) {
    const { video, screen } = card;
    const { thumbnail, source, typical } = this.#context.data.videos[video];
    if (!screen) return;
    if (thumbnail) return void screen.append(makeStill(thumbnail));
    if (source.kind === "none") return;
    const known = this.#known.get(video);
    const frame = known ?? (await this.#context.frames.frame(video, typical));
    // Others were in more of a hurry: it is asked for again.
    if (frame === undefined) return void (card.asked = false);
    this.#known.set(video, frame);
    if (frame) screen.append(copyOf(frame));
  }

  destroy() {
    this.#closed = true;
    this.#known.clear();
  }
}

/** One that cannot be loaded leaves the colour of its group, not a broken sign. @param {string} address */
function makeStill(address) {
  const image = element("img", { src: address, alt: "", decoding: "async" });
  image.addEventListener("error", () => image.remove());
  return image;
}
