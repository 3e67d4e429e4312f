"""What was seen of a video as it is kept on disk, and found again: times and facts here, features by the families.

Families that hear keep nothing this way: a look that is found has no sound.

Axes: S picture, T group of pictures, M token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from playhead.media.clip import MediaInfo, Times
from playhead.models.end_to_end import D, Look
from playhead.models.kept import Entry
from playhead.models.pictures.choose import Told, moments_of
from playhead.models.pictures.tell import Moment
from playhead.sequence.drop import Mask
from playhead.timeline import Sampling, Span

_TOLD: Final = ("stretches_S2", "starts_T", "means_T")


def entry_of(
    look: Look[Any],
    told: Told,
    arrays: Mapping[str, npt.NDArray[Any] | None],
    features: Mapping[str, torch.Tensor],
) -> Entry:
    """A look as it is kept.

    Args:
        look: The look.
        told: What its pictures stand for.
        arrays: What the family needs to lay out its prompt, by name; those that are None are left out.
        features: What the family encoded, by name.
    """
    tensors = {name: torch.from_numpy(each) for name, each in arrays.items() if each is not None}
    tensors |= {name: torch.from_numpy(getattr(told, name)) for name in _TOLD}
    sampling = look.sampling
    facts = {
        "window": [look.window.start_s, look.window.end_s],
        "policy": sampling.policy,
        "size_px": sampling.frame_size_px,
        "notes": sampling.notes,
        "labels": look.labels,
    }
    times_S = torch.from_numpy(look.times_s)
    return Entry({**tensors, **features, "times_s": times_S}, json.loads(json.dumps(facts)))


@dataclass(frozen=True, slots=True)
class Recalled:
    """A look as it was kept; its arrays are copies, its features are memory-mapped until they are used.

    Attributes:
        entry: What was kept.
    """

    entry: Entry

    @property
    def window(self) -> Span:
        """The part that was looked at."""
        return Span(*self.entry.facts["window"])

    @property
    def times_s(self) -> Times:
        """True presentation times, float64 of shape (S,)."""
        return self.array("times_s")

    @property
    def told(self) -> Told:
        """What the pictures stand for."""
        return Told(**{name: self.array(name) for name in _TOLD})

    def moments(self, group: int = 1) -> tuple[Moment, ...]:
        """Every group of so many pictures as it can be named."""
        return tuple(moments_of(self.told, self.window, group))

    def array(self, name: str) -> npt.NDArray[Any]:
        """One that was kept.

        Raises:
            KeyError: It was not.
        """
        made: npt.NDArray[Any] = self.entry.tensors[name].numpy().copy()
        return made

    def mask(self, name: str) -> Mask | None:
        """One that was kept, or None."""
        return self.array(name).astype(np.bool_) if name in self.entry.tensors else None

    def look(self, info: MediaInfo, data: D) -> Look[D]:
        """The look.

        Args:
            info: The container's facts.
            data: What the family made of what was kept.
        """
        facts, times_s, told = self.entry.facts, self.times_s, self.told
        sampling = Sampling(
            policy=facts["policy"],
            window=self.window,
            times_s=tuple(times_s.tolist()),
            frame_size_px=tuple(facts["size_px"]),
            audio_s=0.0,
            notes=tuple(facts["notes"]),
        )
        return Look(info, self.window, sampling, times_s, told.stretches_S2, tuple(facts["labels"]), data)


def plain(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass of settings
    """Settings as JSON data, ways of telling by their names; what is kept on disk changes nothing of it."""
    made = {name: value for name, value in asdict(settings).items() if name not in {"keep", "wanted"}}
    wanted = settings.wanted
    tell = None if wanted.tell is None else wanted.tell.name
    return {**made, "frames": wanted.frames, "tell": tell, "drop": wanted.drop}
