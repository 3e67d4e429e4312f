"""An endpoint on this machine that really looks: it decodes what it is sent and answers from the pixels, by one clock or another.

``true`` names a picture by its presentation time; ``average`` by its number over the file's average rate, as serving
libraries do. Of a request with pictures it takes the times in words before them. It knows plain colours only.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import av
import numpy as np
from PIL import Image

from playhead.clockcheck.asked import COLOURS

MOST = 64


class Seeing:
    """The endpoint.

    Args:
        clock: ``true`` or ``average``.
        words: Puts seconds into words; a model that cannot tell says something else.
    """

    def __init__(self, clock: str, words: Any = "{:.2f}".format) -> None:
        self.clock, self.words = clock, words
        self.requests: list[dict[str, Any]] = []
        seeing = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                seeing.requests.append(body)
                reply = {"choices": [{"message": {"content": seeing.answer(body)}, "finish_reason": "stop"}]}
                data = json.dumps(reply).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, body: dict[str, Any]) -> str:
        parts = body["messages"][0]["content"]
        question = parts[-1]["text"]
        colour = next(name for name in COLOURS if name in question.split("become ")[1].split("?")[0])
        videos = [part["video_url"]["url"] for part in parts if part["type"] == "video_url"]
        looked = self.look(videos[0]) if videos else told(parts)
        for time_s, pixels_HWC in looked:
            if name_of(pixels_HWC) == colour:
                return str(self.words(time_s))
        return f"I see no {colour}."

    def look(self, address: str) -> list[tuple[float, np.ndarray]]:
        """Pictures spread over the file, with the times this endpoint believes."""
        data = base64.b64decode(address.partition(",")[2])
        with av.open(io.BytesIO(data)) as container:
            stream = container.streams.video[0]
            frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(stream)]
            rate_hz = float(stream.average_rate)
        picked = np.unique(np.linspace(0, len(frames) - 1, min(MOST, len(frames))).round().astype(int))
        if self.clock == "average":
            return [(number / rate_hz, frames[number][1]) for number in picked]
        return [frames[number] for number in picked]


def told(parts: list[dict[str, Any]]) -> list[tuple[float, np.ndarray]]:
    """Pictures of a request with the seconds written before each."""
    looked = []
    for before, part in itertools.pairwise(parts):
        if part["type"] == "image_url":
            data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
            time_s = float(re.findall(r"\[([0-9.]+) second\]", before["text"])[-1])
            looked.append((time_s, np.asarray(Image.open(io.BytesIO(data)))))
    return looked


def name_of(pixels_HWC: np.ndarray) -> str:
    """The nearest of the colours, or black."""
    mean = pixels_HWC.reshape(-1, 3).mean(axis=0)
    names = {**COLOURS, "black": (0, 0, 0)}
    return min(names, key=lambda name: float(np.abs(mean - np.array(names[name])).sum()))
