"""What is shown of a video is what the model is given: the same pictures, in the same order, at their true times."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from families_kit import load

from helpers.draw import read_number, write_media
from playhead.errors import EmptyMediaError, UnsupportedError, UsageError, WindowError
from playhead.media.clip import Video
from playhead.media.glance import evenly
from playhead.models.registry import family_of
from playhead.models.show import show_video
from playhead.models.vtimellm.vision import MEAN_RGB, STD_RGB

ALL = 10_000


def arc(**options):
    return load("arc-hunyuan-video-tiny", **options).engine


def given_to(engine, video: Video) -> torch.Tensor:
    """The pixels an engine's encoder is given, caught at its door."""
    caught: list[torch.Tensor] = []

    handle = engine.model.model.vision_tower.register_forward_pre_hook(
        lambda _, arguments, named: caught.append(arguments[0] if arguments else named["pixel_values"]),
        with_kwargs=True,
    )
    try:
        engine.look(video)
    finally:
        handle.remove()
    return torch.cat([each.float().cpu() for each in caught])


def as_bytes(values_FCHW: torch.Tensor, mean, std) -> np.ndarray:
    colours_FHWC = values_FCHW.permute(0, 2, 3, 1) * torch.tensor(std) + torch.tensor(mean)
    return (colours_FHWC * 255).round().clamp(0, 255).to(torch.uint8).numpy()


# --- the pictures are the model's ------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [{}, {"start_s": 1.0, "end_s": 2.6}])
def test_arc_is_shown_the_squares_it_is_given_with_their_clocks(drawn, window) -> None:
    video = Video(str(drawn("variable").path), **window)
    shown = show_video("arc-hunyuan-video-tiny", video, ALL)
    look = arc().look(video)
    assert np.array_equal(shown.frames.pixels_FHWC, look.data.prepared.pictures_FHWC)
    assert shown.frames.pts_s.tolist() == look.times_s.tolist()
    assert shown.captions == look.labels
    assert (shown.window, shown.total) == (look.window, len(look.labels))


def test_arc_is_shown_its_other_labels_and_its_own_number_of_pictures(drawn) -> None:
    video = Video(str(drawn("constant").path))
    options = {"labels": "fork", "max_frames": 2}
    shown = show_video("arc-hunyuan-video-tiny", video, ALL, **options)
    look = arc(**options).look(video)
    assert shown.captions == look.labels
    assert shown.total == 2
    assert np.array_equal(shown.frames.pixels_FHWC, look.data.prepared.pictures_FHWC)


def test_arc_is_shown_every_part_of_a_long_video_with_the_clock_it_begins_anew(tmp_path) -> None:
    path = write_media(tmp_path / "long.mp4", ticks=range(0, 25 * 32, 5), durations=5)
    video = Video(str(path), start_s=2.0)
    shown = show_video("arc-hunyuan-video-tiny", video, ALL, segment_s=15)
    assert shown.total == 30
    assert shown.captions[14:17] == (
        "part 1: 00:00:14-00:00:15",
        "part 2: 00:00:00-00:00:01",
        "part 2: 00:00:01-00:00:02",
    )
    second = arc(segment_s=0).look(Video(str(path), start_s=17.0))
    assert np.array_equal(shown.frames.pixels_FHWC[15:], second.data.prepared.pictures_FHWC)
    assert shown.frames.pts_s[15:].tolist() == second.times_s.tolist()
    assert any("2 parts" in note for note in shown.notes)


