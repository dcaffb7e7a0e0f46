/** The clip under the pointer, playing in its card without a sound. */

import { element } from "./dom.js";

/** @typedef {import("./app.js").Context} Context */

/** A pointer that only passes by starts nothing. */
const LINGER_MS = 250;

export class Preview {
  #context;
  #screen = element("video", { class: "twx-preview", playsinline: true, "aria-hidden": "true" });
  #bar = element("span", { class: "twx-preview-bar" });
  #timer = 0;
  #row = -1;
  #life = new AbortController();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    // The attribute alone does not silence an element that a script has made.
    this.#screen.muted = true;
    const { signal } = this.#life;
    this.#screen.addEventListener("timeupdate", () => this.#repeat(), { signal });
    this.#screen.addEventListener("seeked", () => this.#screen.classList.add("twx-on"), { signal });
  }

  /** Play a row in its frame, once the pointer stays there. @param {number} row @param {HTMLElement} frame */
  show(row, frame) {
    if (row === this.#row) return;
    this.hide();
    const { start, end } = this.#context.data;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still || !(end[row] > start[row])) return;
    this.#row = row;
    this.#timer = window.setTimeout(() => void this.#play(row, frame), LINGER_MS);
  }

  /** @param {number} row @param {HTMLElement} frame */
  async #play(row, frame) {
    const { data, media } = this.#context;
    const { url } = await media.playable(data.video[row]);
    if (!url || this.#row !== row) return;
    const screen = this.#screen;
    if (screen.getAttribute("src") !== url) screen.src = url;
    frame.append(screen, this.#bar);
    screen.currentTime = data.start[row];
    // Taken away before it began: nothing is lost.
    await screen.play().catch(() => undefined);
  }

  /** From the end of the clip back to its start. */
  #repeat() {
    if (this.#row < 0) return;
    const [start, end] = [this.#context.data.start[this.#row], this.#context.data.end[this.#row]];
    const sec = this.#screen.currentTime;
    const part = Math.max(0, Math.min(1, (sec - start) / (end - start)));
    this.#bar.style.transform = `scaleX(${part})`;
    if (sec >= end || sec < start - 1) this.#screen.currentTime = start;
  }

  hide() {
    clearTimeout(this.#timer);
    this.#row = -1;
    this.#screen.pause();
    this.#screen.classList.remove("twx-on");
    this.#screen.remove();
    this.#bar.remove();
  }

  destroy() {
    this.hide();
    this.#life.abort();
    this.#screen.removeAttribute("src");
    this.#screen.load();
  }
}
