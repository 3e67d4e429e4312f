"""What the narrator says in clips of any length: twenty subjects, each with facts and words of its own.

The first sentences of a subject are its facts; longer talks go on with sentences made from its words, each
combination once, so that an hour repeats no sentence and every word said is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from math import gcd


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject of a narrated clip.

    Attributes:
        title: What its title card says.
        still: Picture of the bundled clip behind it, or empty for a plain one.
        sentences: What is said.
    """

    title: str
    still: str
    sentences: tuple[str, ...]


# title | people | things | tools | places | facts
_TOPICS = """
Coffee | growers, roasters, baristas | the ripe cherries, the green beans, the dark roast, the morning espresso, the milk foam | a steel grinder, a paper filter, a copper kettle | Ethiopia, Colombia, Vietnam | Coffee is made from the roasted seeds of a small evergreen tree. An espresso is pressed through finely ground beans in half a minute. The bean was traded through the port of Mocha for centuries.
Volcanoes | geologists, islanders, pilots | the molten lava, the grey ash, the steep crater, the hot springs, the basalt cliffs | a gas sensor, a heat camera, a seismometer | Iceland, Hawaii, Indonesia | A volcano is an opening through which molten rock reaches the surface. Ash from an eruption can stop aircraft across a continent. Old lava slowly turns into rich soil.
Violins | luthiers, soloists, teachers | the spruce top, the maple back, the horsehair bow, the gut strings, the ebony fingerboard | a sharp gouge, a clamp, a pot of varnish | Cremona, Vienna, Prague | A violin has four strings tuned in fifths. The best wood is cut in winter and dried for ten years. Rosin makes the hair of the bow grip the string.
Honey Bees | beekeepers, farmers, botanists | the honeycomb, the queen, the golden pollen, the worker bees, the summer swarm | a smoker, a wooden hive, a white veil | Slovenia, New Zealand, Ukraine | A bee visits thousands of flowers to make one spoon of honey. Bees show each other the way to flowers by dancing. In winter the colony keeps warm by trembling.
Sailing Ships | captains, carpenters, sailors | the main mast, the canvas sails, the tarred ropes, the oak hull, the heavy anchor | a brass sextant, a compass, a block and tackle | Lisbon, Amsterdam, Boston | A sailing ship can travel against the wind by steering from side to side. Sailors measured speed with a knotted rope. Steam engines ended the age of sail.
Chess | masters, beginners, referees | the black queen, the opening moves, the endgame, the passed pawn, the castled king | a wooden board, a double clock, a score sheet | India, Russia, Norway | Chess came to Europe from India by way of Persia. A pawn that reaches the last row becomes a queen. Computers have beaten every world champion since the nineties.
Glaciers | climbers, scientists, guides | the blue ice, the deep crevasse, the moraine, the meltwater, the fresh snow | an ice axe, a steel drill, a long rope | Greenland, Norway, Patagonia | A glacier is a river of ice that flows a few metres each week. Bubbles in old ice hold the air of the past. Most glaciers of the Alps are shrinking.
Bread | bakers, millers, apprentices | the sour dough, the wheat flour, the crisp crust, the warm loaf, the wild yeast | a stone oven, a linen cloth, a long peel | France, Georgia, Egypt | Bread needs only flour, water, salt and yeast. Tiny bubbles of gas make the loaf rise. A very hot oven gives it a dark and crisp crust.
Telescopes | astronomers, engineers, students | the curved mirror, the distant galaxies, the faint nebula, the silver coating, the rotating dome | a spectrograph, a digital sensor, a laser | Chile, Hawaii, Arizona | A telescope gathers more light than any eye. Its mirror is polished to a fraction of a wavelength. In orbit it sees without the blur of the air.
Silk | weavers, merchants, dyers | the silkworms, the mulberry leaves, the fine thread, the bright brocade, the cocoons | a wooden loom, a reel, a dye bath | China, Lyon, Samarkand | A silkworm spins a single thread almost a kilometre long. For centuries the making of silk was a secret. The road between China and Rome was named after it.
Railways | drivers, signalmen, passengers | the steam engine, the steel rails, the freight wagons, the night express, the level crossing | a signal lamp, a coal shovel, a brake valve | Switzerland, Japan, Scotland | The first public railway carried coal. Time zones were introduced because of trains. A modern express brakes over three kilometres.
Penguins | biologists, keepers, photographers | the emperor penguins, the grey chicks, the noisy colony, the single egg, the dense feathers | a radio tag, a spring scale, a tent | Antarctica, Argentina, South Africa | A penguin flies under water with its wings. The father keeps the egg on his feet for two months. They slide on their bellies to save strength.
Clocks | watchmakers, collectors, monks | the balance wheel, the long pendulum, the brass gears, the church bell, the tiny screws | a loupe, a file, a pair of tweezers | Geneva, Nuremberg, London | A pendulum swings at a rate set by its length. The first clocks had no hands, only a bell. An accurate clock at sea told sailors how far east they were.
Rice | farmers, cooks, traders | the flooded paddies, the young seedlings, the straw, the polished grains, the harvest | a sickle, a bamboo basket, a clay pot | Thailand, Bengal, Valencia | Half of mankind eats rice every day. The plants stand in water, which keeps weeds away. One seed can give a hundred grains.
Bridges | architects, welders, divers | the stone arches, the suspension cables, the concrete piers, the steel towers, the road deck | a crane, a caisson, a strain gauge | Istanbul, Brooklyn, Porto | An arch turns weight into pressure along its curve. The cables of a long bridge are spun in place. Wind can make a bridge swing until it breaks.
Owls | foresters, falconers, rangers | the barn owl, the soft feathers, the round face, the silent flight, the nest box | a night scope, a microphone, a leather glove | Finland, Canada, Tasmania | An owl hears a mouse under the snow. Its feathers have combs that make its flight silent. It cannot move its eyes, so it turns its head.
Glass | blowers, chemists, glaziers | the quartz sand, the glowing furnace, the coloured windows, the thin bottles, the crystal bowls | a blowpipe, a pair of shears, a graphite mould | Venice, Bohemia, Sweden | Glass is sand that was melted and cooled quickly. A glass blower turns the pipe all the time. Flat panes are made by floating glass on liquid tin.
Marathons | runners, coaches, doctors | the starting line, the steady pace, the water stations, the final hill, the running shoes | a stopwatch, a heart monitor, a foam roller | Athens, Berlin, Kenya | A marathon is a little over forty two kilometres long. Runners store energy for about thirty of them. The first women were allowed to start in the seventies.
Salt | miners, fishermen, chemists | the white crystals, the evaporation ponds, the brine, the underground caverns, the grey sea salt | a wooden rake, a pickaxe, a pump | Salzburg, Poland, Brittany | Salt was once paid as wages to soldiers. Sea water holds a handful of salt in every litre. Salted fish fed whole armies in winter.
Comics | artists, writers, publishers | the speech bubbles, the ink drawings, the first panel, the weekly strip, the masked hero | a fine brush, a light table, a bottle of ink | Belgium, Japan, New York | A comic tells a story in a row of pictures. The space between two panels is called the gutter. Newspapers printed strips to sell more copies on Sundays.
"""

