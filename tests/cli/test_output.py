"""Printed output: safe on a terminal, aligned, valid JSON, and quiet if nobody reads on."""

import json
import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.cli.output import cells, format_number, print_json, shorten, visible
from pgplay.cli.tables import print_facts, print_table
from pgplay.runs.summaries import list_runs

ROOT = Path(__file__).parents[2]


@given(st.text())
def test_printable_text_stays_on_its_line_and_steers_nothing(text: str) -> None:
    shown = visible(text)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown.splitlines()) <= 1


def test_printable_text_keeps_scripts_and_emoji() -> None:
    for text in ("床前明月光", "नमस्ते", "👩\u200d🚀", "é"):
        assert visible(text) == text
    assert visible("a\nb\x1b[31m") == "a↵b␛[31m"


def test_wide_characters_keep_columns_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("text", "reward"), [("明月", 0.5), ("moon", 1.0), ("m", 12.25)])
    assert capsys.readouterr().out.splitlines() == [
        "text  reward",
        "明月   0.500",
        "moon   1.000",
        "m     12.250",
    ]


HEADERS = ("name", "range", "what it teaches", "seconds")
ROWS = [
    ("hello", "0 to 1", "an untrained policy writes at random and is only told how close it came", 0.25),
    ("a-name-without-any-space", "", "床前明月光 疑是地上霜 举头望明月 低头思故乡 and more of the kind", 12.5),
]


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_a_table_is_as_wide_as_the_terminal_and_breaks_no_word(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(HEADERS, ROWS)
    printed = capsys.readouterr().out
    assert all(cells(line) <= columns for line in printed.splitlines())
    words = [str(value).split() for row in (HEADERS, *ROWS[:1], ROWS[1][:3]) for value in row]
    assert {word for cell in words for word in cell} - {"0.25"} <= set(printed.split())
    assert "12.500" in printed


def test_columns_that_do_not_fit_move_below_beside_the_first_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    print_table(("name", "steps", "completions"), [("slow-lantern", 12, 768)])
    assert capsys.readouterr().out.splitlines() == [
        "name          steps",
        "slow-lantern     12",
        "",
        "name         completions",
        "slow-lantern         768",
    ]


def test_facts_wrap_except_what_is_copied(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    print_facts({"teaches": "a little every minute of the day", "recipe": "target=hi model=gru-nano batch_size=8"})
    assert capsys.readouterr().out.splitlines() == [
        "teaches  a little every minute",
        "         of the day",
        "recipe   target=hi model=gru-nano batch_size=8",
    ]


def test_json_never_contains_invalid_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"loss": math.nan, "rows": [math.inf, 1.5], "text": "月\u2028"})
    assert json.loads(capsys.readouterr().out) == {"loss": None, "rows": [None, 1.5], "text": "月\u2028"}


def test_numbers_keep_their_meaning_when_small_or_large() -> None:
    assert [format_number(value) for value in (0.0, 0.5, 0.00012, 2e9, None)] == [
        "0.000",
        "0.500",
        "0.00012",
        "2e+09",
        "",
    ]


def test_long_text_is_cut_by_cells() -> None:
    assert shorten("月" * 30, 10) == "月月月月…"
    assert shorten("short", 10) == "short"


def run_cli(*words: str, **environment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "pgplay", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


def test_a_reader_that_leaves_early_gets_no_error() -> None:
    many = [str(number) for number in range(30_000)]
    process = run_cli("score", "--reward", "exact", "--target", "1", *many)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"exact")
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), complaint) == (0, b"")


def test_output_of_another_encoding_shows_escapes() -> None:
    process = run_cli("score", "--reward", "exact", "--target", "月", "月", PYTHONIOENCODING="ascii")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"\\u6708" in out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_behind_standard_output_is_reported() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pgplay", "rewards"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (1, "Cannot write to standard output: No space left on device.\n")


PRINTS_LATER = """
calls = 0
def reward(text):
    global calls
    calls += 1
    if calls > 200:
        print("so")
    return 1.0
"""
TRAIN = ("train", "--target=owl", "--model=gru-nano", "--batch-size=8", "--until=never")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
@pytest.mark.parametrize("prints", [False, True], ids=["pgplay prints", "a reward prints"])
def test_a_run_whose_output_nobody_reads_any_more_is_paused_as_when_a_terminal_is_closed(
    prints: bool, tmp_path: Path
) -> None:
    reward = tmp_path / "mine.py"
    reward.write_text(PRINTS_LATER)
    words = [*TRAIN, f"--reward={reward}"] if prints else TRAIN
    reading, writing = os.pipe()
    process = subprocess.Popen([sys.executable, "-m", "pgplay", *words], cwd=ROOT, stdout=writing, stderr=writing)
    os.close(writing)
    told = b""
    while b"step 1 " not in told:
        told += os.read(reading, 1000)
    os.close(reading)
    assert process.wait() == 130
    (run,) = list_runs()
    assert run.state == "paused"


@pytest.mark.skipif(sys.platform == "win32", reason="its shell closes no descriptor")
@pytest.mark.exhaustive
@pytest.mark.parametrize("engine", ["local", "processes:2"])
@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_streams_keep_nothing_from_training(engine: str, closed: str) -> None:
    command = shlex.join([sys.executable, "-m", "pgplay", *TRAIN, "--steps=2", f"--engine={engine}"])
    assert subprocess.run(f"{command} {closed}", shell=True, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0
    (run,) = list_runs()
    assert (run.state, run.steps) == ("finished", 2)
