"""The walls between the rooms: who may import whom, and which processes may carry torch or textual."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("pgplay", "torch textual msgspec rich"),
        ("pgplay.cli", "torch textual rich"),
        ("pgplay.cli.train", "torch textual rich"),
        ("pgplay.app.app", "torch"),
        ("pgplay.worker.client", "torch textual"),
        ("pgplay.learning.plan", "torch textual"),
        ("pgplay.runs.store", "torch textual"),
        ("pgplay.runs.library", "torch textual"),
        ("pgplay.rewards.scoring", "torch textual"),
        ("pgplay.tasks.load", "torch textual"),
    ],
)
def test_module_loads_without(module: str, absent: str) -> None:
    code = f"import sys, {module}; print([name for name in {absent.split()} if name in sys.modules])"
    assert run_python(code).strip() == "[]"


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"], ["algorithms"], ["rewards"], ["presets"]])
def test_command_loads_neither_torch_nor_textual(words: list[str]) -> None:
    code = (
        "import io, sys, contextlib; from pgplay.cli import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()): status = main({words})\n"
        "print(status, [name for name in ('torch', 'textual') if name in sys.modules])"
    )
    assert run_python(code).strip() == "0 []"