@pytest.mark.parametrize("antialias", [None, True])
@pytest.mark.parametrize("window", [{}, {"start_s": 1.0, "end_s": 2.6}])
def test_vtimellm_is_shown_the_squares_clip_is_given(drawn, antialias, window) -> None:
    video = Video(str(drawn("variable").path), **window)
    options = {} if antialias is None else {"antialias": antialias}
    shown = show_video("vtimellm-tiny", video, ALL, **options)
    engine = load("vtimellm-tiny", **options).engine
    given = as_bytes(given_to(engine, video), MEAN_RGB, STD_RGB)  # each different frame once
    look = engine.look(video)
    _, rows = np.unique(look.times_s, return_inverse=True)
    assert np.array_equal(shown.frames.pixels_FHWC, given[rows])
    assert shown.frames.pts_s.tolist() == look.times_s.tolist()
    assert shown.captions[0] == "1 of 100, answered as 00"
    assert shown.captions[-1].startswith("100 of 100, answered as 9")


@pytest.mark.parametrize("window", [{}, {"start_s": 1.0, "end_s": 2.6}])
def test_hour_llava_is_shown_the_squares_siglip_is_given_and_which_are_kept(drawn, window) -> None:
    video = Video(str(drawn("variable").path), **window)
    shown = show_video("hour-llava-tiny", video, ALL)
    engine = load("hour-llava-tiny").engine
    given = as_bytes(given_to(engine, video), [0.5] * 3, [0.5] * 3)
    look = engine.look(video)
    assert np.array_equal(shown.frames.pixels_FHWC, given)
    assert shown.frames.pts_s.tolist() == look.times_s.tolist()
    layout = engine.layout(look, "What is shown?")
    seen_s = {slot.pts_s for slot in layout.slots}
    kept_s = {
        time_s
        for time_s, caption in zip(shown.frames.pts_s.tolist(), shown.captions, strict=True)
        if caption.endswith(", kept")
    }
    assert kept_s == seen_s
    assert {caption.split(", ")[1] for caption in shown.captions} == {"kept", "in memory only"}


def test_hour_llava_marks_nothing_that_hangs_on_the_pictures_and_tells_the_times_the_prompt_lists(
    drawn,
) -> None:
    video = Video(str(drawn("constant").path), start_s=1.0)
    shown = show_video("hour-llava-tiny", video, 4, temporal="keyframe", timestamps=True)
    look = load("hour-llava-tiny", temporal="keyframe", timestamps=True).engine.look(video)
    assert shown.captions[0] == f"1 of {len(look.labels)}, told {look.labels[0]}"
    assert shown.captions[-1] == f"{len(look.labels)} of {len(look.labels)}, told {look.labels[-1]}"
    assert any("not marked" in note for note in shown.notes)


def test_avicuna_is_shown_where_sound_stands_among_its_pictures(drawn) -> None:
    video = Video(str(drawn("constant").path))
    shown = show_video("avicuna-tiny", video, ALL)
    engine = load("avicuna-tiny").engine
    look = engine.look(video)
    fillings = look.data.fillings
    assert shown.total == len(fillings) == len(shown.captions)
    for place, pts_s, caption in zip(fillings, shown.frames.pts_s.tolist(), shown.captions, strict=True):
        if place.kind == "frame":
            assert "answered as" in caption
            assert pts_s == place.pts_s
        else:
            assert caption.endswith(f"heard to {place.span.end_s:.1f} s")
            assert pts_s == place.span.start_s
    assert [place.kind for place in fillings[:5]] == ["sound", "frame", "frame", "frame", "sound"]


# --- times -----------------------------------------------------------------------------------------------------------


def test_times_are_those_of_the_picture_that_is_shown(tiny, drawn) -> None:
    clip = drawn("variable")
    shown = show_video(tiny, Video(str(clip.path)), 7)
    true_s = dict(zip(clip.numbers, clip.times_s, strict=True))
    read = 0
    for pixels_HWC, pts_s, caption in zip(
        shown.frames.pixels_FHWC, shown.frames.pts_s.tolist(), shown.captions, strict=True
    ):
        if tiny == "hour-llava-tiny":  # squashed whole and unlabelled: its number can still be read
            assert pts_s == pytest.approx(true_s[read_number(pixels_HWC)], abs=clip.rounding_s)
            read += 1
        assert caption
        assert min(abs(pts_s - each) for each in (*clip.times_s, 0.0)) <= clip.rounding_s
    assert read in {0, 7}


