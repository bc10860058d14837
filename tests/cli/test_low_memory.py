"""With too little memory, or a broken package, one sentence says so instead of a traceback."""

import resource
import subprocess
import sys

import pytest

from pgplay.cli import main
from pgplay.errors import lack_of_memory, refusal_of_system


def run_with(kilobytes: int, *words: str) -> subprocess.CompletedProcess[str]:
    limit = kilobytes * 1024
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
@pytest.mark.parametrize("kilobytes", [60_000, 300_000, 450_000, 580_000, 680_000])
@pytest.mark.parametrize("words", [("train", "--target", "ab", "--steps", "1"), ("sample", "english")])
def test_too_little_memory_for_torch_is_reported_in_a_sentence(kilobytes: int, words: tuple[str, ...]) -> None:
    done = run_with(kilobytes, "pgplay", *words)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "memory" in done.stderr.lower()
    assert len([line for line in done.stderr.splitlines() if "torch…" not in line]) <= 2


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
def test_a_worker_without_memory_reports_it_in_a_sentence() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "pgplay.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (300_000 * 1024,) * 2),
    ) as worker:  # fmt: skip
        assert worker.stderr is not None
        told = worker.stderr.read()
        assert worker.wait(60) == 1
    assert "Traceback" not in told
    assert "not enough memory to load torch" in told


def test_stored_runs_need_no_torch_and_little_memory() -> None:
    assert run_with(60_000, "pgplay", "runs").returncode == 0


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "not enough memory"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "load torch"),
        (OSError(12, "Cannot allocate memory"), "not enough memory"),
        (RuntimeError("can't start new thread"), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes were wanted"), "not enough memory"),
        (ModuleNotFoundError("No module named 'torch'"), "No module named 'torch'"),
    ],
)
def test_the_command_line_reports_what_the_system_refused(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise error

    monkeypatch.setattr("pgplay.runs.summaries.list_runs", refuse)
    assert main(["runs"]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 2


def test_a_defect_is_not_reported_as_a_lack_of_memory() -> None:
    assert lack_of_memory(RuntimeError("shapes differ")) is None
    assert refusal_of_system(KeyError("memory")) is None
