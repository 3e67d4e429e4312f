"""What the command line says and where: results on stdout, everything else on stderr, any terminal's encoding."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from types import FrameType
from typing import Any, Final, TextIO

from playhead.errors import EXIT_INTERRUPTED, OutputError, PlayheadError

INTERRUPTED: Final = "interrupted; finished files are kept, the same command goes on from there"
EXIT_READER_GONE: Final = 141  # 128 + SIGPIPE, what a shell shows for any program whose reader left
INTERRUPT_GRACE_S: Final = 3.0

_interrupted = threading.Event()


class ReaderGoneError(Exception):
    """Whoever read stdout has left, as in ``playhead probe FILE --frames | head``; not an error of ours.

    No OSError, because typer ends the process on a broken pipe with a code of its own.
    """


def prepare(*, debug: bool) -> None:
    """Make the process ready: no text can fail to be written, warnings are one line, Ctrl-C always ends it."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")
    if not debug:
        warnings.showwarning = _show_warning
    log = logging.getLogger("playhead")
    log.addHandler(_LogLines(level=logging.WARNING))
    log.propagate = False
    if os.name == "posix" and threading.current_thread() is threading.main_thread():
        _leave_soon_after_interrupt()


def _open_what_is_closed() -> None:
    """Give a process started with ``>&-`` or ``2>&-`` a stream that leads nowhere.

    Python has None for such a stream, and the next file that is opened would get its number, so that native code
    printing there would write into a result.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
        mode = "r" if name == "stdin" else "w"
        setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - stays open to the end


def result(text: str) -> None:
    """Write one result to stdout.

    Raises:
        OutputError: If stdout cannot take it (disk full).
        ReaderGoneError: If its reader has gone.
    """
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        raise _cannot_write(error) from error


def result_json(data: object, *, lines: bool = False) -> None:
    """Write one JSON document to stdout: indented, or on one line among several (JSON Lines).

    A stdout that is not UTF-8 gets ASCII with escapes, so nothing is lost.
    """
    plain = (sys.stdout.encoding or "ascii").lower().replace("-", "") != "utf8"
    result(json.dumps(data, ensure_ascii=plain, allow_nan=False, indent=None if lines else 2))


def say(text: str) -> None:
    """Write one line for the person at the terminal to stderr."""
    sys.stderr.write(f"playhead: {text}\n")


def flush() -> None:
    """Hand everything written to stdout over, so that a full disk is an error and not a note at exit.

    Raises:
        OutputError: If stdout cannot take it (disk full).
        ReaderGoneError: If its reader has gone.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        raise _cannot_write(error) from error


def fail(message: str, code: int, *, debug: bool = False) -> int:
    """Say what went wrong on one line of stderr (with the traceback when debugging) and return the exit code.

    Whatever fails after Ctrl-C failed because of it: native modules turn an interrupted import into an ImportError.
    """
    if _interrupted.is_set():
        message, code = INTERRUPTED, EXIT_INTERRUPTED
    try:
        flush()
    except (PlayheadError, ReaderGoneError):
        _drop_stdout()
    if debug:
        traceback.print_exc(file=sys.stderr)
    say(f"error: {' '.join(message.split())}")
    return code


def reader_gone() -> int:
    """End quietly because whoever read stdout has left."""
    _drop_stdout()
    return EXIT_READER_GONE


def is_live(stream: TextIO) -> bool:
    """Whether a person watches this stream on a terminal that can redraw."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _cannot_write(error: OSError) -> OutputError:
    return OutputError(
        "cannot write results to stdout", found=error.strerror or str(error), todo="free some space"
    )


def _drop_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's own flush at exit cannot fail a second time."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.close(sink)


def _show_warning(message: Warning | str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the hook's signature
    del args, kwargs
    say(f"warning: {' '.join(str(message).split())}")


class _LogLines(logging.Handler):
    """Our own log records as lines of the command, above any progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        say(f"{record.levelname.lower()}: {' '.join(record.getMessage().split())}")


def _leave_soon_after_interrupt() -> None:
    """See that Ctrl-C ends the process within seconds even while native code or a worker thread goes on computing.

    Python's own handler waits for the running native call (a language model, a speech decoder) to return. The wakeup
    pipe is written by the C handler at once; a thread reads it, leaves the main thread a few seconds to end in order,
    and then ends the process. Files are written whole and then renamed, so none is left half.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note_interrupt)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def wait() -> None:
        while os.read(reader, 1)[0] != signal.SIGINT:
            pass
        time.sleep(INTERRUPT_GRACE_S)
        say(f"error: {INTERRUPTED}")
        os._exit(EXIT_INTERRUPTED)

    threading.Thread(target=wait, name="interrupt", daemon=True).start()


def _note_interrupt(number: int, frame: FrameType | None) -> None:
    """Python's own handler, and a note of it."""
    _interrupted.set()
    signal.default_int_handler(number, frame)
