"""From a video to what ARC-Hunyuan-Video is given: pictures, sound, and which sound goes with which picture.

    Video -look_at-> Prepared (numpy)      Prepared + question -layout-> Layout      both -inputs, batch-> tensors

**Two clocks.** Spans and presentation times are on the video's own clock. What the model is *told* counts from the start
of the window: labels burnt into the pictures begin at ``00:00:00``, since it was trained on clips that begin there.
Times in its answer are therefore the window's, and :class:`playhead.tasks.base.Clock` adds ``window.start_s`` back.

Axes: B sample, F frame, H row, W column, C colour channel, K sound chunk, M mel band, T spectrogram frame, S slot of a
frame, N position, 4 rotary axis, 2 start and end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedTokenizerFast
from transformers.utils import PROCESSOR_NAME

from playhead.errors import EmptyMediaError, UsageError, WeightsError, nearest
from playhead.media.clip import Clip, Pixels, Times, Video
from playhead.media.open import open_clip
from playhead.media.overlay import LabelRule, arc_labels
from playhead.media.sampling.arc import MAX_FRAMES, arc
from playhead.media.sampling.base import Policy
from playhead.models.arc_hunyuan_video import pictures
from playhead.models.arc_hunyuan_video.config import AUDIO_PER_CHUNK, ArcHunyuanVideoConfig
from playhead.models.arc_hunyuan_video.layout import FrameTime, PositionRule, layout, rows_of, slots_per_frame
from playhead.models.arc_hunyuan_video.reconcile import NOTHING, SoundRule, align
from playhead.models.arc_hunyuan_video.sound import MissingSound, check_bands, hear
from playhead.models.arc_hunyuan_video.tokens import (
    ArcHunyuanVideoTokenizer,
    check_tokenizer,
    load_tokenizer,
    special_ids,
)
from playhead.sequence.batch import pad
from playhead.sequence.layout import Ids, Layout
from playhead.timeline import Sampling, Span

_CLOCK_DIGITS: Final = 9  # shifting a stretch to the window's clock may not move it off a half second


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How videos are made ready; the defaults are the published ones, or better where those fail.

    Attributes:
        side_px: Side of the square every frame is squashed to, a multiple of 64.
        max_frames: Most frames of a window; 150 as trained.
        labels: Rule of the burnt-in times: ``training`` rounds, ``fork`` cuts them down as the released transformers
            path does; they differ above 150 s.
        sound: Which sound goes with which frame; see :mod:`playhead.models.arc_hunyuan_video.reconcile`.
        missing_sound: What a video without sound means: silence, as released, or an error.
        positions: Rule of the rotary positions; see :func:`playhead.models.arc_hunyuan_video.layout.positions_of`.
    """

    side_px: int = pictures.SIDE_PX
    max_frames: int = MAX_FRAMES
    labels: LabelRule = "training"
    sound: SoundRule = "auto"
    missing_sound: MissingSound = "silence"
    positions: PositionRule = "inference"

    def __post_init__(self) -> None:
        rows_of(self.side_px)
        choices = (
            ("labels", LabelRule),
            ("sound", SoundRule),
            ("missing_sound", MissingSound),
            ("positions", PositionRule),
        )
        for name, kind in choices:
            if getattr(self, name) not in get_args(kind):
                found, allowed = f"{name}={getattr(self, name)!r}", ", ".join(get_args(kind))
                raise UsageError("settings of ARC-Hunyuan-Video's processor", found=found, allowed=allowed)
        if not 1 <= self.max_frames <= MAX_FRAMES:
            found = f"max_frames={self.max_frames}"
            raise UsageError(
                "settings of ARC-Hunyuan-Video's processor", found=found, allowed=f"1 to {MAX_FRAMES}"
            )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A window of a video, ready for the model but for the question.

    Attributes:
        pictures_FHWC: uint8 squares with their times burnt in; :attr:`pixel_values` is what the model takes.
        input_features_KMT: float32 log-mel spectrograms of 30 s chunks of sound, (chunks, 128, 3000).
        audio_index_FS: int64: for each slot the vector of the chunks' flattened stream (1500 a chunk) that is added
            to it, -1 for none.
        times_s: True presentation times of the pictures on the video's clock, float64 of shape (frames,).
        intervals_S2: The stretch each picture stands for on the video's clock, within the window, (frames, 2).
        labels: What is burnt into each picture, on the window's clock.
        window: The part of the video that was looked at, on its clock.
        sound_rule: The rule that sound was aligned by.
        notes: Plain sentences about what was left out, repaired or limited.
    """

    pictures_FHWC: Pixels
    input_features_KMT: npt.NDArray[np.float32]
    audio_index_FS: Ids
    times_s: Times
    intervals_S2: Times
    labels: tuple[str, ...]
    window: Span
    sound_rule: SoundRule
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = self.pictures_FHWC.shape[0]
        found = (len(self.audio_index_FS), len(self.times_s), len(self.intervals_S2), len(self.labels))
        if set(found) != {count}:
            raise ValueError(f"{count} pictures but {found} rows of sound, times, stretches and labels")

    def __len__(self) -> int:
        return int(self.pictures_FHWC.shape[0])

    @property
    def pixel_values(self) -> pictures.PixelValues:
        """The pictures in CLIP's colours, float32 of shape (frames, 3, side, side); made anew each time."""
        return pictures.normalise(self.pictures_FHWC)

    @property
    def frames(self) -> tuple[FrameTime, ...]:
        """When each picture is, and what is burnt into it."""
        rows = zip(self.intervals_S2.tolist(), self.times_s.tolist(), self.labels, strict=True)
        return tuple(FrameTime(Span(*stretch), time_s, label) for stretch, time_s, label in rows)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was opened of a video.

    Attributes:
        clip: The clip's facts, its sound, and its pictures as squares with their times burnt in.
        prepared: The same, ready for the model.
        sampling: What was seen and heard, with the notes of both.
    """

    clip: Clip
    prepared: Prepared
    sampling: Sampling


class ArcHunyuanVideoProcessor:
    """Tokenizer and settings of ARC-Hunyuan-Video: makes videos and questions into the model's inputs.

    Args:
        tokenizer: The family's tokenizer.
        settings: How videos are made ready.

    Raises:
        WeightsError: If the tokenizer is not the family's.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, settings: Settings | None = None) -> None:
        check_tokenizer(tokenizer)
        self.tokenizer, self.settings = tokenizer, settings or Settings()
        self.special = special_ids(tokenizer)

    # --- files ------------------------------------------------------------------------------------------------------

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        config: ArcHunyuanVideoConfig | None = None,
        settings: Settings | None = None,
        **options: Any,  # noqa: ANN401 - of the hub, as transformers' Auto classes pass them
    ) -> ArcHunyuanVideoProcessor:
        """A processor of a released folder, or of one written by :meth:`save_pretrained`, or of a hub id.

        Args:
            pretrained_model_name_or_path: Folder or hub id.
            config: The model's, which the tokenizer is checked against, or None.
            settings: Instead of those in the folder; without either, the published ones.
            options: ``revision``, ``token``, ``local_files_only``, ... for a hub id.

        Raises:
            WeightsError: If the tokenizer is missing or does not fit, ``preprocessor_config.json`` asks for other than
                128 mel bands (a folder without the file is fine), or settings are unknown.
        """
        folder = Path(pretrained_model_name_or_path)
        if folder.is_dir():
            tokenizer = load_tokenizer(folder, config)
            check_bands(folder)
        else:
            hub = {name: value for name, value in options.items() if name in _HUB_OPTIONS}
            tokenizer = _from_hub(str(pretrained_model_name_or_path), hub)
            check_tokenizer(tokenizer, config, asked=f"load the tokenizer of {pretrained_model_name_or_path}")
        if settings is None:
            settings = read_settings(folder / PROCESSOR_NAME) if folder.is_dir() else Settings()
        return cls(tokenizer, settings)

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> list[str]:  # noqa: ANN401 - transformers' own
        """Write tokenizer and settings into a folder; :meth:`from_pretrained` and ``AutoProcessor`` read them back.

        Args:
            save_directory: The folder; made if missing.
            options: Passed on to the tokenizer's ``save_pretrained``.

        Returns:
            Names of the files.
        """
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        files = [str(name) for name in self.tokenizer.save_pretrained(folder, **options)]
        path = folder / PROCESSOR_NAME
        data = {"processor_class": type(self).__name__, **asdict(self.settings)}
        path.write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return [*files, str(path)]

    # --- video ------------------------------------------------------------------------------------------------------

    def look_at(self, video: Video, sampling: Policy | None = None) -> Looked:
        """Open a window of a video once: labelled squares, the sound, and which sound goes with which picture.

        Full-size frames are never held together.

        Args:
            video: The file and the window.
            sampling: Which frames; the published rule by default, ``arc(pick_by="random", seed=...)`` to train.

        Raises:
            MediaError: The file cannot give it, among them undecodable sound and a file without pictures.
            WindowError: The window lies outside the video.
        """
        chosen = self.settings
        clip = open_clip(
            video.source,
            sampling=sampling or arc(max_frames=chosen.max_frames),
            start_s=video.start_s,
            end_s=video.end_s,
            keep=pictures.keeper(chosen.side_px, chosen.labels),
            video_stream=video.video_stream,
            audio_stream=video.audio_stream,
        )
        prepared = self.prepare(clip, drawn=True)
        notes = tuple(dict.fromkeys((*clip.sampling.notes, *prepared.notes)))
        times_s = tuple(prepared.times_s.tolist())
        return Looked(clip, prepared, replace(clip.sampling, notes=notes, times_s=times_s))

    def prepare(self, clip: Clip, intervals_S2: Times | None = None, *, drawn: bool = False) -> Prepared:
        """Make an opened clip ready for the model.

        Args:
            clip: Pictures and sound of a window.
            intervals_S2: The stretch each picture stands for on the video's clock; the clip's own by default.
            drawn: Whether the pictures are labelled squares already, as :meth:`look_at` opens them.

        Raises:
            EmptyMediaError: If the clip has no pictures, or no sound where silence is not to stand for it.
            UsageError: If nothing says which stretches the pictures stand for, or a released rule stops here.
        """
        chosen, frames = self.settings, clip.frames
        if frames is None:
            raise EmptyMediaError(
                f"look at {clip.info.source!r} with ARC-Hunyuan-Video",
                found="no pictures",
                allowed="video with or without sound",
            )
        stretches_S2 = clip.intervals_S2 if intervals_S2 is None else intervals_S2
        if stretches_S2 is None or len(stretches_S2) != len(frames):
            found = "none" if stretches_S2 is None else f"{len(stretches_S2)} for {len(frames)} frames"
            raise UsageError(
                "stretches that frames stand for", found=found, todo="open the clip with sampling='arc'"
            )
        told_S2 = np.round(stretches_S2 - clip.window.start_s, _CLOCK_DIGITS)
        heard = hear(clip.waveform, clip.window.duration_s, clip.window.start_s, chosen.missing_sound)
        side_px = chosen.side_px
        aligned = align(
            told_S2,
            heard.heard_J - clip.window.start_s,
            step_s=float(told_S2[0, 1] - told_S2[0, 0]),
            audio_s=heard.audio_s,
            slots=slots_per_frame(rows_of(side_px)),
            rule=chosen.sound,
        )
        kept = len(aligned.index_FS)
        made = frames.pixels_FHWC if drawn else pictures.see(frames, told_S2, side_px, chosen.labels)
        notes = [*heard.notes]
        if aligned.why:
            notes.append(
                f"sound goes by each picture's true stretch, since training's rule fails here: {aligned.why}"
            )
        if kept < len(frames):
            notes.append(
                f"the last {len(frames) - kept} frames lie past the sound and are dropped, as released"
            )
        labels = tuple(arc_labels(told_S2, chosen.labels)[:kept])
        return Prepared(
            made[:kept],
            heard.input_features_KMT,
            aligned.index_FS,
            frames.pts_s[:kept],
            _within(stretches_S2[:kept], clip.window),
            labels,
            clip.window,
            aligned.rule,
            tuple(notes),
        )

    # --- question ---------------------------------------------------------------------------------------------------

    def layout(
        self,
        prepared: Prepared,
        question: str,
        *,
        suffix: str = "",
        answer: str | None = None,
        special_text: bool = False,
        max_tokens: int | None = None,
    ) -> Layout:
        """The layout of a question about a prepared video: :func:`playhead.models.arc_hunyuan_video.layout.layout`.

        Args:
            prepared: The video.
            question: The user's words.
            suffix: What follows them after a line feed; empty where the question has it.
            answer: What is to be learnt; None to generate.
            special_text: Whether special strings in the words are special.
            max_tokens: Longest sample, or None.
        """
        return layout(
            self.tokenizer,
            prepared.frames,
            question,
            suffix=suffix,
            answer=answer,
            rows=rows_of(prepared.pictures_FHWC.shape[1]),
            positions=self.settings.positions,
            special_text=special_text,
            max_tokens=max_tokens,
        )

    def inputs(self, prepared: Prepared, layout: Layout) -> dict[str, torch.Tensor]:
        """What the model takes for one sample; see :meth:`batch`."""
        return self.batch([(prepared, layout)])

    def batch(
        self, samples: Sequence[tuple[Prepared, Layout]], side: Literal["left", "right"] | None = None
    ) -> dict[str, torch.Tensor]:
        """What the model takes for several samples.

        Args:
            samples: Prepared videos with their layouts; one video may come several times.
            side: Where shorter samples are padded: by default ``right`` to train (with labels), ``left`` to generate.

        Returns:
            ``input_ids``, ``attention_mask`` of shape (B, N), ``position_ids`` (B, 4, N), ``pixel_values``
            (F, 3, side, side), ``input_features`` (K, 128, 3000), ``audio_index`` (F, S) into the flattened vectors of
            all chunks, and ``labels`` (B, N) where the layouts have them; frames and chunks of all samples in order.

        Raises:
            UsageError: If there is no sample, or layouts and videos do not go together.
        """
        for prepared, each in samples:
            filled = sum(slot.length for slot in each.slots)
            if filled != prepared.audio_index_FS.size:
                found = f"{filled} slots in the layout for {prepared.audio_index_FS.size} of the video"
                raise UsageError(
                    "put a video and a layout together", found=found, allowed="a layout of that video"
                )
        layouts = [each for _, each in samples]
        learnt = bool(layouts) and layouts[0].labels_N is not None
        padded = pad(layouts, self.special.pad, side or ("right" if learnt else "left"))
        offset, index = 0, []
        for prepared, _ in samples:
            at_FS = prepared.audio_index_FS
            index.append(np.where(at_FS == NOTHING, NOTHING, at_FS + offset))
            offset += AUDIO_PER_CHUNK * len(prepared.input_features_KMT)
        arrays: dict[str, npt.NDArray[Any]] = {
            "input_ids": padded.input_ids_BN,
            "attention_mask": padded.attention_mask_BN,
            "position_ids": padded.positions,
            "pixel_values": np.concatenate([prepared.pixel_values for prepared, _ in samples]),
            "input_features": np.concatenate([prepared.input_features_KMT for prepared, _ in samples]),
            "audio_index": np.concatenate(index),
        }
        if padded.labels_BN is not None:
            arrays["labels"] = padded.labels_BN
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def read_settings(path: Path) -> Settings:
    """Settings from a ``processor_config.json``; the published ones where there is no such file.

    Raises:
        WeightsError: If the file cannot be read, or holds a setting that is not known or allowed.
    """
    if not path.is_file():
        return Settings()
    asked = f"read {path}"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        given = {
            name: value for name, value in dict(data).items() if name not in ("processor_class", "auto_map")
        }
    except (OSError, TypeError, ValueError) as error:
        raise WeightsError(asked, found=str(error), todo="write it again with save_pretrained") from error
    known = [field.name for field in fields(Settings)]
    for name in given:
        if name not in known:
            raise WeightsError(asked, found=f"unknown setting {name!r}", todo=nearest(name, known))
    try:
        return Settings(**given)
    except (TypeError, UsageError) as error:
        raise WeightsError(asked, found=str(error)) from error


_HUB_OPTIONS: Final = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")


def _from_hub(name: str, options: dict[str, Any]) -> ArcHunyuanVideoTokenizer:
    try:
        made: ArcHunyuanVideoTokenizer = ArcHunyuanVideoTokenizer.from_pretrained(name, **options)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"load the tokenizer of {name}", found=str(error)[:500], allowed="a folder or a hub id"
        ) from error
    return made


def _within(stretches_S2: Times, window: Span) -> Times:
    """Stretches cut to the window: the last one of a video of 59.97 s is told to end at 60."""
    ends = np.maximum(stretches_S2[:, 0], np.minimum(stretches_S2[:, 1], window.end_s))
    return np.stack([stretches_S2[:, 0], ends], axis=1)
