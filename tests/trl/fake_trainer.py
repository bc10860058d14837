"""A trainer as TRL's, without a model: it calls reward functions and a callback as GRPOTrainer does."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

STOP = 0
LIMIT = 8
TARGETS = ("abc", "xyz")


def overlap(completions: Sequence[str], target: Sequence[str], **_: Any) -> list[float]:
    """The share of the target's characters that a completion has in place."""
    return [sum(map(str.__eq__, text, right)) / len(right) for text, right in zip(completions, target, strict=True)]


class FakeTrainer:
    """Two prompts, two completions of each: half of them stop, the others reach the limit."""

    def __init__(self, reward_funcs: Sequence[Callable[..., Any]] = (overlap,), **args: Any) -> None:
        usual = {
            "max_completion_length": LIMIT, "learning_rate": 1e-3, "num_iterations": 1, "beta": 0.1, "seed": 5,
            "generation_batch_size": 4, "num_generations": 2, "loss_type": "dapo", "logging_steps": 1,
            "reward_weights": None, "temperature": 0.7,
        }  # fmt: skip
        self.args = SimpleNamespace(**(usual | args))
        self.reward_funcs = list(reward_funcs)
        self.reward_func_names = [getattr(function, "__name__", "") for function in reward_funcs]
        self.model = SimpleNamespace(training=True, config=SimpleNamespace(_name_or_path="org/small"))
        self.processing_class = SimpleNamespace(eos_token_id=STOP)
        self.state = SimpleNamespace(global_step=0, max_steps=0, is_world_process_zero=True)
        self.callback: Any = None
        self.returned: list[Any] = []

    def event(self, name: str, **further: Any) -> None:
        getattr(self.callback, name)(self.args, self.state, SimpleNamespace(), model=self.model, **further)

    def begin(self, callback: Any, steps: int, first: int = 0) -> None:
        self.callback = callback
        self.state.global_step, self.state.max_steps = first, steps
        self.event("on_init_end")
        self.event("on_train_begin")

    def step(self, texts: Sequence[str] | None = ("abc", "abq", "xyz.....", "q......."), **logged: float) -> None:
        """Make a step on new completions, or on the former ones where `texts` is None."""
        self.event("on_step_begin")
        if texts is not None:
            self.score(texts)
        self.state.global_step += 1
        self.event("on_step_end")
        self.event("on_log", logs={"loss": 0.5, "learning_rate": 1e-3, "kl": 0.25, "entropy": 2.0, **logged})

    def score(self, texts: Sequence[str]) -> None:
        prompts = [f">{target[0]}" for target in TARGETS for _ in range(2)]
        given = {
            "prompts": prompts, "completions": list(texts), "target": [target for target in TARGETS for _ in range(2)],
            "completion_ids": [[7] * len(text) + [STOP] * (len(text) < LIMIT) for text in texts],
            "level": [1, 1, 2, 2], "trainer_state": self.state,
        }  # fmt: skip
        for function in self.reward_funcs:
            scores = function(**given)
            self.returned.append(asyncio.run(scores) if inspect.iscoroutine(scores) else scores)

    def train(self, callback: Any, steps: int, **logged: float) -> None:
        self.begin(callback, steps)
        for _ in range(steps):
            self.step(**logged)
        self.event("on_train_end")
