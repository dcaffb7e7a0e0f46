/** What the map may show besides points, to be switched on and off in its head. */

import { findColumn } from "./data.js";
import { iconButton } from "./dom.js";

/** @typedef {import("./app.js").Context} Context */

/**
 * @param {Context} context @param {HTMLElement} place @param {AbortSignal} signal
 */
export function addMapTools({ data, store }, place, signal) {
  const toggle = (/** @type {"names" | "path"} */ key) => store.set({ [key]: !store.get(key) });
  const names = iconButton("tag", "Names and frames on the map", "M", () => toggle("names"));
  const path = iconButton("path", "Way of the video through the map", "W", () => toggle("path"));
  const draw = () => {
    names.setAttribute("aria-pressed", String(store.get("names")));
    path.setAttribute("aria-pressed", String(store.get("path")));
    const filmed = data.videos.some(({ source }) => source.kind !== "none");
    names.hidden = !filmed && findColumn(data, store.get("colorBy"))?.kind !== "category";
  };
  store.on(["names", "path", "colorBy"], draw, signal);
  draw();
  path.hidden = !data.order.length;
  place.append(path, names);
}
