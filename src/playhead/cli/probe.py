"""``playhead probe``: streams, start offsets and true frame times of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playhead.cli import sources, terminal
from playhead.cli.options import Videos, read_stream
from playhead.errors import MediaError

if TYPE_CHECKING:
    from playhead.media import FrameIndex, MediaInfo

EXAMPLE = """\b
Examples:
  playhead probe talk.mp4
  playhead probe talk.mp4 --json
  playhead probe talk.mp4 --frames | head
"""
INTERVALS_SHOWN = 5

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def probe(
    videos: Videos,
    *,
    video_stream: Annotated[
        int | None, typer.Option(metavar="INDEX", help="Which picture stream to measure.")
    ] = None,
    audio_stream: Annotated[
        str | None, typer.Option(metavar="INDEX|LANG", help="Which sound stream, by index or language.")
    ] = None,
    frames: Annotated[
        bool, typer.Option("--frames", help="Print the true time of every frame, in seconds.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON: one document, or one line for each file.")
    ] = False,
) -> None:
    """Show streams, start offsets and true frame times of a file."""
    names = sources.expand(videos)
    failures: list[tuple[str, MediaError]] = []
    for name in names:
        try:
            _probe_one(
                name,
                video_stream,
                read_stream(audio_stream),
                as_json=json,
                frames=frames,
                many=len(names) > 1,
            )
        except MediaError as error:
            if len(names) == 1:
                raise
            failures.append((name, error))
    if failures:
        from playhead.cli.job import list_failures

        list_failures(failures, len(names))


def _probe_one(
    name: str,
    video_stream: int | None,
    audio_stream: int | str | None,
    *,
    as_json: bool,
    frames: bool,
    many: bool,
) -> None:
    from playhead import media

    info = media.probe(name, video_stream=video_stream, audio_stream=audio_stream)
    index = media.index_frames(name, info) if info.video is not None else None
    if as_json:
        terminal.result_json(_as_data(info, index, frames=frames), lines=many)
    elif frames:
        times_s = index.times_s if index is not None else ()
        terminal.result("".join(f"{time_s:.6f}\n" for time_s in times_s)) if len(times_s) else None
    else:
        terminal.result(_as_text(info, index))
    terminal.flush()


def _as_data(info: MediaInfo, index: FrameIndex | None, *, frames: bool) -> dict[str, Any]:
    data = asdict(info)
    if index is not None:
        data["measured"] = {
            "frame_count": len(index.times_s),
            "key_frame_count": int(index.is_key.sum()),
            "first_frame_s": float(index.times_s[0]),
            "end_s": float(index.end_s),
            "intervals_s": [[interval_s, count] for interval_s, count in _intervals(index)],
        }
        if frames:
            data["frame_times_s"] = [round(float(time_s), 6) for time_s in index.times_s]
    return data


def _as_text(info: MediaInfo, index: FrameIndex | None) -> str:
    from playhead.cli.show import clean, table

    lines = [
        clean(f"{info.source}  {info.container}  {info.duration_s:.3f} s"),
        table(
            [_stream_row(info, stream) for stream in info.streams],
            head=("stream", "kind", "codec", "starts", "what"),
        ),
    ]
    if index is not None:
        lines.append(_frames_text(info, index))
    lines += [clean(f"note: {note}") for note in info.notes]
    return "\n".join(lines)


def _stream_row(info: MediaInfo, stream: Any) -> tuple[str, ...]:  # noqa: ANN401 - StreamInfo, imported for types only
    chosen = {each.index for each in (info.video, info.audio) if each is not None}
    facts = [
        f"{stream.width_px}x{stream.height_px}" if stream.width_px else "",
        f"turned {stream.rotation_deg} degrees" if stream.rotation_deg else "",
        stream.pixel_format or "",
        "interlaced" if stream.interlaced else "",
        f"{stream.stated_rate_hz:g} frames/s stated" if stream.stated_rate_hz else "",
        f"{stream.sample_rate_hz} Hz" if stream.sample_rate_hz else "",
        f"{stream.channels} ch" if stream.channels else "",
        stream.language if stream.language not in (None, "und") else "",
        stream.title or "",
    ]
    return (
        f"{stream.index}{' *' if stream.index in chosen else ''}",
        stream.kind,
        stream.codec,
        "-" if stream.start_s is None else f"{stream.start_s:.3f} s",
        ", ".join(fact for fact in facts if fact),
    )


def _frames_text(info: MediaInfo, index: FrameIndex) -> str:
    count = len(index.times_s)
    rate = {True: "variable rate, measured", False: "constant rate, measured", None: "rate not measured"}
    first_s = float(index.times_s[0]) if count else 0.0
    text = f"{count} frames from {first_s:.3f} to {float(index.end_s):.3f} s, {rate[info.variable_rate]}"
    common = _intervals(index)
    if common:
        shown = ", ".join(
            f"{times}x {interval_s * 1000:.3f} ms" for interval_s, times in common[:INTERVALS_SHOWN]
        )
        more = f" and {len(common) - INTERVALS_SHOWN} more" if len(common) > INTERVALS_SHOWN else ""
        text += f"\nbetween frames: {shown}{more}"
    return text + f"\n{int(index.is_key.sum())} key frames"


def _intervals(index: FrameIndex) -> list[tuple[float, int]]:
    """Every interval between neighbouring frames, to the microsecond, with how often it occurs, commonest first."""
    steps_s = (round(float(step), 6) for step in index.times_s[1:] - index.times_s[:-1])
    return Counter(steps_s).most_common()
