"""The folders of stored data (platformdirs', or the one that PGPLAY_HOME names) and of what ships with pgplay."""

import os
import re
from importlib.resources import files
from pathlib import Path

import platformdirs

from pgplay.errors import InputError, PgplayError

HOME = "PGPLAY_HOME"
"""The variable of the environment that names the folder of all stored data."""


def data_folder() -> Path:
    """Return the folder of all stored data; PGPLAY_HOME overrides the platform's."""
    home = os.environ.get(HOME)
    if home:
        return expand_home(home)
    try:
        return Path(platformdirs.user_data_dir("pgplay", appauthor=False))
    except RuntimeError as error:  # neither HOME nor the system's list of users knows one
        raise InputError("home.none") from error


def expand_home(file: Path | str) -> Path:
    """Return `file` with a leading ~ or ~name replaced by that home; raises InputError where that is unknown."""
    try:
        return Path(file).expanduser()
    except (RuntimeError, ValueError) as error:  # ValueError: a name that no user can have
        raise InputError("home.unknown", file=file, home=Path(file).parts[0]) from error


def policies_folder() -> Path:
    """Return the folder of the policy library, with one folder per policy."""
    return data_folder() / "policies"


def runs_folder() -> Path:
    """Return the folder of the runs, with one folder per run: its metrics, checkpoints and log."""
    return data_folder() / "runs"


def sweeps_folder() -> Path:
    """Return the folder of the sweeps, with one folder per sweep: what it trains; its runs are among the others."""
    return data_folder() / "sweeps"


def runs_index_file() -> Path:
    """Return the file that caches the list of runs; it may be deleted at any time."""
    return data_folder() / "runs-index-2.json"


def models_folder() -> Path:
    """Return the folder of the models that were converted from .gguf files."""
    return data_folder() / "models"


def cores_folder() -> Path:
    """Return the folder where each training run registers the CPU cores it wants."""
    return data_folder() / "cores"


def jobs_folder() -> Path:
    """Return the folder of the commands that other machines run here: what each of them prints, until it arrived."""
    return data_folder() / "jobs"


def sent_folder() -> Path:
    """Return the folder of the files that other machines sent here for their runs, each below its SHA-256."""
    return data_folder() / "sent"


def without_sent_folder(text: str) -> str:
    """Return `text` with each file that was sent here called by its name alone."""
    return re.sub(rf"{re.escape(str(sent_folder()))}/[0-9a-f]{{64}}/", "", text)


def personal_presets_folder() -> Path:
    """Return the folder of a person's own presets."""
    return data_folder() / "presets"


def personal_rewards_folder() -> Path:
    """Return the folder of a person's own rewards: Python files, found by their bare names."""
    return data_folder() / "rewards"


def consents_folder() -> Path:
    """Return the folder of other people's Python rewards that the person allowed to run."""
    return data_folder() / "consents"


def shipped(folder: str) -> Path:
    """Return `presets` or `assets` as shipped: beside the code in a wheel, at the top of a source tree.

    Raises PgplayError where the installation lacks it.
    """
    package = Path(str(files("pgplay")))
    for place in (package / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise PgplayError("installation.folder", folder=folder)


def make_folder(folder: Path) -> Path:
    """Create `folder` where it is missing and return it; raises PgplayError where it can't be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PgplayError("folder.not_made", folder=folder, reason=error.strerror) from error
    return folder


def with_source_tree(environment: dict[str, str]) -> dict[str, str]:
    """Return `environment` in which Python finds this pgplay, also where it runs from a source tree."""
    home = Path(__file__).parents[1]
    if home.name in ("site-packages", "dist-packages"):
        return environment
    paths = [str(home), environment.get("PYTHONPATH", "")]
    return environment | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
