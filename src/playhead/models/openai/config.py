"""Settings of the engine: where the endpoint is, which model, what it is sent of a video. Light on import."""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from playhead.errors import UsageError, nearest
from playhead.models.checks import one_of, whole

KEY_VARIABLE: Final = "OPENAI_API_KEY"
_OURS: Final = ("model", "messages", "response_format", "stream", "n")
_SAMPLINGS: Final = ("uniform", "per-second", "segment-middles", "seed1.5-vl")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIConfig:
    """What the engine is told.

    Attributes:
        base_url: Address the endpoint's paths follow, as in ``http://localhost:8000/v1``.
        model: Name of the model there.
        api_key: Sent as a bearer token; empty for none. Never shown.
        sampling: Which pictures: a sampling policy, as in ``uniform:n=32`` or ``per-second:max_frames=64``.
        frame_px: Longest side of a picture; smaller ones are not enlarged.
        jpeg_quality: 1 to 95.
        send: ``frames``, each after its time in words; for endpoints that decode video ``video``: the window encoded anew
            with pictures at a steady rate, or ``video_url``: the file as it is.
        rate_hz: Pictures a second of what ``video`` sends.
        dialect: How such an endpoint is told to sample: ``vllm``, ``ark`` (Seed1.5-VL's) or ``dashscope``.
        sample_hz: The rate it is told, in pictures a second; None leaves it to the endpoint.
        extra: Fields of the request's body as the endpoint wants them; a value of None takes one of ours out.
        times: How times are written beside pictures and asked for: seconds, or ``clock`` (HH:MM:SS).
        timeout_s: How long one reply may say nothing.
        max_tokens: Longest answer in tokens.
        constrain: Whether answers that are lists are held to their JSON schema by ``response_format``.
        retries: How often a request is sent again when the endpoint is busy or fails (429, 5xx).
    """

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    sampling: str = "uniform:n=32"
    frame_px: int = 512
    jpeg_quality: int = 90
    send: Literal["frames", "video", "video_url"] = "frames"
    rate_hz: float = 4.0
    dialect: Literal["vllm", "ark", "dashscope"] = "vllm"
    sample_hz: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    times: Literal["seconds", "clock"] = "seconds"
    timeout_s: float = 120.0
    max_tokens: int = 1024
    constrain: bool = False
    retries: int = 2


def config_from_options(options: Mapping[str, Any]) -> OpenAIConfig:
    """Settings from options as a caller wrote them; a key that is not given is the one ``OPENAI_API_KEY`` holds.

    Raises:
        UsageError: An unknown name, a value that is not allowed, or no address or model.
    """
    for name in options:
        if name not in _CHECKS:
            raise UsageError(f"the engine openai has no option {name!r}", todo=nearest(name, _CHECKS))
    given = {name: value for name, value in options.items() if value is not None}
    given.setdefault("api_key", os.environ.get(KEY_VARIABLE, ""))
    needed = ("base_url", "model")
    missing = [name for name in needed if name not in given]
    if missing:
        raise UsageError(
            "load the engine openai",
            found=f"no {' and no '.join(missing)}",
            todo="give base_url='http://localhost:8000/v1' and model='NAME', or the same with --set",
        )
    made = OpenAIConfig(**{name: _CHECKS[name](name, value) for name, value in given.items()})
    if made.sample_hz is not None and made.send == "frames":
        raise UsageError(
            "sample_hz with send='frames'", todo="name the pictures by sampling=, or send='video'"
        )
    return made


def _address(name: str, value: object) -> str:
    parts = _parts(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{name} is no address", allowed="an address such as http://localhost:8000/v1")
    if "@" in parts.netloc or parts.query or parts.fragment:
        # Not repeated: a name and password, or a key, may stand in it.
        raise UsageError(
            f"{name} of {parts.hostname}",
            found="a user, a query or a fragment in it",
            todo="give scheme, host and path only, and a key as api_key",
        )
    return str(value).rstrip("/")


def _parts(address: str) -> urllib.parse.SplitResult | None:
    """An address taken apart; None for one that HTTP cannot carry as it stands."""
    if any(not "!" <= letter <= "~" for letter in address):
        return None
    try:
        parts = urllib.parse.urlsplit(address)
        _ = parts.port  # a port that is no number is found when it is asked for
    except ValueError:
        return None
    return parts


def _text(name: str, value: object) -> str:
    # --set reads a name of digits as a number.
    made = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    if not made.strip():
        raise UsageError(f"{name}={value!r:.80}", allowed="a name")
    return made


def _key(name: str, value: object) -> str:
    made = value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else None
    if made is None or any(not "!" <= letter <= "~" for letter in made):
        raise UsageError(name, found="blanks or letters no key has", todo="copy the key again")
    return made


def _policy(name: str, value: object) -> str:
    from playhead.media.sampling import policy

    spec = _text(name, value)
    if spec.partition(":")[0].strip() not in _SAMPLINGS:
        raise UsageError(f"{name}={value!r:.80}", allowed=", ".join(_SAMPLINGS))
    policy(spec)
    return spec


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 86_400:
        raise UsageError(f"{name}={value!r:.40}", allowed="seconds above 0, at most 86400")
    return float(value)


def _rate(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 120:
        raise UsageError(f"{name}={value!r:.40}", allowed="pictures a second above 0, at most 120")
    return float(value)


def _fields(name: str, value: object) -> dict[str, Any]:
    """Fields as a mapping, or as the text of a JSON object, as ``--set`` gives it."""
    made = value
    if isinstance(value, str):
        try:
            made = json.loads(value)
        except ValueError:
            made = None
    if not isinstance(made, Mapping) or not all(isinstance(key, str) for key in made):
        raise UsageError(
            f"{name}={value!r:.80}", allowed='a JSON object, as in {"mm_processor_kwargs": {"fps": 2}}'
        )
    if ours := [key for key in made if key in _OURS]:
        raise UsageError(f"{name} sets {', '.join(ours)}", allowed="fields that are not the engine's own")
    return dict(made)


def _yes_or_no(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name}={value!r:.40}", allowed="True or False")
    return value


_CHECKS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "base_url": _address,
    "model": _text,
    "api_key": _key,
    "sampling": _policy,
    "frame_px": whole(16, 8192),
    "jpeg_quality": whole(1, 95),
    "send": one_of("frames", "video", "video_url"),
    "rate_hz": _rate,
    "dialect": one_of("vllm", "ark", "dashscope"),
    "sample_hz": _rate,
    "extra": _fields,
    "times": one_of("seconds", "clock"),
    "timeout_s": _seconds,
    "max_tokens": whole(1, 131_072),
    "constrain": _yes_or_no,
    "retries": whole(0, 10),
}
