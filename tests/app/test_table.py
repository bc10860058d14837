"""The docs' page about keys matches the app's keys."""

from tests.app.table import PAGE, page


def test_the_page_about_keys_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.app.table"
