"""Pixels: true colours whatever the matrix and range, upright, of the asked size; choice of streams."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import beep_onsets, read_number
from playhead.media import Video, open_clip, probe, stream_frames
from playhead.media.pixels import fit_size

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)]
BT601, BT709, BT2020 = (0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)


def coded(rgb, weights, full):
    """A colour as Y, Cb, Cr code values of 8 bits."""
    (red, green, blue), (k_red, k_blue) = (value / 255 for value in rgb), weights
    luma = k_red * red + (1 - k_red - k_blue) * green + k_blue * blue
    chroma = ((blue - luma) / (2 - 2 * k_blue), (red - luma) / (2 - 2 * k_red))
    low, high, swing = (0, 255, 255) if full else (16, 219, 224)
    return [min(255, round(value)) for value in (low + high * luma, *(128 + swing * c for c in chroma))]


def flat_colours(weights, *, stated, full, rows):
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        stream = out.add_stream("ffv1", rate=1)
        stream.width, stream.height, stream.pix_fmt = 96, rows, "yuv444p"
        stream.codec_context.color_range = 2 if full else 1
        if stated is not None:
            stream.codec_context.colorspace = stated
        for second, rgb in enumerate(COLOURS):
            frame = av.VideoFrame(96, rows, "yuv444p")
            for plane, value in zip(frame.planes, coded(rgb, weights, full), strict=True):
                plane.update(bytes([value]) * plane.buffer_size)
            frame.pts, frame.color_range = second, 2 if full else 1
            if stated is not None:
                frame.colorspace = stated
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    file.seek(0)
    return file


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("weights", "stated", "rows"),
    [(BT709, 1, 64), (BT601, 6, 720), (BT601, 5, 64), (BT2020, 9, 64), (BT601, None, 64), (BT709, None, 720)],
)
def test_colours_are_the_ones_that_were_coded(weights, stated, rows, full):
    clip = open_clip(
        flat_colours(weights, stated=stated, full=full, rows=rows), sampling="every", size=(33, 21)
    )
    assert clip.frames is not None
    middle = clip.frames.pixels_FHWC[:, 10, 10].astype(int)
    assert np.abs(middle - np.asarray(COLOURS)).max() <= 2


@pytest.mark.parametrize(
    ("size", "expected"),
    [(None, (96, 64)), (32, (48, 32)), ((40, 40), (40, 40)), (lambda w, h: (w // 2, h // 2), (48, 32))],
)
def test_sizes(drawn, size, expected):
    clip = open_clip(drawn("constant").path, sampling="uniform:n=3", size=size)
    assert clip.frames is not None
    assert clip.sampling.frame_size_px == expected
    assert clip.frames.pixels_FHWC.shape == (3, expected[1], expected[0], 3)
    assert [read_number(pixels) for pixels in clip.frames.pixels_FHWC] == [
        round(at * 25) for at in clip.frames.pts_s
    ]


@pytest.mark.parametrize(
    ("scene", "rotation_deg"), [("rotated_1", -90), ("rotated_2", 180), ("rotated_3", 90)]
)
def test_turned_pictures_stand_upright(drawn, scene, rotation_deg):
    truth = drawn(scene)
    info = probe(truth.path)
    assert info.video is not None
    assert info.video.rotation_deg == rotation_deg
    frame = next(iter(stream_frames(Video(str(truth.path)), size=(60, 40))))
    assert frame.pixels_HWC.shape == (40, 60, 3)
    assert read_number(frame.pixels_HWC) == 0


def test_a_mirrored_picture_stands_upright(drawn, tmp_path):
    data = bytearray(drawn("no_audio").path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 4] = (-65536).to_bytes(4, "big", signed=True)  # mirror left-right
    path = tmp_path / "mirrored.mp4"
    path.write_bytes(data)
    frame = next(iter(stream_frames(Video(str(path)))))
    assert read_number(frame.pixels_HWC[:, ::-1]) == 0


@given(st.integers(1, 500), st.integers(1, 4000), st.integers(1, 4000))
def test_the_shorter_side_is_the_one_asked_for(side, width_px, height_px):
    made = fit_size(side, width_px, height_px)
    assert min(made) == side
    assert made[0] / made[1] == pytest.approx(width_px / height_px, rel=1 / side)


def test_streams_by_index_and_language(drawn):
    truth = drawn("two_languages")
    info = probe(truth.path)
    assert [(s.kind, s.language) for s in info.streams] == [
        ("video", None), ("video", None), ("audio", "eng"), ("audio", "deu"),
    ]  # fmt: skip
    for audio, beeps_s in ((None, (0.5, 1.5)), ("eng", (0.5, 1.5)), ("deu", (0.9, 1.9)), (3, (0.9, 1.9))):
        clip = open_clip(truth.path, sampling="uniform:n=1", audio_stream=audio)
        assert clip.waveform is not None
        assert beep_onsets(clip.waveform.samples_N, 16_000) == pytest.approx(beeps_s, abs=0.01)
    for video, width_px in ((None, 96), (0, 96), (1, 192)):
        clip = open_clip(truth.path, sampling="uniform:n=4", video_stream=video)
        assert clip.frames is not None
        assert clip.frames.pixels_FHWC.shape[2] == width_px
        assert [read_number(p) for p in clip.frames.pixels_FHWC] == [
            round(at * 25) for at in clip.frames.pts_s
        ]


def test_interlaced_and_ten_bit_are_said(drawn):
    interlaced, deep = probe(drawn("interlaced").path).video, probe(drawn("ten_bit").path).video
    assert interlaced is not None
    assert interlaced.interlaced
    assert deep is not None
    assert deep.pixel_format == "yuv420p10le"


def test_the_header_alone(drawn):
    info = probe(drawn("late_video").path, measure=False)
    assert info.frame_count is None
    assert info.variable_rate is None
    assert info.duration_s == pytest.approx(3.6, abs=0.05)
    assert info.video is not None
    assert info.video.start_s == pytest.approx(1.2, abs=1e-3)
