"""The toy model of the recorded numbers, read from a folder in the released layout."""

from __future__ import annotations

import pytest

from helpers.arc_toy import toy_folder
from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration


@pytest.fixture(scope="session")
def arc_folder(tmp_path_factory):
    return toy_folder(tmp_path_factory.mktemp("arc_model"))


@pytest.fixture
def model(arc_folder):
    return ArcHunyuanVideoForConditionalGeneration.from_pretrained(arc_folder).eval()
