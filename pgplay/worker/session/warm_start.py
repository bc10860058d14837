"""The warm start of a run: made, reported as it goes, and described for the run's events."""

from __future__ import annotations

from pgplay.config.warm_start import PolicyNamed
from pgplay.errors import coded
from pgplay.learning.trainer import Trainer
from pgplay.learning.warm_start import warm_up
from pgplay.locale.catalog import Coded
from pgplay.worker.session.interface import OnProgress


def start_warm(trainer: Trainer, on_progress: OnProgress) -> Coded | None:
    """Make the warm start that the trainer's plan asks for, and return how it ended, for the run's events.

    The policy is then the reference unless another is named: the run's KL to it is measured even if it costs nothing.
    None without a warm start.
    """
    config = trainer.plan.config
    start = config.starts_from
    if start is None:
        return None
    if isinstance(start, PolicyNamed):
        ended = coded("event.warm_start_policy", name=start.name)
    else:
        most = start.number

        def report(step: int, loss: float, held_out: float | None) -> None:
            if held_out is None:
                on_progress(coded("progress.warm_start", step=step, most=most, loss=loss))
            else:
                on_progress(coded("progress.warm_start_held_out", step=step, most=most, loss=loss, held_out=held_out))

        steps, reached = warm_up(trainer, most, report)
        if reached is None:
            ended = coded("event.warm_start", steps=steps)
        else:
            ended = coded("event.warm_start_held_out", steps=steps, reached=reached)
    if config.reference == "start":
        trainer.keep_reference()
    return ended
