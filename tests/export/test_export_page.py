"""The HTML page in a real headless Chromium: seeking, highlighting, search, keyboard, themes, sizes, hostile texts."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from export_samples import draw_webm, hour_long, realistic

from playhead.errors import SourceError, UsageError
from playhead.export import FORMATS, Options, write
from playhead.timeline import Answer, Event, Mark, ParseFailure, Sampling, Segment, Span, Transcript

pytest.importorskip("websocket", reason="websocket-client drives the browser")
from export_browser import Browser, Page, find_chromium

VIDEO_S = 12.0
SCALE = VIDEO_S / 180.0
MISSING_FILE = "ERR_FILE_NOT_FOUND"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    binary = find_chromium()
    if binary is None:
        pytest.skip("no Chromium here")
    started = Browser(binary, tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a video whose name needs escaping, and the pages beside it."""
    place = tmp_path_factory.mktemp("pages")
    film = draw_webm(place / "a b#c%20 é.webm", VIDEO_S)
    write(realistic(str(film), SCALE), place, ["html"], "film")
    write(hour_long(str(place / "gone.mp4")), place, ["html"], "hour")
    return place


@pytest.fixture
def visit(browser: Browser, folder: Path) -> Iterator[Callable[..., Page]]:
    """``visit("film", dark=True)``: a page opened from disk."""
    opened: list[Page] = []

    def go(name: str, *, plays: bool = True, **how: object) -> Page:
        page = browser.open(**how)  # type: ignore[arg-type]
        opened.append(page)
        page.go((folder / f"{name}.html").as_uri())
        if plays:
            page.until("video.readyState >= 2")
        return page

    yield go
    for page in opened:
        page.close()


def now(page: Page) -> float:
    return page.run("document.querySelector('video').currentTime")


def current(page: Page, selector: str) -> list[str]:
    """Texts of the highlighted items of a list."""
    return page.run(
        f"[...document.querySelectorAll({json.dumps(selector)} + ' [aria-current=true]')].map(n => n.innerText)"
    )


def open_tab(page: Page, name: str) -> None:
    page.run(
        f"[...document.querySelectorAll('[role=tab]')].find(t => t.innerText.startsWith({json.dumps(name)})).click()"
    )


def answer_of(**fields: object) -> Answer:
    base = Answer(
        task="watch", source="x.webm", duration_s=12.0, model="m", sampling=Sampling("none", Span(0.0, 12.0))
    )
    return replace(base, **fields)  # type: ignore[arg-type]


# --- without a browser ------------------------------------------------------------------------------------------


def html_of(answer: Answer, **options: object) -> str:
    return FORMATS["html"].render(answer, Options(**options))  # type: ignore[arg-type]


def video_of(text: str) -> str:
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])["video"]["src"]


def test_the_page_is_one_file_that_names_no_other():
    text = html_of(realistic())
    assert not re.search(r"<link|<img|<iframe|@import|url\(|<script[^>]+src|https?://", text)


def test_data_cannot_leave_its_script_element():
    text = html_of(answer_of(title="</script><script>alert(1)</script><!--", text="\u2028 <b>"))
    assert text.count("</script>") == 2
    assert "<!--" not in text
    assert "<title>&lt;/script&gt;" in text


def test_braces_in_data_are_not_taken_for_the_template():
    assert "{{script}} {{data}}" in html_of(answer_of(text="{{script}} {{data}}"))


def test_links_are_relative_to_the_page(tmp_path):
    source = str(tmp_path / "films" / "a b.mp4")
    assert video_of(html_of(answer_of(source=source), folder=tmp_path / "out")) == "./../films/a%20b.mp4"
    assert video_of(html_of(answer_of(source="https://x.org/a.mp4"))) == "https://x.org/a.mp4"
    assert video_of(html_of(answer_of(source="s3://bucket/a.mp4"))) == ""
    assert video_of(html_of(answer_of(source="javascript:alert(1)"), folder=Path())).startswith(
        "./javascript%3A"
    )
    assert video_of(html_of(answer_of(), video="none")) == ""


def test_embedding_refuses_what_is_too_large_or_absent(tmp_path):
    film = tmp_path / "a.webm"
    film.write_bytes(b"12345")
    assert video_of(html_of(answer_of(source=str(film)), video="embed")) == "data:video/webm;base64,MTIzNDU="
    with pytest.raises(UsageError, match="allowed: 4 bytes"):
        html_of(answer_of(source=str(film)), video="embed", embed_limit_bytes=4)
    with pytest.raises(SourceError, match="cannot embed"):
        html_of(answer_of(source=str(tmp_path / "none.mp4")), video="embed")
    with pytest.raises(UsageError, match="an address"):
        html_of(answer_of(source="https://x.org/a.mp4"), video="embed")


