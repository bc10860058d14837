"""What things that have names are called, such as in 'There is no setting called …'."""

from __future__ import annotations

KINDS = {
    "kind.algorithm": "algorithm",
    "kind.choice": "choice of {of}",
    "kind.command": "command of '{of}'",
    "kind.command_or_preset": "command or preset",
    "kind.format": "format",
    "kind.formula_function": "function for formulas",
    "kind.function": "function in {of}",
    "kind.group": "group",
    "kind.key": "key",
    "kind.gym_task": "task of reasoning-gym",
    "kind.metric": "metric of this run",
    "kind.model": "model",
    "kind.parameter": "parameter of {of}",
    "kind.policy": "policy",
    "kind.preset": "preset",
    "kind.preset_or_run": "preset or run",
    "kind.reward": "reward",
    "kind.run": "run",
    "kind.setting": "setting",
    "kind.split": "split of {of}",
    "kind.column": "column of {of}",
    "kind.task": "task",
    "kind.text": "text",
    "kind.sweep": "sweep",
    "kind.run_or_sweep": "run or sweep",
    "kind.tokenizer": "tokenizer",
    "kind.tracker": "tracker",
    "kind.yardstick": "value to rank by",
}
