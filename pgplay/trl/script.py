"""The texts that an export consists of: the training script, and the module of its rewards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pgplay.learning.plan import Plan
from pgplay.locale.catalog import text_of
from pgplay.trl.settings import TrlSettings

DATA, HELD_OUT_DATA, REWARD_MODULE, SCRIPT = "data.jsonl", "held_out.jsonl", "reward.py", "train.py"
MODEL_COPY, PYTHON = "model", "python_rewards"
"""Folders beside the script: a copy of a model that ships with pgplay, and a person's own rewards."""

MOST_HELD_OUT = 128
"""Held-out prompts that are evaluated, as in `learning.evaluation.held_out`, which loads torch."""


class RewardCall(NamedTuple):
    """A reward of the exported module: its function's name, what it is called, and its Python file, if it has one.

    `file` is relative to the module, and `function` follows it; both are empty for a built-in reward and a formula.
    """

    name: str
    text: str
    file: str = ""
    function: str = ""


class ModelName(NamedTuple):
    """The model as TRL loads it: a folder beside the script, a folder anywhere, or ORG/NAME at a commit of the Hub."""

    name: str
    revision: str = ""
    is_beside: bool = False


def reward_module(run: str, rewards: Sequence[RewardCall], columns: Sequence[str], start: str) -> str:
    """Return the module with a function for each of `rewards`, the one that is trained first."""
    lines = [
        f'"""The rewards of the run {run} of pgplay, with the signature of TRL\'s reward functions."""',
        "",
        *(["from pathlib import Path", ""] if any(reward.file for reward in rewards) else []),
        "from pgplay import TrlReward",
        "",
    ]
    further = f", columns={literal(list(columns))}" if columns else ""
    further += f", start={literal(start)}" if start else ""
    lines += [f"_{reward.name} = TrlReward({_named(reward)}{further})" for reward in rewards]
    for reward in rewards:
        lines += [
            *("", ""),
            f"def {reward.name}(prompts, completions, **columns):",
            f"    # {_one_line(reward.text)}",
            f"    return _{reward.name}(prompts, completions, **columns)",
        ]
    return "\n".join(lines) + "\n"


def _named(reward: RewardCall) -> str:
    if not reward.file:
        return literal(reward.text)
    path = f"str(Path(__file__).parent / {literal(reward.file)})"
    return f'{path} + ":{reward.function}"' if reward.function else path


