/** Side by side: beside the map and the heatmap those of another space, made when they are asked for. */

import { HeatmapView } from "./heatmap.js";
import { LinkedStore } from "./linked_store.js";
import { MapView } from "./map.js";
import { PANELS, TWINS } from "./panels.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./panels.js").Panels} Panels */

export class Twins {
  #context;
  #panels;
  /** @type {{ map?: MapView, heatmap?: HeatmapView }} */
  #made = {};
  #life = new AbortController();
  /** Until when the views of now are there. */
  #stay = new AbortController();

  /** @param {Context} context @param {Panels} panels */
  constructor(context, panels) {
    this.#context = context;
    this.#panels = panels;
    const { signal } = this.#life;
    context.store.on(["space", "beside"], () => this.#tell(), signal);
    context.store.on(["beside"], () => this.#show(), signal);
    this.#show();
    this.#tell();
  }

  /** The views that are there now. */
  get views() {
    return Object.values(this.#made);
  }

  /** The same by what they are of. */
  get made() {
    return this.#made;
  }

  #show() {
    const on = this.#context.store.get("beside") >= 0;
    if (on === this.views.length > 0) return;
    if (!on) return this.#remove();
    this.#stay = new AbortController();
    const { signal } = this.#stay;
    const context = linkContext(this.#context, "beside", signal);
    const { map, heatmap } = this.#panels.twins;
    if (map) this.#made.map = new MapView(context, map.place);
    if (heatmap) this.#made.heatmap = new HeatmapView(context, heatmap.place, heatmap.scale);
  }

  #remove() {
    this.#stay.abort();
    this.views.forEach((view) => view.destroy());
    this.#made = {};
  }

  /** Each of two says in its head which space it is of. */
  #tell() {
    const { data, store } = this.#context;
    const [space, beside] = [store.get("space"), store.get("beside")];
    for (const [name, twin] of Object.entries(TWINS)) {
      this.#nameSpace(name, beside < 0 ? "" : data.spaces[space].name);
      this.#nameSpace(twin, data.spaces[beside]?.name ?? "");
    }
  }

  /** @param {string} name of the panel @param {string} text */
  #nameSpace(name, text) {
    const section = this.#panels.sections.get(name);
    const told = section?.querySelector(".twx-of");
    if (!told) return;
    told.textContent = text;
    told.setAttribute("title", text);
    section?.setAttribute("aria-label", `${PANELS[name].title}${text && ` of ${text}`}`);
  }

  destroy() {
    this.#remove();
    this.#life.abort();
  }
}

/** What a view of one of two spaces is given. @param {Context} context @param {"space" | "beside"} side @param {AbortSignal} signal @returns {Context} */
export function linkContext(context, side, signal) {
  const { store, data, times } = context;
  return { ...context, store: new LinkedStore(store, data, times, side, signal) };
}
