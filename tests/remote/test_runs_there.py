"""The app's library of runs on another machine: read by the app here, resumed by name."""

from __future__ import annotations

import pytest

from pgplay.errors import PgplayError
from pgplay.runs.run_library import LocalRunLibrary
from pgplay.worker.client.far_libraries import FarRunLibrary
from tests.app.stored_runs import store_run
from tests.remote.helpers import play_ssh
from tests.remote.ssh_server import needs_sshd

pytestmark = needs_sshd


def told_by(run):
    return run.name, run.config, run.progress(), list(run.each_row()), run.samples(30), run.events(), run.checkpoints()


def test_runs_there_are_listed_and_read_as_they_are(far, monkeypatch):
    with monkeypatch.context() as there:
        there.setenv("PGPLAY_HOME", str(far.data))
        store_run("one", 30, checkpoints=(10, 20))
        store_run("two", 20, checkpoints=())
        listed = LocalRunLibrary().summaries()
        with LocalRunLibrary().open("one") as run:
            told = told_by(run)
    library = FarRunLibrary("box")
    assert library.refresh()
    assert library.summaries() == listed
    with library.open("one") as run:
        assert told_by(run) == told
        folder = run.folder
    assert not folder.exists()
    assert LocalRunLibrary().summaries() == []


def test_what_cannot_be_read_there_is_said(far, monkeypatch):
    with pytest.raises(PgplayError, match="There is no run called 'none'"):
        FarRunLibrary("box").open("none")
    far.start_file.write_text("PATH=/nowhere")
    with pytest.raises(PgplayError, match="no pgplay on box"):
        FarRunLibrary("box").refresh()


def test_a_link_that_breaks_while_a_run_is_fetched_is_said_to_have_broken(tmp_path, monkeypatch):
    play_ssh(tmp_path, "ready()\nhear()\nsys.exit(255)\n", monkeypatch)
    with pytest.raises(PgplayError, match="The link to box broke"):
        FarRunLibrary("box").open("mine")
