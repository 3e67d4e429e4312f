"""The worst samples of a run on its page: pictures over time, true against predicted, what the model wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from playhead.errors import PlayheadError
from playhead.evaluate import charts
from playhead.evaluate.base import Option, Outcome
from playhead.evaluate.log import Entry
from playhead.evaluate.mistakes import both_sides
from playhead.evaluate.scoring import Pairs, quick_value
from playhead.evaluate.strips import Strip, strip
from playhead.media.clip import Video
from playhead.tasks.choose import Choose
from playhead.timecode import format_time


def section(outcomes: Sequence[Outcome], entries: Mapping[str, Entry]) -> str:
    """The worst samples, one after the other; empty where all are right."""
    if not outcomes:
        return ""
    strips: dict[Video, Strip | str] = {}
    cases = "".join(_case(outcome, entries[outcome.sample.id], strips) for outcome in outcomes)
    return f'<section class="card"><h2>Worst cases</h2><div class="cases">{cases}</div></section>'


def _case(outcome: Outcome, entry: Entry, strips: dict[Video, Strip | str]) -> str:
    sample, value = outcome.sample, quick_value(outcome)
    name = "" if value is None else f"{value[0].replace('mIoU', 'IoU')} {value[1]:.2f}"
    if isinstance(sample.truth, Option):
        name = "wrong"
    asked = getattr(sample.task, "query", "") or getattr(sample.task, "question", "") or sample.task.name
    window = Video(str(sample.video), sample.start_s, sample.end_s)
    if window not in strips:
        strips[window] = _strip(window)
    groups = "".join(f'<span class="tag">{escape(each)}</span>' for each in sample.groups.values())
    return (
        f'<article class="case"><header><h3>{escape(asked)}</h3><span class="score">{escape(name)}</span></header>'
        f'<p class="quiet">{escape(sample.id)} · {escape(sample.video.name)} {groups}</p>'
        f"{_shown(outcome, strips[window])}{_options(outcome)}{_said(outcome, entry)}</article>"
    )


def _strip(video: Video) -> Strip | str:
    try:
        return strip(video)
    except PlayheadError as error:
        return f"no pictures: {error}"


def _shown(outcome: Outcome, pictures: Strip | str) -> str:
    """The strip of pictures with the spans below it, on one scale."""
    sides = both_sides(outcome)
    if isinstance(pictures, str):
        start_s, end_s = 0.0, outcome.answer.duration_s if outcome.answer else 0.0
        strip_html = f'<p class="quiet">{escape(pictures)}</p>'
    else:
        start_s, end_s = pictures.start_s, pictures.end_s
        images = "".join(
            f'<img src="{address}" alt="at {format_time(at_s)}" title="{at_s:.2f} s">'
            for at_s, address in pictures.pictures
        )
        strip_html = f'<div class="strip">{images}</div>'
    if sides is None:
        return strip_html
    found, true = sides
    marks = "".join(
        f"<span>{format_time(start_s + part * (end_s - start_s) / 4)}</span>" for part in range(5)
    )
    return (
        f"{strip_html}{charts.spans_lanes(true, found, start_s, end_s)}"
        f'<p class="scale" aria-hidden="true">{marks}</p>'
        f'<p class="sides"><span class="key true-key">true {_in_words(true)}</span>'
        f'<span class="key found-key">predicted {_in_words(found)}</span></p>'
    )


def _options(outcome: Outcome) -> str:
    task, truth = outcome.sample.task, outcome.sample.truth
    if not isinstance(task, Choose) or not isinstance(truth, Option):
        return ""
    chosen = outcome.answer.choice if outcome.answer else None
    rows = []
    for label, option in zip(task.labels, task.options, strict=True):
        marks = [
            word for word, is_so in (("right", label == truth.label), ("chosen", label == chosen)) if is_so
        ]
        style = f' class="{" ".join(marks)}"' if marks else ""
        said = "".join(f'<span class="tag">{mark}</span>' for mark in marks)
        rows.append(f"<li{style}><b>{label}</b> {escape(option)} {said}</li>")
    return f'<ul class="options">{"".join(rows)}</ul>'


def _said(outcome: Outcome, entry: Entry) -> str:
    """What the model wrote, or what the answer says where the engine does not tell."""
    if entry.exchanges:
        text = "\n\n".join(exchange.written for exchange in entry.exchanges)
        return f"<details><summary>What the model wrote</summary><pre>{escape(text)}</pre></details>"
    answer = outcome.answer
    words = "" if answer is None else " · ".join(filter(None, (answer.text, answer.reason)))
    return f'<p class="quiet said">{escape(words)}</p>' if words else ""


def _in_words(spans: Pairs) -> str:
    if not spans:
        return "nothing"
    shown = ", ".join(f"{start_s:.1f} to {end_s:.1f} s" for start_s, end_s in spans[:6])
    return f"{shown} and {len(spans) - 6} more" if len(spans) > 6 else shown
