"""docs/glossary.md, made from the glossary that the app shows too.

python -m tests.locale.table      writes it
"""

from __future__ import annotations

from pathlib import Path

from pgplay.locale.english.glossary import GLOSSARY, Term

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"

HEAD = """\
# Glossary

This page is made by `python -m tests.locale.table`; a test fails where it is out of date. The app shows the same
under `f1`.

The words that pgplay uses, each with one meaning, in the app, on the command line, in the code and in the docs.
"""


def page() -> str:
    """Return the page."""
    themes = (f"## {theme}\n\n" + "\n".join(map(_row, terms)) + "\n" for theme, terms in GLOSSARY.items())
    return "\n".join([HEAD, *themes])


def _row(term: Term) -> str:
    formula = f" `{term.formula}`." if term.formula else ""
    return f"- **{term.word}**: {term.meaning}{formula} Seen in: {term.where}."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
