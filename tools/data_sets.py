"""Write the sets of prompts and targets that ship: python -m tools.data_sets.

Each is a small grammar with the words written here by hand, so that what is held out can be found by whoever found the
rule: a fact that was asked in other words, a verb seen with other subjects, a place seen in other news. Nothing is
taken from anywhere; the sentences are in the public domain (CC0).
"""

from __future__ import annotations

import csv
import itertools
import random
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "assets" / "tasks"

Rows = list[tuple[str, ...]]
"""Prompt and right answers of each pair."""


def _table(text: str) -> dict[str, str]:
    """Return the pairs of a text such as 'hot: cold, big: small'."""
    pairs = (pair.split(":") for pair in " ".join(text.split()).split(","))
    return {left.strip(): right.strip() for left, right in pairs}


CAPITALS = _table(
    """
    france: paris, spain: madrid, italy: rome, germany: berlin, portugal: lisbon, poland: warsaw, greece: athens,
    norway: oslo, sweden: stockholm, finland: helsinki, austria: vienna, hungary: budapest, ireland: dublin, russia:
    moscow, turkey: ankara, egypt: cairo, kenya: nairobi, japan: tokyo, china: beijing, cuba: havana, peru: lima,
    chile: santiago, canada: ottawa, denmark: copenhagen, belgium: brussels
    """
)
OPPOSITES = _table(
    """
    hot: cold, big: small, fast: slow, old: new, high: low, long: short, open: closed, rich: poor, hard: soft,
    early: late, full: empty, light: dark, wet: dry, up: down, good: bad, left: right, first: last, day: night,
    summer: winter, north: south
    """
)
YOUNG = _table(
    """
    dog: puppy, cat: kitten, cow: calf, horse: foal, sheep: lamb, hen: chick, pig: piglet, goat: kid, duck:
    duckling, frog: tadpole, bear: cub, goose: gosling, swan: cygnet
    """
)
PLURALS = _table(
    """
    mouse: mice, foot: feet, tooth: teeth, child: children, man: men, knife: knives, leaf: leaves, city: cities,
    baby: babies, box: boxes, bus: buses, dish: dishes, book: books, lamp: lamps, river: rivers, tree: trees, road:
    roads, bird: birds
    """
)
ASKED = (
    (
        CAPITALS,
        ("what is the capital of {}", "tell me the capital of {}", "capital of {}", "which city is the capital of {}"),
    ),
    (OPPOSITES, ("what is the opposite of {}", "tell me the opposite of {}", "opposite of {}", "what is not {}")),
    (YOUNG, ("what is a young {} called", "tell me what a young {} is", "young {}", "what does a {} raise")),
    (PLURALS, ("what is the plural of {}", "tell me the plural of {}", "plural of {}", "one {} but two")),
)
GREETINGS = (
    ("hello", "hello", "hi", "good day"),
    ("good morning", "good morning", "hello"),
    ("good night", "good night", "sleep well"),
    ("thank you", "you are welcome", "my pleasure"),
    ("thanks a lot", "you are welcome", "my pleasure"),
    ("how are you", "very well thank you", "fine thanks"),
    ("who are you", "a small policy", "a policy"),
    ("goodbye", "goodbye", "see you soon"),
    ("i am sorry", "never mind", "that is all right"),
    ("can you help me", "of course", "yes gladly"),
)


def assistant() -> Rows:
    """Return questions as one asks an assistant, each fact in four wordings, and its answers."""
    asked: Rows = [
        (wording.format(thing), answer)
        for facts, wordings in ASKED
        for thing, answer in facts.items()
        for wording in wordings
    ]
    return [*asked, *GREETINGS]


