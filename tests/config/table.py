"""The table of presets in docs/presets.md, made from their files.

python -m tests.config.table      writes it
"""

from __future__ import annotations

from pathlib import Path

from pgplay.config.preset_file import Preset
from pgplay.config.presets import grouped, preset_names
from pgplay.paths import shipped

PAGE = Path(__file__).parents[2] / "docs" / "presets.md"
BEGIN, END = "<!-- presets: python -m tests.config.table -->", "<!-- end of presets -->"


def table() -> str:
    """Return the shipped presets as a table."""
    rows = ["| preset | what it shows |", "|---|---|"]
    for group, presets in grouped(preset for preset in preset_names() if preset.path.parent == shipped("presets")):
        rows += [f"| **{group}** | |", *(_row(preset) for preset in presets)]
    return "\n".join(rows)


def _row(preset: Preset) -> str:
    return f"| `{preset.name}` | {preset.teaches} |"


def with_table(page: str) -> str:
    """Return `page` with the present table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
