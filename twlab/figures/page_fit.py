"""What a figure's own page does for it: lettering in the ink of the page, and room on a phone.

A figure is drawn before anybody knows how wide its page is and which paper it has. Plotly sizes a
figure to its page, but leaves a legend beside a map, where it takes half of a phone, and the
height of a heatmap whose squares have shrunk. So pages that :meth:`twlab.figures.figure.Figure`
writes bring a script, which looks again whenever the page changes its width. Hosts that draw a
figure themselves run no scripts; where they say that they are dark, it wears the dark theme.

* :data:`FIT` - the script
* :func:`wear_dark` - the figure for a dark page
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from twlab.looks import THEMES, channels

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FIT", "wear_dark"]

PHONE = 600
"""Pixels of a figure below which it is laid out for a phone; the widest of these have 440."""

AXIS = 64
"""Pixels below what is drawn for the ticks and the title of an axis, before the legend begins."""

FIT = """
(() => {
  const chart = document.getElementById("{plot_id}");
  const { layout } = chart;
  const clear = /, ?0\\)$/.test(chart._fullLayout.paper_bgcolor);
  if (clear) {
    const ink = document.createElement("style");
    const marks = ["GREY_RGB", "GREY_HEX"].map((one) => `[id="${chart.id}"] [style*="${one}"]`);
    ink.textContent = `:is(${marks.join()}):is(text, tspan) { fill: currentColor !important }`;
    document.head.append(ink);
    let ground = chart;
    const bare = () => /, ?0\\)$/.test(getComputedStyle(ground).backgroundColor);
    while (ground && bare()) ground = ground.parentElement;
    const paper = ground ? getComputedStyle(ground).backgroundColor : "Canvas";
    chart.style.setProperty("--twlab-paper", paper); // the edge of letters over points
  }
  if (layout.width || !layout.margin) return;
  const { l, r, t, b } = layout.margin;
  const inside = layout.height - t - b;
  const shown = (name) => /^[xy]axis/.test(name) && layout[name].domain && !layout[name].overlaying;
  const sides = Object.keys(layout).filter((name) => name[0] === "y" && shown(name));
  const across = sides.map((name) => name.replace("y", "x"));
  const bars = chart.data.map((one) => one.colorbar).filter((bar) => bar?.orientation === "h");
  const places = bars.map(({ x, y }) => [x, y]);
  // Plotly has shrunk domains to squares by now, and keeps aside what they were.
  const asked = (name) => chart._fullLayout[name]._inputDomain ?? layout[name].domain;
  const panels = sides.map((name, k) => [...asked(name), ...asked(across[k])]);
  const whole = JSON.parse(JSON.stringify(layout));
  for (const name of Object.keys(whole)) if (whole[name]?.overlaying) delete whole[name].domain;
  const square = layout.yaxis?.constrain === "domain" && layout.yaxis.visible !== false;
  // Frames of a storyboard shrink with the page, and leave its height to nothing.
  const span = (axis) => Math.abs(axis.range[1] - axis.range[0]);
  const framed = layout.yaxis?.visible === false && layout.yaxis.scaleanchor === "x";
  const depth = framed ? span(layout.yaxis) / span(layout.xaxis) : 0;
  const beside = layout.legend?.orientation !== "h" && chart.querySelector(".legend") !== null;

  /** Each panel as high as it is wide; on a phone one below the other. */
  function fitSquares(fresh, room, phone) {
    const rows = [...new Set(panels.map(([, top]) => top))].sort((x, y) => y - x);
    const stack = phone && panels.length > rows.length;
    const [low, high, left, right] = panels[0];
    const foot = Math.min(...panels.map(([one]) => one));
    const [above, below] = [(1 - rows[0]) * inside, foot * inside];
    const side = Math.min((high - low) * inside, room * (stack ? 1 : right - left));
    const each = above + side + below;
    const tall = each * (stack ? panels.length : rows.length);
    fresh.height = Math.round(t + b + tall);
    panels.forEach(([, top, from, to], k) => {
      const head = 1 - ((stack ? k : rows.indexOf(top)) * each + above) / tall;
      fresh[sides[k]].domain = [head - side / tall, head];
      fresh[across[k]].domain = stack ? [0, 1] : [from, to];
      if (stack) fresh[sides[k]].showticklabels = true;
      if (stack) fresh[sides[k]].title = fresh.yaxis.title;
      for (const [n, [x, y]] of places.entries())
        if (x === from && y === top) Object.assign(bars[n], { x: stack ? 0 : x, y: head });
    });
  }

  /** The legend below the picture on a phone, which then is no higher than wide. */
  function fitLegend(fresh, room, more) {
    const tall = Math.min(inside, room);
    const below = { orientation: "h", x: 0, xanchor: "left", y: -AXIS / tall, yanchor: "top" };
    fresh.legend = { ...fresh.legend, ...below };
    const foot = Math.max(b, AXIS + Math.ceil(more));
    fresh.margin.b = foot;
    fresh.height = Math.round(t + tall + foot);
  }

  const measure = () => chart.querySelector(".legend .bg")?.getBoundingClientRect().height ?? 0;
  let [known, fitted] = [0, false];
  async function fit() {
    const width = chart.clientWidth;
    const [phone, room] = [width < PHONE, width - l - r];
    const [low, high, left, right] = panels[0] ?? [0, 0, 0, 0];
    const cut = room * (square ? right - left : depth) < (square ? high - low : 1) * inside;
    const tight = square || framed ? cut : beside && phone;
    if (!width || width === known || !(tight || fitted)) return;
    [known, fitted] = [width, tight];
    const draw = (edit) => {
      const fresh = JSON.parse(JSON.stringify(whole));
      edit(fresh);
      return Plotly.newPlot(chart, chart.data, fresh, { ...chart._context });
    };
    const asWide = (fresh) => {
      fresh.height = Math.round(t + b + Math.min(room * depth, inside));
      fresh.xaxis.domain = fresh.yaxis.domain = [0, 1];
    };
    if (square) await draw((fresh) => fitSquares(fresh, room, phone));
    else if (framed) await draw(asWide);
    else if (!phone) await draw(() => undefined);
    else {
      await draw((fresh) => fitLegend(fresh, room, 0));
      await draw((fresh) => fitLegend(fresh, room, measure()));
    }
    const frame = chart.parentElement.style;
    if (frame.height.endsWith("px")) frame.height = `${chart.layout.height}px`;
  }
  addEventListener("resize", fit);
  fit();
})();
""".replace("PHONE", str(PHONE))
"""Run by the page when the figure is drawn; ``{plot_id}`` is filled in by plotly."""
FIT = FIT.replace("AXIS", str(AXIS))
FIT = FIT.replace("GREY_RGB", ", ".join(map(str, channels(THEMES["auto"].ink))))
FIT = FIT.replace("GREY_HEX", THEMES["auto"].ink)


def wear_dark(figure: go.Figure) -> go.Figure:
    """The figure in the dark theme, where it has that of its page: grey is faint on dark paper."""
    if figure.layout.paper_bgcolor is not None:
        return figure
    parts = {"layout": figure.layout.to_plotly_json()}
    parts["data"] = [trace.to_plotly_json() for trace in figure.data]
    _brighten(parts)
    return go.Figure(parts)


def _brighten(part: Any) -> None:
    """Put the grey of lettering into that of the dark theme, wherever it is written."""
    auto, dark = THEMES["auto"], THEMES["dark"]
    for key, value in _places(part):
        if isinstance(value, str):
            part[key] = value.replace(auto.title, dark.title).replace(auto.ink, dark.muted)
        else:
            _brighten(value)


def _places(part: Any) -> Iterator[tuple[Any, Any]]:
    """What a part of a figure holds, by key; arrays of numbers are no parts."""
    if isinstance(part, dict):
        yield from list(part.items())
    elif isinstance(part, list):
        yield from enumerate(part)
