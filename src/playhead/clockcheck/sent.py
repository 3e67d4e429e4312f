"""What our engine for endpoints would send, as a subject: the body of its request, read as the endpoint would read it.

Nothing is sent and no endpoint is needed. Pictures are decoded from their data addresses; each is told the text before it.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from playhead.clockcheck.clips import DrawnClip
from playhead.clockcheck.code import read_number
from playhead.clockcheck.engines import read_label
from playhead.clockcheck.subject import Given, Told
from playhead.errors import UnsupportedError
from playhead.models.openai.config import config_from_options
from playhead.models.openai.endpoint import Endpoint
from playhead.models.openai.look import look_at
from playhead.progress import silent
from playhead.tasks.base import PromptStyle
from playhead.tasks.ground import Ground


class SentFrames:
    """The engine ``openai`` as it is set up.

    Args:
        options: Its settings; an address and a model are not needed, for nothing is sent.

    Raises:
        UnsupportedError: Settings by which the endpoint decodes the video itself.
        UsageError: A setting that is not allowed.
    """

    name = "openai, what is sent"

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._config = config_from_options({"base_url": "http://localhost/v1", "model": "none", **options})
        if self._config.send != "frames":
            raise UnsupportedError(
                "test what is sent",
                found=f"send={self._config.send!r}: the endpoint decodes the video itself",
                todo="name the endpoint's address in place of openai, and it is asked",
            )

    def given(self, clip: DrawnClip) -> Given:
        """Pictures and times of the request's body about a clip."""
        look = look_at(clip.video, self._config, silent)
        question = {
            "type": "text",
            "text": Ground("a square").render(PromptStyle(times=self._config.times)).text,
        }
        body = json.loads(Endpoint(self._config).body([*look.content, question]))
        [turn] = body["messages"]
        numbers: list[int | None] = []
        told: list[Told] = []
        faults: list[str] = []
        before = ""
        for part in turn["content"]:
            if part["type"] == "image_url":
                start_s, end_s = read_label(before)
                told.append(Told(len(numbers), len(numbers), start_s + clip.start_s, end_s + clip.start_s))
                numbers.append(_number(part["image_url"]["url"]))
            before = part.get("text", "")
        if len(numbers) != len(look.sampling.times_s):
            faults.append(f"{len(numbers)} pictures are sent, but {len(look.sampling.times_s)} reported")
        return Given(tuple(numbers), tuple(look.sampling.times_s), tuple(told), "text", tuple(faults))


def _number(address: str) -> int | None:
    from PIL import Image

    data = base64.b64decode(address.partition(",")[2])
    return read_number(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
