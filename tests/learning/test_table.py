"""The docs' page about the algorithms matches the tests' results."""

import pytest

from tests.learning.table import PAGE, page


@pytest.mark.exhaustive
def test_the_page_about_the_algorithms_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.learning.table"
