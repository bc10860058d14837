"""The docs' page about Python is up to date."""

from __future__ import annotations

from tests.api.page import PAGE, page


def test_the_page_about_python_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.api.page"
