"""``playhead plan --sheet``: one picture of what a model sees, written whole or not at all."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from helpers.command import playhead

pytest.importorskip("torch")

OFFLINE = {"HF_HUB_OFFLINE": "1"}


@pytest.fixture
def clip(drawn):
    return drawn("constant").path


def drawn_sheet(clip, tmp_path, name, *words):
    done = playhead("plan", clip, "--sheet", name, *words, cwd=tmp_path, **OFFLINE)
    return done, tmp_path / name


def test_a_sheet_shows_the_pictures_beside_the_plan(clip, tmp_path) -> None:
    words = ("--engine", "arc-hunyuan-video-tiny", "--json", "--start", "1")
    done, path = drawn_sheet(clip, tmp_path, "new/seen.png", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == 2
    assert "wrote new/seen.png" in done.stderr
    sheet_HWC = np.asarray(Image.open(path).convert("RGB"))
    assert sheet_HWC.shape[1] == 10 + 2 * 250  # two pictures of 240 px and the space between
    heading_px = sheet_HWC.shape[0] - (240 + 2 * 20 + 10)
    first, second = (sheet_HWC[heading_px : heading_px + 240, left : left + 240] for left in (10, 260))
    assert np.ptp(first.astype(int)) > 150
    assert (first != second).any()
    assert (sheet_HWC[:heading_px] < 100).any()  # the heading
    assert [each.name for each in path.parent.iterdir()] == ["seen.png"]


def test_what_is_there_is_replaced_only_when_told_by_as_many_pictures_as_wished(clip, tmp_path) -> None:
    (tmp_path / "seen.JPG").write_text("mine")
    words = ("--engine", "hour-llava-tiny", "--pictures", "3")
    done, path = drawn_sheet(clip, tmp_path, "seen.JPG", *words)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    assert path.read_text() == "mine"
    done, path = drawn_sheet(clip, tmp_path, "seen.JPG", *words, "--overwrite")
    assert done.returncode == 0, done.stderr
    image = Image.open(path)
    assert image.format == "JPEG"
    assert image.width == 10 + 3 * 250


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("seen.png", ("--engine", "scout"), "not given a choice of pictures"),
        ("seen.gif", ("--engine", "vtimellm-tiny"), ".png, .jpg, .jpeg, .webp"),
        ("seen.png", ("--engine", "vtimellm-tiny", "--pictures", "0"), "pictures"),
        ("seen.png", ("--engine", "vtimellm-tiny", "again.mp4"), "2 videos"),
        ("talk.mp4/seen.png", ("--engine", "vtimellm-tiny"), "cannot write"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_leaves_nothing(clip, tmp_path, name, words, told) -> None:
    (tmp_path / "talk.mp4").write_bytes(clip.read_bytes())
    done, path = drawn_sheet(clip, tmp_path, name, *words)
    assert done.returncode not in {0, 1}
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not path.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["talk.mp4"]
