"""Train the small model of English that ships, and write it to assets/policies: python -m tools.base_model.

A warm start on assets/corpora/english.txt and nothing else, once with the usual learning rate and then with less of
it; a few minutes on one core. Its lines are clauses, so the policy writes a clause and stops.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "assets" / "policies"
NAME = "english"
STAGES = ((0.005, 1600), (0.001, 500), (0.0003, 200))
"""Learning rates and the steps made with each."""


def main() -> None:
    """Train and write."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["PGPLAY_HOME"] = home
        import torch

        from pgplay.config.run_config import make_config
        from pgplay.learning.plan import make_plan
        from pgplay.learning.trainer import Trainer
        from pgplay.learning.warm_start import warm_up
        from pgplay.library.policies import save_policy
        from pgplay.rewards.reward import build_reward
        from pgplay.runs.checkpoint import pack
        from pgplay.worker.session.saved_policies import card_of

        torch.set_num_threads(1)
        settings = {"target": "", "reward": "distinct", "alphabet": "lowercase", "batch_size": 64, "device": "cpu"}
        policy = None
        for lr, steps in STAGES:
            config = make_config({**settings, "warm_start": str(steps), "warm_text": NAME, "lr": lr})
            trainer = Trainer(make_plan(config), build_reward(config.reward), policy=policy)
            policy = trainer.policy
            made, reached = warm_up(trainer, steps, _tell)
            print(f"{made} steps with a learning rate of {lr:g}: the median of what was set aside, {reached:.4f} nats")
        save_policy(card_of(NAME, trainer, None), pack(policy.state()))
        shutil.rmtree(FOLDER / NAME, ignore_errors=True)
        shutil.copytree(Path(home) / "policies" / NAME, FOLDER / NAME)


def _tell(step: int, loss: float, aside: float | None) -> None:
    if step % 250 == 0:
        print(f"  step {step}: {loss:.3f}, set aside {aside:.3f}", flush=True)


if __name__ == "__main__":
    main()
