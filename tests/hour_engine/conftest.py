"""What the tests of Hour-LLaVA as an engine share: a cache of their own, clips, and engines that count their work."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from helpers.draw import write_media
from playhead.models.family import EngineOptions
from playhead.models.hour_llava.engine import HourLlava
from playhead.models.hour_llava.family import FAMILY


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that nobody else uses."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("PLAYHEAD_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five numbered pictures a second for forty seconds, without sound."""
    path = tmp_path_factory.mktemp("clips") / "forty.mp4"
    return write_media(path, ticks=range(200), tick_s=Fraction(1, 5), options={"bf": "0"})


@pytest.fixture
def make() -> Callable[..., Any]:
    """A new engine with the family's options; ``engine.encoded`` and ``engine.projected`` count pictures."""

    def build(*, use_cache: bool = True, tokens: int = 16, **options: Any) -> HourLlava:
        settings = EngineOptions(device="cpu", cache=use_cache, max_new_tokens=tokens, family=options)
        engine: Any = FAMILY.make(FAMILY.presets["hour-llava-tiny"], None, settings)
        engine.encoded = engine.projected = 0
        net = engine.net.model
        encode, project = net.encode_video, net.project_frames

        def count_encoded(pixels: Any, **how: Any) -> Any:
            engine.encoded += len(pixels)
            return encode(pixels, **how)

        def count_projected(features: Any) -> Any:
            engine.projected += len(features)
            return project(features)

        net.encode_video, net.project_frames = count_encoded, count_projected
        return engine

    return build
