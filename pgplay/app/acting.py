"""What each action of the registry does: a method `action_NAME` for every NAME that is not Textual's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.widget import Widget

from pgplay.app import themes
from pgplay.app.state.pace import TEN

if TYPE_CHECKING:
    from pgplay.app.controllers.driving import PaceController
    from pgplay.app.controllers.inspection import Inspection
    from pgplay.app.controllers.plots import PlotController
    from pgplay.app.controllers.run import RunController
    from pgplay.app.controllers.shell import ShellController
    from pgplay.app.controllers.stored_runs import StoredRunsController
    from pgplay.app.messages import Part
    from pgplay.app.screens.main import MainScreen
    from pgplay.app.state.app_state import AppState


class Acting(App[int]):
    """The app as its keys see it: each action is handed to the one who knows how, whom the app brings."""

    state: AppState
    _conductor: RunController
    _driving: PaceController
    _looking: PlotController
    _inspection: Inspection
    _visits: StoredRunsController
    _comfort: ShellController
    in_ascii: bool

    @property
    def main(self) -> MainScreen:
        """The main screen, whatever lies over it."""
        raise NotImplementedError

    def redraw(self, *parts: Part) -> None:
        """Have the state shown, in `parts` of the main screen or in all."""
        raise NotImplementedError

    def change_looks(self) -> None:
        """Have every screen drawn by the present theme and signs."""
        raise NotImplementedError

    def action_toggle_run(self) -> None:
        """Start the run, pause it, or go on with it."""
        self._conductor.toggle_run()

    def action_one_step(self) -> None:
        """Make one step and pause."""
        self._driving.one_step()

    def action_ten_steps(self) -> None:
        """Make ten steps and pause."""
        self._driving.go(TEN)

    def action_go_until(self) -> None:
        """Ask how far to go, and pause there."""
        self._driving.ask_goal()

    def action_slower(self) -> None:
        """Slow down."""
        self._driving.change_tempo(-1)

    def action_faster(self) -> None:
        """Speed up, as far as full speed."""
        self._driving.change_tempo(1)

    def action_stop(self) -> None:
        """End the run; its policy stays."""
        self._conductor.stop()

    def action_reset(self) -> None:
        """Forget the policy and empty the plots."""
        self._conductor.reset()

    def action_save(self) -> None:
        """Save the policy under a name."""
        self._conductor.save()

    def action_write(self) -> None:
        """Write with the policy."""
        self._conductor.write()

    def action_target_from_file(self) -> None:
        """Read the target from a file."""
        self._conductor.ask_target_file()

    def action_library(self) -> None:
        """Show the saved policies."""
        from pgplay.app.screens.library.policies import Library

        self.push_screen(Library(self._conductor.write_with, self._conductor.train_on))

    def action_runs(self) -> None:
        """Show the stored runs."""
        from pgplay.app.screens.library.runs import Runs

        self.push_screen(Runs(self._conductor.resume_run, self._visits))

    def action_travel(self) -> None:
        """Look at the run as it was at any step, and go on from there."""
        self._visits.travel()

    def action_edit_reward(self) -> None:
        """Open the reward's editor."""
        self._conductor.rewards.edit()

    def action_reward_bench(self) -> None:
        """Open the bench, where rewards are seen side by side."""
        self._conductor.rewards.compare()

    def action_side_by_side(self) -> None:
        """Show the run beside its branches and others of its kind."""
        self._visits.side_by_side()

    def action_recipe(self) -> None:
        """Show all that the setup says as one line, and as a command."""
        self._visits.recipe()

    def action_details(self) -> None:
        """Show every finding, every number of the newest step, and what was printed."""
        from pgplay.app.screens.dialogs.details import DetailsScreen

        self.push_screen(DetailsScreen(self.state))

    def action_choose_metrics(self) -> None:
        """Choose which metrics are plotted."""
        self._looking.choose_metrics()

    def action_enlarge(self) -> None:
        """Give the whole screen to one panel."""
        self._looking.enlarge()

    def action_cursor(self) -> None:
        """Read all plots at one step."""
        self._looking.cursor()

    def action_cursor_left(self) -> None:
        """Move the cursor to an earlier step."""
        self._looking.move(-1)

    def action_cursor_right(self) -> None:
        """Move the cursor to a later step."""
        self._looking.move(1)

    def action_phases(self) -> None:
        """Walk through one step in four stops."""
        self._inspection.phases()

    def action_microscope(self) -> None:
        """Look at completions token by token."""
        self._inspection.microscope()

    def action_policy_map(self) -> None:
        """Look at what the policy would write, and which letter was learnt when."""
        self._inspection.policy_map()

    def action_prompts(self) -> None:
        """List the prompts, and watch one."""
        self._inspection.prompts(self._conductor.write)

    def action_health(self) -> None:
        """Tell how the learning signal stands."""
        self._inspection.health()

    def action_take_advice(self) -> None:
        """Make the change that a finding suggests."""
        self._inspection.take_advice()

    def action_zoom(self) -> None:
        """Show a more recent part of the run."""
        self._looking.zoom()

    def action_smooth(self) -> None:
        """Average the curves over more steps."""
        self._looking.smooth()

    def action_logarithm(self) -> None:
        """Change the scale of a plot."""
        self._looking.logarithm()

    def action_jump(self) -> None:
        """Show a letter on every panel, and put the focus where the next key says."""
        self._comfort.jump()

    def action_help(self) -> None:
        """Explain what has the focus or lies under the mouse; then show the keys, and what the panels mean."""
        self._comfort.help()

    def action_toggle_ascii(self) -> None:
        """Draw in ASCII, or no longer."""
        self.in_ascii = not self.in_ascii
        self.refresh_css(animate=False)
        for screen in self.screen_stack:
            for widget in screen.walk_children(Widget, with_self=True):
                widget.refresh()
        self.change_looks()

    def action_toggle_theme(self) -> None:
        """Change to the next of the house's themes."""
        names = [theme.name for theme in themes.THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def action_toggle_setup(self) -> None:
        """Show or hide the setup."""
        self.main.toggle_setup()

    def action_unfocus(self) -> None:
        """Leave the field that has the focus; in a small terminal, close the setup that lies over the plots."""
        if self.screen is self.main:
            if self.main.maximized is not None:
                self.main.minimize()
                return
            if self.screen.focused is None and self.main.setup_covers:
                self.main.toggle_setup()
            self.screen.set_focus(None)