_TEMPLATES = (
    "In {place}, {people} still speak with respect of {thing}.",
    "Without {tool}, hardly anybody could work with {thing}.",
    "Most {people} begin by learning to recognise {thing}.",
    "A visitor to {place} will soon be shown {thing}.",
    "Old pictures from {place} show {people} with {tool}.",
    "The hardest task for {people} is to protect {thing} in bad weather.",
    "You can tell from {thing} how much care {people} have taken.",
    "A museum in {place} keeps {tool} that is two hundred years old.",
    "Some {people} say that {thing} cannot be understood from books.",
    "Every year {people} travel to {place} to compare {thing}.",
    "It takes {tool} and a lot of patience to prepare {thing}.",
    "Early in the morning, {people} check {thing} before anything else.",
    "The price of {tool} has doubled in {place} since the last decade.",
)


def talks(count: int, sentences: int) -> tuple[Subject, ...]:
    """Subjects for a clip: each begins with its facts and goes on to the number of sentences asked for.

    Args:
        count: How many subjects, at most 20.
        sentences: How many sentences each.
    """
    lines = _TOPICS.strip().splitlines()
    return tuple(_subject(line, sentences) for line in lines[:count])


def _subject(line: str, count: int) -> Subject:
    title, people, things, tools, places, facts = (part.strip() for part in line.split(" | "))
    words = {
        "people": people.split(", "),
        "thing": things.split(", "),
        "tool": tools.split(", "),
        "place": places.split(", "),
    }
    own = [f"{fact.strip()}." for fact in facts.split(". ") if fact.strip(" .")]
    own = [fact.replace("..", ".") for fact in own]
    return Subject(title, "", tuple(islice([*own, *_made(words, count)], count)))


def _made(words: dict[str, list[str]], count: int) -> list[str]:
    """Sentences from the templates, with each list of words walked at its own pace."""
    assert all(gcd(len(_TEMPLATES), len(choices)) == 1 for choices in words.values())
    turns = {name: cycle(choices) for name, choices in words.items()}
    made: list[str] = []
    for template in islice(cycle(_TEMPLATES), count):
        text = template.format(**{name: next(turn) for name, turn in turns.items()})
        made.append(text[0].upper() + text[1:])
    return made
