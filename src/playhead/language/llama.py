"""A small language model on the CPU: GGUF files through llama.cpp (the ``xllamacpp`` package).

Two ways to ask: ``chat`` writes text, held to a JSON schema if one is given; ``choose`` weighs a few short labels by the
model's own next-token probabilities, so that nothing has to be parsed.

Successive calls whose prompts begin alike share that beginning: its keys and values are kept and only the rest is read.
Put what stays the same (instructions, evidence) first and what changes (the question) last.

The binding always opens llama.cpp's own HTTP listener on a free port of 127.0.0.1 and offers no way to leave it out; it
is closed to everybody else by a random key made for each model, and used here for what the binding has no call for
(templates and token ids).
"""

from __future__ import annotations

import http.client
import json
import logging
import secrets
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

from playhead.errors import MissingExtraError, ParseError, UsageError, WeightsError
from playhead.language.base import Message
from playhead.language.cpus import MAX_THREADS, free_cpus
from playhead.language.labels import LabelTree

# Added to the logits of the tokens that may follow: far above every other token, and the same for each, so that
# their probabilities relative to one another stay those of the model.
_BIAS: Final = 100.0
_PROMPT_CACHE_MIB: Final = 256
_LISTENER_TIMEOUT_S: Final = 60.0

_log = logging.getLogger(__name__)


