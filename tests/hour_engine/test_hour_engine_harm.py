"""What befalls a store: processes killed outright, disks that are full or only read, weights of one video in two hands."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from playhead.errors import CorruptMediaError, OutputError
from playhead.media.clip import Video
from playhead.models.hour_llava import encode as encoding
from playhead.tasks.ask import Ask

QUESTION = Ask("Which number is shown last?")
posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

# Chunks of four pictures, with time to be killed between two of them; a word on each tells how far it is.
SLOW = """
import sys, time, playhead
def told(stage, done, total):
    if stage == "looking":
        print(int(done), flush=True)
        time.sleep(0.05)
session = playhead.load("hour-llava-tiny", device="cpu", max_new_tokens=4, encode_frames=4, cache=sys.argv[2] == "cache")
session.ask(sys.argv[1], "What?", progress=told)
"""


def killed_after(clip: Path, pictures: int, how: signal.Signals, cache: str, folder: Path) -> None:
    """A process that looks at a clip, killed once it has encoded so many pictures."""
    told = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(clip), cache], stdout=subprocess.PIPE, text=True, env=told
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= pictures:
            break
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode not in (0, None)


@posix
def test_a_killed_process_loses_the_chunk_it_was_at_and_no_more(make, clip, cache, tmp_path) -> None:
    killed_after(clip, 40, signal.SIGKILL, "cache", tmp_path)
    [part] = (cache / "hour-llava").glob("*.part")
    safe = part.stat().st_size // (64 * 32 * 2)
    assert 40 <= safe < 128
    resumed = make(encode_frames=4)
    look = resumed.look(Video(str(clip)))
    assert resumed.encoded == 128 - safe
    whole = make(encode_frames=4, use_cache=False).look(Video(str(clip)))
    assert torch.equal(look.data.features_TPC, whole.data.features_TPC)
    assert look.sampling == whole.sampling
    assert list((cache / "hour-llava").glob("*.part")) == []


@posix
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=lambda how: how.name)
def test_without_a_cache_nothing_is_left_however_it_ends(clip, cache, tmp_path, how) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    killed_after(clip, 40, how, "none", folder)
    assert list(folder.iterdir()) == []
    assert not cache.exists()


def test_without_a_cache_nothing_is_written_into_it(make, clip, cache) -> None:
    make(use_cache=False).answer(Video(str(clip)), QUESTION)
    assert not cache.exists()


@posix
def test_a_full_disk_is_said_and_what_fits_is_gone_on_with(make, clip, cache) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(OutputError, match="cache=False"):
            make(encode_frames=8).look(Video(str(clip)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    resumed = make(encode_frames=8)
    look = resumed.look(Video(str(clip)))
    assert resumed.encoded == 128 - 200_000 // (8 * 64 * 32 * 2) * 8
    whole = make(encode_frames=8, use_cache=False).look(Video(str(clip)))
    assert torch.equal(look.data.features_TPC, whole.data.features_TPC)


def test_a_disk_that_is_full_when_the_file_is_closed_is_the_same_error(make, clip, monkeypatch) -> None:
    """What could not be flushed is tried again on closing: the file is let go of, and the error is one of ours."""
    from playhead.models.hour_llava.rows import Writer

    closed, close = [], Writer.close

    def refused(writer) -> None:
        class Full:
            def close(self) -> None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        held, writer._journal = writer._journal, Full()
        try:
            close(writer)
        finally:
            held.close()
            closed.append(writer.rows.closed)

    monkeypatch.setattr(Writer, "close", refused)
    with pytest.raises(OutputError, match="No space left"):
        make().look(Video(str(clip)))
    assert closed == [True]


def test_a_folder_that_is_only_read_is_used(make, clip, monkeypatch, recwarn) -> None:
    first = make().answer(Video(str(clip)), QUESTION)

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "utime", refused)
    later = make()
    assert later.answer(Video(str(clip)), QUESTION).text == first.text
    assert (later.encoded, later.projected) == (0, 0)
    assert not [each for each in recwarn if "made again" in str(each.message)]


def test_a_second_process_says_what_it_waits_for(make, clip, caplog) -> None:
    import threading

    slow, quick = make(encode_frames=4), make()
    counted, begun = slow.net.model.encode_video, threading.Event()

    def slowly(pixels, **how):
        begun.set()
        time.sleep(0.01)
        return counted(pixels, **how)

    slow.net.model.encode_video = slowly
    other = threading.Thread(target=slow.look, args=(Video(str(clip)),))
    other.start()
    begun.wait(30)
    with caplog.at_level("INFO", "playhead"):
        quick.look(Video(str(clip)))
    other.join()
    assert quick.encoded == 0
    assert "another process is encoding this video" in caplog.text
    assert "fetching" not in caplog.text


def test_what_was_lost_before_an_interruption_is_still_said_after_it(make, clip, monkeypatch) -> None:
    read, runs = encoding.read_rows, []

    def hurt(media, table, rows, size, damage):
        """Two pictures of the first run and none of the second decode, after an interruption at the fourth chunk."""
        runs.append(len(rows))
        if len(runs) > 1:
            damage.remark("the rest could not be decoded")
            raise CorruptMediaError("pictures", found="none of the wanted frames decodes")
        damage.remark("two could not be decoded")
        for number, frame in enumerate(read(media, table, rows, size, damage)):
            if number == 30:
                raise KeyboardInterrupt
            if number not in (3, 4):
                yield frame

    monkeypatch.setattr(encoding, "read_rows", hurt)
    with pytest.raises(KeyboardInterrupt):
        make(encode_frames=8).look(Video(str(clip)))
    resumed = make(encode_frames=8)
    look = resumed.look(Video(str(clip)))
    assert runs == [128, 128 - 26]
    assert resumed.encoded == 0
    assert len(look.times_s) == 24
    assert {"two could not be decoded", "the rest could not be decoded"} <= set(look.sampling.notes)
    assert (np.diff(look.times_s) > 0).all()
