"""Figures for print: their width, their lettering, and the files they are written to."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from insides import picture_browser

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import plotly.graph_objects as go

POINT = 96 / 72
LEAST, MOST = 6 * POINT - 0.01, 8 * POINT + 0.01


def draws() -> dict[str, Callable[..., go.Figure]]:
    """Each picture, of the sample."""
    film, trailer = tw.clips(tw.sample()), tw.clips(tw.sample("trailer"))
    both = pd.concat([film, tw.clips(tw.sample(embedding_option="audio"))], ignore_index=True)
    labels = tw.cluster(film, 4)
    halves = film.assign(embedding_option=["even", "odd"] * 50)
    gaps = tw.modality_gap(halves, groups=film["start_sec"] // 50)
    truth = film[["video_id", "start_sec", "end_sec"]].assign(query_id=film["start_sec"])
    found = truth.assign(score=1.0)
    worth = tw.option_worth(found.assign(end_sec=found["start_sec"] + 1), found, truth=truth, k=1)
    thumbnails = film.assign(thumbnail_url="https://host/a.jpg")
    return {
        "heatmap": lambda **k: tw.plot.heatmap(film, **k),
        "timeline": lambda **k: tw.plot.timeline(film, lanes=labels, **k),
        "scatter": lambda **k: tw.plot.scatter(
            film, tw.project(film, method="pca"), color=labels, **k
        ),
        "novelty": lambda **k: tw.plot.novelty(film, **k),
        "alignment": lambda **k: tw.plot.alignment(
            trailer, film, pieces=tw.align(trailer, film), **k
        ),
        "diff": lambda **k: tw.plot.diff(tw.diff(film[:60], film[20:]), **k),
        "hits": lambda **k: tw.plot.hits(film, tw.search(film, film[42:43], k=4), **k),
        "threshold": lambda **k: tw.plot.threshold(film, **k),
        "options": lambda **k: tw.plot.options(tw.compare_options(both), **k),
        "modality_gap": lambda **k: tw.plot.modality_gap(gaps, **k),
        "option_worth": lambda **k: tw.plot.option_worth(worth, **k),
        "models": lambda **k: tw.plot.models(tw.compare_models(both), **k),
        "storyboard": lambda **k: tw.plot.storyboard(thumbnails[:5], **k),
    }


DRAWS = draws()


def sizes(part: Any, inside: bool = False) -> Iterator[float]:
    """All sizes of lettering that a figure sets."""
    if isinstance(part, dict):
        for key, value in part.items():
            if inside and key == "size" and value is not None:
                yield float(value)
            yield from sizes(value, str(key).endswith("font"))
    elif isinstance(part, list | tuple):
        for value in part:
            yield from sizes(value)
    elif isinstance(part, str):
        yield from map(float, re.findall(r"font-size:([\d.]+)px", part))


def test_every_picture_is_tried() -> None:
    assert DRAWS.keys() == set(tw.plot.__all__)


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("width_mm", [85, 175])
def test_lettering_has_six_to_eight_points(name: str, width_mm: float) -> None:
    figure = DRAWS[name](style="paper", width_mm=width_mm)
    assert figure.layout.width == pytest.approx(width_mm / 25.4 * 96, abs=0.01)
    found = list(sizes(figure.to_plotly_json()))
    assert found
    assert min(found) >= LEAST
    assert max(found) <= MOST
    assert not figure.layout.title.text
    assert "Arial" in figure.layout.template.layout.font.family
    assert figure.layout.paper_bgcolor is None
    assert figure.layout.template.layout.paper_bgcolor == "#ffffff"


@pytest.mark.parametrize("name", DRAWS)
def test_the_screen_is_as_it_was(name: str) -> None:
    plain, asked = DRAWS[name](), DRAWS[name](style="screen")
    assert plain.layout.title.text
    assert plain.layout.title.text == asked.layout.title.text
    assert max(sizes(plain.to_plotly_json())) > MOST


def test_the_data_are_the_same() -> None:
    plain, paper = DRAWS["timeline"](), DRAWS["timeline"](style="paper")
    assert [list(trace.x) for trace in plain.data] == [list(trace.x) for trace in paper.data]


def test_a_map_and_a_heatmap_keep_their_shape() -> None:
    assert 0.7 < (lambda layout: layout.height / layout.width)(
        DRAWS["heatmap"](style="paper").layout
    ) < 1.3  # fmt: skip
    narrow, wide = (DRAWS["storyboard"](style="paper", width_mm=w).layout for w in (85, 170))
    inside = [(layout.height - 12) / (layout.width - 12) for layout in (narrow, wide)]
    assert inside[0] == pytest.approx(inside[1], rel=0.01)


def test_a_wide_legend_stands_above_its_map() -> None:
    film = tw.clips(tw.sample())
    coords, labels = tw.project(film, method="pca"), tw.cluster(film, 6)
    for letters, orientation in ((6, None), (12, "h")):
        names = {k: f"{k}{'x' * (letters - 1)}" for k in range(6)}
        color = labels.map(names)
        figure = tw.plot.scatter(film, coords, color=color, style="paper", width_mm=85)
        assert figure.layout.legend.orientation == orientation, letters
        wide = tw.plot.scatter(film, coords, color=color, style="paper", width_mm=175)
        assert wide.layout.legend.orientation is None, letters


def test_squares_fill_the_room_that_a_heatmap_gives_them() -> None:
    film, trailer = tw.sample(), tw.sample("trailer")
    both = pd.concat([film, tw.sample(embedding_option="audio")], ignore_index=True)
    videos = pd.concat([film, trailer], ignore_index=True)
    for name, table in {"one": film, "options": both, "videos": videos}.items():
        around = []
        for width_mm in (60, 85, 175):
            layout = tw.plot.heatmap(table, style="paper", width_mm=width_mm).layout
            margin = layout.margin
            wide = (layout.width - margin.l - margin.r) * layout.xaxis.domain[1]
            inside = layout.height - margin.t - margin.b
            low, high = layout.yaxis.domain
            assert (high - low) * inside == pytest.approx(wide, abs=0.1), (name, width_mm)
            around.append([(1 - high) * inside, low * inside])
        assert around[0] == pytest.approx(around[1], abs=0.1), name
        assert around[0] == pytest.approx(around[2], abs=0.1), name
        assert max(around[0]) < 9 * 9.4, "a few lines of lettering"


def test_axes_of_time_say_so() -> None:
    layout = DRAWS["novelty"](style="paper").layout
    assert layout.xaxis.title.text == "time (min:s)"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"style": "poster"}, "style is 'poster'; 'screen' or 'paper' was expected"),
        ({"width_mm": 85}, r"width_mm is 85 and style 'screen'.*pass style='paper'"),
        ({"style": "paper", "width_mm": 3}, "width_mm is 3; millimetres from 40 to 500"),
        ({"style": "paper", "width_mm": "wide"}, "width_mm is 'wide'"),
        ({"style": "paper", "width_mm": True}, "width_mm is True"),
        ({"style": "paper", "width_mm": float("nan")}, "width_mm is nan"),
    ],
)
def test_what_is_no_style_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(tw.InputError, match=words):
        DRAWS["novelty"](**given)


def test_what_is_no_figure_or_form_is_refused(tmp_path: Path) -> None:
    figure = DRAWS["novelty"]()
    with pytest.raises(tw.InputError, match=r"'a.bmp' ends in no form of figures; .pdf, .svg"):
        tw.save_figure(figure, tmp_path / "a.bmp")
    with pytest.raises(tw.InputError, match="figure is a DataFrame; a figure of plotly"):
        tw.save_figure(tw.sample(), tmp_path / "a.pdf")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_without_the_extra_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(tw.MissingExtraError, match=r"pip install 'twlab\[figures\]'"):
        tw.save_figure(DRAWS["novelty"](), tmp_path / "a.pdf")


@pytest.mark.browser
def test_a_figure_is_written_as_wide_as_asked(tmp_path: Path) -> None:
    pytest.importorskip("kaleido")
    figure = DRAWS["heatmap"](style="paper", width_mm=85)
    drawing = ET.parse(tw.save_figure(figure, tmp_path / "a.svg")).getroot()
    assert float(drawing.attrib["width"].removesuffix("px")) == pytest.approx(321.26, abs=1)
    letters = re.findall(r"font-size: ([\d.]+)px", (tmp_path / "a.svg").read_text("utf-8"))
    assert {LEAST <= float(size) <= MOST for size in letters} == {True}
    (image,) = (one.attrib for one in drawing.iter("{http://www.w3.org/2000/svg}image"))
    low, high = figure.layout.yaxis.domain
    for side in ("width", "height"):
        room = (high - low) * (float(drawing.attrib["height"].removesuffix("px")) - 12)
        assert float(image[side]) == pytest.approx(room, abs=5), "no stripe is left blank"
    content = tw.save_figure(figure, str(tmp_path / "a.pdf")).read_bytes()
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+)", content)
    assert content.startswith(b"%PDF")
    assert box is not None
    assert float(box[1]) / 72 * 25.4 == pytest.approx(85, abs=0.5)
    content = tw.save_figure(figure, tmp_path / "a.png").read_bytes()
    assert int.from_bytes(content[16:20], "big") / 300 * 25.4 == pytest.approx(85, abs=0.5)


@pytest.mark.browser
@pytest.mark.parametrize("width_mm", [60, 85, 175])
def test_no_stripe_stays_blank_around_a_heatmap(tmp_path: Path, width_mm: float) -> None:
    """Counted in pixels of the picture: three millimetres at most, above and below."""
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("kaleido")
    figure = DRAWS["heatmap"](style="paper", width_mm=width_mm)
    picture = cv2.imread(str(tw.save_figure(figure, tmp_path / "a.png")))
    inked = (picture < 245).any(axis=(1, 2)).nonzero()[0]
    assert 1 <= inked[0] / 300 * 25.4 <= 3, "nothing cut, nothing blank above"
    assert 1 <= (len(picture) - 1 - inked[-1]) / 300 * 25.4 <= 3


@pytest.mark.browser
@pytest.mark.parametrize("width_mm", [85, 180])
def test_no_stripe_stays_blank_around_panels_with_names(tmp_path: Path, width_mm: float) -> None:
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("kaleido")
    both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    figure = tw.plot.heatmap(both, style="paper", width_mm=width_mm)
    picture = cv2.imread(str(tw.save_figure(figure, tmp_path / "a.png")))
    inked = (picture < 245).any(axis=(1, 2)).nonzero()[0]
    assert 1 <= inked[0] / 300 * 25.4 < 2, "nothing cut, nothing blank above"
    assert 1 <= (len(picture) - 1 - inked[-1]) / 300 * 25.4 <= 3, "nor below"


@pytest.mark.browser
def test_a_legend_takes_no_room_of_a_flat_figure(tmp_path: Path) -> None:
    pytest.importorskip("kaleido")
    path = tw.save_figure(DRAWS["options"](style="paper", width_mm=85), tmp_path / "a.svg")
    words = [*ET.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")]
    title = next(word for word in words if word.text == "agreement (correlation)")
    ticks = [float(word.attrib["y"]) for word in words if word.text in ("0", "1")]
    assert float(title.attrib["y"]) > max(ticks) + 6 * POINT


@pytest.mark.skipif(importlib.util.find_spec("kaleido") is None, reason="needs kaleido")
def test_a_browser_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        errors = importlib.import_module("kaleido.errors")
        raise errors.ChromeNotFoundError("none")

    monkeypatch.setattr(picture_browser, "BROWSER", picture_browser.PictureBrowser())
    monkeypatch.setattr("kaleido.Kaleido", fail)
    (tmp_path / "a.svg").write_text("old")
    with pytest.raises(tw.MissingExtraError, match=r"no Chrome or Chromium.*BROWSER_PATH"):
        tw.save_figure(DRAWS["novelty"](), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text() == "old"
