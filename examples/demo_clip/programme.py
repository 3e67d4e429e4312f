"""The bundled clip as constants: what is shown, said and heard when. The clip and its truth file both come from here.

Everything sits on a grid of 1/25 s, so that a cut is exactly where the truth file says. Camera views are
``(centre x, centre y, width)`` as fractions of the photograph.
"""

from __future__ import annotations

from dataclasses import dataclass

RATE_HZ = 25
WIDTH_PX, HEIGHT_PX = 854, 480
LABEL_DELAY_S, LABEL_TAIL_S, LABEL_FADE_S = 0.6, 0.4, 0.24

View = tuple[float, float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Sentence:
    """One narrated sentence and when it starts, in seconds after its shot's first frame."""

    after_s: float
    text: str


@dataclass(frozen=True)
class Shot:
    """A stretch between two hard cuts: a photograph with a camera move, or a title card.

    Attributes:
        name: What the truth file calls it.
        duration_s: Length in seconds, a multiple of 1/25 s.
        photograph: File name among scikit-image's pictures, or empty for a card.
        views: First and last camera view.
        label: Words in the lower third of a photograph.
        lines: Lines of a title card, the first one large.
        ground: Colour of a title card.
        sentences: Narration.
        dings_s: When a bell is struck, in seconds after the first frame.
        beeps_s: When a countdown beep starts.
    """

    name: str
    duration_s: float
    photograph: str = ""
    views: tuple[View, View] = ((0.5, 0.5, 1.0), (0.5, 0.5, 1.0))
    label: str = ""
    lines: tuple[str, ...] = ()
    ground: Colour = (22, 28, 40)
    sentences: tuple[Sentence, ...] = ()
    dings_s: tuple[float, ...] = ()
    beeps_s: tuple[float, ...] = ()


SHOTS = (
    Shot(
        "title",
        4.2,
        lines=("Five Photographs", "from the breakfast table to deep space"),
        sentences=(Sentence(0.6, "Five photographs, from the breakfast table to deep space."),),
    ),
    Shot("card home", 1.6, lines=("At Home", "part one"), ground=(156, 66, 44), dings_s=(0.12,)),
    Shot(
        "coffee",
        4.6,
        "coffee.png",
        ((0.50, 0.50, 0.98), (0.53, 0.44, 0.70)),
        "Espresso",
        sentences=(Sentence(0.4, "A cup of coffee stands on a wooden table, with a spoon on a red saucer."),),
    ),
    Shot(
        "cat",
        4.4,
        "chelsea.png",
        ((0.50, 0.50, 1.0), (0.56, 0.50, 0.80)),
        "Chelsea the cat",
        sentences=(Sentence(0.4, "This is Chelsea the cat, with green eyes and long white whiskers."),),
    ),
    Shot("card astronaut", 1.6, lines=("The Astronaut", "part two"), ground=(31, 92, 98), dings_s=(0.12,)),
    Shot(
        "astronaut",
        4.2,
        "astronaut.png",
        ((0.50, 0.28, 0.92), (0.50, 0.56, 0.98)),
        "Eileen Collins, NASA",
        sentences=(Sentence(0.4, "Eileen Collins was the first woman to command a space shuttle."),),
    ),
    Shot(
        "shuttle model",
        3.0,
        "astronaut.png",
        ((0.74, 0.46, 0.52), (0.78, 0.24, 0.44)),
        sentences=(Sentence(0.4, "Behind her stands a model of the shuttle."),),
    ),
    Shot("card rocket", 1.6, lines=("The Rocket", "part three"), ground=(44, 74, 132), dings_s=(0.12,)),
    Shot(
        "rocket",
        7.6,
        "rocket.jpg",
        ((0.50, 0.55, 1.0), (0.50, 0.48, 0.66)),
        "Cape Canaveral, Florida",
        sentences=(
            Sentence(0.4, "A tall white rocket waits on its launch pad in Florida, under a dark blue sky."),
        ),
        beeps_s=(5.4, 6.2, 7.0),
    ),
    Shot("card space", 1.6, lines=("Deep Space", "part four"), ground=(84, 54, 116), dings_s=(0.12,)),
    Shot(
        "galaxies",
        6.6,
        "hubble_deep_field.jpg",
        ((0.66, 0.56, 0.60), (0.40, 0.42, 0.34)),
        "Hubble Extreme Deep Field",
        sentences=(
            Sentence(0.4, "The Hubble telescope looked at one tiny patch of the sky."),
            Sentence(3.8, "Almost every point of light is a galaxy."),
        ),
    ),
    Shot(
        "credits",
        2.2,
        lines=("The End", "Photographs: NASA, SpaceX, R. Michetti, S. van der Walt"),
        ground=(222, 216, 202),
        dings_s=(0.12,),
    ),
)

CHAPTERS = (
    ("Five Photographs", "title", "title"),
    ("At Home", "card home", "cat"),
    ("The Astronaut", "card astronaut", "shuttle model"),
    ("The Rocket", "card rocket", "rocket"),
    ("Deep Space", "card space", "credits"),
)
"""Title, first shot, last shot."""

GROUNDING = (
    ("a cup of coffee on a table", ("coffee",)),
    ("a cat", ("cat",)),
    ("an astronaut in an orange suit", ("astronaut", "shuttle model")),
    ("the narrator talks about the first woman to command a space shuttle", ("astronaut",)),
    ("a rocket on its launch pad", ("rocket",)),
    ("galaxies seen by the Hubble telescope", ("galaxies",)),
    ("the title card that says The Rocket", ("card rocket",)),
    ("a dog catching a frisbee", ()),
    ("a football match", ()),
    ("somebody playing the piano", ()),
    ("a bus driving through a city street", ()),
)
"""Query and the shots that show it; none where the clip does not."""

BEEP_QUERY = "countdown beeps"

CHOICES = (
    ("Which animal is shown?", ("a dog", "a cat", "a horse", "a parrot"), "B"),
    ("What does the narrator say stands on the wooden table?", ("a vase", "a lamp", "a cup of coffee"), "C"),
    (
        "What was Eileen Collins the first woman to do?",
        ("command a space shuttle", "walk on the Moon", "climb Mount Everest", "fly across the Atlantic"),
        "A",
    ),
    (
        "Which part comes directly after the one about the cat?",
        ("the rocket", "the galaxies", "the coffee", "the astronaut"),
        "D",
    ),
    ("In which state does the rocket wait?", ("Texas", "Florida", "California", "Alaska"), "B"),
    ("What is almost every point of light?", ("a star", "a planet", "a galaxy", "a satellite"), "C"),
)

BEEP_S = 0.3
DING_S = 1.4


def shot_starts_s() -> list[float]:
    """When each shot starts, in seconds; one more entry holds the clip's length."""
    starts = [0.0]
    for shot in SHOTS:
        starts.append(round(starts[-1] + shot.duration_s, 2))
    return starts


def shot_span_s(name: str) -> tuple[float, float]:
    """Start and end of a shot in seconds."""
    starts = shot_starts_s()
    index = [shot.name for shot in SHOTS].index(name)
    return starts[index], starts[index + 1]
