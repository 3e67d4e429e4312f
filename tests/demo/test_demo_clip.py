"""The bundled clip holds what its truth file says, at the second it says."""

from __future__ import annotations

import av
import numpy as np
import pytest

from playhead.demo import demo_path, demo_truth

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def pictures():
    """Times in seconds and small grey pictures of every frame."""
    times_s, grey = [], []
    with av.open(str(demo_path())) as container:
        for frame in container.decode(video=0):
            times_s.append(float(frame.pts * frame.time_base))
            grey.append(frame.reformat(107, 60, "gray").to_ndarray().astype(np.int16))
    return np.array(times_s), np.stack(grey)


@pytest.fixture(scope="module")
def sound():
    resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
    parts = []
    with av.open(str(demo_path())) as container:
        for frame in container.decode(audio=0):
            if frame.pts < 0:
                continue
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    return np.concatenate(parts)


def loudness(sound, start_s, end_s):
    part = sound[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return float(np.sqrt(np.mean(part**2)))


def test_browsers_can_play_it_and_it_is_small():
    data = demo_path().read_bytes()
    assert len(data) < 2_000_000
    assert data.index(b"moov") < data.index(b"mdat"), (
        "the index must come first, or browsers wait for the whole file"
    )
    with av.open(str(demo_path())) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        assert (video.width, video.height, video.average_rate) == (854, 480, 25)


def test_the_frames_fill_the_stated_duration(pictures):
    times_s, _ = pictures
    assert times_s[0] == 0.0
    assert times_s[-1] + 1 / 25 == pytest.approx(demo_truth()["duration"], abs=1e-6)


def test_the_biggest_changes_are_the_stated_cuts(pictures):
    times_s, grey = pictures
    change = np.abs(np.diff(grey, axis=0)).mean(axis=(1, 2))
    cuts = demo_truth()["cuts"]
    biggest = sorted(float(t) for t in times_s[1:][np.argsort(-change)[: len(cuts)]])
    assert biggest == pytest.approx(cuts, abs=1e-6)
    assert np.sort(change)[-len(cuts)] > 2 * np.sort(change)[-len(cuts) - 1]


def test_every_sentence_is_heard_and_nothing_between(sound):
    truth = demo_truth()
    heard = sorted((item["start"], item["end"]) for item in truth["sentences"] + truth["sounds"])
    assert all(loudness(sound, *span) > 0.02 for span in heard)
    bounds = [0.0, *[edge for span in heard for edge in span], truth["duration"]]
    gaps = [(a + 0.05, b - 0.05) for a, b in zip(bounds[::2], bounds[1::2], strict=True) if b - a > 0.2]
    assert len(gaps) >= 8
    assert all(loudness(sound, *gap) < 0.005 for gap in gaps)


def test_the_beeps_are_one_kilohertz(sound):
    beeps = [item for item in demo_truth()["sounds"] if item["label"] == "beep"]
    assert len(beeps) == 3
    for item in beeps:
        part = sound[round((item["start"] + 0.03) * RATE_HZ) : round((item["end"] - 0.03) * RATE_HZ)]
        peak_hz = np.argmax(np.abs(np.fft.rfft(part * np.hanning(len(part))))) * RATE_HZ / len(part)
        assert peak_hz == pytest.approx(1000, abs=5)


def test_the_truth_file_is_what_the_constants_say():
    from demo_clip.sound import Heard
    from demo_clip.truth import truth

    stored = demo_truth()
    heard = [Heard(s["start"], s["end"], "speech", s["text"]) for s in stored["sentences"]]
    heard += [Heard(s["start"], s["end"], s["label"], "") for s in stored["sounds"]]
    assert truth(heard) == stored


def test_the_constants_are_sound():
    from demo_clip.programme import CHOICES, GROUNDING, SHOTS, shot_span_s

    for shot in SHOTS:
        assert round(shot.duration_s * 25, 6) == round(shot.duration_s * 25), (
            f"{shot.name} is off the frame grid"
        )
    for _, names in GROUNDING:
        for name in names:
            start_s, end_s = shot_span_s(name)
            assert end_s > start_s
    assert sum(not names for _, names in GROUNDING) >= 4
    for question, options, answer in CHOICES:
        assert answer in "ABCD"[: len(options)], question


def test_truth_spans_lie_inside_the_clip_and_chapters_cover_it():
    truth = demo_truth()
    spans = [(i["start"], i["end"]) for key in ("shots", "sentences", "texts", "sounds") for i in truth[key]]
    spans += [tuple(span) for item in truth["grounding"] for span in item["spans"]]
    assert all(0 <= start < end <= truth["duration"] for start, end in spans)
    edges = [edge for item in truth["chapters"] for edge in (item["start"], item["end"])]
    assert edges[0] == 0
    assert edges[-1] == truth["duration"]
    assert edges[1:-1:2] == edges[2:-1:2]


@pytest.mark.slow
def test_every_text_can_be_read_in_the_middle_of_its_span(pictures):
    rapidocr = pytest.importorskip("rapidocr")
    reader = rapidocr.RapidOCR()
    times_s, _ = pictures
    wanted: dict[int, list[str]] = {}
    for item in demo_truth()["texts"]:
        middle = int(np.argmin(np.abs(times_s - (item["start"] + item["end"]) / 2)))
        wanted.setdefault(middle, []).append(item["text"])
    with av.open(str(demo_path())) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index in wanted:
                found = "".join(reader(frame.to_ndarray(format="rgb24")).txts or ()).replace(" ", "").lower()
                for text in wanted[index]:
                    assert text.replace(" ", "").lower() in found
