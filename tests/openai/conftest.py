"""An endpoint on this machine: the other side of the protocol, which keeps what it is asked and says what it is told to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Chat:
    """An endpoint; replies are given in order, the last one again and again.

    A reply is a text (the model's words) or a triple of status, headers and bytes.
    """

    def __init__(self) -> None:
        self.replies: list = ["Nothing happens."]
        self.finish_reason = "stop"
        self.message: dict = {}
        self.requests: list[dict] = []
        self.headers: list[dict] = []
        self.paths: list[str] = []
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                chat.paths.append(self.path)
                chat.headers.append(dict(self.headers))
                chat.requests.append(json.loads(body))
                self.reply(*chat.next_reply())

            def do_GET(self):
                chat.paths.append(f"GET {self.path}")
                chat.headers.append(dict(self.headers))
                self.reply(404, {}, b"")

            def reply(self, status, headers, body):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def next_reply(self):
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, tuple):
            return reply
        message = {"role": "assistant", "content": reply, **self.message}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}]}
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def chat(monkeypatch):
    for name in ("OPENAI_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    made = Chat()
    yield made
    made.close()
