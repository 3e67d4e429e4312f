"""The mechanisms that are put around an engine: what each needs of it, for which tasks it does something, how it is asked for.

Those that a family's own preparation takes stand in :mod:`playhead.models.mechanisms`, with the seams they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from playhead.models.base import Engine
from playhead.models.mechanisms import Mechanism, refuse_missing

INSTANTS: Final = "instants"

_GROUNDS: Final = ("ground", "ask", "choose")
_TELLS: Final = ("watch", "describe", "events", "chapters")

MECHANISMS: Final[Mapping[str, Mechanism]] = {
    each.name: each
    for each in (
        Mechanism(
            name="hard zoom",
            option="zoom=2, --zoom 2",
            needs=frozenset(),
            source="VideoChat-R1.5 (arXiv 2509.21100), on a window",
        ),
        Mechanism(
            name="soft zoom",
            option="zoom=2, zoom_mode=soft, --zoom 2 --zoom-mode soft",
            needs=frozenset({INSTANTS}),
            source="VideoChat-R1.5 (arXiv 2509.21100)",
            instead="zoom hard, into a window: zoom_mode='hard' (--zoom-mode hard)",
        ),
        Mechanism(
            name="coarse to fine",
            option="coarse=true, --coarse",
            needs=frozenset(),
            source="UniTime (arXiv 2506.18883)",
        ),
        Mechanism(
            name="part by part",
            option="parts=true, --parts",
            needs=frozenset(),
            source="ARC-Hunyuan-Video (arXiv 2507.20939)",
        ),
        Mechanism(
            name="query-aware frames",
            option="choose_frames=SCORER, --choose-frames SCORER",
            needs=frozenset({INSTANTS}),
            source="BOLT (arXiv 2503.21483)",
            instead="find where to look by asking: zoom=2 (--zoom 2)",
        ),
        Mechanism(
            name="votes over shifts",
            option="votes=5, --votes 5",
            needs=frozenset(),
            source="ours, after self-consistency (arXiv 2203.11171)",
        ),
        Mechanism(name="snapping", option="snap=0.5, --snap 0.5", needs=frozenset(), source="ours"),
        Mechanism(
            name="nothing when unsure", option="unsure=0.5, --unsure 0.5", needs=frozenset(), source="ours"
        ),
    )
}

TASKS: Final[Mapping[str, tuple[str, ...]]] = {
    "hard zoom": _GROUNDS,
    "soft zoom": _GROUNDS,
    "coarse to fine": ("ground",),
    "part by part": _TELLS,
    "query-aware frames": _GROUNDS,
    "votes over shifts": ("ground", "choose"),
    "snapping": ("ground",),
    "nothing when unsure": ("ground",),
}
"""Names of the tasks each mechanism does something for; a question's zoom may ground coarse to fine too."""


def seams_of(engine: Engine) -> frozenset[str]:
    """The seams an engine says it has; none where it says nothing."""
    own: Any = getattr(engine, "seams", ())
    return frozenset(own)


def require(engine: Engine, name: str) -> None:
    """Make sure that an engine has what a mechanism needs.

    Raises:
        UnsupportedError: Naming the seam that is missing, and what works instead.
    """
    refuse_missing(MECHANISMS[name], seams_of(engine), engine.name)
