"""Training a run in the person's process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pgplay.api.description import Description, RewardLike, given
from pgplay.api.notebook import LivePicture
from pgplay.api.run import TrainedRun
from pgplay.config.run_config import make_config
from pgplay.errors import coded
from pgplay.learning.inputs import read_inputs
from pgplay.learning.reports.step_report import StepReport
from pgplay.locale.catalog import Coded
from pgplay.worker.session.failures import keep_failure
from pgplay.worker.session.session import Session


def train(
    target: str | None = None,
    *,
    reward: RewardLike | None = None,
    measure: RewardLike | Sequence[RewardLike] = (),
    preset: str | None = None,
    name: str = "",
    save: str = "",
    replace: bool = False,
    on_step: Callable[[StepReport], object] | None = None,
    **settings: Any,
) -> TrainedRun:
    """Train a policy until it is solved or a limit is reached, and return its stored run.

    `target`, `preset`, `measure` and `settings` are the options of `pgplay train` with underscores, such as
    `batch_size=64`. `reward` and `measure` may be functions of this process; what a run keeps of them is their source.
    `on_step` is called with the report of each step. `save` keeps the policy in the library under that name; `replace`
    overwrites one. A notebook shows the curves meanwhile. Ctrl-C, or a notebook's stop button, pauses the run, which is
    returned.

    Raises InputError for what the command line refuses, RewardError if a reward fails, and PgplayError; the run is then
    kept up to its last checkpoint.
    """
    description = Description(given(settings, target=target, reward=reward, measure=measure), preset)
    config = make_config(description.settings)
    if save:
        from pgplay.library.policies import check_policy_name

        save = check_policy_name(save, replace, "advice.replace_argument")
    session = Session.begin(config, read_inputs(config), rewards=description.rewards(config), name=name)
    try:
        _run_session(session, on_step)
        if save:
            session.save_policy(save, replace=replace)
    finally:
        session.close("paused")
    return TrainedRun(session.run)


def _run_session(session: Session, on_step: Callable[[StepReport], object] | None) -> None:
    """Step until the run ends or is interrupted; the run then rests in that state."""
    ending: tuple[str, Coded] = "paused", coded("ending.interrupted")
    picture = LivePicture.begin(session.run)
    try:
        while not (ended := session.should_stop()):
            report = session.step()
            if on_step is not None:
                on_step(report)
            if picture is not None:
                picture.show()
        ending = ended.state, ended.reason
    except KeyboardInterrupt:
        pass
    except Exception as error:
        keep_failure(session, error)
        raise
    session.rest(*ending)
    if picture is not None:
        picture.show(at_once=True)
