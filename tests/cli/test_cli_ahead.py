"""Of many files the next one is looked at while the model answers about the present one; never more than one ahead."""

from __future__ import annotations

import gc
import json
import threading

import pytest

pytest.importorskip("transformers")
from playhead.cli.job import Job, run
from playhead.cli.options import Options
from playhead.errors import PlayheadError
from playhead.models.qwen_vl.engine import QwenVL
from playhead.models.qwen_vl.pictures import Seen

SCENES = ["constant", "variable", "late_video", "ntsc"]
SETTINGS = ["max_new_tokens=8", "max_frames=4"]


def options(**more):
    return Options(
        engine="qwen2-vl-tiny",
        settings=SETTINGS,
        device="cpu",
        json=True,
        quiet=True,
        **{"no_cache": True, **more},
    )


@pytest.fixture
def paths(drawn):
    return [str(drawn(scene).path) for scene in SCENES]


def said(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_the_next_look_is_made_while_the_model_writes_and_no_more_than_two_are_held(
    paths, monkeypatch, capsys
) -> None:
    begun, overlapped, held = {path: threading.Event() for path in paths}, [], []
    right_look, right_write = QwenVL.look, QwenVL.write

    def look(self, video, *more, **named):
        begun[video.source].set()
        return right_look(self, video, *more, **named)

    def write(self, look, *more, **named):
        behind = paths[paths.index(look.info.source) + 1 :]
        if behind:
            overlapped.append(begun[behind[0]].wait(30))
        if len(behind) > 1:
            assert not begun[behind[1]].wait(0.1)  # one ahead, not two
        made = right_write(self, look, *more, **named)
        held.append(sum(isinstance(each, Seen) for each in gc.get_objects()))
        return made

    monkeypatch.setattr(QwenVL, "look", look)
    monkeypatch.setattr(QwenVL, "write", write)
    gc.collect()
    before = sum(isinstance(each, Seen) for each in gc.get_objects())
    run(Job(verb="describe"), paths, options())
    assert overlapped == [True] * (len(paths) - 1)
    assert len(held) == len(paths)
    assert max(held) - before <= 2
    assert [answer["source"] for answer in said(capsys)] == paths


def test_answers_are_those_of_one_by_one(paths, capsys) -> None:
    run(Job(verb="describe"), paths[:3], options())
    together = said(capsys)
    for path, answer in zip(paths[:3], together, strict=True):
        run(Job(verb="describe"), [path], options())
        [alone] = json.loads(f"[{capsys.readouterr().out}]")
        assert alone == answer


def test_a_file_that_fails_is_told_in_its_turn_and_the_others_are_answered(paths, tmp_path, capsys) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(PlayheadError, match="1 of 3 files failed"):
        run(Job(verb="describe"), [paths[0], str(broken), paths[1]], options())
    assert [answer["source"] for answer in said(capsys)] == [paths[0], paths[1]]


def test_what_an_earlier_run_finished_is_not_looked_at_again(paths, tmp_path, monkeypatch, capsys) -> None:
    from dataclasses import replace

    looked = []
    right = QwenVL._look

    def look(self, video, *more, **named):
        looked.append(video.source)
        return right(self, video, *more, **named)

    kept = replace(options(), out=tmp_path / "out", format=["json"])
    run(Job(verb="describe"), [paths[1]], kept)
    monkeypatch.setattr(QwenVL, "_look", look)
    capsys.readouterr()
    run(Job(verb="describe"), paths[:3], kept)
    assert sorted(looked) == sorted([paths[0], paths[2]])  # one in this thread, one ahead
    assert [answer["source"] for answer in said(capsys)] == paths[:3]


def test_what_is_kept_on_disk_is_not_decoded_ahead(paths, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path))
    kept = options(no_cache=False)
    run(Job(verb="describe"), paths[:3], kept)
    monkeypatch.setattr(QwenVL, "_look", lambda *_, **__: pytest.fail("decoded again"))
    run(Job(verb="ask", arguments=("what?",)), paths[:3], kept)
