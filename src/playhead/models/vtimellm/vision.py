"""Frames to the one vector per frame that VTimeLLM sees: CLIP's joint-space image embedding.

The published weights were trained on frames shrunk by bicubic interpolation of tensors *without* a filter against
aliasing and without clamping; anything else gives other numbers. The vector is the class token of the last layer after
the final norm and the visual projection, not normalised to length one.

Axes: F frame, M frame of a batch, H row, W column, C channel, D width.
"""

# mypy: allow-untyped-calls
# (transformers leaves many of its functions without types)

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from playhead.errors import UnsupportedError, UsageError, WeightsError
from playhead.models.vtimellm.config import CLIP_WIDTH

T = TypeVar("T")

SIDE_PX: Final = 224
MEAN_RGB: Final = (0.48145466, 0.4578275, 0.40821073)
STD_RGB: Final = (0.26862954, 0.26130258, 0.27577711)
CHUNK_FRAMES: Final = 16
"""Frames encoded at once; bounds the memory of the tower's attention, changes no number."""


def make_tower(config: CLIPVisionConfig) -> CLIPVisionModelWithProjection:
    """A CLIP tower with its projection, of a shape the published features could come from.

    Raises:
        UnsupportedError: If its activation is not the one CLIP was trained with; weights would load and every number
            would be wrong.
    """
    check_tower(config)
    return CLIPVisionModelWithProjection(config)


def check_tower(config: CLIPVisionConfig) -> None:
    """Refuse a tower with another activation than OpenAI's CLIP, or another size of picture.

    Raises:
        UnsupportedError: With what was found.
    """
    if config.hidden_act != "quick_gelu":
        raise UnsupportedError(
            "use this CLIP tower for VTimeLLM",
            found=f"hidden_act {config.hidden_act!r}",
            allowed="'quick_gelu', as in OpenAI's ViT-L/14",
            todo="use the weights of openai/clip-vit-large-patch14",
        )
    if config.image_size != SIDE_PX:
        raise UnsupportedError(
            "use this CLIP tower for VTimeLLM",
            found=f"pictures of {config.image_size} px",
            allowed=f"{SIDE_PX} px",
        )


def frame_pixels(
    frames_FHWC: npt.NDArray[np.uint8], *, antialias: bool = False, side_px: int = SIDE_PX
) -> torch.Tensor:
    """Pictures as CLIP reads them: shorter side to 224 pixels, the middle square, normalised.

    Args:
        frames_FHWC: uint8 RGB.
        antialias: Whether to filter before shrinking. The published weights were trained without.
        side_px: Side of the square.

    Returns:
        float32 of shape (F, 3, side, side).

    Raises:
        UsageError: If the frames are no uint8 RGB pictures.

    Source: released code (torchvision's tensor path before its version 0.17).
    """
    if frames_FHWC.ndim != 4 or frames_FHWC.shape[-1] != 3 or frames_FHWC.dtype != np.uint8:
        found = f"{frames_FHWC.dtype} of shape {frames_FHWC.shape}"
        raise UsageError("prepare frames for CLIP", found=found, allowed="uint8 of shape (F, H, W, 3)")
    mean_C11 = torch.tensor(MEAN_RGB).view(3, 1, 1)
    std_C11 = torch.tensor(STD_RGB).view(3, 1, 1)
    out = torch.empty(frames_FHWC.shape[0], 3, side_px, side_px)
    for at in range(frames_FHWC.shape[0]):  # one full-size float copy at a time: of 4K it has 100 MB
        frame_1CHW = torch.from_numpy(np.ascontiguousarray(frames_FHWC[at : at + 1])).permute(0, 3, 1, 2)
        resized_1CHW = _resize(frame_1CHW.float().div_(255), side_px, antialias=antialias)
        out[at] = (_centre(resized_1CHW, side_px)[0] - mean_C11) / std_C11
    return out


