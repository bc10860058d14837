"""The docs' notebooks, executed anew with their outputs; needs nbclient and ipykernel, which the tests do not.

python -m tests.api.notebooks
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"


def main() -> None:
    """Execute each notebook with stores of its own, and write it back."""
    for file in sorted(FOLDER.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as home:
            os.environ["PGPLAY_HOME"] = home
            notebook = nbformat.read(file, as_version=4)
            NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
            for cell in notebook.cells:
                cell.metadata.pop("execution", None)
            nbformat.write(notebook, file)


if __name__ == "__main__":
    main()
