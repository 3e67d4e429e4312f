"""What these tests keep of videos goes into a folder of their own; a clip that stays still."""

from __future__ import annotations

import pytest

from helpers.draw import draw_slides


@pytest.fixture(autouse=True, scope="session")
def looks_of_our_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYHEAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def slides(tmp_path_factory):
    """Two still slides, 4 s each, ten pictures a second."""
    return draw_slides(tmp_path_factory.mktemp("slides") / "slides.mp4")
