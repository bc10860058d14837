import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.errors import InputError
from pgplay.files.text import check_text
from pgplay.paths import shipped
from pgplay.tokenizers.alphabet import ASCII, LOWERCASE, resolve_alphabet

WRITABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), min_size=1)
SPECS = st.sampled_from(["auto", "lowercase", "ascii", "target", "xyzzy", "ab ab"])


@given(SPECS, st.lists(WRITABLE, min_size=1, max_size=4))
def test_every_alphabet_has_all_characters_of_the_texts_once(spec: str, texts: list[str]) -> None:
    alphabet = resolve_alphabet(spec, texts)
    assert set("".join(texts)) <= set(alphabet.characters)
    assert len(set(alphabet.characters)) == len(alphabet.characters)
    assert set(alphabet.added) <= set("".join(texts))
    assert alphabet == resolve_alphabet(spec, reversed(texts))


def test_lowercase_and_ascii_are_as_documented() -> None:
    assert resolve_alphabet("lowercase", ["hi"]).characters == LOWERCASE == "abcdefghijklmnopqrstuvwxyz "
    assert resolve_alphabet("ascii", ["hi"]).characters == ASCII
    assert len(ASCII) == 96
    assert set(ASCII) == {chr(code) for code in range(128) if chr(code).isprintable()} | {"\n"}


def test_target_has_only_its_own_characters_in_order() -> None:
    assert resolve_alphabet("target", ["banana", "cab"]).characters == "abcn"


def test_characters_missing_from_a_spec_are_added_and_reported() -> None:
    alphabet = resolve_alphabet("lowercase", ["Hey, you", "é"])
    assert alphabet.added == ",Hé"
    assert alphabet.characters == LOWERCASE + ",Hé"


def test_any_other_spec_is_the_characters_themselves() -> None:
    alphabet = resolve_alphabet("cbaabc", ["bad"])
    assert (alphabet.characters, alphabet.added) == ("cbad", "d")


@pytest.mark.parametrize(("text", "expected"), [("hello world", LOWERCASE), ("Hello!", ASCII), ("two\nlines", ASCII)])
def test_auto_chooses_the_smallest_that_fits(text: str, expected: str) -> None:
    assert resolve_alphabet("auto", [text]).characters == expected


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("床前明月光，疑是地上霜", "的一是不了"),
        ("こんにちは", "あんアン"),
        ("안녕하세요", "이다는"),
        ("Привет", "абвЯ"),
        ("Καλημέρα", "αβγΩ"),
        ("مرحبا", "ابتن"),
        ("שלום", "אבגת"),
        ("नमस्ते", "कखगा"),
        ("สวัสดี", "กขคา"),
        ("déjà vu", "abcXYZëñß"),
        ("🌱🌳", "😀🎉"),
        ("გამარჯობა", "აბგდ"),
        ("∑→∞", "abcXYZ"),
    ],
)
def test_auto_adds_common_characters_of_the_script(text: str, among: str) -> None:
    alphabet = resolve_alphabet("auto", [text])
    assert set(among) <= set(alphabet.characters)
    assert 40 <= len(alphabet.characters) <= 300
    assert alphabet.added == ""


def test_auto_joins_the_lists_of_a_text_in_two_scripts() -> None:
    characters = set(resolve_alphabet("auto", ["GRPO 学习"]).characters)
    assert set("的一abcXYZ学习") <= characters


def test_combining_marks_and_joined_emoji_are_kept_as_typed() -> None:
    assert set("e\u0301👩\u200d🚀") <= set(resolve_alphabet("auto", ["e\u0301 👩\u200d🚀"]).characters)


@pytest.mark.parametrize("character", ["\x1b", "\x00", "\x7f", "\x85", "\r"])
def test_control_characters_are_refused_with_their_place(character: str) -> None:
    message = rf"The target contains the control character U\+{ord(character):04X} at position 3\."
    with pytest.raises(InputError, match=message):
        resolve_alphabet("auto", ["ab" + character])
    with pytest.raises(InputError, match="The alphabet contains the control character"):
        resolve_alphabet("ab" + character, ["ab"])


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InputError, match=r"half a character, U\+D800 at position 1"):
        check_text("\ud800")


def test_of_several_texts_the_invalid_one_is_named_without_its_control_characters() -> None:
    with pytest.raises(InputError) as caught:
        resolve_alphabet("ascii", ["good", "bad\x1b[31m"])
    assert "'bad\\x1b[31m'" in caught.value.problem
    assert "\x1b" not in caught.value.problem


def test_an_empty_alphabet_is_refused() -> None:
    with pytest.raises(InputError, match="The alphabet is empty"):
        resolve_alphabet("", ["a"])
    with pytest.raises(InputError, match="The target is empty"):
        resolve_alphabet("target", [""])


@pytest.mark.parametrize("path", sorted((shipped("assets") / "alphabets").glob("*.txt")), ids=lambda path: path.stem)
def test_shipped_lists_have_distinct_printable_characters(path) -> None:
    characters = path.read_text(encoding="utf-8").replace("\n", "")
    assert len(set(characters)) == len(characters) >= 40
    assert not [one for one in characters if unicodedata.category(one) in ("Cn", "Cc", "Cs", "Co")]
