"""What ARC-Hunyuan-Video sees: frames with their time burnt in, squashed to a square, in CLIP's colours.

The clock is drawn at the frame's own resolution, so it is squashed with the frame: the proportions of text and picture
are those the model was trained on. Resizing is Pillow's bicubic with antialiasing, straight to the square, no crop and
no border.

Axes: F frame, H row, W column, C colour channel, S side of the square; 2 start and end.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from playhead.media.clip import Frames, Pixels, Times
from playhead.media.open import Keep
from playhead.media.overlay import LabelRule, arc_label_seconds, draw_arc_clock

SIDE_PX: Final = 640
MEAN_C: Final = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD_C: Final = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)

PixelValues = npt.NDArray[np.float32]


def burn_in(pixels_HWC: Pixels, label_s: tuple[int, int]) -> Pixels:
    """Draw ``HH:MM:SS-HH:MM:SS`` on one frame at its own resolution.

    Args:
        pixels_HWC: The frame.
        label_s: The whole seconds to print, from :func:`playhead.media.overlay.arc_label_seconds`.
    """
    one = Frames(pixels_HWC[None], np.zeros(1))
    drawn_HWC: Pixels = draw_arc_clock(one, np.array([label_s], np.float64)).pixels_FHWC[0]
    return drawn_HWC


def squash(pixels_HWC: Pixels, side_px: int = SIDE_PX) -> Pixels:
    """Resize one frame to a square, its proportions given up, by Pillow's antialiased bicubic."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels_HWC))
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BICUBIC)).copy()


def keeper(side_px: int = SIDE_PX, rule: LabelRule = "training") -> Keep:
    """What :func:`playhead.media.open_clip` is to keep of each frame: the labelled square, never the full frame.

    Args:
        side_px: Side of the square in pixels.
        rule: Which labels; see :func:`playhead.media.overlay.arc_label_seconds`.
    """

    def keep(pixels_HWC: Pixels, number: int, stretches_S2: Times) -> Pixels:
        return squash(burn_in(pixels_HWC, arc_label_seconds(stretches_S2, rule)[number]), side_px)

    return keep


def see(frames: Frames, stretches_S2: Times, side_px: int = SIDE_PX, rule: LabelRule = "training") -> Pixels:
    """Label and squash frames that are in memory, one by one: uint8 of shape (frames, side, side, 3).

    Args:
        frames: Pictures at their own resolution.
        stretches_S2: Start and end of the stretch each stands for, in seconds from where the model's clock starts.
        side_px: Side of the square in pixels.
        rule: Which labels; see :func:`playhead.media.overlay.arc_label_seconds`.
    """
    keep = keeper(side_px, rule)
    made_FHWC = np.empty((len(frames), side_px, side_px, 3), np.uint8)
    for number, pixels_HWC in enumerate(frames.pixels_FHWC):
        made_FHWC[number] = keep(pixels_HWC, number, stretches_S2)
    return made_FHWC


def normalise(pictures_FHWC: Pixels) -> PixelValues:
    """Colours as the vision tower takes them: 0 to 1, less CLIP's mean, over its deviation; (F, 3, S, S) float32."""
    frames, height, width, channels = pictures_FHWC.shape
    values_FCHW = np.empty((frames, channels, height, width), np.float32)
    for number, pixels_HWC in enumerate(pictures_FHWC):
        scaled_HWC = (pixels_HWC.astype(np.float32) / np.float32(255) - MEAN_C) / STD_C
        values_FCHW[number] = scaled_HWC.transpose(2, 0, 1)
    return values_FCHW
