"""Bad input: each kind gives one line of the right class, and what can be decoded is decoded, with a note."""

from __future__ import annotations

import io
import os
import random
import socket
import sys
import threading

import av
import pytest

from helpers.draw import Sound, read_number, write_media
from playhead.errors import (
    CodecError,
    CorruptMediaError,
    EmptyMediaError,
    MissingExtraError,
    NotMediaError,
    PlayheadError,
    PlayheadWarning,
    SourceError,
    UsageError,
    WindowError,
)
from playhead.media import Video, open_clip, probe, source, stream_audio, stream_frames


def refuse(kind: type[PlayheadError], call, *parts: str) -> PlayheadError:
    """The call raises exactly this class, in one line that names what it should."""
    with pytest.raises(PlayheadError) as caught:
        call()
    assert type(caught.value) is kind, repr(caught.value)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message
    return caught.value


@pytest.fixture(scope="module")
def fast_start(tmp_path_factory) -> bytes:
    """An MP4 whose index stands before its data, so that a cut file can still be read."""
    path = tmp_path_factory.mktemp("fast") / "fast.mp4"
    write_media(path, ticks=range(60), sounds=(Sound(),), mux_options={"movflags": "+faststart"})
    return path.read_bytes()


def test_missing_file(tmp_path):
    refuse(SourceError, lambda: probe(tmp_path / "gone.mp4"), "gone.mp4", "no such file", "check the path")


def test_folder(tmp_path):
    refuse(SourceError, lambda: probe(tmp_path), "a folder", "one file")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
def test_what_never_ends_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    refuse(SourceError, lambda: probe(tmp_path / "pipe.mp4"), "a pipe", "save what it gives to a file")
    refuse(SourceError, lambda: probe("/dev/zero"), "a device")


def test_names_no_file_can_have():
    refuse(SourceError, lambda: probe("n" * 300 + ".mp4"), "cannot open")
    refuse(SourceError, lambda: probe("a\0b.mp4"), "null byte")