# --- in a browser -----------------------------------------------------------------------------------------------


def test_it_loads_without_complaint_and_asks_for_nothing_but_the_video(visit):
    page = visit("film")
    assert page.complaints() == []
    # The browser draws its own player controls from data: addresses.
    asked = {address.partition("#")[0] for address in page.requests() if not address.startswith("data:")}
    assert sorted(address.rpartition("/")[2] for address in asked) == [
        "a%20b%23c%2520%20%C3%A9.webm",
        "film.html",
    ]
    names = page.run("[...document.querySelectorAll('#lane-names div')].map(n => n.innerText)")
    assert names == ["Chapters", "Events", "Speech", "On screen", "Sounds", "Objects", "Shots"]
    assert page.run("document.querySelectorAll('#list-0 > li').length") == 40
    assert page.run("video.textTracks[0].cues.length") == 40


def test_a_click_on_a_sentence_an_event_a_chapter_or_the_timeline_seeks(visit):
    page, answer = visit("film"), realistic(scale=SCALE)
    page.run("document.querySelectorAll('#list-0 .hit')[20].click()")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(answer.transcript.segments[20].span.start_s, abs=0.002)
    open_tab(page, "Events")
    page.run("document.querySelectorAll('#list-1 li.event > .hit')[6].click()")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(answer.events[6].span.start_s, abs=0.002)
    page.run("document.querySelectorAll('#chapter-list .hit')[3].click()")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(answer.chapters[3].span.start_s, abs=0.002)
    box = page.box("#canvas")
    page.click(box["x"] + box["width"] * 0.25, box["y"] + 8)
    page.until("!video.seeking")
    assert now(page) == pytest.approx(VIDEO_S / 4, abs=0.05)


def test_a_drag_on_the_timeline_scrubs(visit):
    page = visit("film")
    box = page.box("#canvas")
    at = {"y": box["y"] + 8, "button": "left", "clickCount": 1}
    page.call("Input.dispatchMouseEvent", type="mousePressed", x=box["x"] + 20, **at)
    page.call(
        "Input.dispatchMouseEvent", type="mouseMoved", x=box["x"] + box["width"] / 2, y=at["y"], button="left"
    )
    page.call("Input.dispatchMouseEvent", type="mouseReleased", x=box["x"] + box["width"] / 2, **at)
    page.until("!video.seeking")
    assert now(page) == pytest.approx(VIDEO_S / 2, abs=0.05)


def test_what_plays_is_highlighted_and_in_view(visit):
    page, answer = visit("film"), realistic(scale=SCALE)
    for index in (0, 12, 39):
        page.run(f"document.querySelectorAll('#list-0 .hit')[{index}].click()")
        page.until("!video.seeking")
        assert [text.split("\n")[-1] for text in current(page, "#list-0")] == [
            answer.transcript.segments[index].text
        ]
        page.until(
            "(() => {const l = document.querySelector('#list-0').getBoundingClientRect(),"
            "n = document.querySelector('#list-0 [aria-current]').getBoundingClientRect();"
            "return n.top >= l.top - 1 && n.bottom <= l.bottom + 1})()"
        )
    chapter = page.run("document.querySelector('#now-chapter').innerText")
    assert chapter == "Evening at the harbour"
    assert "Evening at the harbour" in current(page, "#chapter-list")[0]


def test_highlighting_follows_while_it_plays(visit):
    page = visit("film")
    page.press("k")
    page.until("!video.paused && video.currentTime > 1.5")
    page.press("k")
    page.until("video.paused && !video.seeking")
    time_s = now(page)
    answer = realistic(scale=SCALE)
    expected = [item.text for item in answer.transcript.segments if item.span.contains(time_s)]
    page.until(f"document.querySelectorAll('#list-0 [aria-current]').length === {len(expected)}")
    assert [text.split("\n")[-1] for text in current(page, "#list-0")] == expected
    x_px = float(
        re.search(r"translateX\(([\d.]+)px", page.run("document.querySelector('#cursor').style.transform"))[1]
    )
    assert x_px == pytest.approx(page.box("#canvas")["width"] * time_s / VIDEO_S, abs=2)