SUBJECTS = ("i", "you", "he", "she", "we", "they")
FRENCH_SUBJECTS = (("je",), ("tu", "vous"), ("il",), ("elle",), ("nous",), ("ils", "elles"))
FRENCH_VERBS = {  # for je, tu, il, nous, vous, ils
    "see": ("vois", "vois", "voit", "voyons", "voyez", "voient"),
    "want": ("veux", "veux", "veut", "voulons", "voulez", "veulent"),
    "take": ("prends", "prends", "prend", "prenons", "prenez", "prennent"),
    "sell": ("vends", "vends", "vend", "vendons", "vendez", "vendent"),
    "like": ("aime", "aimes", "aime", "aimons", "aimez", "aiment"),
    "look for": ("cherche", "cherches", "cherche", "cherchons", "cherchez", "cherchent"),
}
FRENCH_FORM = {"je": 0, "tu": 1, "il": 2, "elle": 2, "nous": 3, "vous": 4, "ils": 5, "elles": 5}
FRENCH_THINGS = _table(
    """
    cat: le chat, dog: le chien, bread: le pain, book: le livre, apple: la pomme, house: la maison, key: la clé,
    table: la table, car: la voiture, water: l'eau
    """
)
FRENCH_PHRASES = (
    ("good morning", "bonjour"),
    ("good evening", "bonsoir"),
    ("good night", "bonne nuit"),
    ("goodbye", "au revoir"),
    ("thank you", "merci"),
    ("please", "s'il vous plaît", "s'il te plaît"),
    ("excuse me", "excusez-moi", "excuse-moi"),
    ("how are you", "comment allez-vous", "comment vas-tu", "ça va"),
    ("see you tomorrow", "à demain"),
    ("welcome", "bienvenue"),
    ("of course", "bien sûr"),
    ("no problem", "pas de problème"),
    ("i do not know", "je ne sais pas"),
    ("what time is it", "quelle heure est-il"),
    ("where is the station", "où est la gare"),
)


def _third(verb: str, subject: str) -> str:
    """Return an English verb as it follows `subject`."""
    head, _, rest = verb.partition(" ")
    return f"{head}s {rest}".strip() if subject in ("he", "she") else verb


def french() -> Rows:
    """Return English sentences and their French."""
    rows: Rows = []
    for (place, subject), verb, thing in itertools.product(enumerate(SUBJECTS), FRENCH_VERBS, FRENCH_THINGS):
        answers = [
            f"{pronoun} {FRENCH_VERBS[verb][FRENCH_FORM[pronoun]]} {FRENCH_THINGS[thing]}".replace("je aime", "j'aime")
            for pronoun in FRENCH_SUBJECTS[place]
        ]
        rows.append((f"{subject} {_third(verb, subject)} the {thing}", *answers))
    return [*rows, *FRENCH_PHRASES]


CHINESE_SUBJECTS = ("我", "你", "他", "她", "我们", "他们")
CHINESE_VERBS = _table(
    """
    see: 看见, want: 要, take: 拿, sell: 卖, like: 喜欢, look for: 找
    """
)
CHINESE_THINGS = _table(
    """
    cat: 猫, dog: 狗, bread: 面包, book: 书, apple: 苹果, house: 房子, key: 钥匙, table: 桌子, car: 车, water: 水
    """
)
CHINESE_PHRASES = (
    ("good morning", "早上好", "早安"),
    ("good evening", "晚上好"),
    ("good night", "晚安"),
    ("goodbye", "再见"),
    ("thank you", "谢谢", "谢谢你"),
    ("please", "请"),
    ("excuse me", "对不起", "不好意思"),
    ("how are you", "你好吗", "你怎么样"),
    ("see you tomorrow", "明天见"),
    ("welcome", "欢迎"),
    ("of course", "当然"),
    ("no problem", "没问题"),
    ("i do not know", "我不知道"),
    ("what time is it", "几点了", "现在几点"),
    ("where is the station", "车站在哪里", "车站在哪儿"),
)


def chinese() -> Rows:
    """Return English sentences and their Chinese, in simplified characters."""
    rows: Rows = []
    for (place, subject), verb, thing in itertools.product(enumerate(SUBJECTS), CHINESE_VERBS, CHINESE_THINGS):
        target = CHINESE_SUBJECTS[place] + CHINESE_VERBS[verb] + CHINESE_THINGS[thing]
        rows.append((f"{subject} {_third(verb, subject)} the {thing}", target))
    return [*rows, *CHINESE_PHRASES]


