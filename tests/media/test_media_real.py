"""The real clips with checked facts: what the drawn media cannot think of."""

from __future__ import annotations

import json

import numpy as np
import pytest

from playhead.errors import PlayheadWarning
from playhead.media import Video, index_frames, open_clip, probe, stream_audio, stream_frames

CLIPS = {  # length in seconds and frames, as ffprobe counts them
    "autoeditor_example.mp4": (42.41, 1272),
    "bigbuckbunny_5s.mp4": (5.31, 132),
    "bottle-detection.mp4": (39.85, 1189),
    "calais1906.ogv": (19.2, 288),
    "flower.mp4": (5.06, 150),
    "friday.mp4": (6.17, 185),
    "grid_bbaf2n.mpg": (3.0, 75),
    "nasa_13013.mp4": (13.06, 325),
    "rotated_90.mov": (0.1, 3),
    "timecode_pattern.mp4": (16.0, 400),
    "tree.avi": (29.6, 68),
}


LONGEST = "autoeditor_example.mp4"
SOONER = [pytest.param(name, marks=pytest.mark.slow) if name == LONGEST else name for name in CLIPS]


@pytest.mark.parametrize("name", SOONER)
def test_every_frame_comes_at_its_indexed_time(shared_media, name):
    path = shared_media / name
    info = probe(path)
    assert info.duration_s == pytest.approx(CLIPS[name][0], abs=0.01)
    assert info.frame_count == CLIPS[name][1]
    times_s = [frame.pts_s for frame in stream_frames(Video(str(path)), size=32)]
    assert times_s == index_frames(path, info).times_s.tolist()


@pytest.mark.parametrize("name", [name for name in SOONER if name != "rotated_90.mov"])
def test_seeking_gives_the_same_pixels_as_reading_through(shared_media, name):
    path = shared_media / name
    index = index_frames(path, probe(path))
    rows = np.linspace(1, len(index.times_s) - 1, 9).round().astype(int)
    sought = list(stream_frames(Video(str(path)), times_s=index.times_s[rows], size=64))
    through = [
        frame for row, frame in enumerate(stream_frames(Video(str(path)), size=64)) if row in set(rows)
    ]
    assert [frame.pts_s for frame in sought] == [frame.pts_s for frame in through]
    assert all((a.pixels_HWC == b.pixels_HWC).all() for a, b in zip(sought, through, strict=True))


def facts(shared_media) -> dict[str, dict]:
    lines = (shared_media / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    return {fact["file"]: fact for fact in map(json.loads, lines) if fact["task"] == "robustness"}


def test_robustness_facts(shared_media):
    known = facts(shared_media)
    info = probe(shared_media / "rotated_90.mov")
    assert info.video is not None
    assert info.video.rotation_deg == known["rotated_90.mov"]["answer"]
    info = probe(shared_media / "nasa_13013.mp4")
    assert sorted(s.kind for s in info.streams) == ["audio"] * 2 + ["subtitle"] * 2 + ["video"] * 2
    assert [s.sample_rate_hz for s in info.streams if s.kind == "audio"] == [8_000, 16_000]
    second = open_clip(
        shared_media / "nasa_13013.mp4", sampling="uniform:n=2", video_stream=3, audio_stream=4
    )
    assert second.frames is not None
    assert second.frames.pixels_FHWC.shape[1:3] == (270, 480)
    silent = open_clip(shared_media / "flower.mp4", sampling="uniform:n=1")
    assert known["flower.mp4"]["answer"] is True
    assert silent.waveform is not None
    assert np.abs(silent.waveform.samples_N).max() < 10 ** (-80 / 20)


def test_the_corrupted_clip_gives_what_can_be_decoded(shared_media):
    path = shared_media / "corrupted.mp4"
    clip = open_clip(path, sampling="every", size=64)
    assert clip.frames is not None
    assert 40 <= len(clip.frames) < 50
    assert clip.info.duration_s == pytest.approx(5.0)
    assert any("frames could not be decoded" in note for note in clip.sampling.notes)
    with pytest.warns(PlayheadWarning, match="could not be decoded"):
        list(stream_frames(Video(str(path)), size=32))


@pytest.mark.parametrize(
    "name", ["autoeditor_example.mp4", "friday.mp4", "grid_bbaf2n.mpg", "nasa_13013.mp4"]
)
def test_sound_covers_the_clip(shared_media, name):
    info = probe(shared_media / name)
    samples = sum(len(block.samples_N) for block in stream_audio(Video(str(shared_media / name)), info=info))
    assert samples / 16_000 == pytest.approx(info.duration_s, abs=1e-3)
