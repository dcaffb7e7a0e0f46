/** Pointer, wheel and pinch on one element, told apart once for all views. */

/**
 * @typedef {object} Gesture
 * @property {number} x in CSS pixels of the element
 * @property {number} y
 * @property {boolean} add whether shift (or ctrl, cmd) was held: add to what there is
 * @property {boolean} pan whether this drag moves the view instead of selecting
 *
 * @typedef {object} Handlers
 * @property {(at: Gesture) => void} hover
 * @property {() => void} leave
 * @property {(at: Gesture) => void} click
 * @property {(at: Gesture) => void} [doubleClick]
 * @property {(path: [number, number][], at: Gesture, done: boolean) => void} drag
 * @property {(dx: number, dy: number, at: Gesture) => void} pan
 * @property {(factor: number, at: Gesture) => void} zoom
 * @property {() => void} cancel the drag was given up
 */

const DRAG_PIXELS = 4;

/**
 * @param {HTMLElement} target @param {Handlers} handlers
 * @param {() => boolean} panning whether plain drags pan
 * @returns {() => void} takes the listeners away
 */
export function attachGestures(target, handlers, panning) {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  /** @type {Map<number, { x: number, y: number }>} */
  const down = new Map();
  /** @type {{ path: [number, number][], moved: boolean, pan: boolean } | null} */
  let drag = null;
  let pinch = 0;

  /** @param {PointerEvent | WheelEvent | MouseEvent} event @returns {Gesture} */
  const place = (event) => {
    const box = target.getBoundingClientRect();
    return {
      x: event.clientX - box.left,
      y: event.clientY - box.top,
      add: event.shiftKey || event.ctrlKey || event.metaKey,
      pan: drag?.pan ?? false,
    };
  };
  const spread = () => {
    const [a, b] = [...down.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };

  target.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button > 1) return;
      target.focus({ preventScroll: true });
      target.setPointerCapture(event.pointerId);
      const at = place(event);
      down.set(event.pointerId, at);
      if (down.size === 2) {
        [pinch, drag] = [spread(), null];
        handlers.cancel();
        return;
      }
      drag = {
        path: [[at.x, at.y]],
        moved: false,
        pan: event.button === 1 || event.altKey || panning(),
      };
      event.preventDefault();
    },
    options,
  );

  target.addEventListener(
    "pointermove",
    (event) => {
      const at = place(event);
      if (!down.has(event.pointerId)) return handlers.hover(at);
      down.set(event.pointerId, at);
      if (down.size === 2) {
        const now = spread();
        if (pinch > 0) handlers.zoom(now / pinch, at);
        pinch = now;
        return;
      }
      if (!drag) return;
      const [px, py] = drag.path[drag.path.length - 1];
      const [x0, y0] = drag.path[0];
      drag.moved ||= Math.hypot(at.x - x0, at.y - y0) > DRAG_PIXELS;
      if (!drag.moved) return;
      drag.path.push([at.x, at.y]);
      if (drag.pan) handlers.pan(at.x - px, at.y - py, at);
      else handlers.drag(drag.path, at, false);
    },
    options,
  );

  target.addEventListener(
    "pointerup",
    (event) => {
      const at = place(event);
      down.delete(event.pointerId);
      const ended = drag;
      drag = null;
      if (!ended || down.size) return;
      if (!ended.moved) handlers.click(at);
      else if (!ended.pan) handlers.drag(ended.path, at, true);
    },
    options,
  );

  const giveUp = (/** @type {PointerEvent} */ event) => {
    down.delete(event.pointerId);
    drag = null;
    handlers.cancel();
  };
  target.addEventListener("pointercancel", giveUp, options);
  target.addEventListener("pointerleave", () => handlers.leave(), options);
  target.addEventListener("dblclick", (event) => handlers.doubleClick?.(place(event)), options);
  target.addEventListener(
    "wheel",
    (event) => {
      // A page full of explorers must stay scrollable: the wheel zooms once the view is in use.
      if (!event.ctrlKey && !event.metaKey && !target.matches(":focus, :focus-within")) return;
      event.preventDefault();
      event.stopPropagation();
      const at = place(event);
      const unit = event.deltaMode === 1 ? 16 : 1;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        handlers.pan(-event.deltaX * unit, 0, at);
        return;
      }
      const step = Math.max(-120, Math.min(120, event.deltaY * unit));
      handlers.zoom(Math.exp(-step * 0.0025), at);
    },
    { ...options, passive: false },
  );
  return () => abort.abort();
}
