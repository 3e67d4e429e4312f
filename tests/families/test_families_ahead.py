"""A video looked at ahead, from another thread, gives the same answer and is looked at once; exchanges are told."""

from __future__ import annotations

import threading

import pytest
from families_kit import call, load, replace_looks

from playhead.errors import MediaError
from playhead.media.clip import Video
from playhead.models.base import Overheard, Prepares


def test_what_is_seen_ahead_is_used_and_changes_no_answer(session, tiny, drawn) -> None:
    path, other = str(drawn("constant").path), str(drawn("no_audio").path)
    before = call(session, "ground", path)
    fresh = load(tiny)
    assert isinstance(fresh.engine, Prepares)
    looks = []
    replace_looks(
        fresh.engine, lambda look: lambda video, *more: looks.append(video.source) or look(video, *more)
    )
    thread = threading.Thread(target=fresh.engine.prepare, args=(Video(path),))
    thread.start()
    call(fresh, "describe", other)
    thread.join()
    assert call(fresh, "ground", path) == before
    assert sorted(looks) == sorted([path, other])
    if fresh.engine.looks_ahead:
        call(fresh, "describe", other)
        fresh.engine.prepare(Video(path))
        assert len(looks) == 4  # neither is the last one that was asked about and kept
        fresh.engine.prepare(Video(path))
        assert len(looks) == 4


def test_preparing_what_is_no_video_fails_as_asking_does(session, tmp_path) -> None:
    if not session.engine.looks_ahead:
        pytest.skip("nothing is done ahead")
    (tmp_path / "x.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaError):
        session.engine.prepare(Video(str(tmp_path / "x.mp4")))


def test_every_exchange_with_the_model_is_told(tiny, drawn) -> None:
    session = load(tiny)
    assert isinstance(session.engine, Overheard)
    told = []
    session.engine.on_exchange = told.append
    answer = session.ground(str(drawn("constant").path), "a cat on the table")
    [exchange] = told
    assert "a cat on the table" in exchange.prompt
    assert exchange.written
    assert answer.failure is None
    session.engine.on_exchange = None
    session.describe(str(drawn("constant").path))
    assert len(told) == 1
