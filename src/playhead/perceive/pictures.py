"""Pictures as vectors, so that likeness can be measured: CLIP's image tower, or colours and edges alone.

Both give unit-length vectors whose dot product is the likeness, 1 for the same picture. Axes: F frame, H row, W column,
C channel, D embedding dimension.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from playhead.errors import MissingExtraError
from playhead.media.clip import Pixels
from playhead.perceive.shrink import luma, resize, shrink

Vectors = npt.NDArray[np.float32]

_CLIP_SIDE_PX: Final = 224
_CLIP_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)  # Radford et al. 2021, the released preprocessing
_CLIP_STD: Final = (0.26862954, 0.26130258, 0.27577711)


class PictureEncoder(Protocol):
    """Anything that turns pictures into unit-length vectors."""

    name: str

    def encode(self, pixels_FHWC: Pixels) -> Vectors:
        """Unit-length float32 vectors of shape (F, D)."""
        ...


class ClipPictures:
    """CLIP ViT-B/16 image embeddings (512 numbers), from a graph with 8-bit weights.

    Args:
        folder: Folder of the weights ``clip-vit-b16-image``.
        threads: CPU threads.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """

    name = "clip-vit-b16-image"

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtraError(
                "picture embeddings need onnxruntime", todo="pip install 'playhead[scout]'"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "clip_encoder.int8.onnx"), providers=["CPUExecutionProvider"], sess_options=options
        )
        self._input = self._session.get_inputs()[0].name
        self._output = next(out.name for out in self._session.get_outputs() if len(out.shape) == 2)

    def encode(self, pixels_FHWC: Pixels) -> Vectors:
        """Unit-length float32 vectors of shape (F, 512)."""
        rows = [self._session.run([self._output], {self._input: _clip_input(p)})[0][0] for p in pixels_FHWC]
        return _unit(np.asarray(rows, np.float32).reshape(len(rows), -1))


def _clip_input(pixels_HWC: Pixels) -> npt.NDArray[np.float32]:
    """The middle square at 224 x 224, normalised, axes batch, channel, row, column."""
    tall, wide = pixels_HWC.shape[:2]
    side = min(tall, wide)
    top, left = (tall - side) // 2, (wide - side) // 2
    square = resize(pixels_HWC[top : top + side, left : left + side], _CLIP_SIDE_PX, _CLIP_SIDE_PX)
    scaled = (square.astype(np.float32) / 255.0 - np.array(_CLIP_MEAN, np.float32)) / np.array(
        _CLIP_STD, np.float32
    )
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


class PlainPictures:
    """Layout of colours and of edges (no weights): tells whether two pictures show the same view, not the same thing."""

    name = "colour-and-edge-layout"

    def encode(self, pixels_FHWC: Pixels) -> Vectors:
        """Unit-length float32 vectors of shape (F, 384)."""
        return _unit(np.stack([_layout(pixels) for pixels in pixels_FHWC]))


def _layout(pixels_HWC: Pixels) -> npt.NDArray[Any]:
    cells = shrink(pixels_HWC, 8, 8).astype(np.float32)
    colour = (cells - cells.mean()) / (cells.std() + 8.0)
    bright = luma(shrink(pixels_HWC, 64, 64))
    down, across = np.abs(np.diff(bright, axis=0))[:, :-1], np.abs(np.diff(bright, axis=1))[:-1]
    edges = np.stack([down, across, np.maximum(down - across, 0)])
    padded = np.pad(edges, ((0, 0), (0, 1), (0, 1)))
    strength = padded.reshape(3, 8, 8, 8, 8).mean(axis=(2, 4))
    texture = (strength - strength.mean()) / (strength.std() + 1.0)
    return np.concatenate([colour.ravel(), texture.ravel()]).astype(np.float32)


def _unit(vectors_FD: Vectors) -> Vectors:
    length = np.linalg.norm(vectors_FD, axis=1, keepdims=True)
    return np.asarray(vectors_FD / np.maximum(length, 1e-6), np.float32)
