/** Work that waits for a picture comes after it, once, and not after it was taken back. */
import assert from "node:assert/strict";
import test from "node:test";

import { AfterPicture } from "../../twlab/widgets/js/later.js";

/** Frames and timers that pass when they are told to. @param {string[]} told */
function clock(told) {
  /** @type {Map<number, () => void>} */
  const frames = new Map();
  /** @type {typeof frames} */
  const timers = new Map();
  let next = 1;
  const ask = (/** @type {Map<number, () => void>} */ kind) => (/** @type {() => void} */ work) => {
    kind.set(next, work);
    return next++;
  };
  const forget = (/** @type {Map<number, any>} */ kind) => (/** @type {number} */ one) =>
    kind.delete(one);
  Object.assign(globalThis, { requestAnimationFrame: ask(frames) });
  Object.assign(globalThis, { cancelAnimationFrame: forget(frames) });
  Object.assign(globalThis, {
    window: { setTimeout: ask(timers) },
    clearTimeout: forget(timers),
  });
  const pass = (/** @type {Map<number, () => void>} */ kind, /** @type {string} */ name) => {
    told.push(name);
    const due = [...kind.values()];
    kind.clear();
    due.forEach((work) => work());
  };
  return { frame: () => pass(frames, "frame"), timer: () => pass(timers, "timer") };
}

test("it comes behind the next frame, once", () => {
  /** @type {string[]} */
  const told = [];
  const { frame, timer } = clock(told);
  const later = new AfterPicture(() => told.push("work"));
  later.begin();
  later.begin();
  timer();
  frame();
  timer();
  frame();
  timer();
  assert.deepEqual(told, ["timer", "frame", "timer", "work", "frame", "timer"]);
});

test("taken back before or after the frame it does not come", () => {
  for (const framed of [false, true]) {
    /** @type {string[]} */
    const told = [];
    const { frame, timer } = clock(told);
    const later = new AfterPicture(() => told.push("work"));
    later.begin();
    if (framed) frame();
    later.cancel();
    frame();
    timer();
    assert.ok(!told.includes("work"));
  }
});