def training_script(
    run: str, plan: Plan, settings: TrlSettings, model: ModelName, rewards: Sequence[RewardCall], start: str
) -> str:
    """Return the script that trains `plan`, the one of `run`, with TRL; `start` stands before each raw prompt."""
    config, uses_lora = plan.config, bool(settings.lora)
    packages = "trl peft pgplay" if uses_lora else "trl pgplay"
    functions = ", ".join(reward.name for reward in rewards)
    has_held_out = bool(plan.task.held_out)
    place = f'str(Path(__file__).parent / "{MODEL_COPY}")' if model.is_beside else literal(model.name)
    revision = {"revision": model.revision} if model.revision else {}
    return "\n".join(
        [
            f'"""The run {run} of pgplay for TRL, written by `pgplay trl export`; made for TRL 1.16.',
            "",
            f"    pip install {packages}",
            "    python train.py [--steps N] [--output FOLDER] [--watch NAME]",
            "",
            "A step here is one update; a step of pgplay has as many as num_iterations says.",
            '"""',
            "",
            *_lost_lines(settings),
            "import argparse",
            "import json",
            "from pathlib import Path",
            "",
            *(["import torch"] if config.threads else []),
            "from datasets import Dataset",
            *(["from peft import LoraConfig"] if uses_lora else []),
            "from pgplay import TrlCallback",
            "from transformers import AutoTokenizer",
            "from trl import GRPOConfig, GRPOTrainer",
            "",
            f"from {REWARD_MODULE.removesuffix('.py')} import {functions}",
            "",
            f"MODEL = {place}",
            *_prompt_lines(plan, revision, start),
            "",
            "",
            "def read(name):",
            '    with open(Path(__file__).parent / name, encoding="utf-8") as file:',
            "        rows = [json.loads(line) for line in file]",
            '    return Dataset.from_list([row | {"prompt": as_read(row["prompt"])} for row in rows])',
            "",
            "",
            "def main():",
            "    parser = argparse.ArgumentParser()",
            f'    parser.add_argument("--steps", type=int, default={_argument(settings, "max_steps")})',
            '    parser.add_argument("--watch", metavar="NAME", help="record it as a run of pgplay")',
            '    parser.add_argument("--output", default=str(Path(__file__).parent / "trained"))',
            "    options = parser.parse_args()",
            *([f"    torch.set_num_threads({config.threads})"] if config.threads else []),
            "    config = GRPOConfig(",
            "        output_dir=options.output,",
            "        max_steps=options.steps,",
            *_argument_lines(settings.arguments),
            '        lr_scheduler_type="constant",',
            f"        model_init_kwargs={literal({'dtype': 'float32', **revision})},",
            "        bf16=False,  # pgplay trains in 32 bits; on a GPU, True is faster",
            "        gradient_checkpointing=False,  # True takes less memory and a third more time",
            "        disable_dropout=True,",
            "        logging_steps=1,",
            '        save_strategy="no",',
            '        report_to="none",',
            "    )",
            "    trainer = GRPOTrainer(",
            "        model=MODEL,",
            f"        reward_funcs=[{functions}],",
            "        args=config,",
            f'        train_dataset=read("{DATA}"),',
            *([f'        eval_dataset=read("{HELD_OUT_DATA}"),'] if has_held_out else []),
            "        processing_class=tokenizer,",
            *(_lora_lines(settings.lora) if uses_lora else []),
            "    )",
            "    if options.watch:",
            f"        trainer.add_callback(TrlCallback(trainer, name=options.watch{', start=START' if start else ''}))",
            "    trainer.train()",
            "    trainer.save_model()",
            "",
            "",
            'if __name__ == "__main__":',
            "    main()",
            "",
        ]
    )


def literal(value: Any) -> str:
    """Return `value` as Python writes it, texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(literal, value)) + "]" if isinstance(value, list) else repr(value)


def _lost_lines(settings: TrlSettings) -> Iterable[str]:
    if not settings.lost:
        return []
    texts = [_one_line(text_of(*lost)) for lost in settings.lost]
    return ["# Settings of the run that TRL has no counterpart for:", *(f"# - {text}" for text in texts), ""]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _prompt_lines(plan: Plan, revision: Mapping[str, str], start: str) -> list[str]:
    """Return the definition of the tokenizer, and of `as_read`, which makes of a prompt what the model reads."""
    further = "".join(f", {name}={literal(value)}" for name, value in revision.items())
    lines = [f"tokenizer = AutoTokenizer.from_pretrained(MODEL{further})"]
    if plan.config.template == "chat":
        system = plan.config.system
        messages = [f'{{"role": "system", "content": {literal(system)}}}'] if system else []
        messages.append('{"role": "user", "content": prompt}')
        return [*lines, "", "", "def as_read(prompt):", f"    return [{', '.join(messages)}]"]
    return [
        *lines,
        "# pgplay begins each text with this token; some tokenizers do so by themselves.",
        f'START = "" if tokenizer("")["input_ids"] else {literal(start)}',
        *("", ""),
        "def as_read(prompt):",
        "    return START + prompt",
    ]


def _argument(settings: TrlSettings, name: str) -> Any:
    return next(arguments[name] for arguments in settings.arguments.values() if name in arguments)


def _argument_lines(arguments: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """Yield the arguments of GRPOConfig, each with the setting of pgplay that it comes from."""
    for setting, of_setting in arguments.items():
        for name, value in of_setting.items():
            if name != "max_steps":
                origin = "" if name == setting else f"  # {setting}"
                yield f"        {name}={literal(value)},{origin}"


def _lora_lines(lora: Mapping[str, Any]) -> list[str]:
    arguments = [f"            {name}={literal(value)}," for name, value in lora.items()]
    return ["        peft_config=LoraConfig(", *arguments, '            task_type="CAUSAL_LM",', "        ),"]
