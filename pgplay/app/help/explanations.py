"""What every panel says and what its numbers are, in plain words: by the id of the widget, for F1 and the help page."""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """What something is called, and what it tells or does, in plain words."""

    title: str
    words: str


GROUPS: dict[str, dict[str, Explanation]] = {
    "The main screen": {
        "headline": Explanation(
            "First line",
            "What is learnt by which reward, model (with its number of parameters) and algorithm on which device; and "
            "how the run stands: its state, the steps and completions so far, and the seconds of training.",
        ),
        "curves": Explanation(
            "Curves",
            "One plot for each chosen metric, over the steps. That of the reward has a band from the lowest to the "
            "highest of each step, and squares for the greedy completion: what the policy writes when it always takes "
            "the likeliest character. m chooses the metrics.",
        ),
        "samples": Explanation(
            "Samples",
            "Rewards and texts: the greedy completion, the best one so far with its step, and some from across the "
            "rewards of the newest step. Right characters are plain, wrong ones underlined, extra ones struck through; "
            "· stands for a missing one. Cut off: it ran into the length limit. The run is solved when the greedy "
            "completion is exactly the target. Above: the completions of this step, how many of them are distinct, "
            "and the mean of each further reward that is measured.",
        ),
        "records": Explanation(
            "Best so far",
            "Each completion that beat the best one before it, the newest on top, with its step and its reward.",
        ),
        "health": Explanation(
            "Signal health",
            "How the learning signal stands, by the means of the last steps: ● fine, ▲ worth watching, ✗ out of range. "
            "? tells what to try and the key that does it; ! makes the change that a finding suggests.",
        ),
        "finding": Explanation(
            "Finding", "What stands out in the learning, what it means, and what to try. It is empty while all is well."
        ),
        "status": Explanation(
            "Last line",
            "How far the reward has come on its way to 1, and a forecast of the time left; characters written a "
            "second, and the shares of a step's time, in percent, that sampling, scoring and learning take.",
        ),
        "keys": Explanation("Keys", "The keys that are needed most; a click on one does the same. ctrl+p finds all."),
    },
    "The setup": {
        "setup": Explanation(
            "Setup",
            "What is learnt and how. Enter opens a list, escape leaves a text field. Some settings can be changed "
            "while training; the others count from the next start on.",
        ),
        "preset": Explanation("Preset", "A whole setup that shows one thing. Changing anything makes it yours."),
        "task": Explanation(
            "Task",
            "One target, or prompts with a target each: made by a generator, a set that ships, or a file of your own.",
        ),
        "target": Explanation("Target", "The text that is to be learnt, in any script; it may have several lines."),
        "from-file": Explanation("From a file", "Reads the target from a text file."),
        "reward": Explanation(
            "Reward", "What is good: a number for each text, most often from 0 to 1. Below: how it is computed."
        ),
        "own-reward": Explanation(
            "Reward of your own", "A formula such as 0.8*levenshtein + 0.2*prefix, or a Python file: my_reward.py:name."
        ),
        "model": Explanation(
            "Model", "Family and size of the network that writes, with its number of parameters (weights)."
        ),
        "algorithm": Explanation(
            "Algorithm",
            "How the policy is improved: a policy gradient, or one of the methods that it is compared with.",
        ),
        "device": Explanation("Device", "What computes: auto takes what is fastest for this model."),
        "more": Explanation("Alphabet, length, seed", "Further settings of the task. Enter folds them out or in."),
        "learning": Explanation("Learning settings", "Every setting of the algorithm. Enter folds them out or in."),
        "setup-note": Explanation("Note", "What is wrong, what waits for the next start, or what to know."),
        "start": Explanation("Start, pause, go on", "Does what the space bar does."),
    },
    "A step in detail": {
        "phase-title": Explanation("Step", "Which step was taken apart, its algorithm, and its number of completions."),
        "phase-stops": Explanation(
            "Four stops", "Sample, score, advantage, update: the way of every step. Right and left go along it."
        ),
        "completions": Explanation(
            "Completions",
            "What was written in one step, equal ones counted (×). reward: what it earned. adv.: the mean of its "
            "tokens' advantages, in units of the algorithm (deviations, or rewards). log p: how likely it was, in "
            "nats. change: how much likelier (above 0) the step's update made it, in nats. len: its tokens.",
        ),
        "phase-maths": Explanation(
            "Maths",
            "The formulas of this stop with the numbers of the chosen completion. c shows the code that is run.",
        ),
        "tokens": Explanation(
            "Token by token",
            "p: how likely the token was where it was drawn, and how undecided the policy was there (entropy, nats). "
            "credit: the edits that it saved. critic: the reward expected there. A: the advantage of the whole text; "
            "A_t: this token's. ratio: its probability while learning, over that when it was drawn. p after and "
            "change (of log p, nats): what the update made of it; ≡ where the ratio was clipped. Then the likeliest "
            "tokens before the update, the one that was drawn in bold; ■ is the stop token.",
        ),
        "microscope-title": Explanation("Step", "Which step is looked at, and whether it was taken apart in full."),
        "microscope-find": Explanation("Find", "Only completions that hold what is typed here stay in the list."),
        "microscope-sample": Explanation(
            "One completion",
            "The text under its target, its reward with the parts that it is made of, the baseline that is subtracted "
            "and the deviation that is divided by (both in rewards), log p before and after the update (nats), and "
            "the mean advantage of its tokens.",
        ),
        "code": Explanation("Code", "The very functions that this stop runs, with their file and line."),
    },
    "The policy's map": {
        "map-title": Explanation("Step", "Which step the maps show, and how the run stands."),
        "writing": Explanation(
            "What it would write",
            "The greedy completion under its positions, the target under it, the entropy there (nats), and how likely "
            "each token is: the fuller the cell, the likelier. Left and right move along a long text.",
        ),
        "learnt": Explanation(
            "Which letter is learnt when",
            "A row for each letter of the target, and how likely the policy is to write it after the right ones before "
            "it, step by step. With several targets, the mean over those that were measured at each position.",
        ),
        "rewards": Explanation(
            "Rewards",
            "Which share of each step's completions earned how much: the fuller the cell, the more of them.",
        ),
    },
    "Prompts": {
        "prompts-title": Explanation("Prompts", "The step, and for each side how many prompts and their mean reward."),
        "prompts": Explanation(
            "Prompts",
            "Every prompt, in training or held out, with the reward of what the policy would write for it and the text "
            "itself, marked against the right answer. Enter writes for it.",
        ),
        "watched": Explanation(
            "The prompt under the bar",
            "Its right answer, and its reward at each look since this screen was opened: a bar from 0 to 1.",
        ),
    },
    "Signals, metrics, details": {
        "health-page": Explanation(
            "Signal health",
            "Each number of the learning signal, the mean of the last 30 steps, with its meaning and its unit; what to "
            "try where it is out of range, and the key that makes that change.",
        ),
        "plots-dialog": Explanation(
            "Plots",
            "Every metric with its newest value and its unit; the number before it is its place among the plots, 1 the "
            "large one.",
        ),
        "find": Explanation("Find", "Only metrics whose name or meaning holds what is typed here stay in the list."),
        "details": Explanation(
            "Details",
            "Every finding and note, every number of the newest step by the name it has everywhere, with its meaning "
            "and its unit, and what was printed.",
        ),
    },
    "Runs and policies": {
        "policies": Explanation(
            "Policies",
            "What is kept in the library: what it was trained on, and the greedy reward that it reached.",
        ),
        "runs": Explanation(
            "Runs",
            "Every run that is kept: its steps, the best mean reward of a step, and how it stands. ● marks those that "
            "p shows side by side.",
        ),
        "listing-title": Explanation("List", "What is kept on this machine; pgplay locate tells in which folders."),
        "page-hint": Explanation("About this row", "What the columns have no room for, and what enter does with it."),
        "travel-title": Explanation("Step", "The run, the step that you look at, and its last step."),
        "travel-numbers": Explanation("Numbers", "What the step told: each metric by its name and in its unit."),
        "travel-hint": Explanation("Going on", "From which checkpoint enter goes on, as a new run: a branch."),
        "overlay-title": Explanation("Side by side", "How many runs are shown. Eight are the most."),
        "overlay-legend": Explanation(
            "Runs",
            "The marker and colour of each line, what differs between them, the steps made, and the newest mean reward "
            "and greedy reward; of several seeds in one line, their means.",
        ),
        "overlay-hint": Explanation(
            "About this line", "What differs in it and the runs behind it, in full; or why something cannot be done."
        ),
    },
    "Rewards": {
        "reward-title": Explanation("Reward", "By which reward the run is trained now."),
        "reward-editor": Explanation(
            "Editor",
            "A formula of built-in rewards, scored as you type, or Python. ctrl+r scores the samples by it, ctrl+s "
            "trains by it from the next step on.",
        ),
        "check": Explanation(
            "Check",
            "The samples of the newest step: their present reward, that by what stands in the editor, and the change.",
        ),
        "printed": Explanation("Printed", "What a reward prints, line by line, and what the worker says."),
        "bench-title": Explanation("Reward bench", "Rewards beside each other on texts that you type."),
        "bench-rewards": Explanation(
            "Rewards", "Every reward that there is. Space chooses those that are compared; beneath, one of your own."
        ),
        "bench-target": Explanation("Target", "The text that the rewards compare with."),
        "bench-prompt": Explanation("Prompt", "The prompt that a reward of your own may look at."),
        "texts-typed": Explanation("Texts", "What is scored, one text a line."),
        "side-by-side": Explanation(
            "Side by side",
            "Each text marked against the target, with the edits between them; then a row for each reward with its "
            "value for each text, the highest in green.",
        ),
        "probe": Explanation(
            "Before training",
            "What a reward would mean to an untrained policy: how it spreads over random texts (a bar for each part of "
            "its range), how it rises towards the target edit by edit, the share of groups that are tied, and its cost "
            "in microseconds a completion.",
        ),
    },
    "Dialogs": {
        "recipe-dialog": Explanation(
            "Recipe", "All that the setup says, as one line and as a command, to copy, to save and to paste back."
        ),
        "pasted": Explanation("Paste", "A recipe that somebody sent: enter fills the setup in from it."),
        "write-dialog": Explanation(
            "Write", "Texts by the policy, each with its reward. ctrl+w, or enter in a field, writes."
        ),
        "prompt": Explanation("Prompt", "What the policy is to answer."),
        "temperature": Explanation(
            "Temperature", "From 0.05 to 10: below 1 the likely is made likelier, above 1 everything comes nearer."
        ),
        "count": Explanation("How many", "From 1 to 100 texts."),
        "how": Explanation("How", "Drawn at random as in training, or greedy: always the likeliest character."),
        "question": Explanation("Question", "Answer it, or leave with escape: then nothing is done."),
        "failure": Explanation(
            "What went wrong",
            "Why the run or its process ended, and what it said last. Everything up to the last checkpoint is kept.",
        ),
        "consent": Explanation(
            "Python that is not yours",
            "The reward that came with it, as it would run, and its SHA-256. A yes holds for exactly this text.",
        ),
        "help": Explanation("Help", "Where you were when you pressed F1, every key, every panel and every number."),
    },
}

PANELS = {name: explanation for group in GROUPS.values() for name, explanation in group.items()}
"""The explanations by the ids of their widgets, which are the same on all screens."""
