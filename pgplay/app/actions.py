"""The one registry of what a person can do: keys, command palette, footer and help are all made from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.binding import Binding


class Action(NamedTuple):
    """One thing that a person can do.

    `rank` says how much it is needed in the line of keys, 1 the most; 0 keeps it out of there.
    """

    name: str
    key: str
    key_display: str
    title: str
    help: str
    rank: int = 0


ACTIONS = (
    Action("toggle_run", "space", "space", "start/pause", "Start the run; pause it; go on with it.", 1),
    Action("one_step", "s", "s", "one step", "Make one step and pause.", 6),
    Action("ten_steps", "S", "S", "ten steps", "Make ten steps and pause."),
    Action("go_until", "g", "g", "go until…", "Go on until solved, a reward, a step or a time, and pause there."),
    Action("slower", "minus", "-", "slower", "Slow motion: ten steps a second, then two, then one in two seconds."),
    Action("faster", "plus", "+", "faster", "Faster again, up to full speed."),
    Action("stop", "x", "x", "stop", "End the run; its policy stays for writing and saving.", 7),
    Action("reset", "r", "r", "reset", "Forget the policy and empty the plots; the stored run stays.", 8),
    Action("toggle_setup", "t", "t", "setup", "Show or hide the setup.", 2),
    Action("save", "ctrl+s", "^s", "save", "Save the policy under a name.", 4),
    Action("write", "w", "w", "write", "Write with the policy: temperature, greedy, how many.", 9),
    Action("library", "o", "o", "policies", "The saved policies: write, train on, rename, delete, export, import.", 5),
    Action("runs", "u", "u", "runs", "The stored runs: go on with one from its last checkpoint."),
    Action("travel", "h", "h", "back in time", "The run as it was at any step; go on from there as a branch."),
    Action("edit_reward", "e", "e", "edit reward", "The reward's editor: type, check on the samples, apply.", 5),
    Action("reward_bench", "j", "j", "reward bench", "Type texts and see every reward side by side; probe one.", 10),
    Action("side_by_side", "p", "p", "side by side", "Several runs in one plot; another algorithm or reward beside."),
    Action("recipe", "y", "y", "recipe", "The whole run as one line and as a command: copy, save, paste."),
    Action("details", "i", "i", "details", "Every finding, every number of the newest step, and what was printed."),
    Action("phases", "n", "n", "one step in four stops", "Walk through one step: numbers, maths and code."),
    Action("microscope", "k", "k", "microscope", "Completions token by token, sorted and searched."),
    Action("policy_map", "a", "a", "map", "What the policy would write, and which letter was learnt when."),
    Action("prompts", "q", "q", "prompts", "Every prompt with what the policy writes and its reward; watch one."),
    Action("health", "question_mark", "?", "signal health", "How the learning signal stands, and what to try."),
    Action("take_advice", "exclamation_mark", "!", "take the advice", "Make the change that the finding suggests."),
    Action("choose_metrics", "m", "m", "metrics", "Choose which metrics are plotted, and which one large."),
    Action("enlarge", "b", "b", "full size", "Give the whole screen to one panel (tab chooses it), or to the plots."),
    Action("cursor", "c", "c", "cursor", "Read all plots at one step; left and right move it, so does a click."),
    Action("cursor_left", "left", "←", "cursor left", "Move the cursor to an earlier step."),
    Action("cursor_right", "right", "→", "cursor right", "Move the cursor to a later step."),
    Action("zoom", "z", "z", "zoom", "Show the last 1000, 200 or 50 steps, or the whole run."),
    Action("smooth", "v", "v", "smooth", "Average the curves over 5, 20 or 100 steps; the raw line stays, faint."),
    Action("logarithm", "l", "l", "log scale", "Change the scale of the plot that has the focus, or of the large one."),
    Action("target_from_file", "f", "f", "target from a file", "Read the target text from a file."),
    Action("toggle_theme", "d", "d", "theme", "The next theme: dark, light, and both again for colour-blind eyes."),
    Action("unfocus", "escape", "esc", "leave the field", "Leave a text field, so that keys are commands again."),
    Action("jump", "full_stop", ".", "jump", "Show a letter on every panel; press it to put the focus there."),
    Action("help", "f1", "f1", "help", "What has the focus or lies under the mouse; the keys, and the panels.", 3),
    Action("quit", "ctrl+q", "^q", "quit", "Leave; a run that goes on is kept with a checkpoint."),
)

CONTROLLERS: dict[str, tuple[str, ...]] = {
    "run": (
        *("toggle_run", "one_step", "ten_steps", "go_until", "slower", "faster", "stop", "reset", "target_from_file"),
    ),
    "policies": ("save", "write", "library"),
    "rewards": ("edit_reward", "reward_bench"),
    "plots": (*("choose_metrics", "enlarge", "cursor", "cursor_left", "cursor_right", "zoom", "smooth", "logarithm"),),
    "inspection": ("phases", "microscope", "policy_map", "prompts", "health", "take_advice", "details"),
    "stored_runs": ("runs", "travel", "side_by_side", "recipe"),
    "shell": ("toggle_setup", "toggle_theme", "unfocus", "jump", "help"),
}
"""The controller that does each action of ACTIONS, by a method of the action's name; `quit` is Textual's own."""

CONTROLLER_OF = {name: controller for controller, names in CONTROLLERS.items() for name in names}

EVERYWHERE = ("quit", "help", "jump", "toggle_theme")
"""The actions whose keys work on every screen; the others' are the main screen's."""

EDITOR_ACTIONS = (
    Action("check", "ctrl+r", "^r", "check", "Score the samples by what stands here; the run does not notice.", 1),
    Action("apply", "ctrl+s", "^s", "apply", "Keep what stands here and train by it from the next step on.", 1),
    Action("begin_in_python", "ctrl+t", "^t", "begin in Python", "Put a Python reward to begin with in its place.", 1),
    Action("leave", "escape", "esc", "back", "Go back; what was typed stays until you apply it.", 1),
)
"""What can be done in the reward's editor: methods of its screen."""

BENCH_ACTIONS = (
    Action("probe", "ctrl+r", "^r", "before training", "Look at a reward as an untrained policy would meet it.", 1),
    Action("leave", "escape", "esc", "back", "Go back.", 1),
)
"""What can be done on the reward bench."""


def do(name: str) -> str:
    """Return Textual's words for the app's action of that name, as a key or a link carries them."""
    return f"app.do({name!r})"


def bindings(actions: Sequence[Action] = ACTIONS, *, priority: bool = False) -> list[Binding]:
    """Return the keys; those of one letter reach no action while a text field has the focus.

    With `priority` they come before what a text field does with them; ctrl+q always does.
    """
    return [
        Binding(
            action.key,
            do(action.name) if action.name in CONTROLLER_OF else action.name,
            action.title,
            key_display=action.key_display,
            show=action.rank > 0,
            tooltip=action.help,
            priority=priority or action.name == "quit",
        )
        for action in actions
    ]
