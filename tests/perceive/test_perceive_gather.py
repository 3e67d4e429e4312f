"""The whole pass on drawn video, with the senses that need no weights; and the cache, by counting what runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from playhead.errors import (
    CorruptMediaError,
    PlayheadWarning,
    SourceError,
    UsageError,
    WeightsUnavailableError,
    WindowError,
)
from playhead.media.clip import Video
from playhead.perceive import gather as gather_module
from playhead.perceive.cache import EvidenceCache
from playhead.perceive.crew import Crew, Pipe
from playhead.perceive.gather import Senses, gather
from playhead.perceive.looking import Looking
from playhead.timeline import Span

PLAIN = Senses(speech=False, text=False, sounds=False, objects=False)


@pytest.fixture
def cache(tmp_path):
    return EvidenceCache(tmp_path / "evidence")


@pytest.fixture
def passes(monkeypatch):
    """Counts how often pictures are looked at."""
    seen = []
    real = Looking.start
    monkeypatch.setattr(Looking, "start", lambda self, crew: (seen.append(1), real(self, crew))[1])
    return seen


def test_evidence_of_a_drawn_video(drawn):
    film = drawn("constant")
    evidence = gather(Video(str(film.path)), senses=PLAIN, cache=False)
    assert evidence.window == Span(0.0, evidence.info.duration_s)
    assert set(evidence.lanes) == {"shots", "motion"}
    assert evidence.lanes["shots"][0].span.start_s == 0.0
    assert evidence.lanes["shots"][-1].span.end_s == pytest.approx(evidence.info.duration_s)
    assert evidence.transcript is None
    assert evidence.picture_vectors_PD.shape == (len(evidence.picture_times_s), 384)
    assert evidence.sampling.frame_size_px == film.size_px
    assert evidence.models == ("colour-and-edge-layout",)
    assert any("switched off: speech, text, sounds, objects" in note for note in evidence.sampling.notes)


@pytest.mark.parametrize(
    "name", ["constant", "variable", "late_video", "edit_list", "ts", "rotated_1", "gif"]
)
def test_looks_are_at_true_frame_times(drawn, name):
    film = drawn(name)
    evidence = gather(Video(str(film.path)), senses=PLAIN, cache=False)
    true_s = np.asarray(film.times_s)
    assert len(evidence.sampling.times_s) >= 1
    for look_s in evidence.sampling.times_s:
        assert np.abs(true_s - look_s).min() <= max(film.rounding_s, 1e-4)
    assert np.all(np.diff(evidence.sampling.times_s) > 0)


def test_a_window_is_on_the_clips_clock(drawn):
    evidence = gather(Video(str(drawn("constant").path), start_s=0.5, end_s=1.5), senses=PLAIN, cache=False)
    assert evidence.window == Span(0.5, 1.5)
    assert all(0.5 <= look_s < 1.5 for look_s in evidence.sampling.times_s)
    assert evidence.lanes["shots"][-1].span.end_s == 1.5


@pytest.mark.parametrize("name", ["audio_only_wav", "audio_only_mp3"])
def test_sound_alone_has_no_lanes_of_pictures(drawn, name):
    evidence = gather(Video(str(drawn(name).path)), senses=PLAIN, cache=False)
    assert dict(evidence.lanes) == {}
    assert evidence.picture_vectors_PD.shape == (0, 0)
    assert "the file has no pictures" in evidence.sampling.notes


@pytest.mark.parametrize("name", ["single_frame", "still"])
def test_a_single_picture_works(drawn, name):
    evidence = gather(Video(str(drawn(name).path)), senses=PLAIN, cache=False)
    assert len(evidence.sampling.times_s) == 1
    assert evidence.picture_vectors_PD.shape == (1, 384)


def test_no_sound_says_so_before_any_weight_is_wanted(drawn):
    senses = Senses(text=False, objects=False)

    def fetch(name):
        raise AssertionError(f"{name} is not needed")

    evidence = gather(Video(str(drawn("no_audio").path)), senses=senses, cache=False, fetch=fetch)
    assert evidence.transcript is None
    assert "the file has no sound" in evidence.sampling.notes


def test_progress_is_told_in_seconds_of_video(drawn):
    told = []
    gather(
        Video(str(drawn("constant").path)),
        senses=PLAIN,
        cache=False,
        progress=lambda *step: told.append(step),
    )
    looking = [(done, total) for stage, done, total in told if stage == "looking"]
    assert looking == sorted(looking)
    assert looking[-1][0] == looking[-1][1] > 0


def test_missing_weights_name_themselves(drawn):
    def fetch(name):
        raise WeightsUnavailableError(f"weights {name} are not here")

    senses = Senses(text=False, sounds=False, objects=False)
    with pytest.raises(WeightsUnavailableError, match="whisper-base"):
        gather(Video(str(drawn("constant").path)), senses=senses, cache=False, fetch=fetch)


def test_bad_input_is_refused_as_the_media_says(drawn, tmp_path, cache):
    with pytest.raises(SourceError):
        gather(Video(str(tmp_path / "missing.mp4")), senses=PLAIN, cache=cache)
    with pytest.raises(WindowError):
        gather(Video(str(drawn("constant").path), start_s=50.0), senses=PLAIN, cache=cache)


def test_a_failing_sense_ends_the_whole_pass(drawn, monkeypatch):
    def fail(self, pixels_FHWC):
        raise CorruptMediaError("a sense that fails")

    monkeypatch.setattr(gather_module.PlainPictures, "encode", fail)
    before = threading.active_count()
    with pytest.raises(CorruptMediaError, match="a sense that fails"):
        gather(Video(str(drawn("constant").path)), senses=PLAIN, cache=False)
    assert threading.active_count() == before


# --- senses ---


def test_senses_by_name():
    assert Senses.only("speech").listens
    assert not Senses.only("speech").looks
    assert Senses.only("text").shots
    assert Senses.only("speech", "objects").weights == ("whisper-base", "efficientdet-lite0")
    assert Senses().off == ()
    with pytest.raises(UsageError, match="did you mean 'speech'"):
        Senses.only("speach")


# --- the crew ---


def test_an_interrupt_stops_every_thread(monkeypatch):
    crew = Crew()
    pipe = Pipe(crew, 1)

    def give():
        while True:
            pipe.put(1)

    crew.start("give", give)  # nobody takes: it waits at the full pipe
    thread = crew._threads[0]
    real = thread.join

    def interrupted(timeout=None):
        if timeout is None:
            return real()
        raise KeyboardInterrupt

    monkeypatch.setattr(thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        crew.wait()
    assert not thread.is_alive()


def test_pipes_hand_everything_on_in_order():
    crew, taken = Crew(), []
    pipe = Pipe(crew, 2)

    def give():
        for n in range(100):
            pipe.put(n)
        pipe.close()

    crew.start("give", give)
    crew.start("take", lambda: taken.extend(pipe))
    crew.wait()
    assert taken == list(range(100))


# --- the cache ---


def test_a_second_question_runs_no_sense(drawn, cache, passes):
    video = Video(str(drawn("constant").path))
    first = gather(video, senses=PLAIN, cache=cache)
    again = gather(video, senses=PLAIN, cache=cache)
    assert passes == [1]
    assert again.lanes == first.lanes
    assert again.sampling == first.sampling
    assert again.info == first.info
    assert again.models == first.models
    assert np.array_equal(again.picture_vectors_PD, first.picture_vectors_PD)
    assert np.array_equal(again.picture_times_s, first.picture_times_s)


def test_the_key_is_the_content_not_the_name(drawn, cache, passes, tmp_path):
    original = drawn("constant").path
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(original.read_bytes())
    gather(Video(str(original)), senses=PLAIN, cache=cache)
    assert gather(Video(str(copy)), senses=PLAIN, cache=cache).info.source == str(copy)
    assert passes == [1]
    copy.write_bytes(drawn("ntsc").path.read_bytes())  # the same name, another video
    gather(Video(str(copy)), senses=PLAIN, cache=cache)
    assert passes == [1, 1]


def test_window_streams_and_senses_each_have_an_entry(drawn, cache):
    video = Video(str(drawn("constant").path))
    keys = {
        cache.key(video, PLAIN),
        cache.key(replace(video, start_s=0.5), PLAIN),
        cache.key(replace(video, audio_stream=1), PLAIN),
        cache.key(video, replace(PLAIN, pictures=False)),
        cache.key(video, replace(PLAIN, language="de")),
    }
    assert len(keys) == 5
    assert cache.key(Video("missing.mp4"), PLAIN) is None


def test_a_damaged_entry_is_gathered_again_with_a_warning(drawn, cache, passes):
    video = Video(str(drawn("constant").path))
    first = gather(video, senses=PLAIN, cache=cache)
    (entry,) = cache.folder.glob("*.npz")
    for damage in (entry.read_bytes()[:200], b"", b"PK\x03\x04 nonsense"):
        entry.write_bytes(damage)
        with pytest.warns(PlayheadWarning, match="gathered again"):
            again = gather(video, senses=PLAIN, cache=cache)
        assert again.lanes == first.lanes
    assert len(passes) == 4
    gather(video, senses=PLAIN, cache=cache)
    assert len(passes) == 4


def test_the_least_recently_used_go_first(drawn, tmp_path):
    video = Video(str(drawn("constant").path))
    cache = EvidenceCache(tmp_path / "small")
    evidence = gather(video, senses=PLAIN, cache=False)
    names = [f"{n:064x}" for n in range(4)]
    for n, name in enumerate(names[:3]):
        cache.save(name, evidence)
        os.utime(cache.folder / f"{name}.npz", (1000 + n, 1000 + n))
    assert cache.load(names[0], "x") is not None  # used again: now the newest
    cache.max_bytes = int(2.5 * (cache.folder / f"{names[0]}.npz").stat().st_size)
    cache.save(names[3], evidence)
    assert {path.stem for path in cache.folder.glob("*.npz")} == {names[0], names[3]}


def test_a_folder_that_cannot_be_written_is_warned_about(drawn, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    video = Video(str(drawn("constant").path))
    with pytest.warns(PlayheadWarning, match="cannot be kept"):
        evidence = gather(video, senses=PLAIN, cache=EvidenceCache(blocked / "below"))
    assert evidence.lanes["shots"]


def test_two_processes_may_gather_the_same_file(drawn, tmp_path):
    code = (
        "import sys; from pathlib import Path; from playhead.media.clip import Video\n"
        "from playhead.perceive.gather import gather, Senses; from playhead.perceive.cache import EvidenceCache\n"
        "s = Senses(speech=False, text=False, sounds=False, objects=False)\n"
        "for n in range(3): print(gather(Video(sys.argv[1]), senses=s, cache=EvidenceCache(Path(sys.argv[2]))).lanes)"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(drawn("constant").path), str(tmp_path / "both")]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert outputs[0] == outputs[1] != ""
    assert not list((tmp_path / "both").glob("*.part"))