def test_scrolling_away_stops_the_following_until_asked_back(visit):
    page = visit("film")
    page.run("document.querySelectorAll('#list-0 .hit')[2].click()")
    box = page.box("#list-0")
    page.wheel(box["x"] + 50, box["y"] + 100, 1200)
    page.until("document.querySelector('#list-0').scrollTop > 300")
    page.until("!document.querySelector('#follow').hidden")
    before = page.run("document.querySelector('#list-0').scrollTop")
    page.press("ArrowRight")
    page.until("!video.seeking && video.currentTime > 4")
    assert page.run("document.querySelector('#list-0').scrollTop") == before
    page.run("document.querySelector('#follow').click()")
    page.until("document.querySelector('#follow').hidden")
    page.until(
        "(() => {const l = document.querySelector('#list-0').getBoundingClientRect(),"
        "n = document.querySelector('#list-0 [aria-current]').getBoundingClientRect();"
        "return n.top >= l.top - 1 && n.bottom <= l.bottom + 1})()"
    )


def test_search_finds_counts_steps_and_clears(visit):
    page = visit("film")
    page.press("/")
    assert page.run("document.activeElement.id") == "query"
    page.type("FISH")
    expected = sum(
        text.lower().count("fish") for text in (item.text for item in realistic().transcript.segments)
    )
    assert expected >= 3
    page.until(f"document.querySelector('#count').textContent === '1 of {expected}'")
    assert page.run("document.querySelectorAll('#list-0 mark').length") == expected
    assert page.run("document.querySelector('mark.now').textContent") == "fish"
    page.press("Enter", 13, "\r")
    assert page.run("document.querySelector('#count').textContent") == f"2 of {expected}"
    page.press("Enter", 13, "\r", modifiers=8)
    page.press("Enter", 13, "\r", modifiers=8)
    assert page.run("document.querySelector('#count').textContent") == f"{expected} of {expected}"
    open_tab(page, "Events")
    assert page.run("document.querySelectorAll('#list-1 mark').length") == page.run(
        "+document.querySelectorAll('.badge')[1].textContent"
    )
    page.run("document.querySelector('#query').focus()")
    page.press("Escape", 27)
    assert page.run("document.querySelectorAll('mark').length") == 0
    assert page.run("document.querySelector('#count').textContent") == ""


@pytest.mark.parametrize("query", [".*", "(", "[a", "\\", "<b>", "$", "a|b"])
def test_search_takes_every_character_for_itself(visit, query):
    page = visit("film")
    page.run("document.querySelector('#query').focus()")
    page.type(query)
    page.until("document.querySelector('#count').textContent === 'none'")
    assert page.complaints() == []


def test_the_keyboard_does_everything(visit):
    page = visit("film")
    page.press("ArrowRight", 39)
    page.until("!video.seeking")
    assert now(page) == pytest.approx(5, abs=0.01)
    page.press("ArrowLeft", 37)
    page.press("l")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(10, abs=0.01)
    page.press("j")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(0, abs=0.01)
    page.press("]")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(34 * SCALE, abs=0.01)
    page.press(" ", 32)
    page.until("!video.paused")
    page.press(" ", 32)
    page.until("video.paused")
    page.run("document.querySelector('#track').focus()")
    page.press("Home", 36)
    page.press("ArrowRight", 39)
    page.until("!video.seeking")
    assert now(page) == pytest.approx(1, abs=0.01)
    assert (
        page.run("document.querySelector('#track').getAttribute('aria-valuetext')")
        == "1 second of 12 seconds"
    )
    page.press("+")
    page.until(
        "document.querySelector('#spread').offsetWidth > document.querySelector('#track').clientWidth * 1.5"
    )
    page.press("0")
    page.press("?")
    assert page.run("document.querySelector('#keys').open")
    assert page.complaints() == []


def test_tab_reaches_the_items_with_a_visible_focus_and_enter_seeks(visit):
    page = visit("film")
    page.run("document.querySelector('[role=tab][aria-selected=true]').focus()")
    for _ in range(3):
        page.press("Tab", 9)
    assert page.run("document.activeElement.className") == "hit"
    index = page.run("[...document.querySelectorAll('#list-0 .hit')].indexOf(document.activeElement)")
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press("ArrowDown", 40)
    page.press("Enter", 13, "\r")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(
        realistic(scale=SCALE).transcript.segments[index + 1].span.start_s, abs=0.002
    )
    page.run("document.querySelector('[role=tab][aria-selected=true]').focus()")
    page.press("ArrowRight", 39)
    assert page.run("document.querySelector('[role=tab][aria-selected=true]').innerText").startswith("Events")
    assert now(page) == pytest.approx(
        realistic(scale=SCALE).transcript.segments[index + 1].span.start_s, abs=0.002
    )


