"""`pgplay bench`: what it measures for a small model, and what it refuses."""

import json
import math
import signal
import subprocess
from typing import NamedTuple

import pytest

from pgplay.cli import main
from pgplay.locale.catalog import text_of

QUICK = ("bench", "--models", "gru-nano", "--batch-size", "8", "--length", "8", "--seconds", "1")


class Measured(NamedTuple):
    """The output of `pgplay bench --json`, and the process that measured."""

    printed: dict
    process: subprocess.CompletedProcess


@pytest.fixture(scope="module")
def measured() -> Measured:
    """One real measurement, which is slow and made only once."""
    processes: list[subprocess.CompletedProcess] = []
    printed: list[dict] = []
    real = subprocess.run

    def run(words: list[str], **settings) -> subprocess.CompletedProcess:
        processes.append(real(words, **settings))
        return processes[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pgplay.cli.commands.bench.print_json", printed.append)
        patch.setattr("pgplay.cli.commands.bench.subprocess.run", run)
        assert main([*QUICK, "--json"]) == 0
    return Measured(json.loads(json.dumps(printed[0], allow_nan=False)), processes[0])


@pytest.fixture
def found(measured: Measured) -> dict:
    return measured.printed


@pytest.mark.exhaustive
def test_rates_follow_from_the_reported_seconds(found: dict) -> None:
    row = found["models"][0]
    assert (row["model"], row["device"], row["threads"], row["parameters"]) == ("gru-nano", "cpu", 1, 10_036)
    assert row["characters_per_second"] == pytest.approx(64 / row["seconds"])
    assert row["sample_per_second"] == pytest.approx(64 / row["seconds_sample"])
    assert row["learn_per_second"] == pytest.approx(64 / row["seconds_learn"])
    assert row["seconds"] >= row["seconds_sample"] + row["seconds_learn"] * 0.5
    assert row["steps"] >= 3


@pytest.mark.exhaustive
def test_a_network_stays_below_the_peak_of_the_machine(found: dict) -> None:
    row = found["models"][0]
    assert found["peak"]["cpu"] > 1e8
    assert 0 < row["share"] < 1
    assert row["share"] * row["seconds"] == pytest.approx(
        row["sample_share"] * row["seconds_sample"] + row["learn_share"] * row["seconds_learn"]
    )


def test_cost_is_reported_at_half_and_twice_the_length_and_the_batch(found: dict) -> None:
    row = found["models"][0]
    assert [(one["batch_size"], one["length"]) for one in row["by_length"]] == [(8, 4), (8, 8), (8, 16)]
    assert [(one["batch_size"], one["length"]) for one in row["by_batch"]] == [(4, 8), (8, 8), (16, 8)]
    grown = row["by_length"][2]["seconds"] / row["by_length"][0]["seconds"]
    assert row["length_exponent"] == pytest.approx(math.log(grown) / math.log(4))
    assert grown > 0


def test_a_missing_device_is_reported_with_its_reason(found: dict) -> None:
    from pgplay.policies.devices import list_devices

    missing = {device.name: text_of(*device.reason) for device in list_devices() if device.reason}
    assert {one["device"]: one["reason"] for one in found["unavailable"]} == missing
    assert {row["device"] for row in found["models"]}.isdisjoint(missing)


def test_without_json_it_prints_a_table(
    measured: Measured, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgplay.cli.commands.bench.subprocess.run", lambda words, **settings: measured.process)
    assert main([*QUICK, "--devices", "cpu"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "1 of 1: gru-nano on cpu\n"
    lines = captured.out.splitlines()
    assert lines[0] == "Characters per second, with 8 completions of 8 characters per step"
    assert lines[2].split()[:6] == ["model", "device", "parameters", "threads", "sampling", "learning"]
    assert lines[3].split()[:4] == ["gru-nano", "cpu", "10,036", "1"]
    assert "length 4 length 8 length 16" in " ".join(captured.out.split())
    assert "Peak of cpu:" in captured.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--models", "gru-smal"), "Did you mean 'gru-small'?"),
        (("--devices", "cpu,tpu"), "There is no device called 'tpu'."),
        (("--length", "513"), "from 4 to 512"),
        (("--batch-size", "1"), "from 4 to 32768"),
    ],
)
def test_wrong_arguments_are_refused(words: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_process_that_dies_is_reported_and_the_others_continue(
    measured: Measured, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(words: list[str], **settings) -> subprocess.CompletedProcess:
        dies = "transformer-nano" in words[-1]
        return subprocess.CompletedProcess(words, -signal.SIGKILL, b"", b"") if dies else measured.process

    monkeypatch.setattr("pgplay.cli.commands.bench.subprocess.run", run)
    words = [word.replace("gru-nano", "transformer-nano,gru-nano") for word in QUICK]
    assert main([*words, "--devices", "cpu", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in found["models"]] == ["gru-nano"]
    assert [one["model"] for one in found["failed"]] == ["transformer-nano"]
    assert "memory" in found["failed"][0]["reason"]


@pytest.mark.nightly
def test_two_processes_are_compared_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--engine", "processes:2", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["models"]
    shared = row["shared"]
    assert shared["processes"] == 2
    assert shared["characters_per_second"] == pytest.approx(64 / shared["seconds"])
    assert shared["speedup"] == pytest.approx(row["seconds"] / shared["seconds"])
    assert shared["efficiency"] == pytest.approx(shared["speedup"] / 2)


def test_sharded_models_are_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--engine", "gpus:2:sharded"]) == 2
    assert "pgplay bench measures whole models only" in capsys.readouterr().err


def test_an_engine_on_a_device_that_is_not_measured_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--engine", "gpus:2", "--devices", "cpu"]) == 2
    assert "gpus:2 trains on cuda, which is not measured: cpu" in capsys.readouterr().err
