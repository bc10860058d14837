"""Sweeps and comparisons that another machine trains."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pgplay.cli import main
from tests.remote.helpers import REWARD
from tests.remote.ssh_server import needs_sshd

QUICK = ["--model=gru-nano", "--seeds=1"]


@needs_sshd
@pytest.mark.exhaustive
def test_a_sweep_trains_there_with_the_files_that_it_names_here(far, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(REWARD)
    Path("mine.csv").write_text("question,answer\na,b\nc,d\n")
    Path("grid.toml").write_text(
        "seeds = 1\n[settings]\ntask = 'mine.csv:question,answer'\nmodel = 'gru-nano'\nsteps = 1\n"
        "[grid]\nreward = ['levenshtein', 'mine.py']\n"
    )
    assert main(["sweep", "grid.toml", "--yes", "--json", "--engine", "ssh:box"]) == 0
    swept = json.loads(capfd.readouterr().out)
    assert len(swept["runs"]) == 2
    assert main(["sweep", swept["name"], "--engine", "ssh:box"]) == 0
    printed = capfd.readouterr().out
    assert printed.index("reward=levenshtein") < printed.index("reward=mine.py")
    assert main(["compare", swept["runs"][0], "steps=1 reward=mine.py", *QUICK, "--engine", "ssh:box"]) == 0
    assert "mine.py" in capfd.readouterr().out


@needs_sshd
@pytest.mark.exhaustive
def test_a_sweep_outlives_the_link_and_is_found_again(far):
    sweep = [sys.executable, "-P", "-m", "pgplay", "sweep", "--engine=ssh:box"]
    endless = [*sweep, "--target=far away", *QUICK, "--until=never", "--set=lr=0.01,0.02", "--jobs=1"]
    with subprocess.Popen(endless, stderr=subprocess.PIPE, text=True) as near:
        next(line for line in near.stderr if "is in the list of runs" in line)
        (link,) = [child for child in psutil.Process(near.pid).children() if child.name() == "ssh"]
        link.kill()
        told = near.stderr.read()
    assert near.returncode == 1
    name = told.split("pgplay sweep ")[1].split()[0]
    with subprocess.Popen([*sweep, name], stderr=subprocess.PIPE, text=True) as near:
        next(line for line in near.stderr if name in line)
        near.send_signal(signal.SIGINT)
        told = near.stderr.read()
    assert near.returncode == 130
    assert f"pgplay sweep --engine ssh:box {name}" in told


def test_results_are_written_to_no_file_of_the_other_machine(capfd):
    assert main(["sweep", "--set=lr=0.01,0.02", "--out=x.csv", "--engine", "ssh:box"]) == 2
    assert "--out would write x.csv on box" in capfd.readouterr().err
