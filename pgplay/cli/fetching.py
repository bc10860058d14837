"""What a run needs from elsewhere, fetched before it begins: a pretrained model, and a task of another package."""

from __future__ import annotations

from pgplay.cli.output import note
from pgplay.cli.questions import confirm
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError
from pgplay.locale.catalog import Values


def fetch_inputs(config: RunConfig, *, yes: bool) -> None:
    """Fetch the model and the task of `config` that are not here; asks before each download, unless `yes`.

    Raises InputError as `fetch_model` and `fetch_task` do. What the person refuses is missing when it is read.
    """
    fetch_model(config.model, yes=yes)
    fetch_task(config.task, yes=yes)


def fetch_model(name: str, *, yes: bool) -> bool:
    """Download a model of the Hub that is not here, convert a .gguf file; return whether the model `name` is here then.

    Before a download the person is asked, with the size, unless `yes`. Raises InputError without a network or a
    terminal, and for a file that cannot be converted.
    """
    from pgplay.model_places import converted_folder, gguf_file, hub_model

    file, model = gguf_file(name), hub_model(name)
    if file is not None and not converted_folder(file).is_dir():
        note(f"Converting {file}, once…")
        from pgplay.policies.networks.gguf import convert_gguf

        convert_gguf(file)
    if model is None or model.commit:
        return True
    from pgplay.library.hub import download, find_model

    remote = find_model(model)
    values: Values = {"name": model.id, "megabytes": remote.size / 1e6, "commit": remote.commit[:12]}
    if not confirm(("question.download", values), yes):
        return False
    note(f"Downloading {model.id}…")
    download(remote)
    return True


def fetch_task(name: str, *, yes: bool, local: bool = False) -> bool:
    """Read the task `name` if it is one of another package and was not read yet; return whether it is here then.

    What is on this machine is used first. Before a download the person is asked, with the size, unless `yes`; with
    `local` there is none. Raises InputError as `outside_pairs.have_read` does, and without a terminal to ask on.
    """
    from pgplay.tasks.outside import outside_task
    from pgplay.tasks.outside_pairs import NOT_CACHED, data_set_size, have_read

    task = outside_task(name)
    if task is None or task.kept.is_file():
        return True
    note(f"Reading {task.text}, once…")
    try:
        counts = have_read(task, download=False)
    except InputError as error:
        if error.code != NOT_CACHED or local:
            raise
        values: Values = {"name": task.name, "megabytes": data_set_size(task) / 1e6}
        if not confirm(("question.download_data", values), yes):
            return False
        note(f"Downloading {task.name}…")
        counts = have_read(task, download=True)
    held_out = f", {counts.held_out:,} more to hold out" if counts.held_out else ""
    left_out = f"; left out: {counts.left_out:,} rows without a text or with a prompt again" if counts.left_out else ""
    note(f"{counts.pairs:,} prompts{held_out}{left_out}.")
    return True
