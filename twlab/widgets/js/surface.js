/** A canvas that fills its parent, sharp on every display, and redraws at most once a frame. */

/** @typedef {ReturnType<typeof createSurface>} Surface */

/**
 * @param {HTMLElement} parent
 * @param {(surface: { ctx: CanvasRenderingContext2D, width: number, height: number, dpr: number }) => void} draw
 * @param {() => void} [onResize] called after the size changed, before the next drawing
 */
export function createSurface(parent, draw, onResize) {
  const canvas = document.createElement("canvas");
  canvas.className = "twx-canvas";
  parent.append(canvas);
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const size = { width: 0, height: 0, dpr: 1 };
  let frame = 0;

  const paint = () => {
    frame = 0;
    if (!size.width || !size.height) return;
    ctx.setTransform(size.dpr, 0, 0, size.dpr, 0, 0);
    ctx.clearRect(0, 0, size.width, size.height);
    draw({ ctx, ...size });
  };
  const schedule = () => {
    if (!frame) frame = requestAnimationFrame(paint);
  };
  const measure = () => {
    const { clientWidth: width, clientHeight: height } = parent;
    const dpr = Math.min(window.devicePixelRatio || 1, 3);
    if (width === size.width && height === size.height && dpr === size.dpr) return;
    Object.assign(size, { width, height, dpr });
    canvas.width = Math.round(width * dpr);
    canvas.height = Math.round(height * dpr);
    onResize?.();
    // Resizing has emptied the canvas: fill it in the same frame, not in the next.
    if (frame) cancelAnimationFrame(frame);
    paint();
  };
  const observer = new ResizeObserver(measure);
  observer.observe(parent);
  window.addEventListener("resize", measure);

  return {
    canvas,
    size,
    schedule,
    measure,
    destroy() {
      observer.disconnect();
      window.removeEventListener("resize", measure);
      if (frame) cancelAnimationFrame(frame);
      canvas.width = canvas.height = 0;
      canvas.remove();
    },
  };
}
