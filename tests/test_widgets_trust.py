"""What a table says is data: it is shown in the explorer, never opened, never followed."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.widgets import mask_secrets, web_address

SECRET = b"a key that nobody may read"
HOST = "https://media.test/film"

LEFT_OUT = [
    "{here}/secret.key",
    "secret.key",
    "../{folder}/secret.key",
    "~/secret.key",
    "~root/secret.key",
    "$HOME/secret.key",
    "/proc/self/environ",
    "/dev/fd/0",
    "file://{here}/secret.key",
    "FILE:///etc/passwd",
    "data:text/html,<script>alert(1)</script>",
    "JavaScript:alert(1)",
    "blob:https://media.test/1",
    "ftp://media.test/film.m3u8",
    "s3://bucket/film.mp4",
    "//media.test/film.m3u8",
    "\\\\media.test\\share\\film.mp4",
    "https:\\\\media.test\\film.m3u8",
    "http:/secret.key",
    "http://",
    "https://[media.test/film",
    "https://media.test:port/film",
    "http:secret.key",
    " https://media.test/film.m3u8",
    "https://media.test/film.m3u8\n",
    "https://media\t.test/film.m3u8",
    "ht\x00tps://media.test/film.m3u8",
    "https://media.test/\u202efilm",
    "https://somebody:pass-word@media.test/film.m3u8",
    "HTTPS://pass-word@media.test/film.m3u8",
    "https://media.test/" + "a" * 9000,
    7,
    1.5,
    b"https://media.test/film.m3u8",
    ["https://media.test/film.m3u8"],
    {"url": "https://media.test/film.m3u8"},
]


def answer(address: Any) -> dict[str, Any]:
    """A served answer whose stream and thumbnail are this."""
    segments = [
        {"start_offset_sec": 6 * k, "end_offset_sec": 6 * k + 6, "float": [0.1 * k + 0.1, 0.2, 0.3]}
        for k in range(5)
    ]
    return {
        "system_metadata": {"filename": "b.mp4", "duration": 30},
        "hls": {"video_url": address, "thumbnail_urls": [address]},
        "embedding": {"model_name": "marengo3.0", "video_embedding": {"segments": segments}},
    }


OPENS = """
import json, re, sys, warnings
import twlab as tw
warnings.simplefilter("ignore")
tables = json.loads(sys.stdin.read())
def show(given, page):
    # Without a map: t-SNE looks into /proc for threads.
    views = ["player", "timeline", "heatmap"]
    table = tw.load(given)
    tw.save_html(table, page, views=views)
    tw.player(None, table)
    tw.explore(table, views=views)._repr_mimebundle_()
show(tables[0], "page.html")  # imports what it imports
opened = []
def seen(event, args):
    if event in ("open", "os.listdir", "os.scandir", "socket.connect", "subprocess.Popen"):
        opened.append(str(args[0]))
sys.addaudithook(seen)
for place, given in enumerate(tables):
    show(given, f"page{place}.html")
