/** The points of the map in a picture of it: each a circle, or, where they are very many, pixels. */

import { cssColour } from "./colour.js";
import { FlatPoints } from "./points_2d.js";

/** @typedef {import("./points_2d.js").Cloud} Cloud */

/** Circles up to which a file of vectors still opens at once: some 2 MB. */
const MOST_CIRCLES = 20000;

/**
 * @param {import("./surface.js").Drawing} on @param {Cloud} cloud
 * @param {{ view: import("./geometry.js").View, dot: number, dim: number }} how
 */
export function drawPoints({ ctx, width, height, dpr }, cloud, { view, dot, dim }) {
  if (cloud.xs.length > MOST_CIRCLES) {
    const canvas = document.createElement("canvas");
    const flat = new FlatPoints(canvas);
    flat.resize({ width, height, dpr });
    flat.setPositions(cloud.xs, cloud.ys);
    flat.setLooks(cloud.colours, cloud.mask);
    flat.draw(view, dot, dim, 1);
    return ctx.drawImage(canvas, 0, 0, width, height);
  }
  for (const picked of [0, 1]) {
    ctx.globalAlpha = picked ? 1 : dim;
    for (let i = 0; i < cloud.xs.length; i++) {
      if (cloud.mask[i] !== picked) continue;
      ctx.fillStyle = cssColour(cloud.colours[i]);
      ctx.beginPath();
      const x = (cloud.xs[i] - view.cx) * view.k + width / 2;
      const y = height / 2 - (cloud.ys[i] - view.cy) * view.k;
      ctx.arc(x, y, (dot / 2) * (picked ? 1.25 : 1), 0, 2 * Math.PI);
      ctx.fill();
    }
  }
  ctx.globalAlpha = 1;
}
