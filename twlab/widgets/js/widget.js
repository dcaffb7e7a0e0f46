/** The explorer in a notebook: what anywidget calls. */

import { linkExplorer } from "./link.js";

/** @param {{ model: import("./link.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  let close = linkExplorer(model, el);
  const again = () => {
    close();
    close = linkExplorer(model, el);
  };
  model.on("change:_spec", again);
  return () => {
    model.off("change:_spec", again);
    close();
  };
}

export default { render };
