"""Pictures: the clock at full size, the squash, the colours."""

import numpy as np
import pytest
from PIL import Image

from helpers.draw import draw_number
from playhead.errors import UsageError
from playhead.media.clip import Frames
from playhead.media.overlay import draw_arc_clock
from playhead.models.arc_hunyuan_video.pictures import MEAN_C, STD_C, burn_in, keeper, normalise, see, squash


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def stretches(count, step_s=1.0):
    edges_s = np.arange(count + 1) * step_s
    return np.stack([edges_s[:-1], edges_s[1:]], axis=1)


@pytest.mark.parametrize("size", [(360, 640), (640, 360), (96, 64)])
@pytest.mark.parametrize("side_px", [64, 640])
def test_squash_is_pillows_bicubic_without_proportions(size, side_px):
    pixels_HWC = noise(*size)
    want = Image.fromarray(pixels_HWC).resize((side_px, side_px), Image.Resampling.BICUBIC)
    assert np.array_equal(squash(pixels_HWC, side_px), np.asarray(want))


def test_the_clock_is_drawn_before_the_squash():
    frames = Frames(np.stack([noise(360, 640, seed) for seed in range(3)]), np.arange(3) + 0.5)
    made_FHWC = see(frames, stretches(3), side_px=320)
    for number in range(3):
        full = draw_arc_clock(frames, stretches(3)).pixels_FHWC[number]
        assert np.array_equal(made_FHWC[number], squash(full, 320))
        assert not np.array_equal(made_FHWC[number], squash(frames.pixels_FHWC[number], 320))
    assert made_FHWC.shape == (3, 320, 320, 3)
    assert made_FHWC.dtype == np.uint8


def test_labels_follow_the_rule():
    """Above 150 s the released transformers path prints truncated times; the model was trained on rounded ones."""
    stretches_S2 = stretches(150, 200 / 150)
    pixels_HWC = np.full((360, 640, 3), 128, np.uint8)
    made = {rule: keeper(640, rule)(pixels_HWC, 2, stretches_S2) for rule in ("training", "fork")}
    assert np.array_equal(made["training"], squash(burn_in(pixels_HWC, (3, 4))))
    assert np.array_equal(made["fork"], squash(burn_in(pixels_HWC, (2, 4))))
    assert not np.array_equal(made["training"], made["fork"])


def test_given_frames_are_left_alone():
    pixels_HWC = noise(120, 160)
    before = pixels_HWC.copy()
    burn_in(pixels_HWC, (0, 1))
    squash(pixels_HWC, 64)
    assert np.array_equal(pixels_HWC, before)


def test_a_number_in_the_picture_survives_everything_but_its_corner():
    pixels_HWC = draw_number(77, 1280, 720)
    made = squash(burn_in(pixels_HWC, (5, 6)), 640)
    assert np.abs(made[200:].astype(int) - squash(pixels_HWC, 640)[200:].astype(int)).max() == 0


def test_tiny_frames_have_no_room_for_a_clock():
    with pytest.raises(UsageError, match="a font of 0 px"):
        burn_in(noise(18, 40), (0, 1))


def test_colours_are_clips():
    grey = np.full((2, 64, 64, 3), 51, np.uint8)
    values = normalise(grey)
    assert values.shape == (2, 3, 64, 64)
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    for channel in range(3):
        assert np.allclose(values[:, channel], (0.2 - MEAN_C[channel]) / STD_C[channel], atol=1e-6)
    assert normalise(grey[:0]).shape == (0, 3, 64, 64)
