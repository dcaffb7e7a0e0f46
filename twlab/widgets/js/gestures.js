/** Pointer, wheel and pinch on one element, told apart once for all views. */

/** @typedef {[number, number]} Place in CSS pixels of the element */
/**
 * @typedef {object} Gesture
 * @property {number} x in CSS pixels of the element
 * @property {number} y
 * @property {boolean} add whether shift (or ctrl, cmd) was held: add to what there is
 * @property {boolean} shift whether it was shift
 *
 * @typedef {object} Handlers
 * @property {(at: Gesture) => void} hover
 * @property {() => void} leave
 * @property {(at: Gesture) => void} click
 * @property {(at: Gesture) => void} doubleClick
 * @property {(path: Place[], at: Gesture, done: boolean) => void} drag
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, at: Gesture) => void} zoom
 * @property {() => void} cancel the drag was given up
 */

const DRAG_PIXELS = 4;
/** What an element tells its page when a finger has tapped it: from now on fingers work on it. */
export const WOKEN = "twx-woken";
/** A line of text, where the wheel counts lines. */
const LINE_PIXELS = 16;
/** The most that one turn of the wheel counts, and how much a pixel of it zooms. */
const [WHEEL_PIXELS, ZOOM_PER_PIXEL] = [120, 0.0025];

/**
 * Tell the handlers what is done on an element, until the signal.
 * @param {HTMLElement} target @param {Handlers} handlers
 * @param {() => boolean} panning whether plain drags pan
 * @param {AbortSignal} signal
 */
export function attachGestures(target, handlers, panning, signal) {
  const pointers = new Pointers(target, handlers, panning);
  const options = { signal };
  target.addEventListener("pointerdown", (event) => pointers.press(event), options);
  target.addEventListener("pointermove", (event) => pointers.move(event), options);
  target.addEventListener("pointerup", (event) => pointers.release(event), options);
  target.addEventListener("pointercancel", (event) => pointers.giveUp(event), options);
  target.addEventListener("pointerleave", () => handlers.leave(), options);
  target.addEventListener("dblclick", (event) => handlers.doubleClick(placeOf(event)), options);
  const wheel = (/** @type {WheelEvent} */ event) => turnWheel(event, target, handlers);
  target.addEventListener("wheel", wheel, { signal, passive: false });
}

/** The fingers and buttons that are down, and the drag or the pinch that they make. */
class Pointers {
  #target;
  #handlers;
  #panning;
  /** @type {Map<number, { x: number, y: number }>} */
  #down = new Map();
  /** @type {{ path: Place[], moved: boolean, pan: boolean } | null} */
  #drag = null;
  /** How far apart two fingers were when last seen. */
  #spread = 0;
  /** Fingers scroll the page past an element until they have tapped it. */
  #asleep = false;

  /** @param {HTMLElement} target @param {Handlers} handlers @param {() => boolean} panning */
  constructor(target, handlers, panning) {
    this.#target = target;
    this.#handlers = handlers;
    this.#panning = panning;
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button > 1) return;
    this.#asleep = event.pointerType === "touch" && !this.#target.matches(":focus");
    if (!this.#asleep) this.#target.focus({ preventScroll: true });
    this.#target.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    this.#down.set(event.pointerId, at);
    if (this.#down.size === 2) {
      this.#spread = this.#measureSpread();
      this.#drag = null;
      this.#handlers.cancel();
      return;
    }
    const pan = event.button === 1 || event.altKey || this.#panning();
    this.#drag = { path: [[at.x, at.y]], moved: false, pan };
    if (!this.#asleep) event.preventDefault();
  }

  /** @param {PointerEvent} event */
  move(event) {
    const at = placeOf(event);
    if (!this.#down.has(event.pointerId)) return this.#handlers.hover(at);
    this.#down.set(event.pointerId, at);
    if (this.#down.size === 2 && !this.#asleep) this.#pinch(at);
    else if (this.#drag) this.#moveDrag(this.#drag, at);
  }

  /** @param {Gesture} at */
  #pinch(at) {
    const spread = this.#measureSpread();
    if (this.#spread > 0) this.#handlers.zoom(spread / this.#spread, at);
    this.#spread = spread;
  }

  /** A hand that trembles makes a click, not a drag. @param {{ path: Place[], moved: boolean, pan: boolean }} drag @param {Gesture} at */
  #moveDrag(drag, at) {
    const { path } = drag;
    const [x, y] = path[path.length - 1];
    drag.moved ||= Math.hypot(at.x - path[0][0], at.y - path[0][1]) > DRAG_PIXELS;
    if (!drag.moved || this.#asleep) return;
    path.push([at.x, at.y]);
    if (drag.pan) this.#handlers.pan(at.x - x, at.y - y);
    else this.#handlers.drag(path, at, false);
  }

  /** @param {PointerEvent} event */
  release(event) {
    const at = placeOf(event);
    this.#down.delete(event.pointerId);
    const ended = this.#drag;
    this.#drag = null;
    if (!ended || this.#down.size) return;
    if (!ended.moved) this.#click(at);
    else if (this.#asleep) return;
    else if (!ended.pan) this.#handlers.drag(ended.path, at, true);
  }

  /** @param {Gesture} at */
  #click(at) {
    if (this.#asleep) this.#target.focus({ preventScroll: true });
    this.#handlers.click(at);
    // The last word: what a click beside all points says must not take its place.
    if (this.#asleep) this.#target.dispatchEvent(new Event(WOKEN, { bubbles: true }));
  }

  /** @param {PointerEvent} event */
  giveUp(event) {
    this.#down.delete(event.pointerId);
    this.#drag = null;
    this.#handlers.cancel();
  }

  #measureSpread() {
    const [a, b] = [...this.#down.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  }
}

/** The wheel zooms; turned sideways it moves along. @param {WheelEvent} event @param {HTMLElement} target @param {Handlers} handlers */
function turnWheel(event, target, handlers) {
  // A page full of explorers must stay scrollable: the wheel zooms once the view is in use.
  if (!event.ctrlKey && !event.metaKey && !target.matches(":focus, :focus-within")) return;
  event.preventDefault();
  event.stopPropagation();
  const unit = event.deltaMode === 1 ? LINE_PIXELS : 1;
  if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) return handlers.pan(-event.deltaX * unit, 0);
  const turned = Math.max(-WHEEL_PIXELS, Math.min(WHEEL_PIXELS, event.deltaY * unit));
  handlers.zoom(Math.exp(-turned * ZOOM_PER_PIXEL), placeOf(event));
}

/** @param {MouseEvent} event @returns {Gesture} */
function placeOf(event) {
  const target = /** @type {HTMLElement} */ (event.currentTarget);
  const box = target.getBoundingClientRect();
  return {
    x: event.clientX - box.left,
    y: event.clientY - box.top,
    add: event.shiftKey || event.ctrlKey || event.metaKey,
    shift: event.shiftKey,
  };
}
