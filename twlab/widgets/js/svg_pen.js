/** A pen that writes what views draw on a canvas as SVG: lines stay lines, and words stay words. */

/** @param {number} value to a hundredth of a pixel */
const short = (value) => String(Math.round(value * 100) / 100);

/** @param {string} text */
export function escapeXml(text) {
  const plain = [...text].filter((sign) => sign >= " " || "\t\n".includes(sign)).join("");
  return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** @typedef {{ fillStyle: string, strokeStyle: string, lineWidth: number, globalAlpha: number, font: string, textAlign: string, textBaseline: string, lineCap: string, lineJoin: string }} Style */

/** The part of a canvas's context that the views use; what is none of it throws. */
export class SvgPen {
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  globalAlpha = 1;
  font = "12px sans-serif";
  textAlign = "start";
  textBaseline = "alphabetic";
  lineCap = "butt";
  lineJoin = "miter";
  imageSmoothingEnabled = true;
  /** Pictures of another server, which may not be read, and so are not here. */
  leftOut = 0;
  #parts = /** @type {string[]} */ ([]);
  #path = "";
  #dash = "";
  #clips = 0;
  #open = [0];
  #dpr;
  #measure = /** @type {CanvasRenderingContext2D} */ (
    document.createElement("canvas").getContext("2d")
  );
  #styles = /** @type {(Style & { dash: string })[]} */ ([]);

  /** @param {number} dpr pixels of image data to one of the drawing */
  constructor(dpr) {
    this.#dpr = dpr;
  }

  /** What has been drawn. */
  get body() {
    return this.#parts.join("\n") + "</g>".repeat(this.#open.reduce((a, b) => a + b));
  }

  save() {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font } = this;
    const { textAlign, textBaseline, lineCap, lineJoin } = this;
    const colours = { fillStyle, strokeStyle, lineWidth, globalAlpha, dash: this.#dash };
    this.#styles.push({ ...colours, font, textAlign, textBaseline, lineCap, lineJoin });
    this.#open.push(0);
  }

  restore() {
    if (!this.#styles.length) return;
    const { dash, ...style } = /** @type {Style & { dash: string }} */ (this.#styles.pop());
    Object.assign(this, style);
    this.#dash = dash;
    this.#parts.push("</g>".repeat(this.#open.pop() ?? 0));
  }

  clip() {
    const id = `clip${++this.#clips}`;
    this.#parts.push(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath>`);
    this.#parts.push(`<g clip-path="url(#${id})">`);
    this.#open[this.#open.length - 1]++;
  }

  /** @param {number} x @param {number} y */
  translate(x, y) {
    this.#transform(`translate(${short(x)} ${short(y)})`);
  }

  /** @param {number} angle in radians */
  rotate(angle) {
    this.#transform(`rotate(${short((angle * 180) / Math.PI)})`);
  }

  /** Until what was saved is restored. @param {string} text */
  #transform(text) {
    this.#parts.push(`<g transform="${text}">`);
    this.#open[this.#open.length - 1]++;
  }

  beginPath() {
    this.#path = "";
  }

  closePath() {
    this.#path += "Z";
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.#path += `M${short(x)} ${short(y)}`;
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.#path += `${this.#path ? "L" : "M"}${short(x)} ${short(y)}`;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  rect(x, y, width, height) {
    this.#path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height @param {number} radius */
  roundRect(x, y, width, height, radius) {
    const r = Math.max(0, Math.min(radius, width / 2, height / 2));
    const arc = (/** @type {number} */ dx, /** @type {number} */ dy) =>
      `a${short(r)} ${short(r)} 0 0 1 ${short(dx)} ${short(dy)}`;
    const [across, down] = [short(width - 2 * r), short(height - 2 * r)];
    this.#path += `M${short(x + r)} ${short(y)}h${across}${arc(r, r)}v${down}${arc(-r, r)}h-${across}${arc(-r, -r)}v-${down}${arc(r, -r)}Z`;
  }

  /** Whole circles are all that views draw. @param {number} x @param {number} y @param {number} radius */
  arc(x, y, radius) {
    const r = short(radius);
    this.#path += `M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${short(2 * radius)} 0a${r} ${r} 0 1 0 ${short(-2 * radius)} 0Z`;
  }

  /** @param {number[]} dash */
  setLineDash(dash) {
    this.#dash = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
  }

  fill() {
    this.#parts.push(`<path d="${this.#path}" ${this.#filled()}/>`);
  }

  stroke() {
    this.#parts.push(`<path d="${this.#path}" ${this.#stroked()}/>`);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    const place = boxOf(x, y, width, height);
    this.#parts.push(`<rect ${place} ${this.#filled()}/>`);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  strokeRect(x, y, width, height) {
    this.#parts.push(`<rect ${boxOf(x, y, width, height)} ${this.#stroked()}/>`);
  }

  clearRect() {
    // Nothing has been drawn yet.
  }

  /** @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    const anchors = { center: "middle", right: "end", end: "end" };
    const anchor = anchors[/** @type {keyof anchors} */ (this.textAlign)] ?? "start";
    const baselines = { middle: "central", top: "hanging", bottom: "text-after-edge" };
    const baseline = baselines[/** @type {keyof baselines} */ (this.textBaseline)] ?? "auto";
    const [, weight, size, family] = /^(?:(\d+) )?([\d.]+)px (.*)$/.exec(this.font) ?? [];
    const font = `font-family="${escapeXml(family ?? "sans-serif")}" font-size="${size}" font-weight="${weight ?? 400}"`;
    this.#parts.push(
      `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" dominant-baseline="${baseline}" ${font} ${this.#filled()}>${escapeXml(text)}</text>`,
    );
  }

  /** @param {string} text */
  measureText(text) {
    this.#measure.font = this.font;
    return this.#measure.measureText(text);
  }

  /** @param {HTMLCanvasElement} picture @param {number} x @param {number} y @param {number} [width] @param {number} [height] */
  drawImage(picture, x, y, width = picture.width, height = picture.height) {
    const address = readable(picture);
    if (!address) return void this.leftOut++;
    this.#parts.push(
      `<image ${boxOf(x, y, width, height)} preserveAspectRatio="none" opacity="${short(this.globalAlpha)}" href="${address}"/>`,
    );
  }

  /** @param {number} width @param {number} height */
  createImageData(width, height) {
    return this.#measure.createImageData(width, height);
  }

  /** At a place in pixels of the image, as canvases have it. @param {ImageData} image @param {number} x @param {number} y */
  putImageData(image, x, y) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    const [width, height] = [image.width / this.#dpr, image.height / this.#dpr];
    this.drawImage(canvas, x / this.#dpr, y / this.#dpr, width, height);
  }

  getTransform() {
    return new DOMMatrix([this.#dpr, 0, 0, this.#dpr, 0, 0]);
  }

  #filled() {
    return `fill="${this.fillStyle}" fill-opacity="${short(this.globalAlpha)}"`;
  }

  #stroked() {
    const ends = `stroke-linecap="${this.lineCap}" stroke-linejoin="${this.lineJoin}"`;
    return `fill="none" stroke="${this.strokeStyle}" stroke-width="${short(this.lineWidth)}" stroke-opacity="${short(this.globalAlpha)}" ${ends}${this.#dash}`;
  }
}

/** @param {number} x @param {number} y @param {number} width @param {number} height */
function boxOf(x, y, width, height) {
  const [left, top] = [Math.min(x, x + width), Math.min(y, y + height)];
  return `x="${short(left)}" y="${short(top)}" width="${short(Math.abs(width))}" height="${short(Math.abs(height))}"`;
}

/** The picture as an address; empty where it may not be read. @param {HTMLCanvasElement} picture */
function readable(picture) {
  try {
    return picture.toDataURL();
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return "";
    throw error;
  }
}
