"""What the main page shows a newcomer, by code: during the first run ever, and after a solved one."""

GUIDE = {
    "guide.first": "Your first run begins in slow motion: watch its texts turn into the target.",
    "guide.slow": "Slow motion. Watch 'greedy', the most likely text, turn into the target while the reward climbs.",
    "guide.slow.no_target": "Slow motion. Watch 'greedy', the most likely text, change while the reward climbs.",
    "guide.fast": "Full speed. Better texts become more likely, so the reward climbs and the entropy falls.",
    "guide.one_prompt": "a run of the first training prompt only",
    "guide.one_prompt.started": (
        "The same settings on the first training prompt only, for at most {steps} steps: can it be learnt? O again "
        "returns to all prompts."
    ),
    "guide.one_prompt.none": "A run on a single target is this check already: choose a task with prompts first.",
    "guide.one_prompt.whole": "a run of all prompts",
    "guide.solved": "Solved: its most likely text is right; {right} of {count} sampled ones are.",
    "guide.solved.none": "Solved: its most likely text is right, but none of {count} sampled ones yet.",
    "guide.solved.prompts": (
        "Solved: its most likely text is right for every prompt; {right} of {count} sampled ones are."
    ),
    "guide.solved.search": "Solved: the best text of the search is right.",
    "guide.try.phases": "see one update",
    "guide.try.phases.more": "numbers, formulas and code of one step",
    "guide.try.go_until": "train on",
    "guide.try.go_until.more": "to a mean reward of {goal}, from {mean:.2f} now; enter confirms",
    "guide.try.side_by_side": "compare algorithms",
    "guide.try.side_by_side.more": "then a: another one on the same text, both curves in one plot",
    "guide.try.edit_reward": "change the reward",
    "guide.try.edit_reward.more": "and see what it learns instead",
    "guide.try.travel": "go back in time",
    "guide.try.travel.more": "the run at any earlier step",
}
