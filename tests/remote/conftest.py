import pytest

from tests.remote.ssh_server import start_machine


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    machine = start_machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.close()


@pytest.fixture
def far(machine, monkeypatch, tmp_path):
    """The other machine as this process sees it; its bash reads an empty start file, and this side has a new home."""
    machine.start_file.write_text("")
    monkeypatch.setenv("PGPLAY_SSH_CONFIG", str(machine.config))
    monkeypatch.setenv("PGPLAY_HOME", str(tmp_path / "near"))
    return machine
