"""The page of a run: what it says, that it stands alone, and the errors and pictures it is made from."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.draw import read_number
from playhead.errors import MediaError
from playhead.evaluate import charts
from playhead.evaluate.base import Moments, Option, Outcome, Sample, Story
from playhead.evaluate.benchmarks.own import BENCHMARK
from playhead.evaluate.mistakes import boundary_errors, overlaps, worst
from playhead.evaluate.report import render, write_report
from playhead.evaluate.run import Choice, run_benchmark
from playhead.evaluate.strips import strip
from playhead.media.clip import Video
from playhead.metrics.told import Caption
from playhead.models.base import Exchange
from playhead.models.registry import ENGINES
from playhead.tasks.choose import Choose
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Event, ParseFailure, Sampling, Span

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_benchmark"


def answer(task="ground", **fields) -> Answer:
    return Answer(
        task=task, source="v", duration_s=10, model="m", sampling=Sampling("all", Span(0, 10)), **fields
    )


def grounded(name, true, found, video="v") -> Outcome:
    sample = Sample(
        id=name,
        video=Path("v.mp4"),
        video_id=video,
        task=Ground(name),
        truth=Moments(tuple(Span(*each) for each in true)),
    )
    return Outcome(sample, answer(events=tuple(Event(Span(*each), "") for each in found)))


def test_errors_of_boundaries_are_signed_and_of_spans_that_meet() -> None:
    story = Sample(
        id="s",
        video=Path("v"),
        video_id="v",
        task=Events(),
        truth=Story(((Caption(0, 4, "a"), Caption(6, 8, "b")),)),
    )
    told = answer("events", events=(Event(Span(6.5, 7), "b"), Event(Span(1, 3), "a")))
    outcomes = [
        grounded("late", [(2, 4)], [(2.5, 4.25)]),
        grounded("none", [(2, 4)], [(5, 6)]),
        Outcome(story, told),
    ]
    errors = boundary_errors(outcomes)
    assert sorted(errors.starts_s) == [0.5, 0.5, 1.0]
    assert sorted(errors.ends_s) == [-1.0, -1.0, 0.25]
    assert (errors.unmatched, errors.invented) == (1, 1)
    assert overlaps(outcomes[:2]) == [pytest.approx(1.5 / 2.25), 0]


def test_the_worst_come_first_one_of_each_video_before_a_second() -> None:
    outcomes = [
        grounded("right", [(0, 1)], [(0, 1)]),
        grounded("half", [(0, 1)], [(0, 0.5)]),
        grounded("v1", [(0, 1)], [], "v"),
        grounded("v2", [(0, 1)], [], "v"),
        grounded("w1", [(0, 1)], [], "w"),
    ]
    assert [each.sample.id for each in worst(outcomes, 3)] == ["v1", "w1", "v2"]
    assert [each.sample.id for each in worst(outcomes, 9)] == ["v1", "w1", "v2", "half"]


@pytest.mark.parametrize("scene", ["constant", "variable", "rotated_1"])
def test_a_strip_shows_what_is_on_the_screen_at_its_times(drawn, scene) -> None:
    clip = drawn(scene)
    made = strip(Video(str(clip.path)), pictures=7)
    truth = dict(zip(clip.times_s, clip.numbers, strict=True))
    assert len(made.pictures) == 7
    for (at_s, address), middle_s in zip(
        made.pictures, np.linspace(made.start_s, made.end_s, 15)[1::2], strict=True
    ):
        shown_s = max(each for each in clip.times_s if each <= middle_s + 1e-6)
        assert at_s == pytest.approx(shown_s, abs=1e-4)
        data = base64.b64decode(address.removeprefix("data:image/jpeg;base64,"))
        pixels = np.asarray(Image.open(io.BytesIO(data)))
        assert read_number(pixels) == truth[min(truth, key=lambda each: abs(each - at_s))]


def test_a_strip_of_a_window_lies_within_it(drawn) -> None:
    made = strip(Video(str(drawn("constant").path), 1.0, 2.0))
    assert (made.start_s, made.end_s) == (1.0, 2.0)
    assert all(0.96 <= at_s < 2 for at_s, _ in made.pictures)
    with pytest.raises(MediaError):
        strip(Video(str(drawn("audio_only_wav").path)))


def test_a_histogram_counts_what_lies_outside_in_its_outer_bars() -> None:
    axis = charts.Axis([-1, 0, 1], [(0, "0")], "Starts")
    tips = re.findall(r"<title>([^<]+)</title>", charts.histogram([-9, -0.5, 0.5, 1, 9], axis))
    assert tips == ["-1 to 0: 2", "0 to 1: 3"]


# --- the page ---------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Texts by element, and every address the page names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.addresses, self.headings, self.depth = [], [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_endtag(self, tag):
        if tag not in ("meta", "img"):
            assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


class Odd:
    """An engine whose words could break a page."""

    name = "odd"
    on_exchange = None

    def answer(self, video, task, *, progress=None):
        if self.on_exchange is not None:
            self.on_exchange(Exchange("<script>alert(1)</script>", "</pre><b>bold</b>", finished=True))
        if isinstance(task, Choose):
            return answer("choose", choice="A")
        if "fails" in task.query:
            raise RuntimeError("<i>broken</i>")
        if "unread" in task.query:
            return answer(failure=ParseFailure("<u>words</u>", "no times"))
        return answer(events=(Event(Span(0.2, 1.0), ""),))


@pytest.fixture
def run(tmp_path, drawn, monkeypatch):
    shutil.copy(drawn("constant").path, tmp_path / "a.mp4")
    base = {"video": "a.mp4", "task": "ground", "spans": [[0.5, 1.5]]}
    lines = [{**base, "id": query, "query": f"<em>{query}</em>"} for query in ("found", "fails", "unread")]
    lines.append(
        {
            "id": "c",
            "video": "a.mp4",
            "task": "choose",
            "question": "what?&",
            "options": ["<s>", "b"],
            "answer": "B",
        }
    )
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.setitem(ENGINES, "odd", lambda **options: Odd())
    return run_benchmark(BENCHMARK, Choice(data=tmp_path, out=tmp_path / "run", engine="odd"))


def test_the_page_says_everything_and_stands_alone(run) -> None:
    html = render(run)
    page = Page(html)
    assert page.open == []
    assert page.headings == [
        "What to know",
        "Grounding",
        "Multiple choice",
        "Overlap with the truth (IoU)",
        "Error of boundaries",
        "Worst cases",
        "Answers that could not be read (1)",
        "Samples without an answer (1)",
        "How this was made",
    ]
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    assert len(page.addresses) == 16  # two cases
    assert "predicted 0.2 to 1.0 s" in html
    assert "median -0.30 s" in html
    assert "median -0.50 s" in html
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert policy.startswith("default-src 'none'")
    assert " style=" not in html  # the policy would drop it


def test_nothing_a_model_writes_becomes_a_part_of_the_page(run) -> None:
    html = render(run)
    for tag in ("em>", "b>bold", "u>", "i>", "s>"):
        assert f"<{tag}" not in html
    assert html.count("<script") == 1
    assert "&lt;em&gt;found&lt;/em&gt;" in html
    assert "&lt;u&gt;words&lt;/u&gt;" in html


def test_a_video_that_is_gone_costs_its_pictures_only(run, tmp_path) -> None:
    (tmp_path / "a.mp4").unlink()
    path = write_report(tmp_path / "run", run)
    html = path.read_text()
    assert "no pictures: " in html
    assert "predicted 0.2 to 1.0 s" in html


def test_the_example_can_be_run(tmp_path) -> None:
    loaded = BENCHMARK.load(EXAMPLE / "tasks.jsonl", "all")
    assert len(loaded.samples) == 20
    assert {type(sample.truth) for sample in loaded.samples} >= {Moments, Option, Story}
