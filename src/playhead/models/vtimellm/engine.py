"""VTimeLLM, LongVALE-LLM and AVicuna as engines: a hundred frames at their true times, times as two digits.

The model is told no time at all; it knows a frame's place among the others. Bin ``b`` is ``b`` hundredths of the window
that was looked at, on the video's own clock. Answers are greedy (the released demo draws them, nearly greedily).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from playhead.media.clip import Video
from playhead.models.end_to_end import EndToEnd, Look, Request
from playhead.models.family import EngineOptions
from playhead.models.vtimellm.collate import Sample, collate
from playhead.models.vtimellm.layout import Turn, lay_out
from playhead.models.vtimellm.look import Seen, take
from playhead.models.vtimellm.model import VTimeLLMForCausalLM
from playhead.models.vtimellm.settings import Settings
from playhead.models.vtimellm.tokens import END_ID, check_tokenizer
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout
from playhead.tasks.base import Task
from playhead.timeline import Sampling

if TYPE_CHECKING:
    from transformers import LlamaTokenizer, PreTrainedTokenizerFast


class VTimeLLM(EndToEnd[Seen]):
    """One of the three systems, by what its configuration says.

    Args:
        name: Name it was loaded by.
        model: The model, on its device.
        tokenizer: The language model's: Llama-2's here.
        options: Settings all engines share.
        settings: The family's own.
        constrain: Whether answers are held to the task's grammar where the options leave that open.

    Raises:
        WeightsError: The tokenizer is not the model's.
    """

    family: ClassVar[str] = "vtimellm"
    looks_ahead: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        model: VTimeLLMForCausalLM,
        tokenizer: PreTrainedTokenizerFast,
        options: EngineOptions,
        settings: Settings,
        *,
        constrain: bool = False,
    ) -> None:
        self.check(tokenizer, model.config.text_config.vocab_size, asked=f"use {name}")
        super().__init__(name, model, tokenizer, options, constrain=constrain)
        self._fusing, self._llama, self.settings = model, cast("LlamaTokenizer", tokenizer), settings

    @staticmethod
    def check(tokenizer: PreTrainedTokenizerFast, rows: int, asked: str) -> None:
        """Make sure that the tokenizer is the language model's, and of its size.

        Raises:
            WeightsError: With what it is and what it should be.
        """
        check_tokenizer(cast("LlamaTokenizer", tokenizer), rows, asked=asked)

    def look(self, video: Video, progress: Progress = silent) -> Look[Seen]:
        """Decode and encode a window of a video; see :func:`playhead.models.vtimellm.look.take`."""
        taken, seen = take(video, self._fusing.model, self.settings, progress)
        selection = taken.chosen.selection
        sampling = Sampling(
            policy=selection.policy,
            window=taken.window,
            times_s=tuple(selection.times_s.tolist()),
            frame_size_px=taken.frame_size_px,
            audio_s=taken.audio_s,
            notes=tuple(dict.fromkeys(taken.notes)),
        )
        labels = ("",) * len(selection)  # by order alone
        return Look(
            taken.info, taken.window, sampling, selection.times_s, taken.chosen.intervals, labels, seen
        )

    def request(self, task: Task, look: Look[Seen]) -> Request:
        """A task in the words of the training data."""
        return self.settings.dialect.request(task, look.data.extent)

    def layout(self, look: Look[Seen], text: str) -> Layout:
        """The prompt's positions; one for each frame and each row of sound."""
        return lay_out(self._llama, [Turn(self.settings.dialect.user_turn(text))], [look.data.fillings])

    def inputs(self, look: Look[Seen], layout: Layout) -> dict[str, Any]:
        """What ``generate`` is given."""
        return dict(collate([Sample(layout, look.data.features)], side="left", device=self._fusing.device))

    @property
    def end_ids(self) -> Sequence[int]:
        """``</s>``."""
        return (END_ID,)
