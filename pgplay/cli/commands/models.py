"""`pgplay models`: the pretrained models at hand, and getting one from the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pgplay.cli.output import note, print_json, say
from pgplay.cli.parsing import Arguments, Parser, Verb, add_json, add_yes, confirm, run_verb
from pgplay.cli.tables import print_table
from pgplay.errors import InputError
from pgplay.locale.catalog import Values


def run_models(argv: Sequence[str]) -> int:
    """Run `pgplay models`."""
    verbs = {
        "list": Verb("list the models at hand: those that ship, and those downloaded", add_json, _list),
        "add": Verb("download a model of the Hugging Face Hub, after asking", _add_add, _add),
    }
    return run_verb("pgplay models", "Pretrained models; any other --model is a folder.", verbs, argv, "list")


def _list(arguments: Arguments) -> int:
    from pgplay.model_places import downloaded_models, model_folder, model_place, shipped_models

    rows: list[dict[str, Any]] = []
    for origin, names in (("ships", shipped_models()), ("downloaded", downloaded_models())):
        for name in names:
            place = model_place(name)
            files = [file for file in model_folder(place).iterdir() if file.is_file()]
            commit = place.partition("@")[2]
            size = sum(file.stat().st_size for file in files)
            rows.append({"name": name, "origin": origin, "size": size, "commit": commit})
    if arguments.json:
        print_json(rows)
    else:
        shown = [(row["name"], row["origin"], f"{row['size'] / 1e6:,.0f} MB", row["commit"][:12]) for row in rows]
        print_table(("name", "origin", "size", "commit"), shown)
    return 0


def _add_add(parser: Parser) -> None:
    parser.add_argument("model", metavar="ORG/NAME[@REVISION]")
    add_yes(parser)


def _add(arguments: Arguments) -> int:
    from pgplay.model_places import hub_model, model_place

    model = hub_model(arguments.model)
    if model is None:
        raise InputError("hub.no_name", field="model", name=arguments.model)
    if not model.commit and not fetch_model(arguments.model, yes=arguments.yes):
        return 1
    say(model_place(arguments.model))
    return 0


def fetch_model(name: str, *, yes: bool) -> bool:
    """Download the model `name` of the Hub, if it is one that is not here, and return whether it is here then.

    The person is asked first, with the size, unless `yes`. Raises InputError without a network or a terminal.
    """
    from pgplay.library.hub import download, find_model
    from pgplay.model_places import hub_model

    model = hub_model(name)
    if model is None or model.commit:
        return True
    remote = find_model(model)
    values: Values = {"name": model.id, "megabytes": remote.size / 1e6, "commit": remote.commit[:12]}
    if not confirm(("question.download", values), yes):
        return False
    note(f"Downloading {model.id}…")
    download(remote)
    return True
