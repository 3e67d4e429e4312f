"""The options by which a verb looks again: zoom, votes, parts; each declared once, for the verbs it does something for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from playhead.errors import UsageError

Zoom = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Look N times in all, each time closer around what was found.", show_default=False
    ),
]
ZoomMode = Annotated[
    str | None,
    typer.Option(
        metavar="hard|soft",
        help="hard: a window around it; soft: the whole, denser inside it.",
        show_default="hard",
    ),
]
Votes = Annotated[
    int | None,
    typer.Option(metavar="K", help="Let K looks vote, each shifted a little.", show_default=False),
]
Snap = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", help="Move boundaries to cuts and edges of speech this near.", show_default=False
    ),
]
Unsure = Annotated[
    float | None,
    typer.Option(metavar="P", help="Leave out what is less sure than P, 0 to 1.", show_default=False),
]
Coarse = Annotated[
    bool | None,
    typer.Option(
        "--coarse/--no-coarse",
        help="Look thinly at the whole, then closely where it was seen.",
        show_default="in long videos",
    ),
]
Parts = Annotated[
    bool | None,
    typer.Option("--parts/--no-parts", help="Answer part by part, and merge.", show_default="in long videos"),
]
Merge = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Language model that makes one text of the parts'.", show_default="none"
    ),
]
ChooseFrames = Annotated[
    str | None,
    typer.Option(
        metavar="SCORER",
        help="Take pictures that fit the query: a CLIP or SigLIP folder, owner/name, or auto.",
        show_default=False,
    ),
]


def given(**settings: Any) -> dict[str, Any]:  # noqa: ANN401 - values of options
    """What was given of some settings.

    Raises:
        UsageError: A setting that would be passed over, since what it belongs to was not given.
    """
    made = {name: value for name, value in settings.items() if value is not None}
    if "zoom_mode" in made and "zoom" not in made:
        raise UsageError("--zoom-mode", found="no --zoom", todo="add --zoom 2")
    return made