def test_a_window_has_times_of_the_whole_clock(tiny, drawn) -> None:
    shown = show_video(tiny, Video(str(drawn("constant").path), start_s=1.0, end_s=2.0), ALL)
    assert 1.0 <= shown.frames.pts_s.min() <= shown.frames.pts_s.max() < 2.0
    assert (shown.window.start_s, shown.window.end_s) == (1.0, 2.0)


@pytest.mark.parametrize("scene", ["single_frame", "late_video", "edit_list", "fragmented"])
def test_odd_files_are_shown(tiny, drawn, scene) -> None:
    clip = drawn(scene)
    shown = show_video(tiny, Video(str(clip.path)), 5)
    frames_s = [
        pts_s
        for pts_s, caption in zip(shown.frames.pts_s.tolist(), shown.captions, strict=True)
        if "heard" not in caption
    ]
    assert len(shown.frames) == min(5, shown.total)
    assert all(min(abs(pts_s - each) for each in clip.times_s) <= clip.rounding_s for pts_s in frames_s)


# --- few of many -----------------------------------------------------------------------------------------------------


def test_an_even_choice_has_the_first_and_the_last() -> None:
    assert evenly(5, 9) == [0, 1, 2, 3, 4]
    assert evenly(101, 5) == [0, 25, 50, 75, 100]
    assert evenly(7, 1) == [0]
    with pytest.raises(UsageError):
        evenly(7, 0)


def test_of_many_pictures_only_those_shown_are_made(tiny, drawn, monkeypatch) -> None:
    import playhead.media.glance as glancing

    decoded = []
    read_rows = glancing.read_rows

    def count(media, table, rows, size, damage):
        for frame in read_rows(media, table, rows, size, damage):
            decoded.append(frame.pts_s)
            yield frame

    monkeypatch.setattr(glancing, "read_rows", count)
    shown = show_video(tiny, Video(str(drawn("constant").path)), 3)
    assert len(decoded) <= 3
    assert len(shown.frames) == len(shown.captions) == min(3, shown.total)
    assert shown.total >= 2


# --- what cannot be shown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scout", "scout-tiny"])
def test_an_engine_that_is_given_no_choice_of_pictures_says_so(name, drawn) -> None:
    with pytest.raises(UnsupportedError, match="not given a choice"):
        show_video(name, Video(str(drawn("constant").path)))


def test_what_cannot_be_looked_at_is_refused(tiny, drawn, tmp_path) -> None:
    with pytest.raises(EmptyMediaError):
        show_video(tiny, Video(str(drawn("audio_only_wav").path)))
    with pytest.raises(WindowError):
        show_video(tiny, Video(str(drawn("constant").path), start_s=9.0))
    with pytest.raises(UsageError, match="no option"):
        show_video(tiny, Video(str(drawn("constant").path)), colour="red")
    with pytest.raises(UsageError, match="1 or more"):
        show_video(tiny, Video(str(drawn("constant").path)), 0)
    with pytest.raises(UsageError, match="not known"):
        show_video("vtimelm-7b", Video(str(drawn("constant").path)))
    features = tmp_path / "constant.npy"
    np.save(features, np.zeros((100, 768), np.float16))
    if "features" in family_of(tiny).options:
        with pytest.raises(UsageError, match="no picture is looked at"):
            show_video(tiny, Video(str(drawn("constant").path)), features=str(features))


def test_a_folder_is_shown_as_the_preset_it_is_like(engine, saved, drawn) -> None:
    folder = saved(engine)
    assert json.loads((folder / "config.json").read_text())["model_type"]
    video = Video(str(drawn("constant").path))
    shown = show_video(str(folder), video, 3)
    assert shown.engine == str(folder)
    assert len(shown.frames) == 3
