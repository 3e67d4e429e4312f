"""Mechanisms that are written once and run on every family with the seam for them; light on import.

A family says which seams it has (:class:`playhead.models.family.Preset`), a mechanism which ones it needs. What goes
together is worked out from the two, never listed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from playhead.errors import UnsupportedError

SEAMS: Final[Mapping[str, str]] = {
    "instants": "any pictures of the video can be looked at, told their true times",
    "sizes": "all pictures can be given another size, and with it another count of tokens",
    "mixed sizes": "each picture can have a size of its own",
    "words": "words can be written beside each picture",
    "burnt": "pictures can be drawn on before they are shrunk",
    "drop": "single tokens of a picture can be left out; positions of several axes stay, plain ones close up",
    "axes": "positions have an axis for time",
    "rates": "a picture can be given as all of its tokens or a quarter of them, as a router decides",
    "features": "what was encoded of a video is kept on disk between runs",
}
"""What a family can do for a mechanism, by name."""

_QWEN: Final = frozenset({"instants", "sizes", "words", "burnt", "drop", "axes", "features"})
_TILES: Final = frozenset(
    {"instants", "words", "burnt", "drop", "rates", "features"}
)  # every picture one square of one size

SEAMS_OF: Final[Mapping[str, frozenset[str]]] = {
    "qwen2_vl": _QWEN,
    "qwen2_5_vl": _QWEN,
    "qwen3_vl": _QWEN | {"mixed sizes"},  # each group of pictures is a video of its own
    "qwen3_vl_moe": _QWEN | {"mixed sizes"},
    "qwen3_5": _QWEN | {"mixed sizes"},
    "qwen3_5_moe": _QWEN | {"mixed sizes"},
    # Pictures and sound stand on one clock, with no room for words between them.
    "qwen2_5_omni_thinker": frozenset({"instants", "sizes", "burnt", "drop"}),
    "qwen3_omni_moe_thinker": frozenset({"instants", "sizes", "burnt", "drop"}),
    "hour_llava": frozenset({"features"}),
    "internvl": _TILES,
    "video_llama_3": frozenset({"instants", "sizes", "mixed sizes", "words", "burnt", "drop", "features"}),
    "llava_onevision": _TILES,
    "internvl_flash": _TILES
    - {"drop"},  # its second projector puts 16 squares together before tokens are made
}
"""Seams by ``model_type``; a family that is not named has none."""


def seams_of(model_type: str) -> frozenset[str]:
    """What the family of a model type can do for mechanisms."""
    return SEAMS_OF.get(model_type, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One mechanism.

    Attributes:
        name: What the table calls it.
        option: How it is asked for.
        needs: Seams a family must have.
        source: Where it is published.
        instead: What to do with a family that lacks a seam.
    """

    name: str
    option: str
    needs: frozenset[str]
    source: str
    instead: str = ""

    def missing(self, seams: Iterable[str]) -> list[str]:
        """Seams it needs that are not among these, sorted."""
        return sorted(self.needs - set(seams))


MECHANISMS: Final[Mapping[str, Mechanism]] = {
    each.name: each
    for each in (
        Mechanism(
            name="frames",
            option="frames=POLICY",
            needs=frozenset({"instants"}),
            source="sampling policies of all systems here",
            instead="leave frames out, so that the family's own pictures are taken",
        ),
        Mechanism(
            name="token ladder",
            option="frames=seed1.5-vl",
            needs=frozenset({"instants", "sizes"}),
            source="Seed1.5-VL (arXiv 2505.07062)",
            instead="choose frames alone, as in frames=per-second",
        ),
        Mechanism(
            name="slow and fast",
            option="frames=keye1.5",
            needs=frozenset({"instants", "sizes", "mixed sizes"}),
            source="Keye-VL-1.5 (arXiv 2509.01563)",
            instead="use one size for all pictures, as in frames=seed1.5-vl",
        ),
        Mechanism(
            name="time in words",
            option="tell=seed1.5-vl, qwen3-vl, videollama3, internvl, unitime, vtimellm",
            needs=frozenset({"words"}),
            source="Seed1.5-VL (arXiv 2505.07062) and others",
            instead="burn the time into the pictures, as in tell=arc",
        ),
        Mechanism(
            name="time burnt in",
            option="tell=arc, numpro",
            needs=frozenset({"burnt"}),
            source="ARC-Hunyuan-Video (arXiv 2507.20939), NumPro (arXiv 2411.10332)",
            instead="write the time beside the pictures, as in tell=seed1.5-vl",
        ),
        Mechanism(
            name="pixel-difference dropping",
            option="drop=0.1",
            needs=frozenset({"drop"}),
            source="VideoLLaMA 3 (arXiv 2501.13106)",
            instead="take fewer pictures, as in frames=per-second",
        ),
        Mechanism(
            name="time on an axis",
            option="axis=order or time",
            needs=frozenset({"axes"}),
            source="Qwen2-VL (arXiv 2409.12191), Qwen2.5-VL (arXiv 2502.13923)",
            instead="write the time beside the pictures, as in tell=qwen3-vl",
        ),
        Mechanism(
            name="index once",
            option="cache=True",
            needs=frozenset({"features"}),
            source="users' conventions: a second question decodes and encodes nothing",
            instead="keep one session, which remembers its last look",
        ),
        Mechanism(
            name="two rates",
            option="flash=true",
            needs=frozenset({"rates"}),
            source="InternVL3.5-Flash (arXiv 2508.18265)",
            instead="drop tokens that do not change, as in drop=0.1",
        ),
    )
}
"""Those a family's own preparation takes; engines of any kind are zoomed, voted and cut into parts elsewhere."""


def asked_by(option: str) -> Mechanism | None:
    """The first mechanism that is asked for by an option of this name; None for any other option."""
    return next((each for each in MECHANISMS.values() if each.option.partition("=")[0] == option), None)


def require(name: str, seams: Iterable[str], engine: str) -> None:
    """Refuse a mechanism for an engine that lacks a seam for it.

    Args:
        name: Of :data:`MECHANISMS`.
        seams: What the engine has.
        engine: Its name, for the message.

    Raises:
        UnsupportedError: Naming the seam that is missing and what would work.
    """
    mechanism = MECHANISMS[name]
    refuse_missing(mechanism, seams, engine)


def refuse_missing(mechanism: Mechanism, seams: Iterable[str], engine: str) -> None:
    """As :func:`require`, for a mechanism that is described elsewhere."""
    missing = mechanism.missing(seams)
    if missing:
        raise UnsupportedError(
            f"{mechanism.name} ({mechanism.option}) with {engine}",
            found="no " + ", no ".join(f"seam {each!r} ({SEAMS[each]})" for each in missing),
            todo=mechanism.instead or "use another engine: playhead engines --table",
        )
