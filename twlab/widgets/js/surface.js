/** A canvas that fills its parent, sharp on every display, and redraws at most once a frame. */

/** @typedef {{ ctx: CanvasRenderingContext2D, width: number, height: number, dpr: number }} Drawing */

export class Surface {
  size = { width: 0, height: 0, dpr: 1 };
  canvas = document.createElement("canvas");
  #ctx = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
  #frame = 0;
  #parent;
  #draw;
  #onResize;
  #observer = new ResizeObserver(() => this.measure());

  /**
   * @param {HTMLElement} parent
   * @param {(on: Drawing) => void} draw
   * @param {() => void} [onResize] called after the size changed, before the next drawing
   */
  constructor(parent, draw, onResize = () => undefined) {
    this.#parent = parent;
    this.#draw = draw;
    this.#onResize = onResize;
    this.canvas.className = "twx-canvas";
    parent.append(this.canvas);
    this.#observer.observe(parent);
    window.addEventListener("resize", this.measure);
  }

  schedule = () => {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#paint());
  };

  measure = () => {
    const { size, canvas } = this;
    const { clientWidth: width, clientHeight: height } = this.#parent;
    // A panel that is not shown has no size; it is drawn as it was until it has one again.
    if (!width || !height) return;
    const dpr = Math.min(window.devicePixelRatio || 1, 3);
    if (width === size.width && height === size.height && dpr === size.dpr) return;
    Object.assign(size, { width, height, dpr });
    canvas.width = Math.round(width * dpr);
    canvas.height = Math.round(height * dpr);
    this.#onResize();
    // Resizing has emptied the canvas: fill it in the same frame, not in the next.
    if (this.#frame) cancelAnimationFrame(this.#frame);
    this.#paint();
  };

  #paint() {
    this.#frame = 0;
    const { width, height, dpr } = this.size;
    if (!width || !height) return;
    this.#ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.#ctx.clearRect(0, 0, width, height);
    this.#draw({ ctx: this.#ctx, width, height, dpr });
  }

  destroy() {
    this.#observer.disconnect();
    window.removeEventListener("resize", this.measure);
    if (this.#frame) cancelAnimationFrame(this.#frame);
    this.canvas.width = this.canvas.height = 0;
    this.canvas.remove();
  }
}
