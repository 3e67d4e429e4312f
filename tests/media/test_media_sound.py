"""Sound stands where it is heard: channels, rates, gaps, windows, chunks."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from helpers.draw import Sound, beep_onsets, write_media
from playhead.media import Video, Waveform, open_clip, stream_audio
from playhead.media.chunks import arc_sound, whisper_chunks


def whole(path, **how) -> np.ndarray:
    return np.concatenate([block.samples_N for block in stream_audio(Video(str(path)), **how)])


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_resampling_moves_nothing(tmp_path, rate_hz):
    click = Sound(beeps_s=(), rate_hz=rate_hz, codec="pcm_s16le", sample_format="s16", end_s=2.0)
    path = write_media(tmp_path / "tone.wav", sounds=(click,))
    at = round(1.25 * rate_hz)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=rate_hz, layout="mono")
        track = np.zeros((1, 2 * rate_hz), np.int16)
        track[0, at] = 32000
        frame = av.AudioFrame.from_ndarray(track, format="s16", layout="mono")
        frame.sample_rate = rate_hz
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    samples_N = whole(path)
    assert len(samples_N) == 32_000
    assert int(np.argmax(np.abs(samples_N))) == pytest.approx(1.25 * 16_000, abs=1.5)


@pytest.mark.parametrize("block_s", [0.01, 0.5, 30.0])
def test_blocks_of_any_length_join_to_the_same_sound(drawn, block_s):
    path = drawn("surround").path
    assert np.array_equal(whole(path, block_s=block_s), whole(path, block_s=7.0))


def test_other_rates(drawn):
    truth = drawn("constant")
    samples_N = whole(truth.path, rate_hz=8_000)
    assert len(samples_N) == pytest.approx(truth.end_s * 8_000, abs=2)
    assert beep_onsets(samples_N, 8_000) == pytest.approx(truth.beeps_s, abs=0.01)


def test_a_window_is_cut_out_of_the_whole(drawn):
    path = drawn("audio_only_wav").path
    all_N = whole(path)
    window = open_clip(path, start_s=0.75, end_s=1.75).waveform
    assert window is not None
    assert np.abs(window.samples_N - all_N[12_000:28_000]).max() < 1e-3


def test_silence_is_silence_and_not_nothing(drawn):
    clip = open_clip(drawn("silent").path)
    assert clip.waveform is not None
    assert np.abs(clip.waveform.samples_N).max() < 1e-3
    assert clip.sampling.audio_s == pytest.approx(2.4, abs=0.03)


def test_a_gap_becomes_silence_of_its_length_and_is_said(tmp_path):
    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for start in (*range(0, 16_000, 1000), *range(40_000, 56_000, 1000)):  # 1 s, 1.5 s of nothing, 1 s
            frame = av.AudioFrame.from_ndarray(
                np.full((1, 1000), 8000, np.int16), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    clip = open_clip(path)
    assert clip.waveform is not None
    samples_N = clip.waveform.samples_N
    assert len(samples_N) == 56_000
    loud = np.abs(samples_N) > 0.1
    assert loud[:15_990].all()
    assert not loud[16_010:39_990].any()
    assert loud[40_010:].all()
    assert any("1.500 s of sound" in note for note in clip.sampling.notes)


def test_sound_that_ends_early_is_filled_to_the_pictures_end(tmp_path):
    path = write_media(tmp_path / "short.mp4", ticks=range(60), sounds=(Sound(beeps_s=(0.5,), end_s=1.0),))
    clip = open_clip(path)
    assert clip.waveform is not None
    assert clip.waveform.duration_s == pytest.approx(2.4, abs=1e-3)
    assert np.abs(clip.waveform.samples_N[17_000:]).max() == 0.0


def test_an_open_file_gives_the_same_sound(drawn):
    path = drawn("constant").path
    clip, other = open_clip(path), open_clip(io.BytesIO(path.read_bytes()))
    assert clip.waveform is not None
    assert other.waveform is not None
    assert np.array_equal(clip.waveform.samples_N, other.waveform.samples_N)


def test_whisper_chunks_know_when_they_start():
    sound = Waveform(np.arange(70 * 100, dtype=np.float32), 100, start_s=5.0)
    chunks = whisper_chunks(sound)
    assert [chunk.start_s for chunk in chunks] == [5.0, 35.0, 65.0]
    assert [chunk.duration_s for chunk in chunks] == [30.0, 30.0, 10.0]
    assert np.array_equal(np.concatenate([chunk.samples_N for chunk in chunks]), sound.samples_N)


def test_arc_sound_keeps_up_to_300_s_whole():
    sound = Waveform(np.ones(300 * 100, np.float32), 100)
    heard, starts_s = arc_sound(sound)
    assert np.array_equal(heard.samples_N, sound.samples_N)
    assert starts_s.tolist() == [2.0 * i for i in range(150)]


def test_arc_sound_above_300_s_is_150_snippets_from_the_start_of_each_part():
    rate_hz = 100
    sound = Waveform(np.arange(451 * rate_hz, dtype=np.float32), rate_hz, start_s=10.0)
    heard, starts_s = arc_sound(sound)
    part = 451 * rate_hz // 150
    assert heard.duration_s == 300.0
    assert heard.samples_N.reshape(150, 200)[:, 0].tolist() == [i * part for i in range(150)]
    assert starts_s.tolist() == pytest.approx([10.0 + i * part / rate_hz for i in range(150)])


def test_arc_sound_pads_to_a_second():
    heard, starts_s = arc_sound(Waveform(np.ones(30, np.float32), 100))
    assert heard.samples_N.tolist() == [1.0] * 30 + [0.0] * 70
    assert starts_s.tolist() == [0.0]
