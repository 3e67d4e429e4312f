"""The engine of families that keep on disk what they encoded of a video: found again by content, in another process too.

What is kept are features of pictures, and where it is wished what the model read of them. A look is made by one process at
once; another waits and then finds it.

Source: users' conventions; a second question decodes and encodes nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from playhead.generate.prefix import Prefix, prefix_from, prefix_tensors
from playhead.media.clip import MediaInfo, Video
from playhead.media.probe import opened
from playhead.models.end_to_end import D, EndToEnd, Look
from playhead.models.family import EngineOptions
from playhead.models.kept import Entry, Looks, entry_key, weights_digest
from playhead.perceive.cache import EvidenceCache
from playhead.progress import Progress, silent

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_NOT_SEEING: Final = frozenset({"text_config", "_name_or_path", "transformers_version"})


class Keeping(EndToEnd[D]):
    """An end-to-end model whose looks are kept with their features.

    Args:
        name: Name it was loaded by: a preset's, or the folder.
        model: The transformers model, everything but its ``model.language_model`` deciding what features are.
        tokenizer: Its tokenizer.
        options: Settings.
        constrain: Whether answers are held to the task's grammar.
    """

    def __init__(
        self,
        name: str,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        options: EngineOptions,
        *,
        constrain: bool = False,
    ) -> None:
        super().__init__(name, model, tokenizer, options, constrain=constrain)
        self._looks = Looks()
        self._entry: tuple[Video, str] | None = None  # what the last video's look is kept under
        self._digests: dict[str, str] = {}

    # --- what a family says ---------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def keep(self) -> Literal["features", "prefix"]:
        """What is kept: features of the pictures, or what the model read too."""

    @abstractmethod
    def depends_on(self) -> Mapping[str, object]:
        """Everything that decides what features are, beside the video, the weights, their precision and the configuration."""

    @abstractmethod
    def look_encoded(self, video: Video, ahead: Look[D] | None, progress: Progress) -> Look[D]:
        """A look with its features, its pictures left out.

        Args:
            video: The file and the window.
            ahead: The look at it where it was made before; its pictures are held.
            progress: Told how far it is.
        """

    @abstractmethod
    def entry_of(self, look: Look[D]) -> Entry:
        """What is kept of a look that has its features."""

    @abstractmethod
    def look_of(self, entry: Entry, info: MediaInfo) -> Look[D]:
        """The look that was kept.

        Raises:
            KeyError: Something is missing in it.
        """

    # --- what all share -------------------------------------------------------------------------------------------

    def is_kept(self, video: Video) -> bool:
        """Whether :meth:`recall` would find it."""
        key = self._key(video)
        return key is not None and key in self._looks

    def recall(self, video: Video) -> Look[D] | None:
        """The look at a window with its features as it was kept on disk; nothing is decoded then."""
        key = self._key(video)
        self._entry = None if key is None else (video, key)
        return None if key is None else self._found(video, key)

    def look_now(self, video: Video, ahead: Look[D] | None = None, progress: Progress = silent) -> Look[D]:
        """A look with its features, kept for the next time; by one process at once."""
        key = None if self._entry is None or self._entry[0] != video else self._entry[1]
        if key is None:
            return self.look_encoded(video, ahead, progress)
        with self._looks.lock(key):
            look = self._found(video, key)  # made by another process meanwhile
            if look is None:
                look = self.look_encoded(video, ahead, progress)
                self._looks.save(key, self.entry_of(look))
        return look

    def read(self, look: Look[D], inputs: dict[str, Any], length: int) -> Prefix:
        """What the model keeps of the beginning of a prompt, from disk where that is wished."""
        own = self._last is not None and self._last[1] is look  # made to answer, so under the last name
        if self.keep != "prefix" or not own or self._entry is None:
            return super().read(look, inputs, length)
        ids = tuple(inputs["input_ids"][0, :length].tolist())
        key = entry_key(kind="prefix", look=self._entry[1], ids=ids, weights=self._digest("all"))
        entry = self._looks.load(key)
        if entry is not None:
            return prefix_from(self.model, ids, entry.tensors)
        made = super().read(look, inputs, length)
        tensors = prefix_tensors(made)
        if tensors is not None:
            self._looks.save(key, Entry(tensors, {"tokens": length}))
        return made

    def _found(self, video: Video, key: str) -> Look[D] | None:
        entry = self._looks.load(key)
        if entry is None:
            return None
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            return self.look_of(entry, media.info)

    def _key(self, video: Video) -> str | None:
        """What features of a window are kept by; None where they are not kept."""
        content = EvidenceCache().content(video.source) if self.options.cache else None
        if content is None:
            return None
        return entry_key(
            kind=self.family,
            content=content,
            video=replace(video, source=""),
            weights=self._digest("seeing"),
            config={
                name: value for name, value in self.model.config.to_dict().items() if name not in _NOT_SEEING
            },
            computed=str(self.model.dtype),
            **self.depends_on(),
        )

    def _digest(self, name: Literal["seeing", "all"]) -> str:
        """A digest of weights, made once; it is part of the name that entries are kept under."""
        if name not in self._digests:
            self._digests[name] = (
                weights_digest(self.model)
                if name == "all"
                else weights_digest(self.model.model, without="language_model")
            )
        return self._digests[name]
