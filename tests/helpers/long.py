"""Long files in no time: the packets of a short one, over and over."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av


def repeated(path: Path, unit: Path, times: int) -> Path:
    """Write a file that plays another one so many times."""
    with av.open(str(path), "w") as out:
        streams = {}
        for at in range(times):
            with av.open(str(unit)) as given:
                if not streams:
                    streams = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
                length_s = Fraction(given.duration or 0, av.time_base)
                for packet in given.demux():
                    if packet.pts is None or packet.time_base is None:
                        continue
                    offset = round(at * length_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
    return path
