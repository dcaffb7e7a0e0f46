/** Building elements, and the icons of the toolbar. */

const ICONS = {
  lasso:
    "M7 13.5c-3-.6-5-2.200-5-4.300C2 6.300 6 4 11 4s7 2.200 7 4.600-3.400 4.600-8 4.600M7 11.500a1.900 1.900 0 1 0 0 3.800 1.900 1.900 0 0 0 0-3.800zM7.500 15.300c.4 1.600-.6 2.700-2 3",
  box: "M3 3h3M8.500 3h3M14 3h3v3M17 8.500v3M17 14v3h-3M11.500 17h-3M6 17H3v-3M3 11.500v-3M3 6V3",
  pan: "M10 2v16M2 10h16M10 2 7.500 4.500M10 2l2.500 2.500M10 18l-2.500-2.500M10 18l2.500-2.500M2 10l2.500-2.500M2 10l2.500 2.500M18 10l-2.500-2.500M18 10l-2.500 2.500",
  reset: "M3.500 10a6.500 6.500 0 1 0 2-4.700M3.500 3v3.500H7",
  clear: "M5 5l10 10M15 5 5 15",
  play: "M6 3.800v12.400L16 10z",
  pause: "M6.500 4v12M13.500 4v12",
  near: "M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM4 3.500a1.200 1.200 0 1 0 0 .1zM16.500 4.500a1.200 1.200 0 1 0 0 .1zM4.500 16a1.200 1.200 0 1 0 0 .1zM17 15a1.200 1.200 0 1 0 0 .1zM8.500 8.600 4.800 4.500M11.500 8.700l4-3.500M8.600 11.500l-3.700 4M11.500 11.300l4.600 3.300",
  undo: "M7 4 3.500 7.500 7 11M3.500 7.500h8a4.500 4.500 0 0 1 0 9H8",
  redo: "M13 4l3.500 3.500L13 11M16.500 7.500h-8a4.500 4.500 0 0 0 0 9H12",
  out: "M10 3v9M6.500 8.500 10 12l3.500-3.500M4 13v3.500h12V13",
  panels: "M3 3.500h14v13H3zM9 3.500v8.500M3 12h14",
  full: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4",
  help: "M7.500 7.500a2.500 2.500 0 1 1 3.700 2.200c-.8.500-1.200 1-1.200 1.800v.5M10 15v.1",
  grid: "M3.5 3.500h5v5h-5zM11.500 3.500h5v5h-5zM3.500 11.500h5v5h-5zM11.500 11.500h5v5h-5z",
  list: "M7.500 5h9M7.500 10h9M7.500 15h9M3.500 5h.1M3.500 10h.1M3.500 15h.1",
  eye: "M2 10c2-3.500 4.700-5 8-5s6 1.500 8 5c-2 3.500-4.700 5-8 5s-6-1.500-8-5zM10 7.800a2.200 2.200 0 1 0 0 4.400 2.200 2.200 0 0 0 0-4.400z",
  solo: "M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  tag: "M3.500 3.500h6l7 7-6 6-7-7zM7 6.200a.8.8 0 1 0 0 1.600.8.8 0 0 0 0-1.600z",
  path: "M3.500 15.500c3-7 5 2 7.500-4s3-6 5.500-7M3.500 14.300a1.200 1.200 0 1 0 0 2.400 1.200 1.200 0 0 0 0-2.400z",
  search: "M8.500 3a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM12.500 12.500 17 17",
};

/** @typedef {keyof typeof ICONS} Icon */

/**
 * An element with attributes and children. `on*` attributes are listeners.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, any>} [attributes] @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null) node.append(child);
  return node;
}

/** A dialog with a button that closes it; no form, which frames may not send. @param {string} kind @param {HTMLElement[]} content */
export function makeDialog(kind, ...content) {
  const dialog = element("dialog", { class: kind }, ...content);
  const onclick = () => dialog.close();
  dialog.append(element("button", { type: "button", class: "twx-plain", onclick }, "Close"));
  return dialog;
}

/** @param {Icon} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * A button with an icon, its name for screen readers and, as a hint, its key.
 * @param {Icon} name @param {string} label @param {string} key @param {() => void} onclick
 */
export function iconButton(name, label, key, onclick) {
  const attributes = {
    type: "button",
    class: "twx-button",
    title: key ? `${label} (${key})` : label,
    "aria-label": label,
    "aria-keyshortcuts": key || null,
    onclick,
  };
  return element("button", attributes, icon(name));
}
