/** Work that waits until what is drawn now is on the screen. */

export class AfterPicture {
  #work;
  #frame = 0;
  #timer = 0;

  /** @param {() => void} work done once */
  constructor(work) {
    this.#work = work;
  }

  /** Said while drawing: the frame after next begins when this drawing is seen. */
  begin() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#timer = window.setTimeout(this.#work);
    });
  }

  cancel() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
  }
}
