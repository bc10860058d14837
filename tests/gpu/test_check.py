"""The check of a GPU runs through on the CPU, so that it works where there is one."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

CHECK = Path(__file__).with_name("check.sh")
AGREEMENTS = ("CUDA graphs replay what is computed", "the GPU equals the CPU", "all GPUs equal one")


def check(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(CHECK), *arguments], env=os.environ | variables, capture_output=True, text=True, timeout=400
    )


def with_python(folder: Path, script: str) -> str:
    """Return a search path with a program called python that runs `script`."""
    program = folder / "python"
    program.write_text(f"#!/bin/bash\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.exhaustive
def test_a_dry_run_on_the_cpu_passes() -> None:
    done = check(PGPLAY_CHECK_DEVICE="cpu", PGPLAY_SMOLLM2="")
    *_, summary = done.stdout.split("\n\n")
    expected = [f"passed   {name}" for name in (*AGREEMENTS, "pgplay bench", "against TRL, pgplay's side")]
    assert summary.splitlines()[:-1] == expected, done.stdout + done.stderr
    assert summary.splitlines()[-1] == "skipped  against TRL, a pretrained model: no folder was given"
    assert done.returncode == 0


def test_a_step_that_fails_is_named_and_the_others_still_run(tmp_path: Path) -> None:
    path = with_python(tmp_path, '[[ "$*" != *"agreement devices"* ]] || exit 3')
    done = check("model", PGPLAY_CHECK_DEVICE="cuda", PATH=path)
    assert done.returncode == 1
    *_, summary = done.stdout.split("\n\n")
    assert summary.splitlines() == [
        "passed   CUDA graphs replay what is computed",
        "failed   the GPU equals the CPU: exit status 3",
        "passed   all GPUs equal one",
        "passed   pgplay bench",
        "passed   against TRL, a small model",
        "passed   against TRL, a pretrained model",
    ]


def test_what_is_missing_is_skipped_with_its_reason(tmp_path: Path) -> None:
    path = with_python(tmp_path, 'case "$*" in *find_spec*) exit 1 ;; *"agreement ranks"*) exit 77 ;; esac')
    done = check("model", PGPLAY_CHECK_DEVICE="cuda", PATH=path)
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("skipped")] == [
        "skipped  all GPUs equal one",
        "skipped  against TRL, a small model: trl, peft or datasets is not installed",
        "skipped  against TRL, a pretrained model: trl, peft, datasets or transformers is not installed",
    ]


def test_without_a_gpu_it_says_so_and_runs_nothing(tmp_path: Path) -> None:
    done = check(PGPLAY_CHECK_DEVICE="cuda", PATH=with_python(tmp_path, "exit 1"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "torch finds no GPU here. PGPLAY_CHECK_DEVICE=cpu makes a dry run on the CPU.\n"
