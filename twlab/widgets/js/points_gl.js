/** The points of the map on WebGL2. */

/** @typedef {import("./geometry.js").View} View */
/**
 * @typedef {object} Form of what is known of a point
 * @property {number} type of its numbers
 * @property {number} parts how many
 * @property {number} bytes they take together
 * @property {boolean} unit whether whole numbers stand for 0 to 1
 */
/**
 * @typedef {object} PointRenderer
 * @property {(x: Float32Array, y: Float32Array) => void} setPositions
 * @property {(colours: Uint32Array, mask: Uint8Array) => void} setLooks one colour and one byte per point
 * @property {(view: View, size: number, dim: number, every: number) => void} draw every so-manieth point; `dim`: opacity of what is not selected
 * @property {(size: { width: number, height: number, dpr: number }) => void} resize
 * @property {() => void} destroy
 */

const VERTEX = `#version 300 es
in vec2 position; in vec4 colour; in float picked;
uniform vec4 view; uniform float size; uniform float pass; uniform float dim;
out vec4 tint;
void main() {
  bool hidden = (pass > 0.5) != (picked > 0.5);
  vec2 place = (position - view.xy) * view.zw;
  gl_Position = hidden ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(place, 0.0, 1.0);
  gl_PointSize = size * (pass > 0.5 ? 1.25 : 1.0);
  tint = vec4(colour.rgb, pass > 0.5 ? 1.0 : dim);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 tint; uniform float edge; out vec4 result;
void main() {
  float alpha = tint.a * (1.0 - smoothstep(0.5 - edge, 0.5, length(gl_PointCoord - 0.5)));
  result = vec4(tint.rgb * alpha, alpha);
}`;

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {PointRenderer | null} null where there is no WebGL2
 */
export function createGlPoints(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  const program = gl && compileProgram(gl);
  return gl && program ? new GlPoints(canvas, gl, program) : null;
}

/** @implements {PointRenderer} */
class GlPoints {
  #canvas;
  #gl;
  #program;
  #uniforms;
  #position;
  #colour;
  #picked;
  #size = { width: 1, height: 1, dpr: 1 };
  #count = 0;
  /** Which passes there is something to draw in: 0 what is not selected, 1 what is. */
  #passes = [0];

  /** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} gl @param {WebGLProgram} program */
  constructor(canvas, gl, program) {
    this.#canvas = canvas;
    this.#gl = gl;
    this.#program = program;
    const uniform = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
    this.#uniforms = {
      view: uniform("view"),
      size: uniform("size"),
      pass: uniform("pass"),
      dim: uniform("dim"),
      edge: uniform("edge"),
    };
    const [number, byte] = [gl.FLOAT, gl.UNSIGNED_BYTE];
    const attribute = (/** @type {string} */ name, /** @type {Form} */ form) =>
      new Attribute(gl, gl.getAttribLocation(program, name), form);
    this.#position = attribute("position", { type: number, parts: 2, bytes: 8, unit: false });
    this.#colour = attribute("colour", { type: byte, parts: 4, bytes: 4, unit: true });
    this.#picked = attribute("picked", { type: byte, parts: 1, bytes: 1, unit: false });
  }

  /** @type {PointRenderer["setPositions"]} */
  setPositions(x, y) {
    const both = new Float32Array(2 * x.length);
    for (let i = 0; i < x.length; i++) {
      both[2 * i] = x[i];
      both[2 * i + 1] = y[i];
    }
    this.#count = x.length;
    this.#position.upload(both);
  }

  /** @type {PointRenderer["setLooks"]} */
  setLooks(colours, mask) {
    this.#passes = [0, 1].filter((pass) => mask.includes(pass));
    this.#colour.upload(new Uint8Array(colours.buffer));
    this.#picked.upload(mask);
  }

  /** @type {PointRenderer["draw"]} */
  draw(view, pointSize, dim, every) {
    const gl = this.#gl;
    gl.viewport(0, 0, this.#canvas.width, this.#canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.#count) return;
    gl.useProgram(this.#program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.#setView(view, pointSize);
    for (const attribute of [this.#position, this.#colour, this.#picked]) attribute.skip(every);
    for (const pass of this.#passes) {
      gl.uniform1f(this.#uniforms.pass, pass);
      gl.uniform1f(this.#uniforms.dim, dim);
      gl.drawArrays(gl.POINTS, 0, Math.floor(this.#count / every));
    }
  }

  /** @param {View} view @param {number} pointSize */
  #setView({ cx, cy, k }, pointSize) {
    const { width, height, dpr } = this.#size;
    this.#gl.uniform4f(this.#uniforms.view, cx, cy, (2 * k) / width, (2 * k) / height);
    this.#gl.uniform1f(this.#uniforms.size, pointSize * dpr);
    this.#gl.uniform1f(this.#uniforms.edge, Math.min(0.5, 1 / (pointSize * dpr)));
  }

  /** @type {PointRenderer["resize"]} */
  resize({ width, height, dpr }) {
    this.#size = { width, height, dpr };
    this.#canvas.width = Math.round(width * dpr);
    this.#canvas.height = Math.round(height * dpr);
  }

  destroy() {
    for (const attribute of [this.#position, this.#colour, this.#picked]) attribute.destroy();
    this.#gl.deleteProgram(this.#program);
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** One input of the vertex shader: a buffer with so many parts a point. */
class Attribute {
  #gl;
  #buffer;
  #place;
  #form;

  /** @param {WebGL2RenderingContext} gl @param {number} place @param {Form} form */
  constructor(gl, place, form) {
    this.#gl = gl;
    this.#place = place;
    this.#form = form;
    this.#buffer = gl.createBuffer();
  }

  /** @param {ArrayBufferView} values of every point */
  upload(values) {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(this.#place);
  }

  /** Read every so-manieth point only. @param {number} every */
  skip(every) {
    const gl = this.#gl;
    const { parts, type, bytes, unit } = this.#form;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    gl.vertexAttribPointer(this.#place, parts, type, unit, bytes * every, 0);
  }

  destroy() {
    this.#gl.deleteBuffer(this.#buffer);
  }
}

/** @param {WebGL2RenderingContext} gl */
function compileProgram(gl) {
  const program = gl.createProgram();
  for (const [type, source] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ])) {
    const shader = gl.createShader(type);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
