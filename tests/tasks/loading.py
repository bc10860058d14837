"""A config's task, read with the file that it names."""

from pgplay.config.run_config import RunConfig
from pgplay.tasks.load import make_task, read_task
from pgplay.tasks.task import Task


def load_task(config: RunConfig) -> Task:
    """Read the file that `config` names, and return its task."""
    return make_task(config, read_task(config.task))
