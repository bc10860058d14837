"""The docs' notebooks: they hold their outputs, and their cells still run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import pgplay
from pgplay.api.run import Picture

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def code_cells(file: Path) -> list[dict[str, Any]]:
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_holds_its_outputs(file: Path) -> None:
    cells = code_cells(file)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell["outputs"] for cell in cells)
    assert not any(output["output_type"] == "error" for cell in cells for output in cell["outputs"])


@pytest.mark.training
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_cells_of_a_notebook_run(file: Path, tmp_path: Path) -> None:
    session: dict[str, Any] = {}
    for number, cell in enumerate(code_cells(file)):
        source = tmp_path / f"cell_{number}.py"  # a file, so that Python knows a function's source
        source.write_text("".join(cell["source"]).replace("seeds=8", "seeds=2"))
        exec(compile(source.read_text(), str(source), "exec"), session)


def test_a_notebook_shows_the_curves_while_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Picture] = []
    handle = SimpleNamespace(update=shown.append)

    def display(picture: Picture, *, display_id: bool) -> SimpleNamespace:
        shown.append(picture)
        return handle

    ipython, displays = ModuleType("IPython"), ModuleType("IPython.display")
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
    vars(displays)["display"] = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", displays)
    run = pgplay.train("ab", model="gru-nano", batch_size=16, steps=3, seed=1, threads=1)
    assert shown[-1] == run.plot()
    assert len(shown) >= 2
    assert repr(shown[-1]).startswith("<Picture")
