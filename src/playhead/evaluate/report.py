"""The page of a run: scores with intervals, how far off boundaries are, what went worst, and how it was made.

One file that works from disk. All of it is there without a script; the script only switches between light and dark.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import numpy as np

from playhead.evaluate import charts, report_cases
from playhead.evaluate.base import Outcome
from playhead.evaluate.mistakes import BoundaryErrors, boundary_errors, overlaps, worst
from playhead.evaluate.results import Part
from playhead.evaluate.run import REPORT, Run
from playhead.export.files import write_texts
from playhead.export.self_contained import as_script, asset, fill, policy
from playhead.metrics.interval import Estimate

CASES: Final = 12
_PACKAGE: Final = "playhead.evaluate"
_LISTED: Final = 200  # rows of a list before it says how many more there are
_NICE_S: Final = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_BINS: Final = 21
_HALF: Final = 480  # width of one of two histograms side by side


def write_report(out: Path, run: Run, *, cases: int = CASES) -> Path:
    """Write the page of a run.

    Args:
        out: The run's folder.
        run: The run.
        cases: How many of the worst samples are shown.

    Raises:
        OutputError: If it cannot be written.
    """
    return write_texts([(out / REPORT, render(run, cases=cases))])[0]


def render(run: Run, *, cases: int = CASES) -> str:
    """The page of a run as HTML."""
    samples = {sample.id: sample for sample in run.loaded.samples}
    entries = {entry.id: entry for entry in run.entries}
    outcomes = [entry.outcome(samples[entry.id]) for entry in run.entries]
    style, script = (asset(_PACKAGE, f"report_assets/report.{kind}") for kind in ("css", "js"))
    script = as_script([script])
    settings = run.manifest["settings"]
    groups = {name for sample in run.loaded.samples for name in sample.groups.values()}
    title = f"{run.manifest['title']} ({settings['split']})"
    sections = [
        _tiles(run.parts),
        _notes(run),
        *(_part(part, groups) for part in run.parts),
        _overlaps(outcomes),
        _boundaries(boundary_errors(outcomes)),
        report_cases.section(worst(outcomes, cases), entries),
        _unread(outcomes, entries),
        _failed(run),
        _missing(run.manifest["missing_videos"]),
        _made(run.manifest),
    ]
    parts = {
        "policy": policy(style, script, "img-src data:"),
        "title": escape(f"{title}: {settings['engine']}"),
        "heading": escape(title),
        "facts": _facts(run.manifest),
        "style": style,
        "script": script,
        "sections": "\n".join(section for section in sections if section),
    }
    return fill(asset(_PACKAGE, "report_assets/report.html"), parts)


# --- scores -----------------------------------------------------------------------------------------------------------


def _facts(manifest: Any) -> str:  # noqa: ANN401 - JSON data
    settings, counts = manifest["settings"], manifest["counts"]
    begun = manifest["sessions"][0]["started"][:10] if manifest["sessions"] else ""
    options = ", ".join(f"{name} {value}" for name, value in settings["options"].items())
    facts = [
        f"engine <strong>{escape(settings['engine'])}</strong>{escape(f' with {options}' if options else '')}",
        f"{counts['samples']} samples",
        f"{counts['failed']} failed",
        f"{counts['unparsable']} unparsable",
        f"{counts['missing_videos']} videos missing",
        begun,
        f"playhead {escape(settings['versions']['playhead'])}, commit {escape(settings['versions']['commit'][:12])}",
    ]
    return " · ".join(fact for fact in facts if fact)


def _tiles(parts: Sequence[Part]) -> str:
    """The first metrics, large."""
    tiles = []
    most = 4 if len(parts) < 3 else 2
    for part in parts:
        for name in [each for each in part.first if each in part.estimates][:most]:
            found = part.estimates[name]
            tiles.append(
                f'<div class="tile"><p class="tile-name">{escape(name)}</p>'
                f'<p class="tile-value">{_percent(found.value)}<span>%</span></p>'
                f'<p class="tile-interval">{_interval(found)}</p>'
                f'<p class="tile-part">{escape(part.name)}, {found.n} {escape(part.scores.what)}</p></div>'
            )
    return f'<section class="tiles" aria-label="Main scores">{"".join(tiles)}</section>' if tiles else ""


def _notes(run: Run) -> str:
    other = [path for path, same in run.manifest["official_annotations"].items() if not same]
    notes = [*run.manifest["notes"], *run.notes, *(note for part in run.parts for note in part.scores.notes)]
    notes += [f"{path} is not the official file: its sha256 is another" for path in other]
    return _card("What to know", _list(dict.fromkeys(notes))) if notes else ""


def _part(part: Part, groups: Collection[str]) -> str:
    """One scorer's table; metrics within groups, and those that are not the first, folded away below it."""
    first = [name for name in part.estimates if name in part.first]
    inside = [name for name in part.estimates if name not in first and _group(name, groups)]
    others = [name for name in part.estimates if name not in first and name not in inside]
    shown = _table(part, first)
    more = "".join(
        f"<details><summary>{title} ({len(names)})</summary>{_table(part, names)}</details>"
        for title, names in (("By group", inside), ("More metrics", others))
        if names
    )
    counts = f"{part.scores.n} {part.scores.what}, {part.scores.unparsable} unparsable"
    return _card(
        f"{part.name[:1].upper()}{part.name[1:]}", f'<p class="quiet">{escape(counts)}</p>{shown}{more}'
    )


