"""The explanation of every panel and its numbers, by the id of its widget, for F1 and the help page."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.locale.english.settings import SETTINGS


def capital(words: str) -> str:
    """Return `words` with a capital letter first."""
    return f"{words[:1].upper()}{words[1:]}"


def sentence(words: str) -> str:
    """Return `words` with a capital letter and a full stop."""
    return f"{capital(words).rstrip('.')}."


def concept_of(setting: str) -> str:
    """Return the concept behind a setting, its formula and when to change it, a line each."""
    return "\n".join(filter(None, SETTINGS[setting]))


class Explanation(NamedTuple):
    """The name of a panel or control, and what it shows or does."""

    title: str
    words: str


EXPLANATIONS_BY_PAGE: dict[str, dict[str, Explanation]] = {
    "Every page": {
        "places": Explanation(
            "Places",
            "Where you are, and the keys of the five places: the run, one step of it, the map of what its policy would "
            "write, runs side by side, and the library of stored runs and policies. Pressing the key of the current "
            "place again opens its next page, shown on the right.",
        ),
        "view-panel": Explanation("View", "The keys that change how this page looks. Escape closes the panel."),
    },
    "The main screen": {
        "headline": Explanation(
            "First line",
            "The target or task, the reward, the model (with its number of parameters), algorithm and device; then the "
            "run's state, steps and completions so far, and seconds of training.",
        ),
        "curves": Explanation(
            "Curves",
            "One plot per chosen metric, over the steps. In the reward's plot the band spans the lowest to the highest "
            "reward of each step, and squares mark the greedy completion: what the policy writes if it always chooses "
            "the most likely token. m chooses the metrics.",
        ),
        "samples": Explanation(
            "Samples",
            "Rewards and texts: the greedy completion (the most likely text), the best one sampled so far with its "
            "step, and a selection from the newest step, from high to low reward. Right characters are plain, wrong "
            "ones underlined, extra ones struck through; · marks a missing one. ⊣: cut off at the length limit; …: too "
            "long to show. The run is solved when the greedy completion is exactly the target. In the title: the "
            "number of completions in this step, how many are distinct, and the mean of each measure.",
        ),
        "records": Explanation(
            "Best sampled", "Each completion that beat the best one before it, newest first, with its step and reward."
        ),
        "health": Explanation(
            "Signal health",
            "Is the learning signal healthy? Means over the last steps: ● fine, ▲ worth watching, ✗ out of range. d "
            "shows what to try, with a key that does it; ! applies the suggestion of a finding.",
        ),
        "what-now": Explanation(
            "What now?",
            "The result of a solved run and three suggestions. Escape closes it; the keys work anyway.",
        ),
        "finding": Explanation(
            "Finding",
            "What stands out in training, what it means, and what to try; in your first run, what to look at. Empty "
            "if all is well.",
        ),
        "status": Explanation(
            "Last line",
            "Progress of the reward towards 1 and the estimated time left, with its range where there is room. On a "
            "wide screen, or after v p: tokens sampled per second, and how much of a step's time goes to sampling, "
            "scoring and learning.",
        ),
        "keys": Explanation("Keys", "The most useful keys; clicking one does the same. ctrl+p lists all of them."),
    },
    "The setup": {
        "setup": Explanation(
            "Setup",
            "The settings of a run. Enter opens a list, Escape leaves a text field. Some settings can be changed "
            "while training; the others take effect at the next start.",
        ),
        "preset": Explanation(
            "Preset", "A ready-made setup that shows one thing. Change anything to make it your own."
        ),
        "task": Explanation("Task", concept_of("task")),
        "target": Explanation("Target", f"{concept_of('target')}\nAny script works, and several lines too."),
        "from-file": Explanation("From a file", "Reads the target from a text file."),
        "reward": Explanation("Reward", concept_of("reward")),
        "own-reward": Explanation(
            "Your own reward", "A formula such as 0.8*levenshtein + 0.2*prefix, or a Python file: my_reward.py:name."
        ),
        "model": Explanation("Model", f"{concept_of('model')}\nBeside its name: the number of parameters (weights)."),
        "algorithm": Explanation("Algorithm", concept_of("algorithm")),
        "device": Explanation("Device", concept_of("device")),
        "setup-note": Explanation("Note", "Errors, changes that wait for the next start, and other notes."),
        "start": Explanation("Start, pause, resume", "Does the same as the space bar."),
    },
    "A step in detail": {
        "phase-title": Explanation("Step", "The recorded step, its algorithm, and its number of completions."),
        "phase-stops": Explanation(
            "Four stages",
            "Sample, score, advantage, update: the stages of every step. Left and right move between them.",
        ),
        "completions": Explanation(
            "Completions",
            "The completions of one step, duplicates counted (×). R: the reward. R−b: the reward minus the baseline b, "
            "the expected reward. A: the advantage, how much better than expected, in standard deviations or in units "
            "of reward. corr.: what the control variate adds to A, averaged over its tokens. log p: log-probability of "
            "the text, in nats. change: how much the update raised log p, in nats. len: number of tokens.",
        ),
        "phase-maths": Explanation(
            "Maths", "The formulas of this stage, with the numbers of the selected completion. c shows the code."
        ),
        "tokens": Explanation(
            "Token by token",
            "p: the token's probability when it was sampled, and the policy's entropy at that position (nats). credit: "
            "the edits that the token saves. critic: the return that the critic predicts there. A: the advantage of "
            "the whole text; A_t: that of this token. ratio: its probability in training over its probability when "
            "sampled. p after and change (of log p, nats): the effect of the update; ≡ marks a clipped ratio. Then the "
            "most likely tokens before the update, the sampled one in bold; ■ is the stop token.",
        ),
        "microscope-title": Explanation("Step", "Which step is shown, and whether it was recorded in full."),
        "microscope-find": Explanation("Find", "Lists only completions that contain this text."),
        "microscope-sample": Explanation(
            "One completion",
            "The text under its target; its reward and the reward's parts; the baseline that is subtracted and the "
            "standard deviation that it is divided by (in units of reward); log p before and after the update (nats); "
            "and the mean advantage of its tokens.",
        ),
        "code": Explanation("Code", "The functions that this stage runs, with file and line."),
    },
    "The policy's map": {
        "map-title": Explanation("Step", "Which step the maps show, and the state of the run."),
        "next-tokens": Explanation(
            "What it would write",
            "The greedy completion by position, the target under it, the entropy (nats), and the probability of each "
            "token: the fuller the cell, the more likely. Left and right scroll through a long text.",
        ),
        "target-tokens": Explanation(
            "When each letter was learned",
            "One row per letter of the target: at each step, the probability that the policy writes it after the "
            "correct letters before it. With several targets, the mean over those measured at each position.",
        ),
        "rewards": Explanation(
            "Rewards", "The distribution of each step's rewards: the fuller the cell, the more completions."
        ),
    },
    "Prompts": {
        "prompts-title": Explanation(
            "Prompts", "The step; then the number of prompts and their mean reward, for training and held-out prompts."
        ),
        "prompts": Explanation(
            "Prompts",
            "Every prompt, training or held out, with the greedy completion, marked against the right answer, and its "
            "reward. Enter samples for that prompt.",
        ),
        "watched": Explanation(
            "The selected prompt",
            "Its right answer, and its reward at each measurement since you opened this page, as bars from 0 to 1.",
        ),
    },
    "Signals, metrics, details": {
        "health-page": Explanation(
            "Signal health",
            "Each metric of the learning signal, averaged over the last 30 steps, with its meaning and unit; what to "
            "try if it is out of range, and the key that applies it.",
        ),
        "plots-dialog": Explanation(
            "Plots",
            "Every metric with its newest value and unit; the number in front is its position among the plots, 1 for "
            "the large one.",
        ),
        "find": Explanation("Find", "Lists only metrics whose name or meaning contains this text."),
        "details": Explanation(
            "Details",
            "All findings and notes, all metrics of the newest step with their meanings and units, and the log.",
        ),
    },
    "Runs and policies": {
        "policies": Explanation(
            "Policies", "The saved policies: what each was trained on, and its greedy reward at the end."
        ),
        "runs": Explanation(
            "Runs",
            "The stored runs: steps, best mean reward of a step, and state. ● marks the runs that p compares. ▤ is a "
            "sweep: one line for all its runs.",
        ),
        "sweep-title": Explanation("Sweep", "Its rows and seeds, how many runs have ended, and the time left."),
        "sweep-rows": Explanation(
            "Rows",
            "Four lines for each recipe. Its label, how many runs reached the goal, and the median (or mean) with its "
            "interval. Every run on the axis below: ● where it was solved, ▸ where it ended unsolved, a number for "
            "several on one spot; ━ the interval, ┃ the median. Every seed: ● solved, ○ not, ✗ failed, ◐ training, "
            "‖ interrupted, · waiting; arrows choose one, Enter opens it. Then the verdict: this recipe against the "
            "first. ▲ hacked: the reward rises but what is meant does not.",
        ),
        "sweep-axis": Explanation("Axis", "What all rows are compared by: completions until solved, or a measure."),
        "listing-title": Explanation("List", "What is stored on this machine; pgplay locate lists the folders."),
        "page-hint": Explanation("About this row", "Details that do not fit the columns, and what Enter does."),
        "travel-title": Explanation("Step", "The run, the step that is shown, and the last step."),
        "travel-numbers": Explanation("Numbers", "The metrics of this step, with their units."),
        "travel-hint": Explanation("Continue", "The checkpoint from which Enter continues as a new run: a branch."),
        "overlay-title": Explanation("Side by side", "The number of runs shown; at most eight."),
        "overlay-legend": Explanation(
            "Runs",
            "Marker and colour of each line, what differs between the lines, the number of steps, and the newest mean "
            "reward and greedy reward; if a line has several seeds, their means.",
        ),
        "overlay-hint": Explanation(
            "About this line", "Its differences and its runs in full, or an error."
        ),
    },
    "Rewards": {
        "reward-title": Explanation("Reward", "The reward that the run trains with now."),
        "reward-editor": Explanation(
            "Editor",
            "A formula of built-in rewards, scored as you type, or Python. ctrl+r scores the samples with it, ctrl+s "
            "trains with it from the next step on.",
        ),
        "check": Explanation(
            "Check",
            "The samples of the newest step: their current reward, their reward after the edit, and the change.",
        ),
        "printed": Explanation("Printed", "What a reward prints, line by line, and messages from the worker."),
        "bench-title": Explanation("Reward bench", "Compare rewards on texts that you type."),
        "bench-rewards": Explanation(
            "Rewards", "All rewards. Space selects those to compare; below the list you can type your own."
        ),
        "bench-target": Explanation("Target", "The text that the rewards compare with."),
        "bench-prompt": Explanation("Prompt", "The prompt, for your own rewards that use it."),
        "texts-typed": Explanation("Texts", "The texts to score, one per line."),
        "side-by-side": Explanation(
            "Side by side",
            "Each text compared with the target, with its edit distance; then one row per reward with its value for "
            "each text, the highest in green.",
        ),
        "probe": Explanation(
            "Before training",
            "The reward as an untrained policy sees it: its distribution over random texts (a histogram), how it rises "
            "towards the target edit by edit, the share of tied groups, and its cost in microseconds per completion.",
        ),
    },
    "Dialogs": {
        "new-sweep": Explanation(
            "Sweep",
            "What to vary of the setup: each combination is a row, trained with each seed in background processes. "
            "The sweep is one line in the list of runs.",
        ),
        "recipe-dialog": Explanation("Recipe", "All settings as one line and as a command, to copy, save and paste."),
        "pasted": Explanation("Paste", "Paste a recipe; Enter fills in the setup from it."),
        "write-dialog": Explanation(
            "Write", "Completions sampled from the policy, with rewards. ctrl+w, or Enter in a field, samples more."
        ),
        "prompt": Explanation("Prompt", "The prompt that the policy completes."),
        "temperature": Explanation("Temperature", "0.05 to 10. Below 1: safer, more repetitive; above 1: more random."),
        "count": Explanation("How many", "1 to 100 texts."),
        "how": Explanation("How", "Sampled, as in training, or greedy: always the most likely token."),
        "question": Explanation("Question", "Answer it, or press Escape to cancel."),
        "failure": Explanation(
            "What went wrong",
            "Why the run or its process ended, and its last output. Everything up to the last checkpoint is kept.",
        ),
        "consent": Explanation(
            "Python that is not yours",
            "The reward's source, exactly as it would run, and its SHA-256. Your consent covers only this text.",
        ),
        "help": Explanation(
            "Help", "What you were looking at when you pressed ?; then all keys, panels and metrics, and a glossary."
        ),
        "document": Explanation("Page of the documentation", "Its links lead to the other pages. Escape closes it."),
        "glossary": Explanation("Glossary", "Each word with its meaning, its formula, and where to see it."),
    },
}

PANELS = {name: explanation for group in EXPLANATIONS_BY_PAGE.values() for name, explanation in group.items()}
"""All explanations by widget id; an id means the same on all screens."""