def test_evidence_shows_on_hover_on_focus_and_on_tap(visit):
    page, event = visit("film"), realistic(scale=SCALE).events[1]
    open_tab(page, "Events")
    box = page.box("#list-1 li.event:nth-child(2) > .hit")
    page.move(box["x"] + 40, box["y"] + 10)
    page.until("!document.querySelector('#tip').hidden")
    tip = page.run("document.querySelector('#tip').innerText")
    assert event.evidence[0].text in tip
    assert "86 % sure" in tip
    page.move(5, 5)
    page.until("document.querySelector('#tip').hidden")
    page.run("document.querySelector('#list-1 li.event > .hit').focus()")
    page.press("Tab", 9)
    page.press("Tab", 9)
    page.until("!document.querySelector('#tip').hidden")
    page.press("Escape", 27)
    assert page.run("document.querySelector('#tip').hidden")
    page.run("document.querySelectorAll('#list-1 .more')[1].click()")
    rows = page.run(
        "[...document.querySelectorAll('#list-1 li.event')[1].querySelectorAll('.evidence li')].map(n => n.innerText)"
    )
    assert len(rows) == len(event.evidence)
    assert page.run("document.querySelectorAll('#list-1 .more')[1].getAttribute('aria-expanded')") == "true"
    page.run("document.querySelectorAll('#list-1 li.event')[1].querySelectorAll('.evidence .hit')[2].click()")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(event.evidence[2].span.start_s, abs=0.002)


def test_the_timeline_tells_what_is_under_the_pointer(visit):
    page = visit("film")
    box = page.box("#canvas")
    page.move(box["x"] + box["width"] * 85 / 180, box["y"] + 24 + 26 + 8)
    page.until("!document.querySelector('#tip').hidden")
    assert "Frying" in page.run("document.querySelector('#tip').innerText")


def test_how_it_was_made_is_told(visit):
    page = visit("film")
    page.run("document.querySelector('#made').open = true")
    text = page.run("document.querySelector('#made').innerText")
    for part in (
        "90 of 640 × 360 pixels",
        "shots, at least 1 picture per 2 s",
        "whisper-base int8",
        "its score was below 0.5",
        "67 % to 95 % sure",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("width_px", "height_px", "phone"),
    [(360, 740, True), (768, 1024, True), (1280, 860, False), (1920, 1080, False)],
)
@pytest.mark.parametrize("name", ["film", "hour"])
def test_no_width_overflows(visit, name, width_px, height_px, phone):
    page = visit(name, plays=False, width_px=width_px, height_px=height_px, phone=phone)
    assert page.run("document.documentElement.scrollWidth") <= width_px
    assert page.run(
        "[...document.querySelectorAll('body *')].filter(n => !n.closest('.track, .hidden, .skip, dialog') && n.getClientRects().length"
        f" && n.getBoundingClientRect().right > {width_px} + 1).map(n => n.className || n.tagName)"
    ) == []  # fmt: skip


def test_on_a_phone_targets_are_large_enough_and_a_tap_on_the_timeline_seeks(visit):
    page = visit("film", width_px=360, height_px=740, phone=True)
    small = page.run(
        "[...document.querySelectorAll('button')].filter(n => n.offsetParent && Math.min(n.offsetWidth, n.offsetHeight) < 28).map(n => n.outerHTML)"
    )
    assert small == []
    page.call("Emulation.setTouchEmulationEnabled", enabled=True)
    box = page.box("#canvas")
    point = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + 8}]
    page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=point)
    page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.until("Math.abs(video.currentTime - 6) < 0.1")


LUMINANCE = """
(selector, over) => {
  const light = colour => {
    const c = document.createElement('canvas').getContext('2d');
    c.fillStyle = colour; c.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...c.getImageData(0, 0, 1, 1).data].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const a = light(getComputedStyle(document.querySelector(selector)).color), b = light(getComputedStyle(document.querySelector(over)).backgroundColor);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
"""