def _group(metric: str, groups: Collection[str]) -> bool:
    """Whether a metric is one within a group: ``short``, ``mIoU, short``, ``mIoU, duration: short``."""
    return any(name in groups for name in (metric, metric.rpartition(", ")[2], metric.rpartition(": ")[2]))


def _table(part: Part, names: Iterable[str]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{_percent(found.value)}</td>'
        f'<td class="number quiet">{_interval(found)}</td>'
        f'<td class="wide">{charts.interval_bar(found.value, found.low, found.high)}</td>'
        f'<td class="number quiet">{found.n}</td></tr>'
        for name, found in ((name, part.estimates[name]) for name in names)
    )
    head = (
        '<tr><th scope="col">metric</th><th scope="col" class="number">%</th>'
        '<th scope="col" class="number">95 % interval</th><th scope="col" class="wide" aria-label="0 to 100"></th>'
        '<th scope="col" class="number">n</th></tr>'
    )
    return f'<div class="scroll"><table class="scores">{head}{rows}</table></div>'


# --- histograms -------------------------------------------------------------------------------------------------------


def _overlaps(outcomes: Sequence[Outcome]) -> str:
    values = overlaps(outcomes)
    if not values:
        return ""
    ticks = [(at / 10, f"{at / 10:g}") for at in range(0, 11, 2)]
    chart = charts.histogram(values, charts.Axis(np.linspace(0, 1, 21).tolist(), ticks, "Overlap"))
    none = sum(value == 0 for value in values)
    said = (
        f"{none} of {len(values)} samples overlap nothing; {sum(value == 1 for value in values)} are exact."
    )
    return _card("Overlap with the truth (IoU)", f'<p class="quiet">{said}</p>{chart}')


def _boundaries(errors: BoundaryErrors) -> str:
    """Signed errors of starts and ends, on one axis."""
    if not errors.starts_s:
        return ""
    sizes_s = np.abs([*errors.starts_s, *errors.ends_s])
    limit_s = next((each for each in _NICE_S if each >= np.quantile(sizes_s, 0.95)), float(sizes_s.max()))
    edges = np.linspace(-limit_s, limit_s, _BINS + 1).tolist()
    ticks = [
        (share * limit_s, f"{share * limit_s:+g} s" if share else "0") for share in (-1, -0.5, 0, 0.5, 1)
    ]
    charts_html = "".join(
        f"<figure><figcaption>{name}: median {np.median(values):+.2f} s, half within "
        f"{np.median(np.abs(values)):.2f} s</figcaption>"
        f"{charts.histogram(values, charts.Axis(edges, ticks, name), width=_HALF)}</figure>"
        for name, values in (("Starts", errors.starts_s), ("Ends", errors.ends_s))
    )
    said = (
        f"{len(errors.starts_s)} predicted spans meet a true one; above 0 is late, below 0 early; what is further off "
        f"than {limit_s:g} s stands in the outer bars. {errors.unmatched} true spans were met by none, "
        f"{errors.invented} predicted ones meet none."
    )
    return _card("Error of boundaries", f'<p class="quiet">{said}</p><div class="pair">{charts_html}</div>')


# --- what went wrong --------------------------------------------------------------------------------------------------


