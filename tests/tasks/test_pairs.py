import csv
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgplay.errors import InputError
from pgplay.tasks.load import read_task
from pgplay.tasks.pairs import read_pairs
from pgplay.tasks.task import Pair, Task

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\",'"), max_size=12)
PAIRS = st.dictionaries(TEXTS, TEXTS.filter(bool), min_size=1, max_size=8)


def write_csv(path: Path, pairs: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["target", "note", "prompt"])
        writer.writerows([target, "", prompt] for prompt, target in pairs.items())


def write_jsonl(path: Path, pairs: dict[str, str]) -> None:
    lines = [json.dumps({"prompt": prompt, "target": target}) for prompt, target in pairs.items()]
    path.write_text("\n".join(lines), encoding="utf-8")


def write_toml(path: Path, pairs: dict[str, str]) -> None:
    tables = [
        f"[[pairs]]\nprompt = {json.dumps(prompt, ensure_ascii=False)}\n"
        f"target = {json.dumps(target, ensure_ascii=False)}\n"
        for prompt, target in pairs.items()
    ]
    path.write_text("".join(tables), encoding="utf-8")


@pytest.mark.parametrize("write", [write_csv, write_jsonl, write_toml])
@given(pairs=PAIRS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pairs_survive_a_round_trip(tmp_path: Path, write, pairs: dict[str, str]) -> None:
    path = tmp_path / f"pairs.{write.__name__.removeprefix('write_')}"
    write(path, pairs)
    assert [(pair.prompt, *pair.answers) for pair in read_pairs(path)] == list(pairs.items())


def test_a_file_with_other_columns_gets_an_error_that_says_how_to_name_them(tmp_path: Path) -> None:
    path = tmp_path / "quiz.csv"
    path.write_text("question,answer,kind\nhi,ho,a\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_pairs(path)
    assert "the prompt's first: 'quiz.csv:question,answer'." in caught.value.remedy
    file = read_task(f"{tmp_path}/quiz.csv:question,answer")
    assert file is not None
    assert [(pair.prompt, pair.target) for pair in file.pairs] == [("hi", "ho")]


@pytest.mark.parametrize(
    ("name", "content", "line", "problem"),
    [
        ("a.csv", "prompt,answer\na,b\n", 1, "the header is"),
        ("b.csv", "prompt,target\na,b\nc\n", 3, "1 columns where the header has 2"),
        ("c.csv", "prompt,target\na,b,c\n", 2, "3 columns where the header has 2"),
        ("d.csv", 'prompt,target\n"a\nb",c\nd,\n', 4, "the target is empty"),
        ("e.csv", 'prompt,target\na,b\n"c,d\n', 3, "unexpected end of data"),
        ("f.csv", "prompt,target\na,b\nc,d\na,x\n", 4, "the prompt 'a' has another target on line 2"),
        ("g.csv", "prompt,target\na,b\x1b\n", 2, "the target contains the control character U\\+001B at position 2"),
        ("h.jsonl", '{"prompt": "a", "target": "b"}\n\n{"prompt": "c"\n', 3, "truncated"),
        ("i.jsonl", '{"prompt": "a", "target": "b"}\n{"prompt": "c"}\n', 2, "the target is missing"),
        ("n.jsonl", '{"prompt": "a", "target": []}\n', 1, "the target is empty"),
        ("o.csv", "prompt,target,target\na,b,c\nd,,e\n", 3, "the target is empty"),
        ("j.jsonl", '{"prompt": "a", "target": 3}\n', 1, "the target is not a text: 3"),
        ("k.jsonl", '["a", "b"]\n', 1, "Expected `object`"),
        ("l.toml", '[[pairs]]\nprompt = "a"\ntarget = "b"\n\n[[pairs]]\nprompt = "c"\n', 5, "the target is missing"),
        ("m.toml", "[[pairs]]\nprompt = a\n", 2, "this is not valid TOML"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, name: str, content: str, line: int, problem: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=problem) as caught:
        read_pairs(path)
    assert caught.value.problem.startswith(f"{path}:{line}: ")


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl", "pairs.toml"])
def test_a_file_without_pairs_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("prompt,target\n" if name.endswith("csv") else "", encoding="utf-8")
    with pytest.raises(InputError, match=r"has no pairs|has no tables"):
        read_pairs(tmp_path / name)


def test_a_repeated_pair_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("prompt,target\na,b\nc,d\na,b\n", encoding="utf-8")
    assert read_pairs(path) == (Pair("a", "b"), Pair("c", "d"))


def test_any_other_text_file_is_one_target(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("床前明月光\n", encoding="utf-8")
    assert read_pairs(path) == (Pair("", "床前明月光"),)


@pytest.mark.exhaustive
@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_a_hundred_thousand_pairs_are_read(tmp_path: Path, write) -> None:
    path = tmp_path / f"pairs.{write.__name__.removeprefix('write_')}"
    write(path, {str(number): str(number)[::-1] for number in range(100_000)})
    assert len(read_pairs(path)) == 100_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "prompt,target,target\nhi,hello,good day\nbye,goodbye,\n"),
        ("a.jsonl", '{"prompt": "hi", "target": ["hello", "good day"]}\n{"prompt": "bye", "target": "goodbye"}\n'),
        (
            "a.toml",
            '[[pairs]]\nprompt = "hi"\ntarget = ["hello", "good day"]\n[[pairs]]\nprompt = "bye"\ntarget = "goodbye"\n',
        ),
    ],
)
def test_a_prompt_may_have_several_right_answers(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    first, second = read_pairs(tmp_path / name)
    assert (first, second) == (Pair("hi", "hello", ("good day",)), Pair("bye", "goodbye"))
    assert [first.matches(text) for text in ("hello", "good day", "", "good")] == [True, True, False, False]
    assert first.nearest("good dya") == "good day"
    assert first.nearest("helo") == "hello"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", "prompt\nonce\nlong ago\n"), ("a.jsonl", '{"prompt": "once"}\n{"prompt": "long ago"}\n')],
)
def test_a_file_with_only_prompts_has_no_targets(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    pairs = read_pairs(tmp_path / name)
    assert pairs == (Pair("once", ""), Pair("long ago", ""))
    assert not Task("style", pairs).has_targets
    assert not pairs[0].matches("")


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\ufeff", "\u00a0"])
def test_unicode_line_separators_are_characters_of_a_cell(tmp_path: Path, inside: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(f"prompt,target\na{inside}b,c{inside}d\ne,f,g\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"pairs\.csv:3: 3 columns"):
        read_pairs(path)
    path.write_text(f"prompt,target\na{inside}b,c{inside}d\n", encoding="utf-8")
    assert read_pairs(path) == (Pair(f"a{inside}b", f"c{inside}d"),)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.jsonl", '{"prompt": ' + "[" * 5000 + "]" * 5000 + ', "target": "a"}'),
        ("deep.toml", "pairs = " + "[" * 5000 + "]" * 5000),
        ("keys.toml", "[[pairs]]\nprompt" + ".a" * 5000 + " = 1\ntarget = 'a'"),
        ("long.toml", "[[pairs]]\nprompt = " + "9" * 5000),
        ("hexadecimal.toml", "[[pairs]]\nprompt = 0x" + "f" * 5000),
        ("half.jsonl", r'{"prompt": "\ud800", "target": "a"}'),
    ],
)
def test_a_file_too_deep_or_too_long_is_refused_in_two_lines(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_pairs(path)
    assert name in refused.value.problem
    assert len(str(refused.value)) < 400 + len(str(path))


ROWS = [
    {"id": "1", "question": "hi", "answer": "hello", "hint": "h"},
    {"id": "2", "question": "bye", "answer": "goodbye", "hint": "g"},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "\n".join([",".join(ROWS[0]), *(",".join(row.values()) for row in ROWS)])),
        ("a.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("a.toml", "\n".join("[[pairs]]\n" + "\n".join(f'{k} = "{v}"' for k, v in row.items()) for row in ROWS)),
    ],
)
def test_columns_can_be_named_and_further_ones_are_kept(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    file = read_task(f"{tmp_path / name}:question,answer")
    assert file is not None
    assert [(pair.prompt, pair.target, dict(pair.columns)) for pair in file.pairs] == [
        ("hi", "hello", {"id": "1", "answer": "hello", "hint": "h"}),
        ("bye", "goodbye", {"id": "2", "answer": "goodbye", "hint": "g"}),
    ]
    stored = msgspec.json.decode(msgspec.json.encode(file.pairs), type=tuple[Pair, ...])
    assert stored == file.pairs


def test_a_missing_column_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("question,answer\nhi,hello\n")
    with pytest.raises(InputError) as refused:
        read_task(f"{tmp_path / 'a.csv'}:question,answr")
    assert str(refused.value) == "There is no column of a.csv called 'answr'.\nDid you mean 'answer'?"


def test_rows_that_differ_only_in_further_columns_are_one_pair(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt,target,id\nhi,hello,1\nhi,hello,2\n")
    assert [dict(pair.columns) for pair in read_pairs(tmp_path / "a.csv")] == [{"id": "1"}]
