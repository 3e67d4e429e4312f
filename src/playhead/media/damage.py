"""What was lost or repaired while decoding, counted, and said in plain sentences: nothing is swallowed."""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import dataclass, field

from playhead.errors import PlayheadWarning

_SHOWN_TIMES = 5


@dataclass(slots=True)
class Damage:
    """Counts of what went wrong in one pass over a file.

    Attributes:
        bad_packets: Positions of the packets that cannot be decoded, by kind of stream.
        lost_s: Times of frames that should be there and could not be decoded, in seconds.
        silenced_s: Seconds of sound that could not be decoded or are missing and were left silent.
        remarks: Other plain sentences.
    """

    bad_packets: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    lost_s: list[float] = field(default_factory=list)
    silenced_s: float = 0.0
    remarks: list[str] = field(default_factory=list)

    def remark(self, sentence: str) -> None:
        """Keep a sentence once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def notes(self) -> tuple[str, ...]:
        """Everything as plain sentences; empty when nothing happened."""
        lines = [
            f"{len(bad)} {kind} packets could not be decoded"
            for kind, bad in sorted(self.bad_packets.items())
        ]
        if self.lost_s:
            shown = ", ".join(f"{time_s:.3f}" for time_s in self.lost_s[:_SHOWN_TIMES])
            more = ", ..." if len(self.lost_s) > _SHOWN_TIMES else ""
            lines.append(f"{len(self.lost_s)} frames could not be decoded: at {shown}{more} s")
        if self.silenced_s > 0:
            lines.append(f"{self.silenced_s:.3f} s of sound could not be decoded and are silent here")
        return (*self.remarks, *lines)

    def warn(self, name: str) -> None:
        """Say it as a :class:`PlayheadWarning` where no caller collects the notes."""
        notes = self.notes()
        if notes:
            warnings.warn(f"{name}: {'; '.join(notes)}", PlayheadWarning, stacklevel=3)
