"""The options that all verbs with an engine share, declared once, and how their words become values."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from playhead.errors import UsageError, WindowError

Videos = Annotated[
    list[str],
    typer.Argument(metavar="VIDEO", help="Video files, folders of videos, or addresses.", show_default=False),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to answer and where to put it; one field for each option."""

    engine: Annotated[
        str,
        typer.Option(
            help="Which engine answers: a name (playhead models lists them), a folder, or owner/name on the hub."
        ),
    ] = "scout"
    llm: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Language model of the engine; the engine's own choice if not given."
        ),
    ] = None
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where to compute: cpu, cuda, cuda:1, mps.")
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the engine's own; may be repeated."),
    ] = None
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin here: 12.5, 1:02.5 or 01:02:03.")
    ] = None
    end: Annotated[str | None, typer.Option(metavar="TIME", help="Stop here.")] = None
    video_stream: Annotated[
        int | None, typer.Option(metavar="INDEX", help="Which picture stream (playhead probe lists them).")
    ] = None
    audio_stream: Annotated[
        str | None, typer.Option(metavar="INDEX|LANG", help="Which sound stream, by index or language (eng).")
    ] = None
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON: one document, or one line for each of several files.")
    ] = False
    format: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[,NAME]", help="Formats to write; may be repeated. 'all' writes every format."
        ),
    ] = None
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the written files.")] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Do finished files again.")] = False
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no evidence between runs.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only results and errors.")] = (
        False
    )

    @property
    def window(self) -> tuple[float | None, float | None]:
        """Start and end in seconds, None where not given.

        Raises:
            UsageError: If one of them is no time.
            WindowError: If the end does not lie after the start.
        """
        start_s, end_s = read_time("--start", self.start), read_time("--end", self.end)
        if end_s is not None and end_s <= (start_s or 0.0):
            raise WindowError(
                f"cannot use the window from --start {self.start or 0} to --end {self.end}",
                found="an end that is not after the start",
                allowed="0 <= start < end",
                todo="swap them or leave one out",
            )
        return start_s, end_s

    @property
    def for_engine(self) -> dict[str, Any]:
        """What is handed to the engine when it is loaded; only what was given."""
        given = {"llm": self.llm, "device": self.device, "cache": False if self.no_cache else None}
        named = {name: value for name, value in given.items() if value is not None}
        return {**named, **read_settings(self.settings)}

    @property
    def for_answer(self) -> dict[str, Any]:
        """What is handed to each question: the window and the streams; only what was given."""
        start_s, end_s = self.window
        given = {
            "start_s": start_s,
            "end_s": end_s,
            "video_stream": self.video_stream,
            "audio_stream": read_stream(self.audio_stream),
        }
        return {name: value for name, value in given.items() if value is not None}


def with_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb all fields of :class:`Options` as options beside its own; it gets them as one, named ``options``."""
    own = [p for p in inspect.signature(verb, eval_str=True).parameters.values() if p.name != "options"]
    shared = list(inspect.signature(Options, eval_str=True).parameters.values())

    @functools.wraps(verb)
    def call(**values: Any) -> None:  # noqa: ANN401 - typer hands over whatever the signature declares
        options = Options(**{p.name: values.pop(p.name) for p in shared})
        verb(**values, options=options)

    call.__signature__ = inspect.Signature(own + shared)  # type: ignore[attr-defined]  # read by typer
    return call


def read_time(option: str, text: str | None) -> float | None:
    """Seconds of a time option, or None when it was not given.

    Raises:
        UsageError: If it is no time.
    """
    from playhead.timecode import parse_time

    if text is None:
        return None
    try:
        return parse_time(text)
    except UsageError as error:
        raise UsageError(f"cannot use {option}: {error}") from error


def read_settings(words: list[str] | None) -> dict[str, Any]:
    """Settings from ``name=value`` words: whole numbers, numbers, true and false as such, anything else as text.

    Raises:
        UsageError: If a word has no name or no ``=``, or a name comes twice.
    """
    made: dict[str, Any] = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name.isidentifier():
            raise UsageError(
                f"cannot read --set {word!r}", allowed="NAME=VALUE", todo="as in --set max_new_tokens=200"
            )
        if name in made:
            raise UsageError(f"cannot read --set {word!r}", found=f"{name} twice")
        made[name] = _value(value.strip())
    return made


def _value(text: str) -> bool | int | float | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def read_stream(text: str | None) -> int | str | None:
    """A stream as written: a number is an index, anything else a language."""
    return int(text) if text is not None and text.isdecimal() else text


def read_formats(words: list[str] | None) -> list[str]:
    """Names of export formats from repeated and comma-separated words, each once, in the order given.

    Raises:
        UsageError: If there is no such format; the nearest name is offered.
    """
    from playhead.errors import nearest
    from playhead.export import FORMATS

    names = [
        name.strip().lower().lstrip(".") for word in words or () for name in word.split(",") if name.strip()
    ]
    if "all" in names:
        return list(FORMATS)
    for name in names:
        if name not in FORMATS:
            raise UsageError(
                f"cannot write the format {name!r}", allowed=", ".join(FORMATS), todo=nearest(name, FORMATS)
            )
    return list(dict.fromkeys(names))
