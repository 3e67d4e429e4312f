"""The truth of drawn clips is in their files: read back from pixels and samples, for every kind of event and timing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pytest

from playhead.evaluate.synthetic import sounds
from playhead.evaluate.synthetic.forms import FORMS, mask
from playhead.evaluate.synthetic.make import write_clip
from playhead.evaluate.synthetic.palette import BACKDROPS, COLOURS, FAINT, over
from playhead.evaluate.synthetic.pictures import Painter
from playhead.evaluate.synthetic.plan import Planned, plan
from playhead.evaluate.synthetic.script import Thing
from playhead.evaluate.synthetic.timing import TIMINGS
from playhead.media import Video, index_frames, open_clip, probe, stream_audio
from playhead.timeline import Span

SIZE_PX = (256, 144)
LEVELS = (
    "overlapping",
    "brief",
    "alike",
    "overlapping",
    "overlapping",
    "overlapping",
    "alike",
    "overlapping",
)


@dataclass(frozen=True)
class Written:
    """A written clip, what it was planned to be, and what its file says."""

    path: Path
    planned: Planned

    @cached_property
    def frames(self):
        return open_clip(str(self.path), sampling="every", audio=False).frames

    @cached_property
    def heard(self) -> np.ndarray:
        """All sound from second 0 of the clip."""
        blocks = stream_audio(Video(str(self.path)), rate_hz=sounds.RATE_HZ)
        return np.concatenate([block.samples_N for block in blocks])

    @property
    def script(self):
        return self.planned.script

    @property
    def painter(self) -> Painter:
        return Painter(self.script, SIZE_PX)

    def when(self, true_F) -> list[tuple[float, float]]:
        """Spans from the pictures of which something is true, and when each is shown, as the file says it."""
        edges_s = [*self.frames.pts_s, index_frames(str(self.path), probe(str(self.path))).end_s]
        flags = [False, *map(bool, true_F), False]
        starts = [edges_s[i] for i in range(len(flags) - 1) if flags[i + 1] and not flags[i]]
        ends = [edges_s[i] for i in range(len(flags) - 1) if flags[i] and not flags[i + 1]]
        return list(zip(starts, ends, strict=True))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")

    @lru_cache
    def made(timing: str) -> Written:
        number = [*TIMINGS].index(timing)
        planned = plan(11, number, LEVELS[number], timing)
        path = folder / f"{timing}{planned.schedule.suffix}"
        write_clip(str(path), planned, SIZE_PX)
        return Written(path, planned)

    return made


@pytest.fixture(params=TIMINGS)
def clip(request, clips) -> Written:
    return clips(request.param)


def same(found, spans) -> None:
    """Both lists of spans are equal, joined where they touch."""
    joined: list[list[float]] = []
    for span in sorted(spans):
        if joined and span.start_s <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], span.end_s)
        else:
            joined.append([span.start_s, span.end_s])
    np.testing.assert_allclose(np.array(found).reshape(-1, 2), np.array(joined).reshape(-1, 2), atol=2e-5)


def test_pictures_are_shown_when_planned(clip) -> None:
    np.testing.assert_allclose(clip.frames.pts_s, clip.script.edges_s[:-1], atol=1e-5)


def background(picture: np.ndarray) -> str:
    """The name of the background, from a strip at the left that nothing is drawn on."""
    rows = slice(SIZE_PX[1] * 2 // 5, SIZE_PX[1] * 3 // 5)
    colour = picture[rows, :3].reshape(-1, 3).mean(axis=0)
    return min(BACKDROPS, key=lambda name: np.abs(colour - BACKDROPS[name]).sum())


def test_backgrounds_change_when_they_should(clip) -> None:
    seen = [background(picture) for picture in clip.frames.pixels_FHWC]
    for colour in BACKDROPS:
        if colour != clip.script.backdrop:
            spans = [each.span for each in clip.script.painted if each.colour == colour]
            same(clip.when(name == colour for name in seen), spans)


def has_colour(clip: Written, picture: np.ndarray, thing: Thing, x: float, y: float) -> bool:
    """Whether the inside of a form has its colour at its place, rather than that of the background."""
    painter = clip.painter
    top, left, _ = painter.place(x, y)
    inside = mask(thing.form, painter.side_px) > 0.99
    found = picture[top : top + painter.side_px, left : left + painter.side_px][inside].astype(float)
    behind = BACKDROPS[background(picture)]
    colour = COLOURS[thing.colour] if not thing.faint else over(COLOURS[thing.colour], behind, FAINT)
    return bool(np.abs(found - colour).sum(axis=1).mean() < np.abs(found - behind).sum(axis=1).mean())


def test_things_appear_and_go_when_they_should(clip) -> None:
    assert clip.script.shown
    for shown in clip.script.shown:
        others = [each for each in clip.script.shown if (each.x, each.y) == (shown.x, shown.y)]
        spans = [each.span for each in others if each.thing == shown.thing]
        there = [has_colour(clip, each, shown.thing, shown.x, shown.y) for each in clip.frames.pixels_FHWC]
        different = [each.span for each in others if each.thing != shown.thing]
        mine = [on and not any(span.contains(t) for span in different)
                for on, t in zip(there, clip.script.edges_s, strict=False)]  # fmt: skip
        same(clip.when(mine), spans)


def middle_px(clip: Written, picture: np.ndarray) -> float:
    """Where the mover is, in parts of a pixel: the middle of all that has its colour in its row."""
    [mover] = clip.script.movers
    painter = clip.painter
    top, _, _ = painter.place(0.5, mover.y)
    strip = picture[top : top + painter.side_px].astype(float)
    behind = strip[:, -3:].mean(axis=(0, 1))  # nothing moves as far as this
    colour = np.array(COLOURS[mover.thing.colour])
    if mover.thing.faint:
        colour = over(COLOURS[mover.thing.colour], BACKDROPS[background(picture)], FAINT)
    towards = colour - behind
    share = ((strip - behind) @ towards / (towards @ towards)).clip(0, 1)
    share[share < 0.2] = 0
    return float((share.sum(axis=0) * np.arange(SIZE_PX[0])).sum() / share.sum())


def test_movement_begins_with_its_first_picture_and_ends_after_its_last(clip) -> None:
    if not clip.script.movers:
        pytest.skip("nothing moves at this level")
    places = np.array([middle_px(clip, each) for each in clip.frames.pixels_FHWC])
    [mover] = clip.script.movers
    moving = np.abs(np.diff(places, prepend=places[0])) > 0.13
    same(clip.when(moving), [move.span for move in mover.moves])


def test_words_are_there_when_they_should_be(clip) -> None:
    band = slice(round(0.83 * SIZE_PX[1]), round(0.93 * SIZE_PX[1]))
    black = [(each[band].max(axis=2) < 40).mean() > 0.1 for each in clip.frames.pixels_FHWC]
    same(clip.when(black), [each.span for each in clip.script.written])


def test_what_an_edit_list_hides_is_never_shown(clips) -> None:
    clip = clips("edited")
    assert clip.script.hidden_word == "HIDDEN"
    assert all(picture.mean() > 40 for picture in clip.frames.pixels_FHWC)
    assert clip.painter.hidden().mean() < 40
    assert clip.planned.schedule.hidden == 10


def test_sounds_begin_and_end_with_the_sample_they_should(clip) -> None:
    exact = clip.planned.schedule.codec == "flac"
    least = 1e-5 if exact else 0.02
    spans = [each.span for each in clip.script.heard]
    everything = [*spans, *(each.span for each in clip.script.said)]
    assert spans
    for span in spans:
        first, end = (round(side * sounds.RATE_HZ) for side in (span.start_s, span.end_s))
        slack = 0 if exact else 300  # AAC spreads an edge
        loud = np.abs(clip.heard) > least
        alone = not any(
            other.overlap_s(span.shift(-0.02).hull(span.shift(0.02))) for other in everything if other != span
        )
        assert loud[first - slack : first + slack + 1].any()
        assert loud[end - 1 - slack : end + slack].any()
        if alone:
            assert not loud[first - 900 : first - slack].any()
            assert not loud[end + slack : end + 900].any()


def test_nothing_is_heard_outside_the_spans(clip) -> None:
    loud = np.abs(clip.heard) > (1e-5 if clip.planned.schedule.codec == "flac" else 0.02)
    for each in (*clip.script.heard, *clip.script.said):
        slack = 0 if clip.planned.schedule.codec == "flac" else 600
        loud[
            round(each.span.start_s * sounds.RATE_HZ) - slack : round(each.span.end_s * sounds.RATE_HZ)
            + slack
        ] = False
    assert not loud.any()


def test_sentences_are_heard_from_their_first_sample_to_their_last(clips) -> None:
    for timing in ("late", "late-sound", "stills", "edited"):
        clip = clips(timing)
        for said in clip.script.said:
            first, end = (round(side * sounds.RATE_HZ) for side in (said.span.start_s, said.span.end_s))
            assert np.abs(clip.heard[first : first + 480]).max() > 0.005
            assert np.abs(clip.heard[end - 480 : end]).max() > 0.005


def test_each_timing_is_what_it_says(clips) -> None:
    steps = {name: np.diff(clips(name).frames.pts_s).round(5) for name in TIMINGS}
    assert set(steps["constant"]) == {0.04}
    assert set(steps["ntsc"]) <= {0.03336, 0.03337}
    assert len(set(steps["variable"])) > 3
    assert steps["stills"].max() > 1
    assert clips("late").frames.pts_s[0] == pytest.approx(1.2)
    assert probe(str(clips("late-sound").path)).audio.start_s == pytest.approx(0.9)
    assert probe(str(clips("transport").path)).zero_s == pytest.approx(10.0)


@pytest.mark.parametrize("form", FORMS)
def test_forms_are_in_the_middle_of_their_box_and_unlike_each_other(form) -> None:
    shape = mask(form, 40)
    assert abs(float((shape.sum(axis=0) * np.arange(40)).sum() / shape.sum()) - 19.5) < 0.1
    assert 0.2 < shape.mean() < 0.75
    assert min(np.abs(shape - mask(other, 40)).mean() for other in FORMS if other != form) > 0.05


def test_a_span_is_never_empty() -> None:
    for number in range(60):
        script = plan(3, number, LEVELS[number % 3], [*TIMINGS][number % 8]).script
        everything = [*script.seen, *(each.span for each in (*script.heard, *script.said))]
        assert all(span.duration_s > 0.005 for span in everything)
        assert all(Span(0, script.edges_s[-1]).contains(span.start_s) for span in everything)
