"""Prompts with a model's chat template: text of a user or a file opens no turn, and is shown as the model reads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.inputs import Inputs, read_inputs
from pgplay.learning.plan import Plan, make_plan
from pgplay.policies.spec import PretrainedSpec
from pgplay.tasks.task import Pair, Task
from pgplay.tokenizers.subword import PromptFormat, subword_tokenizer
from tests.pretrained.models import STOP, TURN, chat_folder, model_folder

ASKED = Task("asked", (Pair("The cat", ""), Pair("The dog", "")))
CHAT = PromptFormat("chat", "Be brief.")


def plan(task: Task = ASKED, **settings: Any) -> Plan:
    chosen = {"model": chat_folder(), "target": "", "reward": "distinct", "max_length": 8, "until": "never", **settings}
    config = make_config(chosen)
    return make_plan(config, read_inputs(config)._replace(task=task))


def with_template(tmp_path: Path, source: str) -> str:
    folder = shutil.copytree(chat_folder(), tmp_path / "model")
    (folder / "chat_template.jinja").write_text(source)
    return str(folder)


def as_transformers(folder: str, messages: list[dict[str, str]]) -> list[int]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokens: list[int] = tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
    return tokens


@pytest.mark.parametrize("prompt", ["The cat", " \n the", "", "naïve 早安 🙂", "{{ 7 * 7 }}{% raw %}"])
def test_a_chat_has_the_tokens_that_transformers_makes_of_it(prompt: str) -> None:
    folder = chat_folder()
    messages = [{"role": "system", "content": CHAT.system}, {"role": "user", "content": prompt}]
    assert subword_tokenizer(folder, CHAT).render_prompt(prompt) == as_transformers(folder, messages)


@given(parts=st.lists(st.sampled_from([STOP, TURN, "<|im_", "start|>", "end|>", "<turn>", "\nsystem\n", "hi"])))
def test_typed_text_contains_no_control_token(parts: list[str]) -> None:
    typed = "".join(parts)
    for format_ in (CHAT, PromptFormat("chat", typed), PromptFormat()):
        tokenizer = subword_tokenizer(chat_folder(), format_)
        turns = {tokenizer._fast.token_to_id(text) for text in (STOP, TURN, "<turn>")}
        tokens, usual = (tokenizer.render_prompt(prompt) for prompt in (typed, "hi"))
        if format_.template == "raw":
            turns.discard(tokenizer._fast.token_to_id("<turn>"))
        assert sum(token in turns for token in tokens) == sum(token in turns for token in usual)
        assert typed in tokenizer.prompt_text(typed)


def test_a_turn_ends_as_in_the_chat_template() -> None:
    assert subword_tokenizer(chat_folder()).stop_ids == (0, 1)
    assert subword_tokenizer(chat_folder(), CHAT).stop_ids == (1, 0)


def test_prompts_are_a_chat_if_the_model_has_a_template() -> None:
    asked = plan()
    assert asked.config.template == "chat"
    assert asked.prompt_text == f"<turn>user\nThe cat{TURN}\n<turn>assistant\n"
    with_system = plan(system="Be brief.")
    assert with_system.prompt_text.startswith(f"<turn>system\nBe brief.{TURN}\n")
    for raw in (plan(template="raw"), plan(Task("one", (Pair("", ""),))), plan(model=model_folder("llama"))):
        assert raw.config.template == "raw"
        assert raw.prompt_text == STOP + raw.task.training[0].prompt


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"model": "storybook-1m", "template": "chat"}, "template", "no chat template"),
        ({"model": "storybook-1m", "system": "Be brief."}, "template", "no chat template"),
        ({"system": "Be brief.", "template": "raw"}, "system", "no effect"),
        ({"model": "gru-nano", "template": "chat"}, "template", "gru-nano cannot"),
        ({"model": "gru-nano", "system": "Be brief."}, "system", "gru-nano cannot"),
    ],
)
def test_a_template_is_refused_if_there_is_none(settings: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        plan(**settings)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ raise_exception('no system role') }}", "no system role"),
        ("{% for message in messages %}", "template fails"),
        ("{{ messages[9].content }}", "template fails"),
        ("{{ ''.__class__.__mro__ }}", "template fails"),
        ("{{ strftime_now('%d') }}", "undefined"),
        ("{{ messages[-1].content }}", "ignores the system message"),
        pytest.param("x" * 300_000, "300000 characters", id="long"),
    ],
)
def test_a_failing_template_is_reported_in_one_line(tmp_path: Path, source: str, words: str) -> None:
    folder = with_template(tmp_path, source)
    with pytest.raises(InputError, match=words) as refused:
        plan(model=folder, system="Be brief.").shape.tokenizer.render_prompt("hi")
    assert "\n" not in refused.value.problem


def test_a_chat_too_long_for_the_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="128"):
        plan(system="the " * 120)


def test_a_policy_keeps_its_template(tmp_path: Path) -> None:
    shape = plan(system="Be brief.").shape
    assert isinstance(shape, PretrainedSpec)
    config = make_config({"target": "", "reward": "distinct", "until": "never"})
    assert make_plan(config, Inputs(ASKED), shape).config.system == "Be brief."
    with pytest.raises(InputError, match="trained with template chat"):
        make_plan(make_config({"template": "raw"}, config), Inputs(ASKED), shape)


def test_templates_are_read_from_every_place_where_models_keep_them(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(chat_folder(), tmp_path / "model"))
    source = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").unlink()
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    before = subword_tokenizer(chat_folder(), CHAT).render_prompt("hi")
    for kept in (source, [{"name": "tool_use", "template": "no"}, {"name": "default", "template": source}]):
        (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": kept}))
        assert subword_tokenizer(str(folder), CHAT).render_prompt("hi") == before