class LlamaModel:
    """A GGUF language model, loaded at the first question and safe to share between threads (one call at a time).

    Args:
        path: The GGUF file.
        name: What answers say they were made with.
        context_tokens: Room wanted for prompt and answer together; a model trained on less has less.
        threads: CPU threads; None takes the CPUs that are free when the model loads, at most eight.
        reuse_prefix: Keep what the last prompt and this one share. Numbers then depend, in the third decimal, on how
            much was kept, so a near tie may fall otherwise; the same calls in the same order give the same answers.
            False reads every prompt from its start: the same question always gets the same answer.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        context_tokens: int = 4096,
        threads: int | None = None,
        reuse_prefix: bool = True,
    ) -> None:
        self.path = path
        self.name = name
        self._wanted_tokens = context_tokens
        self._room_tokens: int | None = None
        self.threads = threads
        self.reuse_prefix = reuse_prefix
        self._key = secrets.token_hex(16)
        self._server: Any = None
        self._end_token: int | None = None
        self._lock = threading.RLock()

    def __enter__(self) -> LlamaModel:
        """Nothing happens yet: the model loads at the first question."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the memory back."""
        self.close()

    @property
    def context_tokens(self) -> int:
        """Room for prompt and answer together: what was wanted, or what the model was trained on if that is less."""
        with self._lock:
            if self._room_tokens is None:
                settings = self._listener("GET", "/props")["default_generation_settings"]
                self._room_tokens = min(self._wanted_tokens, int(settings["n_ctx"]))
            return self._room_tokens

    def close(self) -> None:
        """Unload the model and close its listener; a later question loads it again."""
        with self._lock:
            self._server = None  # the binding stops and joins its threads when the last reference goes
            self._end_token = None

    def chat(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> str:
        """Write an answer to a conversation.

        Args:
            messages: The conversation, ending with the user's turn.
            schema: A JSON schema the answer is held to, token by token.
            max_tokens: Longest answer; a longer one is cut there, so JSON may be left open.
            temperature: 0 takes the likeliest token each time.
            seed: For temperatures above 0.

        Raises:
            UsageError: Prompt and answer do not fit the context (with the numbers), or the schema is not understood.
            ParseError: llama.cpp cannot read what the model wrote.
            WeightsError: The file is no model llama.cpp can load.
            MissingExtraError: ``xllamacpp`` is not installed.
        """
        request: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        if schema is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(schema)}}
        with self._lock:
            self._check_room(len(self._prompt_tokens(messages)), max_tokens)
            request["messages"] = [dict(message) for message in messages]
            choice = self._ask("handle_chat_completions", request)["choices"][0]
        text = str(choice["message"]["content"])
        if schema is not None and choice["finish_reason"] == "stop":
            _check_held(text)
        return text

    def choose(self, messages: Sequence[Message], labels: Sequence[str]) -> dict[str, float]:
        """Weigh a few short labels as the answer, by the model's own probabilities.

        The model's next-token distribution is read at every point where the labels part ways and restricted to the
        tokens that can follow there (a label that another one continues may also end): the probability of each label
        when nothing but the labels may be said.

        Args:
            messages: The conversation, ending with a question that a label answers.
            labels: Different, non-empty texts such as ``A``, ``10``, ``none``.

        Returns:
            A probability per label, in the order given; they sum to 1.

        Raises:
            UsageError: No labels, the same one twice, one the model cannot spell in whole characters, or a prompt that
                does not fit the context.
            WeightsError: The file is no model llama.cpp can load.
            MissingExtraError: ``xllamacpp`` is not installed.
        """
        if not labels or len(set(labels)) != len(labels) or not all(labels):
            raise UsageError(
                "choosing among labels", found=repr(list(labels)), allowed="different, non-empty texts"
            )
        with self._lock:
            prompt = self._prompt_tokens(messages)
            tree = LabelTree({label: self._label_tokens(label) for label in labels}, end=self._end())
            self._check_room(len(prompt), tree.depth_tokens)
            return tree.weigh(lambda said, allowed: self._next(prompt, said, allowed))

    def count_tokens(self, text: str) -> int:
        """How many tokens a text takes, without the template around a message."""
        with self._lock:
            return len(self._tokens(text))

    def _check_room(self, prompt_tokens: int, answer_tokens: int) -> None:
        if prompt_tokens + answer_tokens > self.context_tokens:
            raise UsageError(
                f"a prompt of {prompt_tokens} tokens and an answer of up to {answer_tokens}",
                found=f"{prompt_tokens + answer_tokens} together",
                allowed=f"{self.context_tokens}",
                todo="shorten the prompt or give the model more context_tokens",
            )

    def _prompt_tokens(self, messages: Sequence[Message]) -> list[int]:
        reply = self._listener(
            "POST", "/apply-template", {"messages": [dict(message) for message in messages]}
        )
        return self._tokens(reply["prompt"], template=True)

    def _tokens(self, text: str, *, template: bool = False) -> list[int]:
        request = {"content": text, "add_special": template, "parse_special": template}
        return [int(token) for token in self._listener("POST", "/tokenize", request)["tokens"]]

    def _label_tokens(self, label: str) -> tuple[int, ...]:
        """A label's tokens; llama.cpp gives no probabilities where a token ends inside a character."""
        request = {"content": label, "with_pieces": True}
        pieces = self._listener("POST", "/tokenize", request)["tokens"]
        if not all(isinstance(piece["piece"], str) for piece in pieces):
            raise UsageError(
                f"choosing label {label!r}",
                found=f"{self.name} spells a character of it in pieces",
                todo="use labels such as A, B, C",
            )
        return tuple(int(piece["id"]) for piece in pieces)

    def _end(self) -> int:
        """The token that ends an answer."""
        if self._end_token is None:
            text = self._listener("GET", "/props")["eos_token"]
            self._end_token = self._listener("POST", "/tokenize", {"content": text, "parse_special": True})[
                "tokens"
            ][0]
        return self._end_token

    def _next(self, prompt: list[int], said: tuple[int, ...], allowed: tuple[int, ...]) -> dict[int, float]:
        """Probabilities of the allowed next tokens, summing to 1."""
        reply = self._complete(
            {
                "prompt": [*prompt, *said],
                "max_tokens": 1,
                "n_probs": len(allowed),
                "post_sampling_probs": True,
                "samplers": ["temperature"],
                "temperature": 1.0,
                "seed": 0,
                "logit_bias": [[token, _BIAS] for token in allowed],
            }
        )
        top = reply["choices"][0]["logprobs"]["content"][0]["top_probs"]
        found = {int(entry["id"]): float(entry["prob"]) for entry in top if int(entry["id"]) in allowed}
        total = sum(found.values())
        return {token: found.get(token, 0.0) / total for token in allowed}

    def _complete(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._ask("handle_completions", request)

    def _ask(self, call: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            reply = getattr(self._loaded(), call)({**request, "cache_prompt": self.reuse_prefix})
        except ValueError as error:
            raise UsageError("a request to the language model", found=str(error)) from error
        except (
            RuntimeError
        ) as error:  # llama.cpp reads chat answers itself, and not every one that was cut off
            if "does not match the expected" not in str(error):
                raise
            raise ParseError(
                "cannot read the language model's answer",
                found=str(error),
                todo="allow it more tokens, or ask again",
            ) from error
        return self._checked(reply)

    @staticmethod
    def _checked(reply: dict[str, Any]) -> dict[str, Any]:
        if "error" in reply:
            raise UsageError(
                "a request to the language model", found=str(reply["error"].get("message", reply["error"]))
            )
        return reply

    def _listener(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        place = urlsplit(self._loaded().listening_address)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=_LISTENER_TIMEOUT_S)
        try:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return self._checked(reply)

    def _loaded(self) -> Any:  # noqa: ANN401 - the binding ships no types
        if self._server is None:
            self._server = self._load()
        return self._server

    def _load(self) -> Any:  # noqa: ANN401 - the binding ships no types
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingExtraError(
                "a language model needs xllamacpp", found=str(error), todo="pip install 'playhead[scout]'"
            ) from error
        if not self.path.is_file():
            raise WeightsError(f"language model {self.path}", found="no such file", allowed="a GGUF file")
        try:
            return _started(xllamacpp, self._parameters(xllamacpp))
        except (RuntimeError, ValueError) as error:
            raise WeightsError(
                f"language model {self.path}",
                found=f"llama.cpp cannot load it ({error})",
                allowed="a GGUF file",
            ) from error

    def _parameters(self, xllamacpp: Any) -> Any:  # noqa: ANN401 - the binding ships no types
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(self.path)
        parameters.n_ctx = self._wanted_tokens
        parameters.n_parallel = 1
        threads = self.threads or min(MAX_THREADS, free_cpus())
        for pool in (parameters.cpuparams, parameters.cpuparams_batch):
            pool.n_threads = threads
            pool.poll = 0  # threads that wait sleep, so that they take nothing from other work
        parameters.warmup = False  # a wasted pass; the first question warms it up just as well
        parameters.cache_ram_mib = _PROMPT_CACHE_MIB if self.reuse_prefix else 0
        # llama.cpp writes to stderr by itself; it speaks only when this module's debug log is wanted.
        parameters.verbosity = 4 if _log.isEnabledFor(logging.DEBUG) else 0
        parameters.api_keys = [self._key]
        parameters.cors_origins = "null"
        parameters.endpoint_slots = False
        parameters.ui = False
        parameters.n_threads_http = 1
        return parameters


def _started(xllamacpp: Any, parameters: Any) -> Any:  # noqa: ANN401 - the binding ships no types
    """A server that has answered once.

    The binding waits forever, holding Python's lock, when a server goes before its loop has begun. Ctrl-C while a model
    loads would do just that; so it is made in a thread of its own, where no interrupt is raised.
    """
    made: list[Any] = []
    failed: list[Exception] = []

    def make() -> None:
        try:
            server = xllamacpp.Server(parameters)
            server.handle_completions({"prompt": "a", "max_tokens": 1, "cache_prompt": False})
            made.append(server)
        except (RuntimeError, ValueError) as error:
            failed.append(error)

    maker = threading.Thread(target=make, name="playhead-load", daemon=True)
    maker.start()
    maker.join()
    if failed:
        raise failed[0]
    return made[0]


def _check_held(text: str) -> None:
    """Refuse a finished answer that no grammar held, should llama.cpp ever let go of a schema without a word."""
    try:
        json.loads(text)
    except ValueError as error:
        raise UsageError(
            "a JSON schema for the language model",
            found=f"llama.cpp did not hold its answer to it: {text[:60]!r}",
        ) from error
