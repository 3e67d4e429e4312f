"""A prompt's places: the turns of the chat template, and in the video's place each picture with its number or time."""

from __future__ import annotations

from playhead.models.interleaved.kinds import Kind
from playhead.models.interleaved.pictures import Seen
from playhead.models.interleaved.tokens import Chat
from playhead.models.pictures.telling import Telling
from playhead.models.pictures.words import Parts
from playhead.sequence.drop import drop
from playhead.sequence.layout import Layout, Slot
from playhead.timeline import Span


def prompt_layout(
    kind: Kind, chat: Chat, question: str, seen: Seen, telling: Telling, *, numbered: bool
) -> Layout:
    """One question about a video, ready to be answered; positions are plain ones.

    Args:
        kind: The family.
        chat: Its marks and its template.
        question: The user's words.
        seen: The pictures.
        telling: How it is told the time.
        numbered: Whether pictures are numbered as published, where the family does that.
    """
    parts = Parts(chat.tokenizer)
    chat.put(parts, chat.before)
    labels = telling.labels(seen.moments)
    for number, (rows, columns) in enumerate(seen.given.tolist()):
        parts.text(kind.between if number else "")
        parts.text(labels[number] or (kind.number(number) if numbered else ""))
        if chat.begin is not None:
            parts.mark(chat.begin)
        parts.flush()
        start_s, end_s = seen.told.stretches_S2[number].tolist()
        parts.slots.append(
            Slot(
                len(parts.ids),
                rows * columns,
                "frame",
                Span(start_s, end_s),
                float(seen.times_s[number]),
                labels[number],
            )
        )
        parts.ids.extend([chat.place] * (rows * columns))
        if chat.end is not None:
            parts.mark(chat.end)
    parts.ids.extend([chat.place] * kind.tail())
    chat.put(parts, chat.middle)
    parts.text(question)
    chat.put(parts, chat.after)
    made = Layout(parts.array(), tuple(parts.slots))
    return made if seen.kept_M is None else drop(made, seen.kept_M)
