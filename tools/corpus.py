"""Write the English text that ships: python -m tools.corpus VERSES, where VERSES is a file of 'Ge1:1 In the ...' lines.

Those lines are what the programme `bible` of Debian's package bible-kjv prints for `bible -f gen1:1-rev22:21`. Of the
King James Version (1611, public domain) the books below are kept, in lower case, a clause a line: what ends at a full
stop, colon, semicolon, question or exclamation mark, and where that is long, at a comma.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TEXT = Path(__file__).parents[1] / "assets" / "corpora" / "english.txt"
BOOKS = (
    "Ge",
    "Exo",
    "Ruth",
    "1Sm",
    "2Sm",
    "Psa",
    "Prv",
    "Eccl",
    "SSol",
    "Jonah",
    "Mat",
    "Mark",
    "Luke",
    "John",
    "Acts",
)
LONGEST = 59
SHORTEST = 8


def clauses(verse: str) -> list[str]:
    """Return the clauses of `verse`, each as lower-case letters and spaces."""
    found: list[str] = []
    for sentence in re.split(r"[.:;?!]", verse):
        parts = [sentence] if len(sentence) <= LONGEST else sentence.split(",")
        found += [" ".join(re.sub(r"[^a-z]", " ", part.replace("'", "").lower()).split()) for part in parts]
    return [clause for clause in found if len(clause) >= SHORTEST]


def main() -> None:
    """Write the text."""
    lines: list[str] = []
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        place, _, verse = line.partition(" ")
        if re.sub(r"\d+:\d+$", "", place) in BOOKS:
            lines += clauses(verse)
    TEXT.parent.mkdir(exist_ok=True)
    TEXT.write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
