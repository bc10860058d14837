"""The one registry of actions: keys, command palette, footer and help are all made from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.binding import Binding


class Action(NamedTuple):
    """One thing that a person can do.

    `rank` is its priority in the line of keys, 1 the highest; 0 keeps it out.
    """

    name: str
    key: str
    key_display: str
    title: str
    help: str
    rank: int = 0


ACTIONS = (
    Action("toggle_run", "space", "space", "start/pause", "Start, pause or resume the run.", 1),
    Action("one_step", "s", "s", "one step", "Make one step and pause.", 6),
    Action("ten_steps", "S", "S", "ten steps", "Make ten steps and pause."),
    Action("go_until", "g", "g", "run until…", "Run until solved, a reward, a step or a time, then pause."),
    Action("slower", "minus", "-", "slower", "Slow motion: ten steps per second, two, or one every two seconds."),
    Action("faster", "plus", "+", "faster", "Speed up again, to full speed."),
    Action("stop", "x", "x", "stop", "End the run; its policy stays for sampling and saving.", 7),
    Action("reset", "r", "r", "reset", "Discard the policy and clear the plots; the stored run stays.", 8),
    Action("toggle_setup", "t", "t", "setup", "Show or hide the setup.", 2),
    Action("save", "ctrl+s", "^s", "save", "Save the policy under a name.", 4),
    Action("write", "w", "w", "write", "Sample from the policy.", 9),
    Action("library", "o", "o", "policies", "Saved policies: sample, train on, rename, delete, export, import.", 5),
    Action("runs", "u", "u", "runs", "Stored runs: resume one from its last checkpoint."),
    Action("travel", "h", "h", "back in time", "The run at any earlier step; continue from there as a branch."),
    Action("edit_reward", "e", "e", "edit reward", "Edit the reward: type, check it on the samples, apply.", 5),
    Action("reward_bench", "j", "j", "reward bench", "Compare rewards on texts you type; probe one.", 10),
    Action("side_by_side", "p", "p", "side by side", "Several runs in one plot; try another algorithm or reward."),
    Action("recipe", "y", "y", "recipe", "The settings as one line and as a command: copy, save, paste."),
    Action("details", "i", "i", "details", "All findings, all metrics of the newest step, and the log."),
    Action("phases", "n", "n", "step through one update", "Sample, score, advantage, update: numbers, maths, code."),
    Action("microscope", "k", "k", "microscope", "Completions token by token; sort and search them."),
    Action("policy_map", "a", "a", "map", "What the policy would write, and when it learnt each letter."),
    Action("prompts", "q", "q", "prompts", "Every prompt with its greedy completion and reward; watch one."),
    Action("health", "question_mark", "?", "signal health", "Is the learning signal healthy? What to try."),
    Action("take_advice", "exclamation_mark", "!", "take the advice", "Make the change that the finding suggests."),
    Action("choose_metrics", "m", "m", "metrics", "Choose which metrics to plot, and which one large."),
    Action("enlarge", "b", "b", "full size", "Show one panel (tab chooses it) or the plots full size."),
    Action("cursor", "c", "c", "cursor", "Read all plots at one step; left, right or a click moves it."),
    Action("cursor_left", "left", "←", "cursor left", "Move the cursor to an earlier step."),
    Action("cursor_right", "right", "→", "cursor right", "Move the cursor to a later step."),
    Action("zoom", "z", "z", "zoom", "Show the last 1000, 200 or 50 steps, or the whole run."),
    Action("smooth", "v", "v", "smooth", "Average the curves over 5, 20 or 100 steps; the raw line stays faint."),
    Action("logarithm", "l", "l", "log scale", "Toggle the log scale of the focused plot, or of the large one."),
    Action("target_from_file", "f", "f", "target from a file", "Read the target text from a file."),
    Action("toggle_theme", "d", "d", "theme", "Next theme: dark, light, and both for colour-blind eyes."),
    Action("unfocus", "escape", "esc", "leave the field", "Leave a text field, so that keys are commands again."),
    Action("jump", "full_stop", ".", "jump", "Show a letter on every panel; press one to focus that panel."),
    Action("help", "f1", "f1", "help", "Explain the panel in focus or under the mouse; all keys and panels.", 3),
    Action("quit", "ctrl+q", "^q", "quit", "Quit (a running run is checkpointed)."),
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

EVERYWHERE = ("help", "jump", "toggle_theme")
"""The actions whose keys work on every screen; the others' are the main screen's."""

EDITOR_ACTIONS = (
    Action("check", "ctrl+r", "^r", "check", "Preview scores; training is not affected.", 1),
    Action("apply", "ctrl+s", "^s", "apply", "Save this reward and train with it from the next step on.", 1),
    Action("begin_in_python", "ctrl+t", "^t", "Python template", "Replace with a Python template.", 1),
    Action("leave", "escape", "esc", "back", "Go back; your text stays until you apply it.", 1),
)
"""Actions in the reward editor: methods of its screen."""

BENCH_ACTIONS = (
    Action("probe", "ctrl+r", "^r", "before training", "Probe a reward before training.", 1),
    Action("leave", "escape", "esc", "back", "Go back.", 1),
)
"""Actions on the reward bench."""


def do(name: str) -> str:
    """Return Textual's words for the app's action of that name, as a key or a link carries them."""
    return f"app.do({name!r})"


def bindings(actions: Sequence[Action] = ACTIONS, *, priority: bool = False) -> list[Binding]:
    """Return the key bindings; single letters trigger nothing while a text field has the focus.

    With `priority` they take precedence over a focused text field; ctrl+q always does.
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
