"""The senses with their real weights on real and drawn files (opt in: -m weights)."""

from __future__ import annotations

import json
import re

import av
import numpy as np
import pytest

from playhead import hub
from playhead.media.clip import AUDIO_RATE_HZ, Video, Waveform
from playhead.perceive.gather import Senses, gather
from playhead.perceive.onscreen import RapidReader
from playhead.perceive.sounds import Sounds
from playhead.perceive.speech import Speech

pytestmark = pytest.mark.weights


def folder(name):
    if not hub.is_here(name):
        pytest.skip(f"weights {name} are not here: playhead models pull {name}")
    return hub.fetch(name)


@pytest.fixture
def hear(shared_media):
    folder("whisper-base")
    folder("yamnet")

    def listen(file, **streams):
        senses = Senses.only("speech", "sounds")
        return gather(Video(str(shared_media / file), **streams), senses=senses, cache=False)

    return listen


def plain(text):
    spoken = re.sub(r"[^\w ]", "", text.lower()).replace("clean rooms", "cleanrooms")
    return re.sub(r"\b40\b", "forty", spoken).split()


def word_errors(truth, heard):
    """Levenshtein distance in words."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(truth, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def facts(shared_media, file, task):
    lines = (shared_media / "facts.jsonl").read_text().splitlines()
    return next(f["answer"] for f in map(json.loads, lines) if (f["file"], f["task"]) == (file, task))


def test_clear_english_under_ten_percent_word_errors(hear, shared_media):
    truth = facts(shared_media, "autoeditor_example.mp4", "asr")
    transcript = hear("autoeditor_example.mp4").transcript
    words = plain(" ".join(text for *_, text in truth))
    assert transcript.language == "en"
    assert word_errors(words, plain(transcript.text)) / len(words) < 0.10


def test_sentences_start_and_end_where_they_are_heard(hear, shared_media):
    segments = hear("autoeditor_example.mp4").transcript.segments
    for start_s, end_s, _ in facts(shared_media, "autoeditor_example.mp4", "asr"):
        assert min(abs(segment.span.start_s - start_s) for segment in segments) < 0.25
        assert min(abs(segment.span.end_s - end_s) for segment in segments) < 0.6
    assert segments[-1].text.strip(".").lower() == "banana"
    assert not any(segment.span.start_s < 30 < segment.span.end_s for segment in segments)


def test_poor_sound_gives_the_same_words_every_time(hear):
    first, second = (hear("friday.mp4").transcript for _ in range(2))
    assert first == second
    assert "somebody must have stolen the crown jewels" in first.text.lower()


@pytest.mark.parametrize("stream", [1, 4])
def test_both_sound_tracks_of_one_file(hear, shared_media, stream):
    truth = plain(" ".join(t for *_, t in facts(shared_media, "nasa_13013.mp4", "asr")[:3]))
    heard = plain(hear("nasa_13013.mp4", audio_stream=stream).transcript.text)
    assert word_errors(truth, heard) / len(truth) < 0.10


@pytest.mark.parametrize("file", ["flower.mp4", "bigbuckbunny_5s.mp4"])
def test_no_speech_is_invented_on_silent_and_musical_files(hear, file):
    transcript = hear(file).transcript
    assert transcript is not None
    assert transcript.segments == ()


def test_music_is_heard(hear):
    assert [mark.text for mark in hear("bigbuckbunny_5s.mp4").lanes["sounds"]] == ["music"]


def test_what_no_words_could_be_believed_in_is_said(hear):
    notes = hear("bigbuckbunny_5s.mp4").sampling.notes
    assert any(note.startswith("speech: sound like a voice was left out") for note in notes)


@pytest.mark.parametrize("file", ["timecode_pattern.mp4", "bottle-detection.mp4"])
def test_no_sound_no_transcript(hear, file):
    assert hear(file).transcript is None


def _noise(kind, seconds=8):
    rng, at_s = np.random.default_rng(0), np.arange(seconds * AUDIO_RATE_HZ) / AUDIO_RATE_HZ
    made = {
        "white": rng.normal(0, 0.1, at_s.shape),
        "brown": np.cumsum(rng.normal(0, 0.01, at_s.shape)) * 0.05,
        "tone": 0.3 * np.sin(2 * np.pi * 440 * at_s),
        "chord": sum(0.1 * np.sin(2 * np.pi * f * at_s) for f in (262, 330, 392))
        * (1 + np.sin(2 * np.pi * 2 * at_s))
        / 2,
        "hum": 0.2 * np.sin(2 * np.pi * 50 * at_s) + 0.1 * np.sin(2 * np.pi * 150 * at_s),
        "beeps": 0.4 * np.sin(2 * np.pi * 1000 * at_s) * (at_s % 1 < 0.2),
        "silence": np.zeros(at_s.shape),
    }
    return Waveform(np.clip(made[kind], -1, 1).astype(np.float32))


@pytest.mark.parametrize("kind", ["white", "brown", "tone", "chord", "hum", "beeps", "silence"])
def test_no_speech_is_invented_over_drawn_noise(kind):
    sounds = Sounds(folder("yamnet"))
    for classifier in (sounds.speech_score, None):
        speech = Speech(folder("whisper-base"), speech_score=classifier)
        if classifier:
            sounds.push(_noise(kind))
        speech.push(_noise(kind))
        assert speech.finish().segments == ()


@pytest.mark.parametrize(
    ("file", "clock"),
    [("autoeditor_example.mp4", "01:00:{:02d}:00"), ("timecode_pattern.mp4", "00:00:{:02d}:00")],
)
def test_a_clock_on_screen_is_read_right_at_every_second(shared_media, file, clock):
    senses = Senses(speech=False, sounds=False, objects=False, pictures=False)
    evidence = gather(Video(str(shared_media / file)), senses=senses, cache=False)
    for second in range(int(evidence.info.duration_s)):
        shown = [mark.text for mark in evidence.lanes["text"] if mark.span.contains(second + 0.001)]
        assert clock.format(second) in shown


@pytest.mark.parametrize(
    "file", ["tree.avi", "calais1906.ogv", "flower.mp4", "bottle-detection.mp4", "friday.mp4"]
)
def test_no_text_is_invented_where_none_is(shared_media, file):
    senses = Senses(speech=False, sounds=False, objects=False, pictures=False)
    assert gather(Video(str(shared_media / file)), senses=senses, cache=False).lanes["text"] == ()


def test_drawn_text_is_read_with_its_place():
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (640, 360), (20, 30, 60))
    ImageDraw.Draw(picture).text((60, 250), "Chapter Two", fill="white", font=ImageFont.load_default(48))
    (line,) = RapidReader().read(np.asarray(picture))
    assert line.text == "Chapter Two"
    assert line.box[0] == pytest.approx(60 / 640, abs=0.03)
    assert line.box[3] > line.box[1] > 0.6


def test_objects_that_are_there_and_none_that_are_not(shared_media):
    folder("efficientdet-lite0")

    def labels(file):
        senses = Senses(speech=False, sounds=False, text=False, pictures=False)
        return {
            mark.text
            for mark in gather(Video(str(shared_media / file)), senses=senses, cache=False).lanes["objects"]
        }

    assert labels("grid_bbaf2n.mpg") == {"person"}
    assert labels("rotated_90.mov") == {"keyboard"}
    assert {"clock"} < labels("friday.mp4")
    for file in (
        "flower.mp4",
        "tree.avi",
        "timecode_pattern.mp4",
        "autoeditor_example.mp4",
        "bigbuckbunny_5s.mp4",
    ):
        assert labels(file) == set()


def test_speech_in_a_late_starting_stream_keeps_the_clips_clock(shared_media, tmp_path):
    folder("whisper-base")
    path = tmp_path / "late.mkv"
    with av.open(str(shared_media / "autoeditor_example.mp4")) as source, av.open(str(path), "w") as out:
        sound = source.streams.audio[0]
        video = out.add_stream("libx264", rate=5, width=64, height=48, pix_fmt="yuv420p")
        track = out.add_stream_from_template(sound)
        for n in range(150):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            frame.pts = n
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for packet in source.demux(sound):
            if packet.pts is None or packet.pts * packet.time_base > 18:
                continue
            shift = int(5 / packet.time_base)
            packet.pts += shift
            packet.dts += shift
            packet.stream = track
            out.mux(packet)
    evidence = gather(Video(str(path)), senses=Senses.only("speech"), cache=False)
    assert evidence.transcript.segments[0].text.startswith("Hello")
    assert evidence.transcript.segments[0].span.start_s == pytest.approx(5.1, abs=0.25)
    assert evidence.transcript.segments[-1].span.end_s == pytest.approx(22.3, abs=0.5)
