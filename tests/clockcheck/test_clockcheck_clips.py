"""The clips say what they are said to say, and their pictures can be read after all that is done to pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from playhead.clockcheck.clips import draw_clips
from playhead.clockcheck.code import draw_number, is_marked, read_number
from playhead.media.open import open_clip


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return draw_clips(tmp_path_factory.mktemp("clips"))


@pytest.mark.parametrize("number", [0, 1, 299, 512, 1023])
@pytest.mark.parametrize("side_px", [48, 144, 640])
def test_a_number_is_read_back_at_any_size(number, side_px) -> None:
    picture = Image.fromarray(draw_number(number)).resize((side_px, side_px), Image.Resampling.BICUBIC)
    assert read_number(np.asarray(picture)) == number


def test_a_clock_over_the_upper_part_hides_nothing() -> None:
    picture = draw_number(77).copy()
    assert not is_marked(picture)
    picture[: int(0.25 * len(picture)), 40:100] = 255
    assert read_number(picture) == 77
    assert is_marked(picture)


@pytest.mark.parametrize(
    "spoil",
    [
        np.zeros_like,
        lambda picture: picture[::-1],
        lambda picture: picture[:, ::-1],
        lambda picture: picture[:, : len(picture) * 3 // 4],
        lambda picture: (picture // 2 + draw_number(1023 - 77) // 2).astype(np.uint8),
    ],
)
def test_what_is_no_whole_picture_says_nothing(spoil) -> None:
    assert read_number(spoil(draw_number(77))) is None


def test_a_number_of_more_than_ten_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="10 bits, found 1024"):
        draw_number(1024)


@pytest.mark.parametrize("number", range(5))
def test_every_picture_of_a_clip_is_where_its_truth_says(clips, number) -> None:
    clip = clips[number]
    frames = open_clip(clip.video.source, sampling="every", audio=False).frames
    assert [read_number(pixels) for pixels in frames.pixels_FHWC] == list(range(len(clip.starts_F)))
    np.testing.assert_allclose(frames.pts_s, clip.starts_F, atol=1e-6)


def test_the_clips_are_of_the_kinds_they_are_named_after(clips) -> None:
    steps = {clip.name: np.diff(clip.starts_F).round(6) for clip in clips}
    assert list(steps) == ["constant", "variable", "late", "window", "variable window"]
    assert set(steps["constant"]) == {0.04}
    assert set(steps["variable"]) == {0.04, 1.0}
    assert clips[2].starts_F[0] == pytest.approx(1.2)
    assert (clips[3].start_s, clips[3].end_s) == (3.5, 9.1)
