"""Things that other people may send: a preset, a recipe, a policy, a run's folder, a last session; each names Python
that leaves a mark when it runs.

All of it is made once in a home of their own, as their own, and then brought here.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from pgplay.cli import main
from pgplay.library.archive import export_policy, import_policy
from pgplay.library.policies import load_policy, save_policy
from pgplay.runs.checkpoint_files import read_checkpoint, write_checkpoint

CODE = "open({ran!r}, 'a').write({mark!r})\ndef reward(text, target, prompt):\n    return float(text == target)\n"
FIELDS = ("reward", "measure")
SMALL = {"target": "hi", "model": "gru-nano", "batch_size": 8, "steps": 2, "until": "never", "device": "cpu"}


class Stranger(NamedTuple):
    """Somebody else's things in `folder`; their Python in `file` writes `mark` to `ran` as soon as it runs."""

    folder: Path
    ran: Path
    field: str

    @property
    def file(self) -> Path:
        return self.folder / "theirs.py"

    @property
    def settings(self) -> dict[str, object]:
        """The settings of a run that names their Python."""
        return {**SMALL, self.field: [str(self.file)] if self.field == "measure" else str(self.file)}

    @property
    def has_run(self) -> bool:
        return self.ran.exists()

    def write(self, mark: str = "x") -> str:
        """Write their Python with a new text; return it."""
        code = CODE.format(ran=str(self.ran), mark=mark)
        self.file.write_text(code)
        return code

    def preset(self) -> Path:
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in self.settings.items())
        path = self.folder / "theirs.toml"
        path.write_text(f'title = "T"\nteaches = "R."\n[settings]\n{lines}')
        return path

    def recipe(self) -> str:
        return " ".join(f"{name}={json.dumps(value, separators=(',', ':'))}" for name, value in self.settings.items())

    def policy(self) -> str:
        """Import their policy, and return its name."""
        return import_policy(self.folder / "theirs.pgplay").name

    def nameless_policy(self) -> str:
        """Store a policy that names a file of this folder and includes no Python; return its name."""
        card, tensors = load_policy(self.policy())
        value = ["theirs.py"] if self.field == "measure" else "theirs.py"
        config = {**card.config, self.field: value}
        reward = "theirs.py" if self.field == "reward" else card.reward
        changed = msgspec.structs.replace(card, name="nameless", reward=reward, reward_source="", config=config)
        return save_policy(changed, tensors).name

    def run(self, home: Path) -> str:
        """Put the folder of their run among the runs of `home`, and return its name."""
        shutil.copytree(self.folder / "home" / "runs" / "theirs", home / "runs" / "theirs")
        return "theirs"

    def nameless_run(self, home: Path) -> str:
        """Store a run there that names a file of the present folder and includes no Python; return its name."""
        name = self.run(home)
        folder = home / "runs" / name
        found = read_checkpoint(folder, "last")
        value = ["theirs.py"] if self.field == "measure" else "theirs.py"
        state = {**found.state, "settings": {**found.state["settings"], self.field: value}}
        write_checkpoint(folder, found.tensors, {**state, "reward": ["", None], "python": {}}, "last")
        return name

    def last_session(self, home: Path) -> None:
        home.mkdir(exist_ok=True)
        (home / "app.json").write_text(json.dumps({"settings": self.settings}))


def make(folder: Path, field: str) -> Stranger:
    """Have a stranger train with their own Python in `folder`, and save, export and keep the results."""
    stranger = Stranger(folder, folder / "ran", field)
    stranger.write()
    patch = pytest.MonkeyPatch()
    patch.setenv("PGPLAY_HOME", str(folder / "home"))
    options = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    try:
        words = ["train", *options, f"--{field}={stranger.file}", "--save", "theirs", "--json"]
        assert main(words) == 0
        assert stranger.has_run, "what is the person's own runs unasked"
        export_policy("theirs", folder)
    finally:
        patch.undo()
    (run,) = (folder / "home" / "runs").glob("[!.]*")
    run.rename(run.with_name("theirs"))
    return stranger