def test_text_file_named_mp4(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("this is no video\n" * 200)
    refuse(NotMediaError, lambda: probe(path), "notes.mp4", "no known audio or video container")


def test_random_bytes(tmp_path):
    path = tmp_path / "noise.mp4"
    path.write_bytes(random.Random(3).randbytes(20_000))
    refuse(NotMediaError, lambda: open_clip(path), "noise.mp4")


def test_empty_file(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    refuse(NotMediaError, lambda: probe(path), "an empty file")
    refuse(NotMediaError, lambda: probe(io.BytesIO()), "an empty file")


def test_cut_off_before_its_index(drawn, tmp_path):
    path = tmp_path / "cut.mp4"
    path.write_bytes(drawn("constant").path.read_bytes()[:6000])
    refuse(CorruptMediaError, lambda: probe(path), "cut-off", "index")


@pytest.mark.parametrize("part", [0.5, 0.7, 0.9])
def test_cut_off_in_its_data_gives_what_is_left_and_says_so(fast_start, tmp_path, part):
    path = tmp_path / "cut.mp4"
    path.write_bytes(fast_start[: int(len(fast_start) * part)])
    clip = open_clip(path, sampling="every")
    assert clip.frames is not None
    numbers = [read_number(pixels) for pixels in clip.frames.pixels_FHWC]
    assert 5 < len(numbers) < 60
    assert numbers == [round(at * 25) for at in clip.frames.pts_s]
    assert any("ends early" in note and "2.400" in note for note in clip.sampling.notes)
    assert clip.info.duration_s < 2.2


@pytest.mark.parametrize("scene", ["mkv", "ts"])
def test_cut_off_stream_gives_what_is_left(drawn, tmp_path, scene):
    whole = drawn(scene)
    path = tmp_path / whole.path.name
    path.write_bytes(whole.path.read_bytes()[:7000])
    clip = open_clip(path, sampling="every")
    assert clip.frames is not None
    assert 5 < len(clip.frames) < 60
    times_s = [whole.times_s[read_number(pixels)] for pixels in clip.frames.pixels_FHWC]
    assert clip.frames.pts_s == pytest.approx(times_s, abs=1e-5)


def test_a_stream_joined_in_its_middle_starts_with_the_first_decodable_frame(drawn, tmp_path):
    whole = drawn("ts").path.read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(whole[len(whole) // 3 // 188 * 188 :])
    clip = open_clip(path, sampling="every")
    assert clip.frames is not None
    numbers = [read_number(pixels) for pixels in clip.frames.pixels_FHWC]
    assert numbers == list(range(numbers[0], 60))
    assert numbers[0] > 5
    assert clip.frames.pts_s - clip.frames.pts_s[0] == pytest.approx(
        [i / 25 for i in range(len(numbers))], abs=1e-5
    )
    assert not any("could not be decoded: at" in note for note in clip.sampling.notes)


def test_damage_inside_loses_only_what_it_hits(fast_start, tmp_path):
    data = bytearray(fast_start)
    at = data.index(b"mdat") + 4
    data[at + 3000 : at + 5000] = random.Random(1).randbytes(2000)
    path = tmp_path / "hurt.mp4"
    path.write_bytes(data)
    clip = open_clip(path, sampling="every")
    assert clip.frames is not None
    assert clip.waveform is not None
    assert 10 < len(clip.frames) < 60
    notes = " ".join(clip.sampling.notes)
    assert "frames could not be decoded: at" in notes
    assert "sound could not be decoded" in notes
    assert clip.sampling.times_s == tuple(clip.frames.pts_s)
    with pytest.warns(PlayheadWarning, match="could not be decoded"):
        list(stream_frames(Video(str(path))))


def test_nothing_decodable(fast_start, tmp_path):
    data = bytearray(fast_start)
    at = data.index(b"mdat") + 4
    data[at:] = random.Random(2).randbytes(len(data) - at)
    path = tmp_path / "ruined.mp4"
    path.write_bytes(data)
    refuse(CorruptMediaError, lambda: open_clip(path), "not one frame or sample decodes")


def test_pictures_of_a_file_with_sound_only(drawn):
    path = drawn("audio_only_wav").path
    refuse(EmptyMediaError, lambda: list(stream_frames(Video(str(path)))), "pictures of", "audio only")
    refuse(EmptyMediaError, lambda: open_clip(path, audio=False), "audio only", "audio=True")
    clip = open_clip(path)
    assert clip.frames is None
    assert clip.sampling.frame_size_px is None


def test_sound_of_a_file_without(drawn):
    path = drawn("no_audio").path
    refuse(EmptyMediaError, lambda: list(stream_audio(Video(str(path)))), "sound of", "no audio stream")
    assert open_clip(path).waveform is None


def test_zero_frames(tmp_path):
    path = tmp_path / "zero.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        out.start_encoding()
    refuse(EmptyMediaError, lambda: probe(path), "zero.mkv")


def test_zero_samples(tmp_path):
    path = tmp_path / "zero.wav"
    with av.open(str(path), "w") as out:
        out.add_stream("pcm_s16le", rate=16_000)
        out.start_encoding()
    refuse(EmptyMediaError, lambda: probe(path), "zero.wav", "without a single frame or sample")


def test_unsupported_codec(drawn, tmp_path):
    path = tmp_path / "unknown.mp4"
    path.write_bytes(drawn("no_audio").path.read_bytes().replace(b"avc1", b"zzzz"))
    refuse(CodecError, lambda: open_clip(path), "unknown.mp4", "no decoder", "convert")


def test_unsupported_picture_codec_beside_good_sound(drawn, tmp_path):
    path = tmp_path / "half.mp4"
    path.write_bytes(drawn("constant").path.read_bytes().replace(b"avc1", b"zzzz"))
    clip = open_clip(path)
    assert clip.frames is None
    assert clip.waveform is not None
    assert any("no decoder" in note for note in clip.sampling.notes)
    refuse(CodecError, lambda: list(stream_frames(Video(str(path)))), "pictures of", "no decoder")


def test_unreachable_address():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    refuse(SourceError, lambda: probe(f"http://127.0.0.1:{port}/a.mp4"), "not reachable", "network")


def test_an_address_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(source, "OPEN_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        held = []
        threading.Thread(target=lambda: held.append(mute.accept()), daemon=True).start()
        refuse(SourceError, lambda: probe(f"http://127.0.0.1:{mute.getsockname()[1]}/a.mp4"), "not reachable")
        for connection, _ in held:
            connection.close()


def test_unknown_scheme():
    refuse(SourceError, lambda: probe("zzz://bucket/a.mp4"), "unknown scheme zzz://", "s3://")


def test_remote_address_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    refuse(MissingExtraError, lambda: probe("s3://bucket/a.mp4"), "playhead[remote]")


@pytest.mark.parametrize(("start_s", "end_s"), [(9.0, None), (2.4, None), (-1.0, None), (9.0, 10.0)])
def test_window_outside_the_video(drawn, start_s, end_s):
    path = drawn("no_audio").path
    refuse(WindowError, lambda: open_clip(path, start_s=start_s, end_s=end_s), "0 to 2.400 s")


@pytest.mark.parametrize(("start_s", "end_s"), [(2.0, 1.0), (1.0, 1.0), (None, -1.0)])
def test_end_before_start(drawn, start_s, end_s):
    path = drawn("no_audio").path
    refuse(WindowError, lambda: open_clip(path, start_s=start_s, end_s=end_s), "not after the start")


def test_bounds_that_are_no_numbers(drawn):
    refuse(WindowError, lambda: open_clip(drawn("no_audio").path, start_s=float("nan")), "no number")


def test_an_end_past_the_video_is_cut(drawn):
    clip = open_clip(drawn("no_audio").path, start_s=2.0, end_s=99.0)
    assert (clip.window.start_s, clip.window.end_s) == pytest.approx((2.0, 2.4))


def test_unknown_streams_policies_and_sizes(drawn):
    path = drawn("constant").path
    refuse(UsageError, lambda: open_clip(path, video_stream=7), "video stream 7", "allowed: 0")
    refuse(UsageError, lambda: open_clip(path, video_stream=1), "video stream 1")
    refuse(UsageError, lambda: open_clip(path, audio_stream="fra"), "audio stream 'fra'", "allowed: 1")
    refuse(UsageError, lambda: open_clip(path, sampling="unifrom:n=3"), "unifrom", "did you mean 'uniform'")
    refuse(UsageError, lambda: open_clip(path, size=0), "size 0")


def test_times_that_do_not_ascend(drawn):
    video = Video(str(drawn("constant").path))
    refuse(UsageError, lambda: list(stream_frames(video, times_s=[1.0, 0.5])), "ascend")
