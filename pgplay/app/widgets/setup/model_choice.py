"""The list of models."""

from __future__ import annotations

from collections.abc import Mapping

from pgplay.app.widgets.dropdown import Dropdown, Entry
from pgplay.app.widgets.setup import choices
from pgplay.model_places import models_at_hand

FIRST_VOCABULARY = 28
"""Vocabulary size for parameter counts before the first check: a to z, space and the stop token."""


class ModelChoice(Dropdown):
    """Lists the models; looks for pretrained ones on the disk when it gets the focus, not at every check."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self._typed, self._vocabulary, self._at_hand = typed, FIRST_VOCABULARY, models_at_hand()
        super().__init__(self._models(), typed["model"], id="model")

    def show_models(self, typed: Mapping[str, str], vocabulary: int | None) -> None:
        """List the models with their sizes for a `vocabulary` (None: as before), and choose the `typed` one."""
        self._typed, self._vocabulary = typed, vocabulary or self._vocabulary
        self.show_entries(self._models(), typed["model"])

    def on_focus(self) -> None:
        """List the models again, with new ones."""
        self._at_hand = models_at_hand()
        self.show_models(self._typed, None)

    def _models(self) -> list[Entry]:
        typed = self._typed
        return choices.models(self._vocabulary, self._at_hand, typed["model"], has_prompts=bool(typed["task"]))
