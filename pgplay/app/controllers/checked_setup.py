"""The checked setup, after the model and the task that it names were fetched where the person wants them."""

from __future__ import annotations

from pgplay.app.host import AppHost
from pgplay.app.widgets.setup.form import Checked
from pgplay.tasks.outside import outside_task

ABSENT = ("model.not_downloaded", "model.not_converted")
"""The errors of a model that can be downloaded or converted."""


async def checked_setup(host: AppHost) -> Checked | None:
    """Return the setup, checked; None if it needs a model or a task that the person does not want to fetch now."""
    setup = host.main.setup
    checked = await setup.check()
    if checked.problem is not None and checked.problem.error[0] in ABSENT:
        from pgplay.app.screens.dialogs.get_model import GetModelDialog

        if not await host.push_screen_wait(GetModelDialog(setup.typed["model"].strip())):
            return None
        checked = await setup.check()
    if checked.problem is not None and checked.problem.error[0] == "outside.not_here":
        from pgplay.app.screens.dialogs.get_task import GetTaskDialog

        task = outside_task(setup.typed["task"].strip())
        if task is None or not await host.push_screen_wait(GetTaskDialog(task)):
            return None
        checked = await setup.check()
    return checked
