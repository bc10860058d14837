"""Errors of tasks, targets and prompts."""

from __future__ import annotations

_AT = "{path}:{line}: "

TASK_ERRORS: dict[str, str] = {
    "error.task.no_pairs": "The task {name} has no pairs.",
    "error.task.no_pairs.remedy": "Give at least one prompt and target.",
    "error.task.empty_target": "The target for the prompt {prompt!r} is empty.",
    "error.task.empty_target.remedy": "Give it some text.",
    "error.task.single_prompt": "held_out needs at least two prompts, and this task has one.",
    "error.task.single_prompt.remedy": "Choose held_out 0, or a task with prompts.",
    "error.task.prompts_of_one_text": "prompts limits the training prompts of a task, and a target is a single text.",
    "error.task.prompts_of_one_text.remedy": "Choose prompts 0, or a task with prompts.",
    "error.corpus.empty": "{path} has no text.",
    "error.corpus.empty.remedy": "Give a file with at least one line.",
    "error.target_file.empty": "{path} is empty.",
    "error.target_file.empty.remedy": "Give a file with at least one character to learn.",
    "error.generator.twice": "{task:quoted} gives {parameter} twice.",
    "error.generator.twice.remedy": "Give it once.",
    "error.generator.too_few_prompts": "{task:quoted} asks for {count} prompts, but there are only {available}.",
    "error.generator.too_few_prompts.remedy": "Choose at most {available}.",
    "error.generator.number": "{name} cannot be {value:quoted}.",
    "error.generator.number.remedy": "Give a whole number from {low} to {high}.",
    "error.generator.range": "{name} cannot be {value:quoted}.",
    "error.generator.range.remedy": "Give a whole number from {low} to {high}, or a range such as 3-5.",
    "error.generator.alphabet": "{name} cannot be {value:quoted}.",
    "error.generator.alphabet.remedy": "Give at least two different characters, each once.",
    "error.pairs.none": "{path} has no pairs.",
    "error.pairs.none.remedy": "Give at least one prompt and target.",
    "error.pairs.two_targets": _AT + "the prompt {prompt:quoted} has another target on line {first_line}.",
    "error.pairs.two_targets.remedy": "Give each prompt once; several right answers go into one row.",
    "error.pairs.missing": _AT + "the {part} is missing.",
    "error.pairs.missing.remedy": "Give every pair a prompt and a target.",
    "error.pairs.no_text": _AT + "the {part} is not a text: {value}.",
    "error.pairs.no_text.remedy": "Put it in quotation marks.",
    "error.pairs.empty_target": _AT + "the target is empty.",
    "error.pairs.empty_target.remedy": "Give it some text.",
    "error.pairs.header": _AT + "the header is {header:quoted}.",
    "error.pairs.header.remedy": (
        "Name its columns, the prompt's first: {example:quoted}. Or call them prompt and target."
    ),
    "error.pairs.columns": _AT + "{count} columns where the header has {expected}.",
    "error.pairs.columns.remedy": "Put a text with a comma in quotation marks.",
    "error.pairs.csv": _AT + "{reason}.",
    "error.pairs.csv.remedy": "Close quotation marks; double those in a text.",
    "error.pairs.jsonl": _AT + "this is not a pair: {reason}.",
    "error.pairs.jsonl.remedy": 'Write each line as {{"prompt": "abc", "target": "cba"}}.',
    "error.pairs.no_tables": "{path} has no tables [[pairs]].",
    "error.pairs.no_tables.remedy": "Give each pair a [[pairs]] with prompt and target.",
}
