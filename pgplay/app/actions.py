"""The one registry of actions: keys, command palette, line of keys, view panel, help and docs are made from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.binding import Binding

from pgplay.worker.protocol.records import RunState


class Action(NamedTuple):
    """One thing that a person can do.

    `key` may name several keys, of which `key_display` shows the first; it is empty for an action of the view panel and
    the palette only. `view_key` is its key in the view panel, empty if it is not listed there. `shown` puts it in the
    line of keys of every page it works on.
    """

    name: str
    key: str
    key_display: str
    title: str
    help: str
    shown: bool = False
    view_key: str = ""

    @property
    def keys(self) -> str:
        """Its keys, as a person reads them."""
        return ", ".join(filter(None, (self.key_display, f"v {self.view_key}" if self.view_key else "")))


class KeyChoice(NamedTuple):
    """One line of the view panel; `action` is written as Textual reads it."""

    key: str
    title: str
    help: str
    action: str


NOT_IN_THE_PALETTE = ("unfocus", "interrupt")
"""Actions without an entry in the palette."""

LOOKS = "look-"
"""The beginning of the ids of bindings that the view panel lists."""


ACTIONS = (
    Action("place_run", "1", "1", "run", "The main page: setup, curves and samples."),
    Action("place_step", "2", "2", "step", "The newest recorded step, stage by stage; pressed again, token by token."),
    Action("place_map", "3", "3", "map", "What the policy would write; pressed again, for each prompt."),
    Action("place_compare", "4", "4", "compare", "Runs side by side."),
    Action("place_library", "5", "5", "library", "Stored runs; pressed again, saved policies."),
    Action("toggle_run", "space", "space", "start/pause", "Start, pause or resume the run."),
    Action("one_step", "s", "s", "one step", "Run one step, then pause."),
    Action("ten_steps", "S", "S", "ten steps", "Run ten steps, then pause."),
    Action("go_until", "g", "g", "run until…", "Run until solved, a reward, a step or a time, then pause."),
    Action(
        "slower", "minus", "-", "slower", "Slow motion: ten, four or two steps per second, or one every two seconds."
    ),
    Action("faster", "plus", "+", "faster", "Speed up again, to full speed."),
    Action("stop", "x", "x", "stop", "End the run; its policy can still be sampled and saved."),
    Action("reset", "r", "r", "reset", "Discard the policy and clear the plots; the stored run is kept."),
    Action("first_look", "L", "L", "first look", "Before training: 64 completions, and the time and memory of a step."),
    Action("overfit", "O", "O", "one prompt", "Can one prompt be learnt? Run the setup on the first; O returns."),
    Action("toggle_setup", "t", "t", "setup", "Show or hide the setup."),
    Action("save", "ctrl+s", "^s", "save", "Save the policy under a name."),
    Action("write", "w", "w", "write", "Sample from the policy."),
    Action("library", "o", "o", "policies", "Saved policies: sample, train on, rename, delete, export, import."),
    Action("runs", "u", "u", "runs", "Stored runs: resume one from its last checkpoint."),
    Action("travel", "h", "h", "back in time", "The run at any earlier step; continue from there as a branch."),
    Action("edit_reward", "e", "e", "edit reward", "Edit the reward, check it on the samples, apply it."),
    Action("reward_bench", "j", "j", "reward bench", "Compare rewards on texts that you type; probe a reward."),
    Action("side_by_side", "p", "p", "side by side", "Several runs in one plot; try another algorithm or reward."),
    Action("sweep", "W", "W", "sweep", "This setup varied: rewards, algorithms or a setting, each with several seeds."),
    Action("export", "X", "X", "export", "The present run as HTML, SVG, PNG, PDF, CSV or JSONL."),
    Action("recipe", "y", "y", "recipe", "The settings as one line and as a command: copy, save, paste."),
    Action("details", "i", "i", "details", "All findings, all metrics of the newest step, and the log."),
    Action("phases", "n", "n", "one update", "Sample, score, advantage, update: numbers, maths, code."),
    Action("microscope", "k", "k", "microscope", "Completions token by token; sort and search them."),
    Action("policy_map", "a", "a", "map", "What the policy would write, and when it learned each letter."),
    Action("prompts", "P", "P", "prompts", "Every prompt with its greedy completion and reward; watch one."),
    Action("health", "d", "d", "diagnosis", "Is the learning signal healthy? What to try."),
    Action("take_advice", "exclamation_mark", "!", "apply the suggestion", "Apply the suggestion of the finding."),
    Action("view", "v", "v", "view", "Show the keys for the page's looks: metrics, smoothing, scale, theme …", True),
    Action("choose_metrics", "m", "m", "metrics", "Choose the metrics to plot, the first one large.", view_key="m"),
    Action("enlarge", "b", "b", "full size", "Show one panel (tab chooses it) or the plots full size.", view_key="b"),
    Action("cursor", "c", "c", "cursor", "Show all values at one step; left, right or a click moves it.", view_key="c"),
    Action("cursor_left", "left", "←", "cursor left", "Move the cursor to an earlier step."),
    Action("cursor_right", "right", "→", "cursor right", "Move the cursor to a later step."),
    Action("zoom", "z", "z", "zoom", "Show the last 1000, 200 or 50 steps, or the whole run.", view_key="z"),
    Action("smooth", "", "", "smooth", "Average the curves over 5, 20 or 100 steps; raw stays faint.", view_key="s"),
    Action("logarithm", "l", "l", "log scale", "Log scale of the focused plot, or of the large one.", view_key="l"),
    Action("target_from_file", "f", "f", "target from a file", "Read the target text from a file."),
    Action("toggle_theme", "", "", "theme", "Next theme: dark, light, or one for colour-blind users.", view_key="t"),
    Action("toggle_ascii", "", "", "ASCII", "Draw in ASCII or not, for fonts without braille.", view_key="a"),
    Action("toggle_speed", "", "", "speed", "Show or hide tokens per second and the time per stage.", view_key="p"),
    Action("unfocus", "escape", "esc", "leave the field", "Leave a text field, so that letters are commands again."),
    Action("jump", "full_stop", ".", "jump", "Show a letter on every panel; press one to focus that panel."),
    Action("help", "question_mark,f1", "?", "help", "Explain the panel in focus; all keys and panels. f1 too.", True),
    Action("quit", "q", "q", "quit", "Quit; asks first while a run is training. ctrl+q quits at once."),
    Action("interrupt", "ctrl+c", "^c", "copy", "Copy the selection; press twice to quit."),
)


class MainPlace(NamedTuple):
    """One of the five places: the action that goes there, and its pages, to which its key turns in this order."""

    name: str
    key: str
    title: str
    pages: tuple[str, ...]


PLACES = (
    MainPlace("place_run", "1", "Run", ("run",)),
    MainPlace("place_step", "2", "Step", ("one update", "microscope")),
    MainPlace("place_map", "3", "Map", ("map", "prompts")),
    MainPlace("place_compare", "4", "Compare", ("side by side",)),
    MainPlace("place_library", "5", "Library", ("runs", "policies")),
)

CONTROLLERS: dict[str, tuple[str, ...]] = {
    "run": (
        *("toggle_run", "one_step", "ten_steps", "go_until", "slower", "faster", "stop", "reset", "first_look"),
        "target_from_file",
    ),
    "one_prompt": ("overfit",),
    "navigation": ("place_run", "place_step", "place_map", "place_compare", "place_library"),
    "policies": ("save", "write", "library"),
    "rewards": ("edit_reward", "reward_bench"),
    "plots": (*("choose_metrics", "enlarge", "cursor", "cursor_left", "cursor_right", "zoom", "smooth", "logarithm"),),
    "inspection": ("phases", "microscope", "policy_map", "prompts", "health", "take_advice", "details"),
    "sweeps": ("sweep",),
    "stored_runs": ("runs", "travel", "side_by_side", "export", "recipe"),
    "shell": (
        *("toggle_setup", "view", "toggle_theme", "toggle_ascii", "toggle_speed"),
        *("unfocus", "jump", "help", "quit", "interrupt"),
    ),
}
"""The controller that does each action of ACTIONS, by a method of the action's name."""