@pytest.mark.parametrize("dark", [False, True])
def test_both_themes_follow_the_system_and_have_contrast(visit, dark):
    page = visit("film", dark=dark)
    background = page.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) is dark
    open_tab(page, "Events")
    pairs = [
        ("h1", "body"),
        ("#facts", "body"),
        ("#list-1 .when", "#panel"),
        ("#list-1 .text", "#panel"),
        (".lane-names", ".timeline"),
        (".meta", "#panel"),
    ]
    for selector, over in pairs:
        assert page.run(f"({LUMINANCE})({json.dumps(selector)}, {json.dumps(over)})") >= 4.5, selector
    for lane in ("chapters", "events", "speech", "text", "sounds", "objects", "shots", "other"):
        page.run(f"document.querySelector('#now-chapter').style.color = 'var(--lane-{lane})'")
        assert page.run(f"({LUMINANCE})('#now-chapter', '.timeline')") >= 4.5, lane


def test_the_theme_button_overrides_the_system_and_is_kept(visit):
    page = visit("film")
    for theme, is_dark in (("light", False), ("dark", True)):
        page.run("document.querySelector('#theme').click()")
        assert page.run("document.documentElement.dataset.theme") == theme
        background = page.run("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) is is_dark
    page.call("Page.reload")
    page.until("document.readyState === 'complete' && document.documentElement.dataset.theme === 'dark'")
    page.run("document.querySelector('#theme').click()")
    assert page.run("document.documentElement.dataset.theme ?? 'auto'") == "auto"


def test_reduced_motion_is_respected(visit):
    page = visit("film")
    page.media(still=True)
    assert page.run("getComputedStyle(document.querySelector('.hit')).transitionDuration") == "0s"


def test_a_moved_video_is_said_and_the_rest_works(visit):
    page = visit("hour", plays=False)
    page.until("!document.querySelector('#notice').hidden")
    assert "cannot be played here" in page.run("document.querySelector('#notice').innerText")
    page.run("document.querySelectorAll('#chapter-list .hit')[7].click()")
    assert page.run("document.querySelector('#now').textContent") == "31:02.5"
    assert current(page, "#chapter-list")[0].startswith("31:02")
    page.press("ArrowRight", 39)
    assert page.run("document.querySelector('#now').textContent") == "31:07.5"
    assert page.complaints(ignore=MISSING_FILE) == []


def test_another_file_can_be_chosen_and_plays_on_from_there(visit, folder):
    page = visit("hour", plays=False)
    page.until("!document.querySelector('#notice').hidden")
    page.press("ArrowRight", 39)
    page.call("DOM.enable")
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=node, files=[str(next(folder.glob("*.webm")))])
    page.until("video.readyState >= 2 && !video.seeking")
    assert now(page) == pytest.approx(5, abs=0.01)
    assert "lasted 1:02:05" in page.run("document.querySelector('#notice').innerText")


def test_an_hour_with_thousands_of_marks_stays_quick(visit):
    """Medians of many: a redraw within a few frames, zoomed and not, on a slow machine."""
    page = visit("hour", plays=False)
    measure = """
    (async () => {
      const times = [];
      for (let i = 0; i < 25; i += 1) {
        const start = performance.now();
        document.dispatchEvent(new KeyboardEvent('keydown', { key: 'l', bubbles: true }));
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[12];
    })()
    """
    assert page.run(measure) < 500
    for _ in range(6):
        page.run("document.querySelector('#zoom-in').click()")
    assert page.run(measure) < 500
    start = time.monotonic()
    open_tab(page, "Objects")
    page.until("document.querySelectorAll('.list:not([hidden]) > li').length === 2200")
    assert time.monotonic() - start < 5
    page.run("document.querySelector('#query').focus()")
    page.type("laptop")
    page.until("/^1 of \\d+$/.test(document.querySelector('#count').textContent)")


HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>\"'&lt;</script>\u202e"


