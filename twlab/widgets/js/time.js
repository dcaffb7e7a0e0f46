/** Times as people read and write them, and round steps for axes. */

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

/**
 * `3:07`, `1:02:03`, with `decimals` digits after the second.
 * @param {number} sec
 * @param {number} [decimals]
 */
export function formatTime(sec, decimals = 0) {
  if (!Number.isFinite(sec)) return "–";
  const scale = 10 ** decimals;
  const total = Math.floor(Math.abs(sec) * scale + 0.5);
  const whole = Math.floor(total / scale);
  const fraction = decimals ? "." + String(total % scale).padStart(decimals, "0") : "";
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return (sec < 0 ? "-" : "") + (h ? `${h}:${two(m)}:` : `${m}:`) + two(s) + fraction;
}

/**
 * Two times as one stretch, with a decimal where the whole seconds would hide it.
 * @param {number} start @param {number} end
 */
export function formatRange(start, end) {
  const decimals = [start, end].every((t) => Math.abs(t - Math.round(t)) < 0.05) ? 0 : 1;
  return `${formatTime(start, decimals)} – ${formatTime(end, decimals)}`;
}

/**
 * Seconds from `187.5`, `3:07.5` or `1:02:03`; NaN for anything else.
 * @param {string} text
 */
export function parseTime(text) {
  const match = /^\s*(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)\s*$/.exec(text);
  if (!match) return NaN;
  const [, h, m, s] = match;
  return Number(h ?? 0) * 3600 + Number(m ?? 0) * 60 + Number(s.replace(",", "."));
}

/**
 * Round times within `[lo, hi]`, at least `minGap` apart on a scale of `perSec` pixels a second.
 * @param {number} lo @param {number} hi @param {number} perSec @param {number} minGap
 */
export function timeTicks(lo, hi, perSec, minGap) {
  const wanted = minGap / Math.max(perSec, 1e-9);
  const step = STEPS.find((s) => s >= wanted) ?? Math.ceil(wanted / 14400) * 14400;
  const ticks = [];
  for (let t = Math.ceil(lo / step - 1e-6) * step; t <= hi + 1e-6; t += step) {
    ticks.push(Math.round(t * 10) / 10);
  }
  return { step, ticks };
}
