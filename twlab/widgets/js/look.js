/** How things look here and now: the host's theme, its font, and the colours of the rows. */

import {
  groupColours,
  hexRgb,
  luminance,
  packColour,
  rowColours,
  similarityLut,
} from "./colour.js";
import { findColumn } from "./data.js";
import { MISSING } from "./palette.js";

const ACCENT = { light: "#d9381e", dark: "#ff6a4d" };
const DARK = "(prefers-color-scheme: dark)";
/** Below this what lies behind counts as dark. */
const DARK_LUMINANCE = 0.3;
/** By which hosts tell of their theme: of pages in general, JupyterLab, VS Code. */
const THEME_ATTRIBUTES = [
  ...["class", "style", "theme", "data-theme"],
  ...["data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"],
];

export class Look {
  #root;
  #data;
  #store;
  #font = "";
  #colours = new Uint32Array(0);
  /** What the colours were made of. @type {unknown[]} */
  #cached = [];
  #themed = new MutationObserver(() => this.refresh());
  /** Notebooks put a widget on the page after it is made; only there is something behind it. */
  #placed = new ResizeObserver(() => this.refresh());
  #preference = matchMedia(DARK);
  #life = new AbortController();

  /** @param {HTMLElement} root @param {import("./data.js").Data} data @param {import("./state.js").Store} store */
  constructor(root, data, store) {
    this.#root = root;
    this.#data = data;
    this.#store = store;
    for (const node of [document.documentElement, document.body])
      this.#themed.observe(node, { attributes: true, attributeFilter: THEME_ATTRIBUTES });
    const { signal } = this.#life;
    this.#preference.addEventListener("change", () => this.refresh(), { signal });
    this.#placed.observe(root);
    this.refresh();
  }

  /** Find out whether the host is dark, and tell the views. */
  refresh() {
    const theme = isDark(this.#root) ? "dark" : "light";
    this.#root.dataset.theme = theme;
    this.#store.set({ theme });
  }

  /** One packed colour per row. */
  colours() {
    const { column, dress } = this.#dress();
    const made = [column, ...Object.values(dress)];
    if (!this.#cached.length || made.some((part, k) => part !== this.#cached[k]))
      this.#colours = rowColours(column, this.#data.n, dress);
    this.#cached = made;
    return this.#colours;
  }

  /** One packed colour per group of a column of categories, the last for missing values; `lit` as if none were pointed at. @param {import("./data.js").CategoryColumn} column */
  groupColours(column) {
    return groupColours(column, this.#data.n, { ...this.#dress().dress, lit: -1 });
  }

  #dress() {
    const store = this.#store;
    const column = findColumn(this.#data, store.get("colorBy"));
    const hidden = column ? store.get("hidden")[column.name] : undefined;
    return { column, dress: { theme: store.get("theme"), hidden, lit: store.get("lit") } };
  }

  /** The colour of text, at an opacity. @param {number} alpha */
  ink(alpha) {
    const dark = this.#store.get("theme") === "dark";
    return dark ? `rgba(235,238,245,${alpha})` : `rgba(24,28,38,${alpha})`;
  }

  /** The colour of what one draws on, at an opacity. @param {number} alpha */
  paper(alpha) {
    const dark = this.#store.get("theme") === "dark";
    return dark ? `rgba(20,23,28,${alpha})` : `rgba(255,255,255,${alpha})`;
  }

  /** The packed colour of rows without a value. */
  missing() {
    return packColour(hexRgb(MISSING[this.#store.get("theme")]));
  }

  accent() {
    return ACCENT[this.#store.get("theme")];
  }

  /** The two ranges of a brush. @param {number} k @param {number} alpha */
  band(k, alpha) {
    return k % 2 ? `rgba(240,140,20,${alpha})` : `rgba(70,130,240,${alpha})`;
  }

  /** @param {{ lo: number, hi: number }} window */
  similarityLut(window) {
    return similarityLut(window);
  }

  /** @param {number} px @param {number} [weight] */
  font(px, weight = 400) {
    this.#font ||= getComputedStyle(this.#root).fontFamily || "sans-serif";
    return `${weight} ${px}px ${this.#font}`;
  }

  destroy() {
    this.#life.abort();
    this.#themed.disconnect();
    this.#placed.disconnect();
  }
}

/** Whether what lies behind the element is dark, whoever painted it. @param {HTMLElement} root */
function isDark(root) {
  for (let node = root.parentElement; node; node = parentAcrossShadow(node)) {
    const [r, g, b, alpha] = readColour(getComputedStyle(node).backgroundColor);
    if (alpha > 0.5) return luminance([r, g, b]) < DARK_LUMINANCE;
  }
  return isCanvasDark();
}

/**
 * Red, green and blue to 255 and alpha to 1 of a computed colour. Of those that are not written in
 * these numbers (`oklch(…)`, `color(srgb …)`) a pixel is painted.
 * @param {string} css
 */
function readColour(css) {
  const match = /^rgba?\(([^)]+)\)/.exec(css);
  if (match) {
    const [r, g, b, alpha = 1] = match[1].split(/[,/\s]+/).map(Number);
    return [r, g, b, alpha];
  }
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  if (!pen) return [0, 0, 0, 0];
  pen.fillStyle = css;
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b, alpha] = pen.getImageData(0, 0, 1, 1).data;
  return [r, g, b, alpha / 255];
}

/** Whether the browser paints a page dark that paints nothing itself: where the page allows it. */
function isCanvasDark() {
  const allowed = getComputedStyle(document.documentElement).colorScheme.split(" ");
  if (!allowed.includes("dark")) return false;
  return !allowed.includes("light") || matchMedia(DARK).matches;
}

/** @param {HTMLElement} node @returns {HTMLElement | null} */
function parentAcrossShadow(node) {
  if (node.parentElement) return node.parentElement;
  const top = node.getRootNode();
  return top instanceof ShadowRoot ? /** @type {HTMLElement} */ (top.host) : null;
}
