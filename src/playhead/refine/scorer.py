"""How well pictures fit a text: any function, or a CLIP or SigLIP model of transformers from a folder or the hub.

Axes: F picture, H row, W column, C channel, D width of the common space.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from playhead.errors import UnsupportedError, UsageError, WeightsUnavailableError
from playhead.media.clip import Pixels, Times, Video
from playhead.media.decode import stream_frames
from playhead.progress import Progress, silent

Scorer = Callable[[Pixels, str], npt.ArrayLike]
"""From pictures (uint8 of shape (F, H, W, 3)) and a text to one number a picture, higher where they fit better."""

AUTO: Final = "auto"
KINDS: Final = ("clip", "siglip", "siglip2")
SIDE_PX: Final = 256  # shorter side of the pictures a scorer is given
AT_ONCE: Final = 32
_OWN_NAMES: Final = ("siglip", "clip")  # folders of one's own weights that ``auto`` looks for


def make_scorer(named: str | Scorer, progress: Progress = silent) -> Scorer | None:
    """The scorer a setting names; None where ``auto`` finds none.

    Args:
        named: A function, ``auto``, a folder, or ``owner/name`` of the hub.
        progress: Told how far a download is.

    Raises:
        UsageError: No folder, and no repository's name.
        UnsupportedError: A folder of another kind of model.
        WeightsError: Its weights are not to be had.
        MissingExtraError: The libraries models run on are not installed.
    """
    if not isinstance(named, str):
        return named
    if named == AUTO:
        from playhead.hub.folder import local_folder

        own = local_folder(None)
        found = next((own / name for name in _OWN_NAMES if own is not None and (own / name).is_dir()), None)
        return None if found is None else ClipScorer(found)
    path = Path(named).expanduser()
    if path.is_dir():
        return ClipScorer(path)
    if path.exists() or named.count("/") != 1:
        raise UsageError(
            f"cannot score pictures with {named!r}",
            found="a file" if path.exists() else "no folder of that name",
            allowed=f"{AUTO}, a folder of a CLIP or SigLIP model, or owner/name of the hub",
        )
    from playhead.hub.snapshot import snapshot

    repository, _, revision = named.partition("@")
    return ClipScorer(snapshot(repository, revision=revision or "main", progress=progress))


def name_of(scorer: Scorer) -> str:
    """What a scorer is called in notes."""
    own = getattr(scorer, "name", None) or getattr(scorer, "__name__", None)
    return str(own or type(scorer).__name__)


def scores_of(video: Video, times_s: Times, text: str, scorer: Scorer, progress: Progress = silent) -> Times:
    """One score a picture, decoded and scored some at a time.

    Raises:
        MediaError: The pictures cannot be decoded.
        UsageError: A scorer that does not give one finite number a picture.
    """
    scores: list[float] = []
    waiting: list[Pixels] = []

    def score() -> None:
        given = np.asarray(scorer(np.stack(waiting), text), dtype=np.float64)
        if given.shape != (len(waiting),) or not np.isfinite(given).all():
            raise UsageError(
                f"score pictures with {name_of(scorer)}",
                found=f"an array of shape {given.shape} for {len(waiting)} pictures",
                allowed="one finite number a picture",
            )
        scores.extend(given.tolist())
        waiting.clear()

    for frame in stream_frames(video, times_s=times_s, size=SIDE_PX):
        waiting.append(frame.pixels_HWC)
        if len(waiting) == AT_ONCE:
            score()
            progress("scoring", len(scores), len(times_s))
    if waiting:
        score()
    return np.asarray(scores)


class ClipScorer:
    """Cosines of picture and text in the common space of a CLIP or SigLIP model.

    Args:
        folder: The model as transformers keeps it: config, weights, tokenizer, ``preprocessor_config.json``.

    Raises:
        UnsupportedError: Another kind of model.
        WeightsUnavailableError: A file is missing.
    """

    def __init__(self, folder: Path) -> None:
        from playhead.models.options import require_model_libraries

        require_model_libraries()
        import torch
        from transformers import AutoModel, AutoTokenizer

        self.name = folder.name
        config, shown = _read(folder, "config.json"), _read(folder, "preprocessor_config.json")
        if config.get("model_type") not in KINDS:
            raise UnsupportedError(
                f"score pictures with {folder}",
                found=f"a model of type {config.get('model_type')!r}",
                allowed=", ".join(KINDS),
            )
        self._mean_C, self._std_C = (torch.tensor(shown[key]) for key in ("image_mean", "image_std"))
        self._model = AutoModel.from_pretrained(folder, dtype=torch.float32).train(False)
        self._words = AutoTokenizer.from_pretrained(folder)
        self._side_px = int(self._model.config.vision_config.image_size)
        self._length = int(self._model.config.text_config.max_position_embeddings)
        self._padding = "max_length" if config["model_type"] != "clip" else True  # as SigLIP was trained

    def __call__(self, pixels_FHWC: Pixels, text: str) -> npt.NDArray[np.float64]:
        """Cosines, shape (F,), float64; a text longer than the model reads is cut."""
        import torch

        asked = self._words(
            [text], padding=self._padding, truncation=True, max_length=self._length, return_tensors="pt"
        )
        with torch.inference_mode():
            pictures_FD = _features(self._model.get_image_features(pixel_values=self._prepared(pixels_FHWC)))
            text_D = _features(
                self._model.get_text_features(
                    **{key: value for key, value in asked.items() if key in ("input_ids", "attention_mask")}
                )
            )[0]
            cosines_F = torch.nn.functional.cosine_similarity(pictures_FD, text_D[None], dim=-1)
        return np.asarray(cosines_F.double().numpy())

    def _prepared(self, pixels_FHWC: Pixels) -> Any:  # noqa: ANN401 - a tensor
        """The middle square of each picture at the model's size, in its colours."""
        import torch

        _, height_px, width_px, _ = pixels_FHWC.shape
        side = min(height_px, width_px)
        top, left = (height_px - side) // 2, (width_px - side) // 2
        square = torch.from_numpy(np.ascontiguousarray(pixels_FHWC[:, top : top + side, left : left + side]))
        scaled = torch.nn.functional.interpolate(
            square.permute(0, 3, 1, 2).float() / 255,
            size=(self._side_px, self._side_px),
            mode="bicubic",
            antialias=True,
        ).clamp(0, 1)
        return (scaled - self._mean_C[:, None, None]) / self._std_C[:, None, None]


def _features(given: Any) -> Any:  # noqa: ANN401 - a tensor, or an output of transformers that holds one
    return getattr(given, "pooler_output", given)


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsUnavailableError(
            f"score pictures with {folder}",
            found=f"{name} that cannot be read ({error})",
            allowed="a model as transformers keeps it",
        ) from error
    return held
