"""The glossary: more than forty terms, each explained once, the same on the docs' page and under F1."""

from __future__ import annotations

from pgplay.locale.english.glossary import GLOSSARY
from tests.locale.table import PAGE, page

TERMS = [term for terms in GLOSSARY.values() for term in terms]


def test_forty_terms_are_explained_once_in_one_sentence_with_a_place_to_see_them() -> None:
    words = [term.word for term in TERMS]
    assert len(words) >= 40
    assert len(set(words)) == len(words)
    for term in TERMS:
        assert term.meaning.endswith("."), term.word
        assert ". " not in term.meaning, term.word
        assert term.where, term.word


def test_the_terms_of_a_policy_gradient_have_their_formulas() -> None:
    formulas = {term.word: term.formula for term in TERMS}
    for word in ("policy", "policy gradient", "baseline", "advantage", "importance ratio", "entropy", "KL", "update"):
        assert formulas[word], word


def test_the_docs_page_matches_the_glossary() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
