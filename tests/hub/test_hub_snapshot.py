"""Whole repositories of the hub, played by a server on the loopback: resume, digests, pins, two processes, offline."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hub_kit import noise, sha

from playhead.errors import ChecksumError, OutputError, UsageError, WeightsUnavailableError
from playhead.hub import snapshot as module
from playhead.hub.listing import HubFile, wanted
from playhead.hub.snapshot import is_here, snapshot

REPO, OLD, NEW = "acme/video-llm", "1" * 40, "2" * 40
FILES = {
    "config.json": b'{"model_type": "acme"}',
    "model-00001-of-00002.safetensors": noise(200_000, 1),
    "model-00002-of-00002.safetensors": noise(150_000, 2),
    "tokenizer.model": noise(5_000, 3),
    "empty.txt": b"",
    "pytorch_model.bin": noise(90_000, 4),
    "stage2/adapter_model.bin": noise(40_000, 5),
    "optimizer.bin": noise(10, 6),
    "README.md": b"# a model",
    "movie.gif": noise(9_000, 7),
}
WANTED = {
    name for name in FILES if name not in ("pytorch_model.bin", "optimizer.bin", "README.md", "movie.gif")
}


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def row(name: str, data: bytes) -> dict:
    large = not name.endswith((".json", ".txt", ".md"))
    told = {"type": "file", "path": name, "size": len(data), "oid": git_sha1(data)}
    return {**told, "lfs": {"oid": sha(data), "size": len(data)}} if large else told


class Hub(BaseHTTPRequestHandler):
    """The addresses of the hub that are used; listings come three rows a page."""

    commits: dict[str, dict[str, bytes]]
    refs: dict[str, str]
    served: dict[str, bytes]
    drop_after: int | None
    asked: list[tuple[str, str | None]]
    page = 3

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Range")))
        if found := re.fullmatch(rf"/api/(?:models|datasets)/{REPO}/revision/([^/]+)", self.path):
            commit = self.refs.get(found[1], found[1])
            return self._json({"sha": commit}) if commit in self.commits else self.send_error(404)
        if found := re.fullmatch(
            rf"/api/(?:models|datasets)/{REPO}/tree/(\w+)\?recursive=true(&cursor=(\d+))?", self.path
        ):
            return self._tree(found[1], int(found[3] or 0))
        if found := re.fullmatch(rf"(?:/datasets)?/{REPO}/resolve/(\w+)/(.+)", self.path):
            return self._file(self.served.get(found[2], self.commits[found[1]].get(found[2])))
        return self.send_error(404)

    def _tree(self, commit, at):
        rows = [row(*each) for each in self.commits[commit].items()] + [
            {"type": "directory", "path": "stage2"}
        ]
        more = at + self.page < len(rows)
        port = self.server.server_port
        address = (
            f"http://127.0.0.1:{port}{self.path.partition('?')[0]}?recursive=true&cursor={at + self.page}"
        )
        self._json(rows[at : at + self.page], {"Link": f'<{address}>; rel="next"'} if more else {})

    def _json(self, data, headers=()):
        body = json.dumps(data).encode()
        self.send_response(200)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, data):
        if data is None:
            self.send_error(404)
            return
        wanted_bytes = self.headers.get("Range")
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted_bytes)[1]) if wanted_bytes else 0
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
def hub(links, monkeypatch):
    newer = {**FILES, "config.json": b'{"model_type": "acme", "new": 1}'}
    state = {
        "commits": {OLD: FILES, NEW: newer},
        "refs": {"main": OLD},
        "served": {},
        "drop_after": None,
        "asked": [],
    }
    handler = type("Handler", (Hub,), state)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield handler
    server.shutdown()
    server.server_close()


def held(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != module.LISTING
    }


def files_asked(hub):
    return [path for path, _ in hub.asked if "/resolve/" in path]


def test_what_a_model_needs_is_fetched_whole_and_no_more(hub) -> None:
    told = []
    folder = snapshot(REPO, progress=lambda *words: told.append(words))
    assert held(folder) == {name: FILES[name] for name in WANTED}
    assert folder.name == OLD
    total = sum(len(FILES[name]) for name in WANTED)
    assert {stage for stage, _, _ in told} == {f"weights {REPO}"}
    assert told[-1][1:] == (total, total)
    done = [each for _, each, _ in told]
    assert done == sorted(done)


def test_it_is_used_without_a_network_from_then_on(hub, monkeypatch) -> None:
    assert not is_here(REPO)
    folder = snapshot(REPO)
    asked = len(hub.asked)
    assert snapshot(REPO) == folder
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert snapshot(REPO) == folder
    assert snapshot(REPO, revision=OLD) == folder
    assert len(hub.asked) == asked
    assert is_here(REPO)
    with pytest.raises(WeightsUnavailableError, match="HF_HUB_OFFLINE"):
        snapshot(REPO, revision=NEW)


def test_a_revision_is_pinned_until_another_is_asked_for(hub) -> None:
    folder = snapshot(REPO)
    hub.refs = {"main": NEW}
    assert snapshot(REPO) == folder
    other = snapshot(REPO, revision=NEW)
    assert other.name == NEW
    assert json.loads((other / "config.json").read_text())["new"] == 1
    with pytest.raises(WeightsUnavailableError, match="404"):
        snapshot(REPO, revision="no-such-branch")


def test_a_broken_line_is_taken_up_again_where_it_broke(hub) -> None:
    hub.drop_after = 60_000
    folder = snapshot(REPO)
    assert held(folder) == {name: FILES[name] for name in WANTED}
    first = [told for path, told in hub.asked if path.endswith("00001-of-00002.safetensors")]
    assert first == [None, "bytes=60000-", "bytes=120000-", "bytes=180000-"]


def test_a_line_that_keeps_breaking_leaves_the_beginning_for_the_next_run(hub) -> None:
    hub.drop_after = 10_000
    with pytest.raises(WeightsUnavailableError, match="broke off"):
        snapshot(REPO)
    hub.drop_after, hub.asked = None, []
    folder = snapshot(REPO)
    assert held(folder) == {name: FILES[name] for name in WANTED}
    assert hub.asked[2:][0][1] or any(told for _, told in hub.asked)  # it went on, it did not begin again


@pytest.mark.parametrize("name", ["model-00002-of-00002.safetensors", "config.json"])
def test_other_bytes_are_refused_and_deleted(hub, name) -> None:
    hub.served = {name: bytes(len(FILES[name]))}
    with pytest.raises(ChecksumError, match="deleted"):
        snapshot(REPO)
    assert not is_here(REPO)
    hub.served = {}
    assert held(snapshot(REPO)) == {each: FILES[each] for each in WANTED}


def test_a_file_that_changed_on_disk_is_noticed(hub) -> None:
    folder = snapshot(REPO)
    path = folder / "tokenizer.model"
    path.write_bytes(bytes(5_000))
    with pytest.raises(ChecksumError, match=r"tokenizer\.model"):
        snapshot(REPO)
    assert held(snapshot(REPO)) == {each: FILES[each] for each in WANTED}
    path.write_bytes(b"short")
    assert held(snapshot(REPO)) == {each: FILES[each] for each in WANTED}


def test_what_cannot_be_had_says_what_to_do_by_hand(hub, monkeypatch) -> None:
    hub.refs = {}
    with pytest.raises(WeightsUnavailableError, match="by hand") as raised:
        snapshot(REPO)
    for said in (REPO, "404", "*.safetensors", "name that folder"):
        assert said in str(raised.value)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(WeightsUnavailableError, match="not reachable"):
        snapshot(REPO)
    for wrong in ("nowhere", "a/b/c", "../b", "a b/c"):
        with pytest.raises(UsageError, match="owner/name"):
            snapshot(wrong)


def test_a_listing_that_leaves_its_folder_is_refused(hub) -> None:
    hub.commits = {OLD: {"../outside.json": b"{}"}}
    with pytest.raises(WeightsUnavailableError, match="outside"):
        snapshot(REPO)


def test_a_full_disk_is_told_before_anything_is_fetched(hub, monkeypatch) -> None:
    usage = module.shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OutputError, match="at least"):
        snapshot(REPO)
    assert not files_asked(hub)


def test_the_clients_own_cache_is_used_when_it_is_whole(hub, tmp_path, monkeypatch) -> None:
    home = tmp_path / "hf" / "hub" / f"models--{REPO.replace('/', '--')}"
    place = home / "snapshots" / OLD
    for name in WANTED:
        data = FILES[name]
        blob = home / "blobs" / (git_sha1(data) if name.endswith((".json", ".txt")) else sha(data))
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).symlink_to(blob)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(OLD)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert snapshot(REPO) == place
    assert not hub.asked
    (place / "model-00001-of-00002.safetensors").resolve().write_bytes(bytes(200_000))
    with pytest.raises(ChecksumError, match="replace the file"):
        snapshot(REPO)
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00003-of-00003.safetensors"}}
    (place / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(WeightsUnavailableError):  # a part that its index lists is not there
        snapshot(REPO)


def test_two_processes_share_one_download(hub) -> None:
    code = f"from playhead.hub.snapshot import snapshot; print(snapshot({REPO!r}))"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [each.communicate(timeout=60)[0].strip() for each in started]
    assert said[0] == said[1] != ""
    asked = files_asked(hub)
    assert len(asked) == len(set(asked)) == len(WANTED) - 1  # nothing needs to be sent of an empty file


def test_only_the_files_that_are_asked_for(hub) -> None:
    folder = snapshot(REPO, files=("config.json", "stage2/*"))
    assert set(held(folder)) == {"config.json", "stage2/adapter_model.bin"}
    assert set(held(snapshot(REPO))) == WANTED


def test_bin_weights_count_only_where_there_are_no_safetensors() -> None:
    def chosen(*names: str) -> set[str]:
        return {each.path for each in wanted([HubFile(name, 1) for name in names], module.WANTED)}

    assert chosen("pytorch_model.bin", "pytorch_model.bin.index.json") == {
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
    }
    assert chosen("pytorch_model.bin", "model.safetensors") == {"model.safetensors"}
    assert chosen("a/adapter_model.bin", "model.safetensors") == {"a/adapter_model.bin", "model.safetensors"}
    assert chosen("non_lora_trainables.bin", "adapter_model.safetensors") == {
        "non_lora_trainables.bin",
        "adapter_model.safetensors",
    }
    assert chosen("training_args.bin", "onnx/model.json", "flax_model.msgpack", "a.tiktoken") == {
        "a.tiktoken"
    }


def test_files_of_a_data_repository_are_fetched_by_name_from_its_own_addresses(hub, monkeypatch) -> None:
    name = f"datasets/{REPO}"
    folder = snapshot(name, files=("README.md", "stage2/adapter_model.bin"))
    assert held(folder) == {each: FILES[each] for each in ("README.md", "stage2/adapter_model.bin")}
    assert folder.parent.parent.name == "datasets"
    assert any(path.startswith(f"/api/datasets/{REPO}/") for path, _ in hub.asked)
    assert all(not path.startswith((f"/api/models/{REPO}", f"/{REPO}/")) for path, _ in hub.asked)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert snapshot(name, files=("README.md",)) == folder
    with pytest.raises(WeightsUnavailableError, match=rf"the data datasets/{REPO}.*HF_HUB_OFFLINE.*by hand"):
        snapshot(name, files=("movie.gif",))


def test_the_clients_copy_of_data_is_used_when_it_has_the_files(hub, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    home = tmp_path / "hf" / "hub" / f"datasets--{REPO.replace('/', '--')}"
    blob = home / "blobs" / git_sha1(FILES["README.md"])
    kept = home / "snapshots" / OLD / "README.md"
    for path in (blob, kept, home / "refs" / "main"):
        path.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(FILES["README.md"])
    kept.symlink_to(blob)
    (home / "refs" / "main").write_text(OLD)
    assert snapshot(f"datasets/{REPO}", files=("README.md",)) == kept.parent
    assert not hub.asked
