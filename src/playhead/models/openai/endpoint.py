"""One chat completion over HTTP: the request, one rule for trying again, and what every refusal means.

The key is sent to the address it was given for and nowhere else: redirects are not followed, and it is taken out of
anything the endpoint says.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from playhead.errors import ParseError, PlayheadError, UnsupportedError, UsageError, WeightsUnavailableError
from playhead.models.openai.config import KEY_VARIABLE, OpenAIConfig

BUSY: Final = (429, 500, 502, 503, 504)
MOST_BYTES: Final = 64 * 2**20
_FIRST_WAIT_S: Final = 1.0
_MOST_SAID: Final = 300
_SECRET_LETTERS: Final = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote.

    Attributes:
        text: The answer; empty where there is none.
        thinking: Reasoning that the endpoint keeps apart.
        finished: Whether the model ended by itself.
        refusal: Why there is no answer, in the endpoint's words, else empty.
    """

    text: str
    thinking: str = ""
    finished: bool = True
    refusal: str = ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class Endpoint:
    """A chat endpoint.

    Args:
        config: Its address, model and key.
        sleep: Waits so many seconds before a request is sent again.
    """

    def __init__(self, config: OpenAIConfig, sleep: Callable[[float], None] = time.sleep) -> None:
        self._config, self._sleep = config, sleep
        self._opener = urllib.request.build_opener(_NoRedirects)
        self.address = f"{config.base_url}/chat/completions"

    def write(self, content: list[dict[str, Any]], response_format: dict[str, Any] | None = None) -> Written:
        """The model's answer to one turn of the user's.

        A busy or failing endpoint (429, 500, 502, 503, 504) is asked again ``retries`` times: after the seconds its
        ``Retry-After`` says, else after 1, 2, 4, ... s; not when that is longer than ``timeout_s``.

        Args:
            content: Parts of the turn in the protocol's form.
            response_format: Form of the answer, or None.

        Raises:
            WeightsUnavailableError: It cannot be reached, says nothing, or stays busy.
            UsageError: It refuses the key, or does not know the model or the address.
            UnsupportedError: It refuses the request.
            ParseError: What it says is no chat completion.
        """
        data = self.body(content, response_format)
        wait_s = _FIRST_WAIT_S
        for left in range(self._config.retries, -1, -1):
            try:
                return self._read(self._post(data))
            except urllib.error.HTTPError as error:
                with error:
                    asked_s = _retry_after_s(error.headers.get("Retry-After"))
                    pause_s = wait_s if asked_s is None else asked_s
                    if error.code not in BUSY or not left or pause_s > self._config.timeout_s:
                        raise self._refusal(error) from None
                    code = error.code
            _log.warning("%s answered %d; asking again in %g s", self.address, code, pause_s)
            self._sleep(pause_s)
            wait_s *= 2
        raise AssertionError("the last turn returns or raises")

    def body(self, content: list[dict[str, Any]], response_format: dict[str, Any] | None = None) -> bytes:
        """What is posted for one turn of the user's."""
        body: dict[str, Any] = {
            "model": self._config.model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": self._config.max_tokens,
            "temperature": 0,
        }
        if response_format is not None:
            body["response_format"] = response_format
        body = {**body, **told_to_sample(self._config), **self._config.extra}
        body = {name: value for name, value in body.items() if value is not None}
        return json.dumps(body, ensure_ascii=False).encode()

    def _post(self, data: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self._config.api_key:
            headers["Authorization"] = f"Bearer {self._config.api_key}"
        request = urllib.request.Request(self.address, data=data, headers=headers, method="POST")
        try:
            with self._opener.open(request, timeout=self._config.timeout_s) as reply:
                said: bytes = reply.read(MOST_BYTES + 1)
        except urllib.error.HTTPError:
            raise
        except TimeoutError:
            raise self._silent() from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise self._silent() from None
            raise self._unreachable(error.reason) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        if len(said) > MOST_BYTES:
            raise self._unreadable(f"more than {MOST_BYTES} bytes")
        return said

    def _read(self, said: bytes) -> Written:
        """What the reply of the protocol holds."""
        try:
            choice = json.loads(said)["choices"][0]
            message = choice["message"]
            content = message.get("content")
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            raise self._unreadable(self._words(said) or "nothing") from None
        if isinstance(content, list):
            texts = [part.get("text") for part in content if isinstance(part, dict)]
            content = "".join(text for text in texts if isinstance(text, str))
        thinking = message.get("reasoning_content") or message.get("reasoning")
        return Written(
            self._without_key(content) if isinstance(content, str) else "",
            self._without_key(thinking).strip() if isinstance(thinking, str) else "",
            choice.get("finish_reason") != "length",
            self._without_key(str(message.get("refusal") or "")),
        )

    def _refusal(self, error: urllib.error.HTTPError) -> PlayheadError:
        code = error.code
        asked = f"ask {self._config.model} at {self.address}"
        if code in (401, 403):  # not in its own words: some repeat the key
            held = "a key it does not accept" if self._config.api_key else "no key"
            return UsageError(asked, found=f"{code}: {held}", todo=f"set {KEY_VARIABLE} or give api_key")
        try:
            words = self._words(error.read(MOST_BYTES))
        except (OSError, http.client.HTTPException):
            words = ""
        found = f"{code}: {words}" if words else str(code)
        if code == 404:
            todo = f"look at what {self._config.base_url}/models lists, and whether base_url ends as it should (/v1)"
            return UsageError(asked, found=found, todo=todo)
        if code in BUSY:
            return WeightsUnavailableError(asked, found=found, todo="try again later, or raise retries")
        if 300 <= code < 400:
            return UsageError(asked, found=f"{code}: a redirect", todo="give the address it leads to")
        if code == 413:
            return UnsupportedError(asked, found=found, todo="send fewer pictures, or a smaller frame_px")
        return UnsupportedError(asked, found=found, todo="correct what it refuses")

    def _words(self, said: bytes) -> str:
        """The message of an error in the usual forms, else the text itself; short, and without the key."""
        text = said.decode("utf-8", "replace")
        try:
            held: Any = json.loads(text)
        except (ValueError, RecursionError):
            held = None
        for name in ("error", "message", "detail"):
            if isinstance(held, dict) and name in held:
                held = held[name]
        words = held if isinstance(held, str) else text
        return " ".join(self._clean(words).split())[:_MOST_SAID]

    def _clean(self, text: str) -> str:
        return text.replace(self._config.api_key, "[key]") if self._config.api_key else text

    def _without_key(self, text: str) -> str:
        """The model's words; a key such as ``EMPTY`` or ``ollama`` guards nothing, and may be a word of the answer."""
        return self._clean(text) if len(self._config.api_key) >= _SECRET_LETTERS else text

    def _silent(self) -> WeightsUnavailableError:
        return WeightsUnavailableError(
            f"ask {self._config.model} at {self.address}",
            found=f"no answer in {self._config.timeout_s:g} s",
            todo="raise timeout_s, or send less",
        )

    def _unreachable(self, why: object) -> WeightsUnavailableError:
        return WeightsUnavailableError(
            f"ask {self._config.model} at {self.address}",
            found=self._clean(f"no endpoint ({why})"),
            todo="start the server, or correct base_url",
        )

    def _unreadable(self, found: str) -> ParseError:
        return ParseError(
            f"read what {self.address} answered",
            found=found,
            allowed="a chat completion in JSON",
            todo="correct base_url",
        )


def told_to_sample(config: OpenAIConfig) -> dict[str, Any]:
    """Fields of the body by which vLLM is told how many pictures a second to look at; it takes 32 in all otherwise."""
    if config.sample_hz is None or config.dialect != "vllm":
        return {}
    return {
        "media_io_kwargs": {"video": {"fps": config.sample_hz, "num_frames": -1}},
        "mm_processor_kwargs": {"fps": config.sample_hz},
    }


def _retry_after_s(said: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header, a number or a date; None where there is none that can be read."""
    if said is None:
        return None
    if said.strip().isdecimal():
        return float(said)
    try:
        at = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, at.timestamp() - time.time())
