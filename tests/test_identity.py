"""Which answers are of one film, when thousands of them bear its name."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from insides import identity

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

STARTS = (0.0, 6.0, 12.0)


def answer(rng: random.Random) -> dict[str, Any]:
    """An answer about some film, with an address or a duration or neither."""
    rows = [
        {"embedding": [rng.random(), 1.0], "start_sec": start, "end_sec": start + 6}
        for start in rng.sample(STARTS, rng.randint(1, 3))
    ]
    option = rng.choice(("visual", "audio", "transcription"))
    metadata: dict[str, Any] = {"input_filename": rng.choice(("a.mp4", "b.mp4"))}
    if rng.random() < 0.5:
        metadata["duration"] = rng.choice((17.6, 18.0, 18.4, 18.5, 18.9, 19.1, 40.0))
    if rng.random() < 0.5:
        metadata["input_url"] = f"https://x/{rng.randrange(3)}/{metadata['input_filename']}"
    return {"data": [{**row, "embedding_option": option} for row in rows], "metadata": metadata}


def by_pairs(group: list[Any], segments: Any, sources: Any) -> list[list[Any]]:
    """The rule itself: each answer goes into the first film that it fits, each with each."""
    films: list[list[Any]] = []
    taken: list[set[Any]] = []
    if len(group) == 1:
        return [group]
    for unit in group:
        for film, seen in zip(films, taken, strict=True):
            folders = {str(sources[one.source].path.parent) for one in (film[0], unit)}
            known = [one.duration for one in (film[0], unit) if one.duration is not None]
            fits = film[0].kind == unit.kind == "name" and len(folders) == 1
            fits = fits and (not film[0].url or not unit.url or film[0].url == unit.url)
            fits = fits and (len(known) < 2 or abs(known[0] - known[1]) <= 0.5)
            if fits and not seen & segments[unit]:
                film.append(unit)
                seen |= segments[unit]
                break
        else:
            films.append([unit])
            taken.append(set(segments[unit]))
    return films


@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
@pytest.mark.parametrize("seed", range(60))
def test_films_are_those_of_the_pairwise_rule(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    for number in range(rng.randint(2, 30)):
        folder = tmp_path / rng.choice(("x", "y", "x/z"))
        folder.mkdir(parents=True, exist_ok=True)
        content = answer(rng)
        if rng.random() < 0.2:
            del content["metadata"]
        (folder / f"{number}.json").write_text(json.dumps(content))
    quick = tw.load(tmp_path)
    monkeypatch.setattr(identity, "_sort_into_videos", by_pairs)
    assert quick["video_id"].tolist() == tw.load(tmp_path)["video_id"].tolist()


def work_of(answers: list[Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """How often two answers are compared when all of these are loaded."""
    n_compared = 0
    compare = identity._can_be_one

    def counted(a: Any, b: Any) -> bool:
        nonlocal n_compared
        n_compared += 1
        return compare(a, b)

    with monkeypatch.context() as patched:
        patched.setattr(identity, "_can_be_one", counted)
        tw.load(answers)
    return n_compared


@pytest.mark.parametrize("kind", ["same", "durations", "addresses", "options in any order"])
def test_the_work_grows_with_the_number_of_answers(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def many(n: int) -> list[Any]:
        answers = []
        for k in range(n):
            film = k // 2 if kind == "options in any order" else k
            metadata = {"input_filename": "video.mp4", "duration": 60.0}
            if kind in ("durations", "options in any order"):
                metadata["duration"] = 60.0 + 2 * film
            if kind == "addresses":
                metadata["input_url"] = f"https://x/{k}/video.mp4"
            row = {"embedding": [1.0, k], "start_sec": 0, "end_sec": 6}
            option = "audio" if film < k / 2 else "visual"
            answers.append({"data": [{**row, "embedding_option": option}], "metadata": metadata})
        random.Random(n).shuffle(answers)
        return answers

    few, much = (work_of(many(n), monkeypatch) for n in (100, 800))
    assert much <= 8 * 2 * few + 800
