"""Nothing from outside is read as markup: some pages are tried with hostile names, all titles and messages held."""

import ast
from pathlib import Path

import pytest

from pgplay.config.run_config import make_config
from tests.app.fake_worker import Bench
from tests.app.opened import go_to, prepare

APP = Path(__file__).parents[2] / "pgplay" / "app"


def is_fixed(value: ast.expr) -> bool:
    """Whether `value` is written in the code itself: a constant, a name in capitals, or a choice between such."""
    match value:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
        case ast.IfExp(body=body, orelse=orelse):
            return is_fixed(body) and is_fixed(orelse)
        case ast.JoinedStr(values=parts):
            return all(is_fixed(part.value) if isinstance(part, ast.FormattedValue) else True for part in parts)
        case ast.BinOp(left=left, right=right):
            return is_fixed(left) and is_fixed(right)
    return False


def is_safe(value: ast.expr) -> bool:
    """Whether `value` went through the one function that makes a title of outside text."""
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name == "as_title"
        case ast.IfExp(body=body, orelse=orelse):
            return all(is_fixed(one) or is_safe(one) for one in (body, orelse))
    return False


def titles(tree: ast.AST) -> list[ast.expr]:
    """What is assigned to a border's title or subtitle."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and node.targets[0].attr in ("border_title", "border_subtitle")
    ]


def unsafe_notifications(tree: ast.AST) -> list[ast.expr]:
    """Messages of `notify` that may hold outside text while markup is read in them."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call.args[0]
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "notify" and call.args
        if not is_fixed(call.args[0])
        if not any(word.arg == "markup" and ast.unparse(word.value) == "False" for word in call.keywords)
    ]


def parsed() -> list[tuple[str, ast.AST]]:
    return [(str(path.relative_to(APP)), ast.parse(path.read_text(encoding="utf-8"))) for path in APP.rglob("*.py")]


def test_every_title_is_fixed_or_made_safe() -> None:
    found = [(path, title) for path, tree in parsed() for title in titles(tree)]
    assert len(found) > 20
    unsafe = [(path, ast.unparse(title)) for path, title in found if not (is_fixed(title) or is_safe(title))]
    assert unsafe == []


def test_every_notification_is_fixed_or_read_without_markup() -> None:
    wrong = [(path, ast.unparse(words)) for path, tree in parsed() for words in unsafe_notifications(tree)]
    assert wrong == []


HOSTILE = 'contains("[/INST]") + regex("[aeiou]") + contains("[@click=app.quit]x[/]")'


@pytest.mark.parametrize("name", ["main", "bench", "editor", "phases", "details", "runs"])
async def test_every_page_shows_a_reward_with_brackets_as_it_was_typed(name: str) -> None:
    bench = Bench(make_config({"target": "[b]hello[/b] [x", "reward": HOSTILE}))
    async with bench.app.run_test(size=(200, 50)) as pilot:
        await prepare(bench, pilot)
        screen = await go_to(name, bench, pilot)
        shown = " ".join("".join(segment.text for segment in line) for line in screen._compositor.render_strips())
        assert "regex(\"\")" not in shown
        assert "contains(\"\")" not in shown