def encode_frames(
    tower: CLIPVisionModelWithProjection, pixels_MCHW: torch.Tensor, *, chunk_frames: int = CHUNK_FRAMES
) -> torch.Tensor:
    """One joint-space vector for each picture, encoded a few at a time.

    Args:
        tower: The CLIP tower.
        pixels_MCHW: Of :func:`frame_pixels`.
        chunk_frames: Pictures at once.

    Returns:
        (M, 768) in the tower's precision, with gradients where the tower has them.
    """
    chunks = pixels_MCHW.split(chunk_frames) if pixels_MCHW.shape[0] else ()
    rows = [tower(pixel_values=each.to(tower.device, tower.dtype)).image_embeds for each in chunks]
    width = tower.config.projection_dim
    return torch.cat(rows) if rows else torch.zeros(0, width, device=tower.device, dtype=tower.dtype)


def frame_features(
    tower: CLIPVisionModelWithProjection,
    pictures: Iterable[npt.NDArray[np.uint8]],
    *,
    antialias: bool = False,
) -> torch.Tensor:
    """Frames to features without gradients: what VTimeLLM's ``frame_features`` takes, (F, 768).

    Args:
        tower: The CLIP tower.
        pictures: uint8 RGB of shape (H, W, 3), each of its own size; one at a time is held at its full size.
        antialias: See :func:`frame_pixels`.
    """
    shrunk = (frame_pixels(each[None], antialias=antialias) for each in pictures)
    with torch.inference_mode():
        rows = [encode_frames(tower, torch.cat(group)) for group in _batched(shrunk, CHUNK_FRAMES)]
        if not rows:
            rows = [encode_frames(tower, torch.zeros(0, 3, SIDE_PX, SIDE_PX))]
    return torch.cat(rows).clone()


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """So many items at a time, in their order; ``itertools`` has it from Python 3.12 on."""
    left = iter(items)
    while group := list(islice(left, size)):
        yield group


def load_features(path: Path, *, width: int = CLIP_WIDTH) -> npt.NDArray[np.float16]:
    """Read a released feature file: ``.npy`` of one vector per frame, or of a single picture.

    Args:
        path: File of shape (100, 768) for a video or (768,) for a picture.
        width: What a row must be wide.

    Returns:
        float16 of shape (F, width).

    Raises:
        WeightsError: If it is no such file, or holds values that are no numbers.
    """
    asked = f"read features from {path}"
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise WeightsError(asked, found=str(error)[:300], todo="give a .npy file of features") from error
    if not isinstance(found, np.ndarray) or found.dtype.kind != "f" or found.ndim not in {1, 2}:
        told = f"{found.dtype} of shape {found.shape}" if isinstance(found, np.ndarray) else "an archive"
        raise WeightsError(asked, found=told, allowed=f"floats of shape (F, {width}) or ({width},)")
    rows_FD = found[None] if found.ndim == 1 else found
    if rows_FD.shape[0] < 1 or rows_FD.shape[1] != width:
        raise WeightsError(asked, found=f"shape {found.shape}", allowed=f"(F, {width}) or ({width},)")
    if not np.isfinite(rows_FD).all():
        raise WeightsError(asked, found="values that are no numbers", todo="extract the features again")
    return cast("npt.NDArray[np.float16]", rows_FD.astype(np.float16))


def _resize(frames_FCHW: torch.Tensor, side_px: int, *, antialias: bool) -> torch.Tensor:
    """Shorter side to so many pixels; the longer one is rounded down, as torchvision does."""
    height_px, width_px = frames_FCHW.shape[-2:]
    short_px = min(height_px, width_px)
    size = (int(side_px * height_px / short_px), int(side_px * width_px / short_px))
    if size == (height_px, width_px):
        return frames_FCHW
    return functional.interpolate(
        frames_FCHW, size=size, mode="bicubic", align_corners=False, antialias=antialias
    )


def _centre(frames_FCHW: torch.Tensor, side_px: int) -> torch.Tensor:
    """The middle square; half a pixel is rounded to the even one, as torchvision does."""
    top = round((frames_FCHW.shape[-2] - side_px) / 2)
    left = round((frames_FCHW.shape[-1] - side_px) / 2)
    return frames_FCHW[..., top : top + side_px, left : left + side_px]
