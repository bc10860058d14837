"""`pgplay trl`: a run as a script for TRL."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pgplay.cli.output import note, say
from pgplay.cli.parsing import Arguments, Parser, Verb, add_replace, run_verb


def run_trl(argv: Sequence[str]) -> int:
    """Run `pgplay trl`."""
    export = Verb("write a run's data set, reward and settings as a script for TRL's GRPOTrainer", _add_export, _export)
    description = "TRL trains large models of Hugging Face: take a run of a pretrained model there."
    return run_verb("pgplay trl", description, {"export": export}, argv, "export")


def _add_export(parser: Parser) -> None:
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("folder", metavar="FOLDER", help="the folder to write to; it is made if it is missing")
    add_replace(parser)


def _export(arguments: Arguments) -> int:
    from pgplay.locale.catalog import text_of
    from pgplay.paths import expand_home
    from pgplay.trl.export import export_for_trl
    from pgplay.trl.script import SCRIPT

    folder = expand_home(arguments.folder)
    export = export_for_trl(arguments.run, folder, overwrite=arguments.replace)
    for file in export.files:
        say(folder / file)
    if export.lost:
        note("TRL has no counterpart for these settings:")
        for lost in export.lost:
            note(f"- {text_of(*lost)}")
    note(f"To train there: pip install trl peft, then python {shlex.quote(str(folder / SCRIPT))}")
    return 0
