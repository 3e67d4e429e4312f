"""The ``playhead`` command: finds the verb, loads its file only, and turns every failure into one line and a code.

Verbs live in files of their own name in this package and are imported when they are asked for, so that
``playhead --help`` costs no more than this file and typer.
"""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from playhead import __version__
from playhead.errors import EXIT_INTERRUPTED, PlayheadError, nearest

VERBS: Final = {
    "watch": "What happens in a video, and when: events, chapters, summary, transcript.",
    "ask": "Answer a question about a video, with the seconds it rests on.",
    "ground": "Find when something happens: every span, or none.",
    "chapters": "Divide a video into titled chapters.",
    "describe": "Describe a video in a paragraph.",
    "events": "List the events of a video with start and end.",
    "choose": "Answer a multiple-choice question about a video.",
    "transcribe": "Write down what is said, with times.",
    "probe": "Show streams, start offsets and true frame times of a file.",
    "plan": "Say what an answer would take: frames, tokens, memory, seconds.",
    "clockcheck": "Test an engine's clock on clips with known times: pass or fail, and by how many seconds.",
    "score": "Score a file of predictions: published figures, how sure they are, what could not be read.",
    "make-bench": "Draw a benchmark from a seed: clips with events of known times, and the tasks to score engines by.",
    "evaluate": "Run a benchmark with an engine: logged, resumable, scores with intervals and a page.",
    "compare": "Compare two runs of a benchmark sample by sample: difference, interval, p-value.",
    "engines": "Say what each engine can do for a mechanism: zoom, votes, budgets, clocks.",
    "models": "List engines and weights, or fetch weights: models pull NAME.",
}
EXAMPLE: Final = "Example: playhead watch talk.mp4"


class Verbs(TyperGroup):
    """A group that knows its verbs by name and imports one only to run it or to show its help."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's context type is private
        """Names of the verbs, in the order of use."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer's command type is private
        """Import a verb's file and return its command; an unknown name is answered with the nearest one."""
        if cmd_name not in VERBS:
            ctx.fail(f"no verb {cmd_name!r}; {nearest(cmd_name, VERBS)}")
        app: typer.Typer = importlib.import_module(f"playhead.cli.{cmd_name.replace('-', '_')}").app
        return typer.main.get_command(app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's types are private
        """List the verbs in the help without importing them."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


app = typer.Typer(
    cls=Verbs, rich_markup_mode=None, add_completion=False, no_args_is_help=True, epilog=EXAMPLE
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"playhead {__version__}")
        raise typer.Exit


@app.callback()
def playhead(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere.")
    ] = False,
) -> None:
    """Point it at a video and get what happens, with start and end in seconds of the video's own clock."""
    del version, debug  # --debug is taken out of the arguments by main, wherever it stands


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code (table: docs/cli.md).

    Args:
        arguments: Words after the program's name; those of the process when None.
    """
    from playhead.cli import terminal

    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    command = typer.main.get_command(app)
    terminal.prepare(debug=debug)
    try:
        code = command.main([word for word in words if word != "--debug"], "playhead", standalone_mode=False)
        terminal.flush()
    except PlayheadError as error:
        return terminal.fail(str(error), error.exit_code, debug=debug)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")
            return error.exit_code
        return terminal.fail(_usage(error), error.exit_code, debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    except terminal.ReaderGoneError:
        return terminal.reader_gone()
    except Exception as error:  # noqa: BLE001 - the last seam: a fault of ours is one line too, traceback on --debug
        what = f"unexpected {type(error).__name__}: {error}; a fault of playhead or a library, --debug shows where"
        return terminal.fail(what, PlayheadError.exit_code, debug=debug)
    if code == EXIT_INTERRUPTED:
        return terminal.fail(
            "interrupted; finished files are kept, the same command goes on from there", code
        )
    return int(code or 0)


def _usage(error: typer.TyperException) -> str:
    """Typer's message on one line, with the place to look for help."""
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "playhead")
    message = error.format_message()
    words = getattr(getattr(context, "command", None), "params", ())
    wanted = [str(each.metavar or each.name) for each in words if each.param_type_name == "argument"]
    if type(error).__name__ == "MissingParameter" and len(wanted) > 1 and "argument" in message:
        # With one word given typer misses VIDEO, where a person has left out the question.
        message = f"Missing argument: {' and '.join(wanted)} are needed"
    return f"{' '.join(message.split())} (see {path} --help)"


if __name__ == "__main__":
    sys.exit(main())