page = r"(.*/)?\\.?page\\d+\\.html(\\.\\w+\\.part)?"
memory = "/proc/(meminfo|self/statm)|/sys/fs/cgroup/.*"
ours = re.compile(f"{page}|{memory}")
print(json.dumps([one for one in opened if not ours.fullmatch(one)]))
"""


def test_no_file_is_opened_on_the_word_of_an_answer(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(SECRET)
    texts = [one for one in LEFT_OUT if isinstance(one, str)]
    texts = [
        one.format(here=tmp_path, folder=tmp_path.name) for one in texts if "script" not in one
    ]
    done = subprocess.run(
        [sys.executable, "-c", OPENS],
        input=json.dumps([answer(one) for one in texts]),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(Path(tw.__file__).parents[1])},
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
    pages = list(tmp_path.glob("page?*.html"))
    assert len(pages) == len(texts)
    for page in pages:
        text = page.read_text()
        assert base64.b64encode(SECRET).decode()[:30] not in text
        assert "twlab-video-" not in text.split('type="module"')[0]


def film(**columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame({"video_id": "film", "start_sec": np.arange(4) * 6.0})
    rows["end_sec"] = rows["start_sec"] + 6
    rows = rows.assign(**{name: [value] * 4 for name, value in columns.items()})
    return tw.with_vectors(rows, np.eye(4))


@pytest.mark.parametrize("column", ["hls_url", "thumbnail_url"])
@pytest.mark.parametrize("value", LEFT_OUT, ids=lambda value: repr(value)[:40])
def test_what_is_no_address_of_the_web_is_left_out_and_told_once(
    value: Any, column: str, tmp_path: Path
) -> None:
    if isinstance(value, str):
        value = (
            value.format(here=tmp_path, folder=tmp_path.name) if "script" not in value else value
        )
    (tmp_path / "secret.key").write_bytes(SECRET)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        page = tw.save_html(film(**{column: value}), tmp_path / "page.html")
    assert [one.category for one in told] == [tw.TwlabWarning]
    sentence = str(told[0].message)
    assert column in sentence
    assert "pass-word" not in sentence
    assert sentence.isprintable()
    state = json.loads(re.search(r'id="twlab-state">(.*?)</script>', page.read_text(), re.S)[1])
    video = state["_spec"]["videos"][0]
    assert video["thumbnail"] == ""
    assert (video["source"]["kind"], video["source"]["url"]) == ("none", "")
    assert not isinstance(value, str) or value[:30] not in json.dumps(state)


def test_addresses_of_the_web_are_handed_over_as_they_stand() -> None:
    signed = f"{HOST}.m3u8?X-Amz-Signature=1%2F2&t=a@b"
    for good in (signed, "http://127.0.0.1:8000/a.m3u8", "https://müsik.test/ä.mp4"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            video = tw.explore(film(hls_url=good, thumbnail_url=good))._spec["videos"][0]
        assert video["source"]["url"] == video["thumbnail"] == good
    assert web_address("HTTPS://Media.test/A.m3u8") == "https://Media.test/A.m3u8"
    assert web_address("") is None


def test_the_first_good_address_of_a_video_counts_whatever_stands_before_it() -> None:
    table = film(hls_url="x").assign(hls_url=["/etc/passwd", None, HOST, HOST + "2"])
    assert tw.explore(table)._spec["videos"][0]["source"]["url"] == HOST
    mixed = pd.concat([table, film(hls_url="/etc/passwd").assign(video_id="other")])
    with pytest.warns(tw.TwlabWarning, match="hls_url of the video 'other' is '/etc/passwd'"):
        told = tw.explore(mixed.reset_index(drop=True))._spec["videos"]
    assert [one["source"]["kind"] for one in told] == ["url", "none"]


def test_a_bad_stream_does_not_matter_where_the_caller_names_the_video(tmp_path: Path) -> None:
    mine = tmp_path / "mine.mp4"
    mine.write_bytes(b"film")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explorer = tw.explore(film(hls_url="/etc/passwd"), video=mine)
    assert explorer._files == {0: mine}


@pytest.mark.parametrize(
    "columns",
    [
        {"duration_sec": "long"},
        {"duration_sec": [1]},
        {"duration_sec": float("inf")},
        {"duration_sec": -1.0},
        {"filename": ["a", "b"]},
        {"filename": {"a": 1}},
        {"hls_url": None, "thumbnail_url": float("nan")},
        {"hls_url": "", "thumbnail_url": pd.NA},
    ],
    ids=repr,
)
def test_odd_facts_of_a_video_fail_no_page(columns: dict[str, Any], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = tw.save_html(film(**columns), tmp_path / "page.html").read_text()
    state = re.search(r'id="twlab-state">(.*?)</script>', page, re.S)[1]

    def refuse(word: str) -> None:
        raise AssertionError(f"a browser reads no {word}")

    video = json.loads(state, parse_constant=refuse)["_spec"]["videos"][0]
    assert video["duration"] == 24.0


def test_passwords_in_addresses_are_shown_nowhere(tmp_path: Path) -> None:
    address = "https://somebody:pass-word@media.test/film.mp4"
    table = film(filename=address, topic=address, embedding_option=address)
    table["topic"] = [address, address + "2", "a", "b"]
    page = tw.save_html(table, tmp_path / "page.html").read_text()
    assert "pass-word" not in page
    assert mask_secrets(f"see {address} now") == "see https://…@media.test/film.mp4 now"
    assert mask_secrets("a@b.test, https://host/a@b") == "a@b.test, https://host/a@b"
