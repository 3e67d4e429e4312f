"""YouTube chapters and FFmetadata: the rules kept, and read back by FFmpeg's own parsers."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from pathlib import Path

import av
import pytest
from export_samples import draw_webm, realistic
from export_strategies import answers, texts
from hypothesis import given, settings

from playhead.errors import PlayheadWarning, UsageError
from playhead.export import FORMATS, Options
from playhead.timeline import Answer, Event, Sampling, Span


def with_chapters(*rows: tuple[float, float, str], duration_s: float = 100.0) -> Answer:
    chapters = tuple(Event(Span(start_s, end_s), "", title) for start_s, end_s, title in rows)
    return Answer(
        task="chapters", source="a.mp4", duration_s=duration_s, model="m", sampling=Sampling("none", Span(0, duration_s)),
        chapters=chapters,
    )  # fmt: skip


def youtube(answer: Answer) -> str:
    return FORMATS["youtube"].render(answer, Options())


def ffmetadata(answer: Answer) -> str:
    return FORMATS["ffmetadata"].render(answer, Options())


def test_youtube_lines():
    assert youtube(realistic()).splitlines() == [
        "0:00 The boats come in",
        "0:34 At the market",
        "1:04 Sardines in saor",
        "1:58 A dish of sailors",
        "2:26 Evening at the harbour",
    ]


def test_youtube_writes_hours():
    answer = with_chapters((0, 1800, "a"), (1800, 3725, "b"), (3725, 7200, "c"), duration_s=7200)
    assert youtube(answer).splitlines() == ["0:00 a", "30:00 b", "1:02:05 c"]


def test_youtube_starts_at_zero():
    late = with_chapters((4, 30, "a"), (30, 60, "b"), (60, 100, "c"))
    assert youtube(late).splitlines()[0] == "0:00 a"
    later = with_chapters((20, 30, "a"), (30, 60, "b"), (60, 100, "c"))
    assert youtube(later).splitlines()[:2] == ["0:00 Start", "0:20 a"]


def test_youtube_joins_short_chapters_and_says_so():
    answer = with_chapters(
        (0, 3, "tiny"), (3, 30, "a"), (30, 60, "b"), (60, 64, "blip"), (64, 95, "c"), (95, 100, "end")
    )
    with pytest.warns(PlayheadWarning, match="3 shorter than 10 s"):
        text = youtube(answer)
    assert text.splitlines() == ["0:00 a", "0:30 b", "1:04 c"]


@pytest.mark.parametrize(
    "answer",
    [
        with_chapters(),
        with_chapters((0, 50, "a"), (50, 100, "b")),
        with_chapters((0, 5, "a"), (5, 12, "b"), (12, 18, "c"), duration_s=18),
        with_chapters((0, 50, "a"), (50, 95, "b"), (95, 100, "c")),
    ],
)
def test_youtube_refuses_what_its_rules_forbid_and_says_why(answer):
    with pytest.raises(UsageError, match="at least 3 chapters of at least 10 s"):
        youtube(answer)


def test_youtube_titles_are_one_line_without_angle_brackets():
    answer = with_chapters((0, 30, "a\nb <c>"), (30, 60, ""), (60, 100, "x"))
    assert youtube(answer).splitlines()[:2] == ["0:00 a b ‹c›", "0:30 Chapter 2"]


@given(answers())
@settings(max_examples=80)
def test_youtube_keeps_its_rules_or_refuses(answer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PlayheadWarning)
        try:
            text = youtube(answer)
        except UsageError:
            return
    rows = [re.fullmatch(r"(?:(\d+):)?(\d{1,2}):(\d{2}) (\S.*)", line) for line in text.splitlines()]
    assert all(rows)
    starts = [int(row[1] or 0) * 3600 + int(row[2]) * 60 + int(row[3]) for row in rows]
    assert starts[0] == 0
    assert len(starts) >= 3
    assert all(b - a >= 10 for a, b in zip(starts, [*starts[1:], 86_400], strict=True))


# --- FFmetadata -------------------------------------------------------------------------------------------------


def read_ffmetadata(text: str, folder: Path) -> tuple[list[tuple[float, float, str]], dict[str, str]]:
    """Chapters and tags by FFmpeg's own demuxer."""
    file = folder / "chapters.txt"
    file.write_bytes(text.encode())
    with av.open(str(file), format="ffmetadata") as container:
        return _chapters(container), dict(container.metadata)


def _chapters(container: av.container.InputContainer) -> list[tuple[float, float, str]]:
    return [
        (
            float(item["start"] * item["time_base"]),
            float(item["end"] * item["time_base"]),
            item["metadata"].get("title", ""),
        )
        for item in container.chapters()
    ]


def test_ffmpeg_reads_the_chapters(tmp_path):
    answer = realistic()
    chapters, tags = read_ffmetadata(ffmetadata(answer), tmp_path)
    assert chapters == [(item.span.start_s, item.span.end_s, item.title) for item in answer.chapters]
    assert tags["title"] == answer.title


@given(title=texts)
@settings(max_examples=150)
def test_ffmpeg_reads_any_title(title, tmp_path_factory):
    folder = tmp_path_factory.mktemp("meta")
    text = ffmetadata(with_chapters((0, 1.5, title), (1.5, 4, "after")))
    chapters, _ = read_ffmetadata(text, folder)
    expected = (
        " ".join("".join(c if c.isprintable() or ord(c) >= 0xA0 else " " for c in title).split())
        or "Chapter 1"
    )
    assert [(start_s, end_s, found.rstrip()) for start_s, end_s, found in chapters] == [
        (0, 1.5, expected),
        (1.5, 4, "after"),
    ]


def test_chapters_muxed_into_an_mp4_come_back(tmp_path):
    """The text is read by FFmpeg's demuxer, its chapters muxed into a video by PyAV, and read back from there."""
    titles = ["a = b; c # d \\ e", "emoji 👍 and שלום", 'quotes " and , commas']
    answer = with_chapters((0, 1, titles[0]), (1, 2.5, titles[1]), (2.5, 4, titles[2]))
    (tmp_path / "chapters.txt").write_text(ffmetadata(answer), encoding="utf-8")
    film = draw_webm(tmp_path / "in.webm", 4.0, 5)
    with (
        av.open(str(tmp_path / "chapters.txt"), format="ffmetadata") as meta,
        av.open(str(film)) as source,
        av.open(str(tmp_path / "out.mp4"), "w") as target,
    ):
        target.set_chapters(meta.chapters())
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with av.open(str(tmp_path / "out.mp4")) as read:
        assert _chapters(read) == [(0, 1, titles[0]), (1, 2.5, titles[1]), (2.5, 4, titles[2])]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not here")
def test_the_command_in_the_documentation_works(tmp_path):
    film = draw_webm(tmp_path / "in.webm", 4.0, 5)
    (tmp_path / "chapters.txt").write_text(
        ffmetadata(with_chapters((0, 1.5, "a;b"), (1.5, 4, "c"))), encoding="utf-8"
    )
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(film),
        "-i",
        "chapters.txt",
        "-map_chapters",
        "1",
        "-map",
        "0",
        "-c",
        "copy",
        "out.mkv",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    with av.open(str(tmp_path / "out.mkv")) as read:
        assert _chapters(read) == [(0, 1.5, "a;b"), (1.5, 4, "c")]
