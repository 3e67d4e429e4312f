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
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedTokenizerFast
from transformers.utils import FEATURE_EXTRACTOR_NAME, PROCESSOR_NAME
from transformers.utils.hub import cached_files

from playhead.errors import EmptyMediaError, UsageError, WeightsError
from playhead.media.chunks import ARC_LIMIT_S
from playhead.media.clip import Clip, Times, Video, Waveform
from playhead.media.open import open_clip
from playhead.media.overlay import arc_labels
from playhead.media.sampling.arc import arc
from playhead.media.sampling.base import Policy
from playhead.models.arc_hunyuan_video import pictures
from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig, slots_per_frame
from playhead.models.arc_hunyuan_video.layout import layout, rows_of
from playhead.models.arc_hunyuan_video.prepared import Looked, Prepared, Settings, read_settings
from playhead.models.arc_hunyuan_video.reconcile import CHUNK_VECTORS, IN_STEP_S, NOTHING, SoundRule, align
from playhead.models.arc_hunyuan_video.sound import check_bands, check_sound, hear, without_padding
from playhead.models.arc_hunyuan_video.tokens import (
    ArcHunyuanVideoTokenizer,
    check_tokenizer,
    load_tokenizer,
    special_ids,
)
from playhead.sequence.batch import pad
from playhead.sequence.layout import Layout
from playhead.timeline import Span

__all__ = ["ArcHunyuanVideoProcessor", "Looked", "Prepared", "Settings"]

_CLOCK_DIGITS: Final = 9  # shifting a stretch to the window's clock may not move it off a half second


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
        else:
            name = str(pretrained_model_name_or_path)
            tokenizer, folder = _from_hub(name, {key: options[key] for key in _HUB_OPTIONS if key in options})
            check_tokenizer(tokenizer, config, asked=f"load the tokenizer of {name}")
        check_bands(folder)
        return cls(tokenizer, settings or read_settings(folder / PROCESSOR_NAME))

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
            until="pictures",
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
            CorruptMediaError: If it has sound that cannot be decoded: that is never taken for silence.
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
        if clip.waveform is None:
            check_sound(clip.info)
        sounding = without_padding(clip.waveform, clip.info.audio)
        waveform, cut = _with_pictures(sounding, float(stretches_S2[-1, 1]), chosen.sound)
        heard = hear(waveform, clip.window.duration_s, clip.window.start_s, chosen.missing_sound)
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
        notes = [*cut, *heard.notes]
        if aligned.why:
            notes.append(
                f"sound goes by each picture's true stretch, not by its number as in training: {aligned.why}"
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
            offset += CHUNK_VECTORS * len(prepared.input_features_KMT)
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


_HUB_OPTIONS: Final = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")


def _from_hub(name: str, options: dict[str, Any]) -> tuple[ArcHunyuanVideoTokenizer, Path]:
    """The tokenizer of a hub id, and the folder where those of its other files lie that it has."""
    try:
        made: ArcHunyuanVideoTokenizer = ArcHunyuanVideoTokenizer.from_pretrained(name, **options)
        files = cached_files(
            name,
            [PROCESSOR_NAME, FEATURE_EXTRACTOR_NAME],
            _raise_exceptions_for_missing_entries=False,
            **options,
        )
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"load the tokenizer of {name}", found=str(error)[:500], allowed="a folder or a hub id"
        ) from error
    return made, Path(files[0]).parent if files else Path(name)


def _with_pictures(
    waveform: Waveform | None, end_s: float, rule: SoundRule
) -> tuple[Waveform | None, tuple[str, ...]]:
    """Sound with a note about what follows the last picture, and without it where there are more than 300 s in all.

    Else snippets of all of it would leave holes where pictures are. The released rules hear it all, and drift; they
    are left as they are.
    """
    if waveform is None or rule not in ("auto", "true-intervals"):
        return waveform, ()
    heard_s = end_s - waveform.start_s
    if waveform.duration_s - heard_s <= IN_STEP_S:
        return waveform, ()
    note = f"sound after {end_s:g} s is not heard: there are no pictures it could go with"
    if waveform.duration_s > ARC_LIMIT_S:
        kept = waveform.samples_N[: max(1, round(heard_s * waveform.rate_hz))]
        waveform = replace(waveform, samples_N=kept)
    return waveform, (note,)


def _within(stretches_S2: Times, window: Span) -> Times:
    """Stretches cut to the window: the last one of a video of 59.97 s is told to end at 60."""
    ends = np.maximum(stretches_S2[:, 0], np.minimum(stretches_S2[:, 1], window.end_s))
    return np.stack([stretches_S2[:, 0], ends], axis=1)
