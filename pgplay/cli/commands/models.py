"""`pgplay models`: list the pretrained models, download one from the Hugging Face Hub, or convert a .gguf file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pgplay.cli.fetching import fetch_model
from pgplay.cli.output import print_json, say
from pgplay.cli.parsing import Arguments, Parser, Verb, add_json, add_yes, run_verb
from pgplay.cli.tables import print_table
from pgplay.errors import InputError


def run_models(argv: Sequence[str]) -> int:
    """Run `pgplay models`."""
    verbs = {
        "list": Verb("list the models on this machine: shipped, downloaded, converted", add_json, _list),
        "show": Verb("show the size and commit of a model on the Hub, without downloading it", _add_show, _show),
        "add": Verb("download a model from the Hugging Face Hub (asks first), or convert a .gguf file", _add_add, _add),
    }
    about = "Pretrained models; those of another machine with --engine ssh:HOST. --model also takes a folder."
    return run_verb("pgplay models", about, verbs, argv, "list", goes_elsewhere=True)


def _list(arguments: Arguments) -> int:
    from pgplay.model_places import converted_models, downloaded_models, model_folder, model_place, shipped_models

    rows: list[dict[str, Any]] = []
    origins = {"ships": shipped_models(), "downloaded": downloaded_models(), "converted": converted_models()}
    for origin, names in origins.items():
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


def _add_show(parser: Parser) -> None:
    parser.add_argument("model", metavar="ORG/NAME[@REVISION]")
    add_json(parser)


def _show(arguments: Arguments) -> int:
    from pgplay.library.hub import find_model
    from pgplay.model_places import hub_model

    model = hub_model(arguments.model)
    if model is None:
        raise InputError("hub.no_name", field="model", name=arguments.model)
    remote = find_model(model)
    row = {"name": model.id, "revision": model.revision, "commit": remote.commit, "size": remote.size}
    if arguments.json:
        print_json(row | {"here": bool(model.commit)})
    else:
        where = "downloaded" if model.commit else f"not downloaded; get it: pgplay models add {arguments.model}"
        say(f"{model.id}, {model.revision}, commit {remote.commit[:12]}, {remote.size / 1e6:,.0f} MB: {where}")
    return 0


def _add_add(parser: Parser) -> None:
    parser.add_argument("model", metavar="ORG/NAME[@REVISION]|FILE.gguf")
    add_yes(parser)


def _add(arguments: Arguments) -> int:
    from pgplay.model_places import gguf_file, hub_model, model_place

    if hub_model(arguments.model) is None and gguf_file(arguments.model) is None:
        raise InputError("hub.no_name", field="model", name=arguments.model)
    if not fetch_model(arguments.model, yes=arguments.yes):
        return 1
    say(model_place(arguments.model))
    return 0
