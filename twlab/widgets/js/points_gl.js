/** The points of the map on WebGL2. */

/** @typedef {import("./geometry.js").View} View */
/**
 * @typedef {object} PointRenderer
 * @property {(x: Float32Array, y: Float32Array) => void} setPositions
 * @property {(colours: Uint32Array, mask: Uint8Array) => void} setLooks one colour and one byte per point
 * @property {(view: View, size: number, dim: number, every: number) => void} draw every so-manieth point; `dim`: opacity of what is not selected
 * @property {(width: number, height: number, dpr: number) => void} resize
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
  if (!gl || !program) return null;
  const uniform = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
  const at = {
    view: uniform("view"),
    size: uniform("size"),
    pass: uniform("pass"),
    dim: uniform("dim"),
    edge: uniform("edge"),
  };
  const buffers = {
    position: gl.createBuffer(),
    colour: gl.createBuffer(),
    picked: gl.createBuffer(),
  };
  const size = { width: 1, height: 1, dpr: 1 };
  let count = 0;
  /** Which passes there is something to draw in: 0 what is not selected, 1 what is. */
  let passes = [0];
  /** @type {Map<keyof typeof buffers, { place: number, parts: number, type: number, unit: boolean, bytes: number }>} */
  const layout = new Map();

  /** @param {keyof typeof buffers} name @param {ArrayBufferView} values @param {number} parts @param {number} type @param {boolean} unit */
  const upload = (name, values, parts, type, unit) => {
    const place = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, parts, type, unit, 0, 0);
    layout.set(name, { place, parts, type, unit, bytes: values.byteLength / Math.max(count, 1) });
  };
  /** Let the attributes skip all but every so-manieth point. @param {number} every */
  const skip = (every) => {
    for (const [name, { place, parts, type, unit, bytes }] of layout) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
      gl.vertexAttribPointer(place, parts, type, unit, bytes * every, 0);
    }
  };

  return {
    setPositions(x, y) {
      const both = new Float32Array(2 * x.length);
      for (let i = 0; i < x.length; i++) {
        both[2 * i] = x[i];
        both[2 * i + 1] = y[i];
      }
      count = x.length;
      upload("position", both, 2, gl.FLOAT, false);
    },
    setLooks(colours, mask) {
      passes = [0, 1].filter((pass) => mask.includes(pass));
      upload("colour", new Uint8Array(colours.buffer), 4, gl.UNSIGNED_BYTE, true);
      upload("picked", mask, 1, gl.UNSIGNED_BYTE, false);
    },
    draw(view, pointSize, dim, every) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (!count) return;
      gl.useProgram(program);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      const { width, height, dpr } = size;
      gl.uniform4f(at.view, view.cx, view.cy, (2 * view.k) / width, (2 * view.k) / height);
      gl.uniform1f(at.size, pointSize * dpr);
      gl.uniform1f(at.edge, Math.min(0.5, 1 / (pointSize * dpr)));
      skip(every);
      for (const pass of passes) {
        gl.uniform1f(at.pass, pass);
        gl.uniform1f(at.dim, dim);
        gl.drawArrays(gl.POINTS, 0, Math.floor(count / every));
      }
    },
    resize(width, height, dpr) {
      Object.assign(size, { width, height, dpr });
      canvas.width = Math.round(width * dpr);
      canvas.height = Math.round(height * dpr);
    },
    destroy() {
      for (const buffer of Object.values(buffers)) gl.deleteBuffer(buffer);
      gl.deleteProgram(program);
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
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
