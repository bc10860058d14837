"""The wheel, as pip and uv install it: the command runs, and everything that ships is there.

Nothing is downloaded: the wheel is installed without its dependencies, which come from the environment of the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INSTALLERS = ("pip", "uv")


def run(command: list[str | Path], **environment: str) -> str:
    variables = {**os.environ, **environment}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder])
    (built,) = folder.glob("*.whl")
    return built


def site_packages() -> list[str]:
    """Return the folders from which this environment imports packages."""
    return [entry for entry in sys.path if entry.endswith("site-packages")]


def install(installer: str, wheel: Path, folder: Path) -> Path:
    """Install `wheel` into a new environment under `folder`, and return that environment's folder."""
    scripts = Path(sysconfig.get_path("scripts"))
    environment = folder / "environment"
    run([scripts / "uv", "venv", "--offline", "--python", sys.executable, environment])
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    if installer == "uv":
        run([scripts / "uv", "pip", "install", "--offline", "--no-deps", "--python", python, wheel])
    else:
        run([sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel])
    return environment


@pytest.mark.exhaustive
@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_installed_command_runs_with_everything_that_ships(installer: str, wheel: Path, tmp_path: Path) -> None:
    environment = install(installer, wheel, tmp_path)
    (packages,) = environment.glob("**/site-packages")
    # Behind the wheel's own files, so that pgplay itself is the installed one.
    lines = [f"import site; site.addsitedir({entry!r})" for entry in site_packages()]
    (packages / "dependencies.pth").write_text("\n".join(lines), encoding="utf-8")
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    where = run([scripts / "python", "-P", "-c", "import pgplay; print(pgplay.__file__)"])
    assert Path(where.strip()).is_relative_to(environment)
    assert run([scripts / "pgplay", "--version"]).startswith("pgplay ")
    shipped = {path.stem for path in (ROOT / "presets").glob("*.toml")}
    assert shipped == {preset["name"] for preset in json.loads(run([scripts / "pgplay", "presets", "--json"]))}
    train = [scripts / "pgplay", "train", "--preset", "hello", "--steps", "2"]
    trained = run(train, PGPLAY_HOME=str(tmp_path / "home"))
    assert "step" in trained
