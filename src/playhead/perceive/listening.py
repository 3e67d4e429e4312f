"""The pass over the sound: blocks of ten seconds to the sound classifier, then to the recogniser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playhead.media import stream_audio
from playhead.media.clip import MediaInfo, Video
from playhead.media.damage import Damage
from playhead.perceive.crew import Crew
from playhead.perceive.sounds import Sounds
from playhead.perceive.speech import Speech
from playhead.progress import Progress
from playhead.timeline import Mark, Span, Transcript

_BLOCK_S: Final = 10.0


@dataclass(slots=True, kw_only=True)
class Ears:
    """The senses that listen, made ready; None for one that is switched off."""

    speech: Speech | None = None
    sounds: Sounds | None = None


class Listening:
    """Listens to a window of a video once; ``start`` adds its thread to a crew, the results are read afterwards."""

    def __init__(self, video: Video, info: MediaInfo, window: Span, ears: Ears, progress: Progress) -> None:
        self._video, self._info, self._window = video, info, window
        self._ears = ears
        self._progress = progress
        self.transcript: Transcript | None = None
        self.sounds: tuple[Mark, ...] = ()
        self.heard_s = 0.0
        self.damage = Damage()

    def start(self, crew: Crew) -> None:
        """Start listening."""
        crew.start("listen", lambda: self._listen(crew))

    def lanes(self) -> dict[str, tuple[Mark, ...]]:
        """What was heard, by lane."""
        lanes: dict[str, tuple[Mark, ...]] = {}
        if self.transcript is not None:
            lanes["speech"] = tuple(
                Mark(segment.span, "speech", segment.text, segment.confidence)
                for segment in self.transcript.segments
            )
        if self._ears.sounds:
            lanes["sounds"] = self.sounds
        return lanes

    @property
    def speech_note(self) -> str:
        """What the recogniser left out, in a sentence, or empty."""
        return self._ears.speech.note if self._ears.speech else ""

    def _listen(self, crew: Crew) -> None:
        length_s = self._window.duration_s
        blocks = stream_audio(self._video, block_s=_BLOCK_S, info=self._info, damage=self.damage)
        for block in blocks:
            crew.check()
            if self._ears.sounds:
                self._ears.sounds.push(block)
            if self._ears.speech:
                self._ears.speech.push(block)
            self.heard_s += block.duration_s
            self._progress("listening", min(self.heard_s, length_s), length_s)
        if self._ears.sounds:
            self.sounds = self._ears.sounds.finish()
        crew.check()
        if self._ears.speech:
            self.transcript = self._ears.speech.finish()
        self._progress("listening", length_s, length_s)