CONTROLLER_OF = {name: controller for controller, names in CONTROLLERS.items() for name in names}

EVERYWHERE = (*CONTROLLERS["navigation"], "view", "toggle_theme", "toggle_ascii", "jump", "help", "quit", "interrupt")
"""The actions whose keys work on every page; the others' are the main screen's."""

_ENDED = ("phases", "write", "save", "side_by_side", "edit_reward", "toggle_run", "policy_map", "health")
LINE_OF_KEYS: dict[RunState, tuple[str, ...]] = {
    "idle": ("toggle_run", "phases", "toggle_setup", "edit_reward", "library", "runs", "recipe", "view"),
    "preparing": ("toggle_run", "stop", "phases", "view", "slower"),
    "training": ("toggle_run", "phases", "view", "health", "slower", "write", "stop", "policy_map", "microscope"),
    "paused": ("toggle_run", "one_step", "phases", "view", "save", "write", "travel", "side_by_side", "health"),
    "solved": _ENDED,
    "finished": _ENDED,
    "failed": ("details", "edit_reward", "runs", "toggle_run", "health", "toggle_setup"),
}
"""The actions in the main screen's line of keys, by the run's state, the most useful first."""

OF_A_POLICY = ("phases", "microscope", "policy_map", "write", "save")
"""Those of them that are about a policy, which a search does not have."""

EDITOR_ACTIONS = (
    Action("check", "ctrl+r", "^r", "check", "Preview scores; training is not affected.", True),
    Action("apply", "ctrl+s", "^s", "apply", "Save this reward and train with it from the next step on.", True),
    Action("begin_in_python", "ctrl+t", "^t", "Python template", "Replace with a Python template.", True),
    Action("leave", "escape", "esc", "back", "Go back; your text stays until you apply it.", True),
)
"""Actions in the reward editor: methods of its screen."""

BENCH_ACTIONS = (
    Action("probe", "ctrl+r", "^r", "before training", "Probe a reward before training.", True),
    Action("leave", "escape", "esc", "back", "Go back.", True),
)
"""Actions on the reward bench."""


def do(name: str) -> str:
    """Return the app's action `name` as Textual reads it in a key or a link."""
    return f"app.do({name!r})"


def bindings(actions: Sequence[Action] = ACTIONS, *, priority: bool = False) -> list[Binding]:
    """Return the key bindings; single letters trigger nothing while a text field has the focus.

    With `priority` they take precedence over a focused text field.
    """
    return [
        Binding(
            key,
            do(action.name) if action.name in CONTROLLER_OF else action.name,
            action.title,
            key_display=None if place else action.key_display,
            show=action.shown,
            tooltip=action.help,
            priority=priority,
        )
        for action in actions
        for place, key in enumerate(filter(None, action.key.split(",")))
    ]
