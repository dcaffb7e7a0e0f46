/** A scale of colours as a bar. */

import { cssColour } from "./colour.js";
import { element } from "./dom.js";

/** A bar that runs through 256 colours. @param {Uint32Array} colours */
export function rampBar(colours) {
  const stops = [0, 36, 73, 109, 146, 182, 219, 255].map((i) => cssColour(colours[i])).join(",");
  return element("span", {
    class: "twx-ramp",
    style: `background:linear-gradient(90deg,${stops})`,
  });
}