WHO = ("mayor", "queen", "farmer", "teacher", "pilot", "doctor", "singer", "baker")
DID = _table(
    """
    opened a new school: opens school, bought an old ship: buys ship, lost a gold ring: loses ring, found a rare
    coin: finds coin, built a tall tower: builds tower, won a large prize: wins prize, saved a small child: saves
    child, painted a white bridge: paints bridge
    """
)
WHERE = ("leeds", "york", "dover", "bath", "derby", "perth")
WHEN = ("on monday", "last week", "early today", "in june")


def headline() -> Rows:
    """Return sentences of local news and their headlines: who did what where, without when and how."""
    every = list(itertools.product(WHO, DID, WHERE, WHEN))
    chosen = random.Random("headline").sample(every, 480)
    shapes = (
        "{when} the {who} of {where} {did}",
        "the {who} of {where} {did} {when}",
        "in {where} the {who} {did} {when}",
    )
    rows = [
        (
            shapes[number % len(shapes)].format(who=who, did=did, where=where, when=when),
            f"{where} {who} {DID[did]}",
            f"{who} {DID[did]} in {where}",
        )
        for number, (who, did, where, when) in enumerate(chosen)
    ]
    return sorted(rows)


NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def counting() -> Rows:
    """Return beginnings of counting, up to four numbers long, and the number that comes next."""
    rows: Rows = []
    for end, length in itertools.product(range(1, len(NUMBERS)), range(1, 5)):
        counted = ", ".join(NUMBERS[max(0, end - length) : end])
        if length <= end:
            openings = ("{},", "He counted {},", "Then came {},")
            rows += [(opening.format(counted), f" {NUMBERS[end]}") for opening in openings]
    return rows


def sums() -> Rows:
    """Return sums of two numbers from 1 to 9, and what they come to."""
    return [(f"What is {a} plus {b}?", str(a + b)) for a, b in itertools.product(range(1, 10), repeat=2)]


THINGS = (
    *("winter", "the sea", "an old clock", "a cat", "bread", "the moon", "a bicycle", "rain", "a garden", "music"),
    *("a train", "the night", "a good book", "a mountain", "coffee", "a long walk", "the city", "a small boat"),
)


def sentences() -> Rows:
    """Return wishes for one sentence about a thing; there are many right answers, so none is given."""
    return [(f"Write one sentence about {thing}.",) for thing in THINGS]


ASKED_OF = ("your neighbour", "a stranger", "your teacher", "a waiter")
FAVOURS = ("open the window", "bring some water", "wait a moment", "speak more slowly", "lend you a pen")


def favours() -> Rows:
    """Return situations in which somebody asks for something; no answer is given."""
    asked = itertools.product(ASKED_OF, FAVOURS)
    return [(f"Write one sentence that asks {whom} to {what}.",) for whom, what in asked]


SPEAKERS = ("boy", "girl", "old man", "princess", "fox", "miller")
SPOKEN_TO = ("Mother", "Father", "Good king", "Dear friend")


def speeches() -> Rows:
    """Return how somebody in a story begins to speak; no answer is given."""
    return [(f'"{whom}," said the {who}, "',) for who, whom in itertools.product(SPEAKERS, SPOKEN_TO)]


SETS = {
    "assistant": assistant,
    "french": french,
    "chinese": chinese,
    "headline": headline,
    "counting": counting,
    "sums": sums,
}
PROMPTS = {"sentences": sentences, "favours": favours, "speeches": speeches}
"""Sets of prompts alone, for rewards that need no target."""


def main() -> None:
    """Write every set."""
    FOLDER.mkdir(exist_ok=True)
    for name, rows in {**SETS, **PROMPTS}.items():
        found = rows()
        columns = max(len(row) for row in found)
        with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["prompt", *["target"] * (columns - 1)])
            writer.writerows([*row, *[""] * (columns - len(row))] for row in found)


if __name__ == "__main__":
    main()