def _unread(outcomes: Sequence[Outcome], entries: Any) -> str:  # noqa: ANN401 - entries by id
    rows = []
    for outcome in outcomes:
        answer = outcome.answer
        if answer is None or (answer.failure is None and (answer.choice or answer.task != "choose")):
            continue
        told = entries[outcome.sample.id].exchanges
        text = answer.failure.text if answer.failure else (told[-1].written if told else answer.text)
        reason = answer.failure.reason if answer.failure else answer.reason or "no option is chosen"
        rows.append((outcome.sample.id, reason, text))
    return _table_card("Answers that could not be read", ("sample", "why", "what the model wrote"), rows)


def _failed(run: Run) -> str:
    rows = [
        (entry.id, entry.failure.kind, entry.failure.trace or entry.failure.message)
        for entry in run.entries
        if entry.failure is not None
    ]
    return _table_card("Samples without an answer", ("sample", "error", "message"), rows)


def _missing(missing: Any) -> str:  # noqa: ANN401 - JSON data
    rows = [(name, str(count), "") for name, count in missing.items()]
    return _table_card("Videos that are not there", ("video", "samples left out", ""), rows)


def _table_card(title: str, head: tuple[str, str, str], rows: Sequence[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    shown = "".join(
        f'<tr><th scope="row">{escape(one)}</th><td>{escape(two)}</td>'
        f"<td>{f'<pre>{escape(three)}</pre>' if three else ''}</td></tr>"
        for one, two, three in rows[:_LISTED]
    )
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    more = (
        f'<p class="quiet">and {len(rows) - _LISTED} more, in samples.jsonl</p>'
        if len(rows) > _LISTED
        else ""
    )
    table = f'<div class="scroll"><table class="words"><tr>{names}</tr>{shown}</table></div>{more}'
    return _card(f"{title} ({len(rows)})", table)


# --- how it was made --------------------------------------------------------------------------------------------------


def _made(manifest: Any) -> str:  # noqa: ANN401 - JSON data
    settings, seen = manifest["settings"], manifest["seen"]
    pictures = seen["pictures_a_sample"]
    machine = manifest["sessions"][-1]["hardware"] if manifest["sessions"] else {}
    facts = {
        "benchmark": f"{settings['benchmark']}, split {settings['split']}; {manifest['source']}",
        "annotations": "; ".join(
            f"{name} sha256 {digest}" for name, digest in settings["annotations"].items()
        ),
        "licence": manifest["licence"],
        "engine": f"{settings['engine']} {json.dumps(settings['options'])}",
        "sampling": "; ".join(seen["policies"]),
        "pictures": f"{pictures['least']} to {pictures['most']} a sample, median {pictures['median']}",
        "picture sizes": ", ".join(f"{width} x {height}" for width, height in seen["picture_sizes_px"]),
        "sound": f"{seen['audio_s']:g} s heard",
        "parser": manifest["parser"],
        "versions": ", ".join(f"{name} {version}" for name, version in settings["versions"].items()),
        "machine": ", ".join(f"{name} {value}" for name, value in machine.items()),
        "time": f"{manifest['counts']['seconds']:g} s of answering in {len(manifest['sessions'])} goes",
    }
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items() if value
    )
    prompts = "".join(
        f"<h3>{escape(task)}</h3><pre>{escape(text)}</pre>"
        for task, text in manifest.get("prompts", {}).items()
    )
    whole = escape(json.dumps(manifest, ensure_ascii=False, indent=1))
    return _card(
        "How this was made",
        f'<dl class="made">{rows}</dl><details><summary>Prompts</summary>{prompts}</details>'
        f"<details><summary>The whole manifest</summary><pre>{whole}</pre></details>",
    )


# --- parts ------------------------------------------------------------------------------------------------------------


def _card(title: str, body: str) -> str:
    return f'<section class="card"><h2>{escape(title)}</h2>{body}</section>'


def _list(items: Iterable[str]) -> str:
    return f'<ul class="notes">{"".join(f"<li>{escape(item)}</li>" for item in items)}</ul>'


def _percent(fraction: float) -> str:
    return "-" if fraction != fraction else f"{100 * fraction:.1f}"  # noqa: PLR0124 - NaN


def _interval(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return "one video: no interval"
    return f"{_percent(found.low)} to {_percent(found.high)}"