def test_hostile_texts_stay_text(visit, folder):
    mark = Mark(Span(1.0, 2.0), HOSTILE, HOSTILE, 0.5)
    event = Event(Span(1.0, 2.0), HOSTILE, HOSTILE, 0.4, (mark,), (HOSTILE,))
    answer = answer_of(
        source=HOSTILE, model=HOSTILE, query=HOSTILE, title=HOSTILE, text=HOSTILE, events=(event,), chapters=(event,), choice=HOSTILE,
        transcript=Transcript((Segment(Span(1.0, 2.0), HOSTILE),), HOSTILE), lanes={"text": (mark,), HOSTILE: (mark,)}, evidence=(mark,),
        thinking=HOSTILE, reason=HOSTILE, failure=ParseFailure(HOSTILE, HOSTILE), sampling=Sampling(HOSTILE, Span(0.0, 12.0), notes=(HOSTILE,)),
    )  # fmt: skip
    write(answer, folder, ["html"], "hostile")
    page = visit("hostile", plays=False)
    for number in range(page.run("document.querySelectorAll('[role=tab]').length")):
        page.run(f"document.querySelectorAll('[role=tab]')[{number}].click()")
    page.run("document.querySelectorAll('.more').forEach(n => n.click())")
    page.run("document.querySelector('#query').focus()")
    page.type("<script>")
    page.run("document.querySelectorAll('#list-1 .hit')[0].focus()")
    assert page.run("window.hacked") is None
    assert (
        page.run("document.querySelectorAll('img, script:not(#data):not([id]) ~ script, iframe').length") <= 1
    )
    assert page.run("document.querySelectorAll('img').length") == 0
    assert page.run("document.querySelectorAll('script').length") == 2
    assert page.run("document.querySelector('#title').textContent") == HOSTILE
    assert page.run("document.querySelector('#list-0 .text').textContent") == HOSTILE
    assert page.complaints(ignore=MISSING_FILE) == []


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"reason": "nothing supports the query"}, "nothing supports the query"),
        ({}, "No events were found."),
        ({"transcript": Transcript()}, "No speech was heard."),
        ({"duration_s": 0.0, "events": (Event(Span(0.0, 0.0), "a picture"),)}, "a picture"),
    ],
)
def test_answers_with_next_to_nothing_work(visit, folder, fields, shown):
    write(answer_of(source="", **fields), folder, ["html"], "little")
    page = visit("little", plays=False)
    assert shown in page.run("document.querySelector('#lists').innerText")
    page.run("document.querySelector('#query').focus()")
    page.type("x")
    page.run("document.activeElement.blur()")
    for key in ("k", "l", "j", "]", "[", "+", "-", "0", " "):
        page.press(key)
    box = page.box("#track")
    page.click(box["x"] + 50, box["y"] + 5)
    assert page.complaints() == []


def test_a_sound_file_gets_a_small_player(visit, folder):
    with av.open(str(folder / "sound.ogg"), "w") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        for _ in range(100):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
            frame.sample_rate = 48_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    answer = answer_of(
        source=str(folder / "sound.ogg"), duration_s=2.0, events=(Event(Span(1.0, 2.0), "silence"),)
    )
    write(answer, folder, ["html"], "sound")
    page = visit("sound")
    page.until("document.querySelector('#player').classList.contains('sound-only')")
    assert page.box("#video")["height"] < 120
    page.run("document.querySelector('#list-0 .hit').click()")
    page.until("!video.seeking && Math.abs(video.currentTime - 1) < 0.01")
    assert page.run("document.querySelector('#notice').hidden")
    assert page.complaints() == []


def test_an_embedded_video_plays(visit, folder):
    film = next(folder.glob("*.webm"))
    write(realistic(str(film), SCALE), folder, ["html"], "embedded", Options(video="embed"))
    page = visit("embedded")
    page.run("document.querySelectorAll('#chapter-list .hit')[1].click()")
    page.until("!video.seeking")
    assert now(page) == pytest.approx(34 * SCALE, abs=0.002)
    assert page.complaints() == []


def test_a_time_in_the_address_is_where_it_opens(browser, folder):
    page = browser.open()
    page.go((folder / "film.html").as_uri() + "#t=7.5")
    page.until("video.readyState >= 2 && !video.seeking")
    assert now(page) == pytest.approx(7.5, abs=0.01)
    page.close()


def test_chromium_reads_our_webvtt(browser, folder):
    """The browser's own WebVTT parser gives the texts back, hostile ones too."""
    words = ["a < b && c --> d", "<i>not markup</i> &amp;", "two\nlines", "שלום 👩‍👩‍👧"]
    segments = tuple(Segment(Span(n * 3700.0, n * 3700.0 + 2), text) for n, text in enumerate(words))
    text = FORMATS["vtt"].render(answer_of(transcript=Transcript(segments)), Options())
    page = browser.open()
    page.go("about:blank")
    script = (
        "new Promise(done => {const v = document.createElement('video'), t = document.createElement('track');"
        f"t.src = URL.createObjectURL(new Blob([{json.dumps(text)}], {{type: 'text/vtt'}})); t.default = true;"
        "t.onload = () => done([...t.track.cues].map(c => [c.startTime, c.endTime, c.getCueAsHTML().textContent]));"
        "v.append(t); document.body.append(v); t.track.mode = 'showing'})"
    )
    assert page.run(script) == [[n * 3700, n * 3700 + 2, words[n]] for n in range(4)]
    page.close()
