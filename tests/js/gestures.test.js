/** What pointers and the wheel do, told to the views as hover, click, drag, pan and zoom. */
import assert from "node:assert/strict";
import test from "node:test";

import { attachGestures } from "../../twlab/widgets/js/gestures.js";

/** An element at (100, 50) of a page, what is told of it, and a way to act on it. */
function surface({ panning = false, focused = true } = {}) {
  const target = Object.assign(new EventTarget(), {
    focus: () => undefined,
    setPointerCapture: () => undefined,
    getBoundingClientRect: () => ({ left: 100, top: 50 }),
    matches: () => focused,
  });
  /** @type {any[]} */
  const told = [];
  const names = ["hover", "leave", "click", "doubleClick", "drag", "pan", "zoom", "cancel"];
  const handlers = Object.fromEntries(
    names.map((name) => [name, (/** @type {any[]} */ ...args) => told.push([name, ...args])]),
  );
  const life = new AbortController();
  const element = /** @type {any} */ (target);
  attachGestures(element, /** @type {any} */ (handlers), () => panning, life.signal);
  /** @param {string} type @param {number} x @param {number} y @param {Record<string, any>} [more] */
  const act = (type, x, y, more = {}) => {
    const event = new Event(type, { cancelable: true });
    const place = { clientX: 100 + x, clientY: 50 + y };
    const plain = { pointerId: 1, button: 0, deltaX: 0, shiftKey: false, metaKey: false };
    target.dispatchEvent(Object.assign(event, place, plain, more));
    return event;
  };
  return { told, act, life };
}

/** @param {any[]} told */
const names = (told) => told.map(([name]) => name);

test("a press that hardly moves is a click, with shift an added one", () => {
  const { told, act } = surface();
  act("pointermove", 10, 20);
  act("pointerdown", 10, 20);
  act("pointermove", 12, 22);
  act("pointerup", 12, 22, { shiftKey: true });
  assert.deepEqual(told, [
    ["hover", { x: 10, y: 20, add: false, shift: false }],
    ["click", { x: 12, y: 22, add: true, shift: true }],
  ]);
});

test("a drag tells its whole path, and once that it is done", () => {
  const { told, act } = surface();
  act("pointerdown", 0, 0);
  act("pointermove", 2, 0);
  act("pointermove", 10, 0);
  act("pointermove", 20, 5);
  act("pointerup", 20, 5);
  assert.deepEqual(names(told), ["drag", "drag", "drag"]);
  assert.deepEqual(told[2][1], [
    [0, 0],
    [10, 0],
    [20, 5],
  ]);
  assert.deepEqual(
    told.map((one) => one[3]),
    [false, false, true],
  );
});

test("drags move the view with alt, with the middle button, and with the tool for it", () => {
  for (const [options, more] of /** @type {[any, any][]} */ ([
    [{}, { altKey: true }],
    [{}, { button: 1 }],
    [{ panning: true }, {}],
  ])) {
    const { told, act } = surface(options);
    act("pointerdown", 0, 0, more);
    act("pointermove", 10, 0);
    act("pointermove", 13, -4);
    act("pointerup", 13, -4);
    assert.deepEqual(told, [
      ["pan", 10, 0],
      ["pan", 3, -4],
    ]);
  }
});

test("the second finger gives up the drag and zooms by how the two spread", () => {
  const { told, act } = surface();
  act("pointerdown", 0, 0);
  act("pointermove", 20, 0);
  act("pointerdown", 120, 0, { pointerId: 2 });
  act("pointermove", 220, 0, { pointerId: 2 });
  act("pointerup", 220, 0, { pointerId: 2 });
  act("pointerup", 20, 0);
  assert.deepEqual(names(told), ["drag", "cancel", "zoom"]);
  assert.equal(told[2][1], 2);
});

test("a cancelled drag is given up, not done", () => {
  const { told, act } = surface();
  act("pointerdown", 0, 0);
  act("pointermove", 20, 0);
  act("pointercancel", 20, 0);
  act("pointerup", 20, 0);
  assert.deepEqual(names(told), ["drag", "cancel"]);
});

test("the wheel zooms about the pointer, sideways it pans, lines count as sixteen", () => {
  const { told, act } = surface();
  assert.equal(act("wheel", 30, 40, { deltaY: -100 }).defaultPrevented, true);
  act("wheel", 30, 40, { deltaX: 9, deltaY: 2 });
  act("wheel", 30, 40, { deltaY: 2, deltaMode: 1 });
  act("wheel", 30, 40, { deltaY: 5000 });
  assert.deepEqual(told[0], ["zoom", Math.exp(0.25), { x: 30, y: 40, add: false, shift: false }]);
  assert.deepEqual(told[1], ["pan", -9, 0]);
  assert.equal(told[2][1], Math.exp(-32 * 0.0025));
  assert.equal(told[3][1], Math.exp(-0.3));
});

test("the page scrolls while the view is not in use", () => {
  const { told, act } = surface({ focused: false });
  assert.equal(act("wheel", 0, 0, { deltaY: 100 }).defaultPrevented, false);
  assert.deepEqual(told, []);
  act("wheel", 0, 0, { deltaY: 100, ctrlKey: true });
  assert.deepEqual(names(told), ["zoom"]);
});

test("nothing is told after the end", () => {
  const { told, act, life } = surface();
  life.abort();
  for (const type of ["pointerdown", "pointermove", "pointerup", "wheel", "dblclick"])
    act(type, 1, 1);
  assert.deepEqual(told, []);
});

test("a finger scrolls past an element until it has tapped it", () => {
  const asleep = surface({ focused: false });
  const finger = { pointerType: "touch" };
  const press = asleep.act("pointerdown", 10, 10, finger);
  assert.equal(press.defaultPrevented, false, "or the page could not scroll");
  asleep.act("pointermove", 60, 12, finger);
  asleep.act("pointerup", 60, 12, finger);
  assert.deepEqual(asleep.told, [], "a swipe over it selects nothing");
  asleep.act("pointerdown", 10, 10, finger);
  asleep.act("pointerup", 10, 10, finger);
  assert.deepEqual(names(asleep.told), ["click"]);
  const awake = surface({ focused: true });
  awake.act("pointerdown", 10, 10, finger);
  awake.act("pointermove", 60, 12, finger);
  awake.act("pointerup", 60, 12, finger);
  assert.deepEqual(names(awake.told), ["drag", "drag"]);
});
