/** How things look here and now: the host's theme, its font, and the colours of the rows. */

import { luminance, rowColours, similarityLut } from "./colour.js";
import { findColumn } from "./data.js";

/** @typedef {ReturnType<typeof createLook>} Look */

const ACCENT = { light: "#d9381e", dark: "#ff6a4d" };

/** @param {HTMLElement} root @param {import("./data.js").Data} data @param {import("./state.js").Store} store */
export function createLook(root, data, store) {
  const themed = new MutationObserver(refresh);
  const watched = { attributes: true, attributeFilter: ["class", "style", "theme", "data-theme"] };
  for (const node of [document.documentElement, document.body]) {
    themed.observe(node, {
      ...watched,
      attributeFilter: [
        ...watched.attributeFilter,
        "data-jp-theme-light",
        "data-jp-theme-name",
        "data-vscode-theme-kind",
      ],
    });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", refresh);

  function refresh() {
    const theme = isDark(root) ? "dark" : "light";
    root.dataset.theme = theme;
    store.set({ theme });
  }
  let cached = { key: "", colours: new Uint32Array(0) };
  const family = () => getComputedStyle(root).fontFamily || "sans-serif";
  let font = "";
  refresh();

  return {
    refresh,
    /** One packed colour per row. */
    colours() {
      const [colorBy, theme] = [store.get("colorBy"), store.get("theme")];
      const key = `${theme}/${colorBy}`;
      if (cached.key !== key) {
        cached = { key, colours: rowColours(findColumn(data, colorBy), data.n, theme) };
      }
      return cached.colours;
    },
    /** The colour of text, at an opacity. @param {number} alpha */
    ink: (alpha) =>
      store.get("theme") === "dark" ? `rgba(235,238,245,${alpha})` : `rgba(24,28,38,${alpha})`,
    accent: () => ACCENT[store.get("theme")],
    /** The two ranges of a brush. @param {number} k @param {number} alpha */
    band: (k, alpha) => (k % 2 ? `rgba(240,140,20,${alpha})` : `rgba(70,130,240,${alpha})`),
    /** @param {{ lo: number, hi: number }} window */
    similarityLut: (window) => similarityLut(store.get("theme"), window),
    /** @param {number} px @param {number} [weight] */
    font(px, weight = 400) {
      font ||= family();
      return `${weight} ${px}px ${font}`;
    },
    destroy() {
      themed.disconnect();
      media.removeEventListener("change", refresh);
    },
  };
}

/** Whether what lies behind the element is dark, whoever painted it. @param {HTMLElement} root */
function isDark(root) {
  for (let node = root.parentElement; node; node = parentAcrossShadow(node)) {
    const match = /rgba?\(([^)]+)\)/.exec(getComputedStyle(node).backgroundColor);
    const [r, g, b, alpha = 1] = (match?.[1] ?? "0,0,0,0").split(/[,/\s]+/).map(Number);
    if (alpha > 0.5) return luminance([r, g, b]) < 0.3;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** @param {HTMLElement} node @returns {HTMLElement | null} */
function parentAcrossShadow(node) {
  if (node.parentElement) return node.parentElement;
  const top = node.getRootNode();
  return top instanceof ShadowRoot ? /** @type {HTMLElement} */ (top.host) : null;
}
