"""playhead: video-language models that know when.

``playhead.load(name)`` gives a session that watches videos and answers with times in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playhead.api import Session, load, plan

__version__ = "0.1.0.dev0"
__all__ = ["Session", "__version__", "load", "plan"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    """Import the public names when they are first used, so that ``import playhead`` stays quick."""
    if name in ("Session", "load", "plan"):
        from playhead import api

        return getattr(api, name)
    raise AttributeError(f"module 'playhead' has no attribute {name!r}")
