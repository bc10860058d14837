"""The docs' page about rewards, made from the catalogue, the grammar of formulas and the verdicts.

python -m tests.rewards.table      writes docs/rewards.md
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pgplay.locale.catalog import verdict_words
from pgplay.rewards import formula_tree
from pgplay.rewards.catalogue import REWARDS, BuiltIn
from pgplay.rewards.probe.verdict import Kind
from pgplay.rewards.python.host import MAXIMUM_PARTS
from pgplay.rewards.python.process_guard import GIVE_UP, GRACE, LOOK
from pgplay.rewards.reward import DEFAULT_LIMITS

PAGE = Path(__file__).parents[2] / "docs" / "rewards.md"

HEAD = """\
# Rewards

This page is made by `python -m tests.rewards.table`; a test fails where it is out of date.

A reward says how good a text is. `--reward` takes the name of a built-in one, a formula, or a Python file. Three
commands go with them, none of which trains:

```sh
pgplay rewards show bleu                                          # what a reward measures
pgplay score --target "hello world" --reward lcs "helo wrld"      # what texts get, with the parts and the alignment
pgplay rewards probe jaro levenshtein --target "hello world"      # what a reward will do
```

`--measure SPEC` evaluates a further reward at every step and plots it beside the one that is trained, so that a
policy that finds a way around the reward is seen to do so.

## Built in

Lengths and edits are counted in Unicode code points, and every range is {range}. A reward that compares takes the
target, or a text in brackets in its place: `contains("sea")`. Some take a number: `distinct(3)`. Those without a
target reward style.
"""

FORMULAS = """\
## Formulas

`0.8*levenshtein + 0.2*prefix - 0.01*abs(length - 12)`. A formula is parsed and checked and never run as Python, so
one in a preset or a recipe of somebody else's is safe; at most {characters:,} characters, nested {depth} deep. It is
made of

- rewards as above, `jaro-winkler` or `jaro_winkler`; quoted texts stand as they are (a backslash is a backslash);
- numbers, `+ - * / **`, comparisons, `and`, `or`, `not`, `a if b else c`, and brackets;
- {functions};
- {variables}.

`length` alone, or with a weight, is the built-in reward, a share. Where it is added to, subtracted from or compared
with a count (a number from 2 on, or one of the variables) a share would make no sense, and it means the text's
characters: `abs(length - 12)`, `length > 5`. `length(12)` is the share that is 1 at 12 characters.

Where a formula holds several rewards, each is logged and plotted as a part; one with the weight 0 is a part too, and
trains nothing: `levenshtein + 0*distinct`. A formula that has no finite value for a text (`1/length_gap`) stops the
run with that text, target and prompt; nothing is made up.
"""

PYTHON = """\
## Your own Python

```python
# my_reward.py
def reward(text: str, target: str, prompt: str) -> float | dict[str, float]:
    vowels = sum(letter in "aeiou" for letter in text)
    return {{"score": vowels / max(1, len(text)), "length": len(text)}}
```

`--reward my_reward.py` takes `reward` or `rewards`, `--reward my_reward.py:rhymes` another function. `rewards(texts,
targets, prompts)`, or any function whose first parameter is called `texts`, scores a whole batch and returns a list.
A score is one finite number, or a mapping with `score` and up to {parts} named numbers, which are logged and plotted
as parts and not trained. Each distinct text of a batch is scored once.

It runs in a process of its own, without a terminal, with {batch:g} s for a batch, {load:g} s to load and {memory:g}
GiB of memory (on Linux). What it prints goes to the log. Anything but the right count of finite numbers, and any
exception, time-out, exit or crash, stops the run at that step with nothing lost: what is told is the line, the way to
it, and the very text, target and prompt. Mend it, and the run goes on from the same step.

**This guards against mistakes, not against attackers.** The process runs with your rights: it can read and delete
your files and reach the network. So Python that you did not write or name yourself, in this session or on this
command line, is never run by loading what brought it: a policy, a preset, a recipe, a run's folder, or what the app
kept of its last session; as the reward or as a measure. It is shown with its SHA-256, asked for once, and the text
that was shown is what runs, after you said yes. What you agreed to is kept, text by text, in the folder that
`pgplay locate` calls *consents*, and deleting a file there takes the yes back; another text in the same file is
another question. Read it before you say yes. With `--yes` nothing is asked, and nothing is kept.

### What ends with it

A reward may start threads and processes of its own. They end with a batch that fails, when the run is closed, when
another reward takes its place, and when pgplay ends, in whatever way: at an error, by ctrl+c, or killed.

- **Linux**: all that the reward started ends, within {grace:g} s of pgplay's end, also daemons and children in a
  session of their own or with an emptied environment. A small process that runs none of your code
  (`rewards/python/process_guard.py`) stands between pgplay and the reward, and takes in what is orphaned below it.
  Where somebody kills that guard too, the reward's process ends with it, and of what it started pgplay, while it
  runs, ends what kept its environment.
- **macOS and other Unix**: the same for the reward's process and what is in its process group. A child in a session
  or a group of its own lives on.
- **Windows**: there is no guard. pgplay ends the reward's process. Where pgplay is killed, that process ends by
  itself, after its present call and its threads. What it started lives on.

A process that runs with other rights than yours (by `sudo`), or that another service starts for it (a container, a
scheduler), is not one that it started.

What you wrote or named yourself is remembered with its file, so your runs resume by it unasked, and while one trains
the file is followed: save it, and the next step uses it. The file of somebody else's reward is not followed.
"""

PROBE = """\
## The probe

Before any training, `pgplay rewards probe` lets the untrained policy write completions in groups as training would,
and tells how their rewards are spread; how many groups are tied and so teach nothing; what a reward costs; whether
the reward rises along random edits back to the target; and where greedy climbing by single edits ends, among them
local optima that no edit can leave. From these numbers comes one verdict:

{verdicts}
The verdict is about texts and edits, not about gradients. A flat reward teaches no policy anything, but one that edits
climb can still be hard for a policy, and a policy, which tries many texts at once, can leap where edits stop short: of
four such rewards for *hello world*, two were learnt within 60 steps and two not within 400. All five that were tried
with the verdicts *flat*, *rewards short text* and *not the only best text* did what these say.
"""

MEANINGS: dict[Kind, str] = {
    "constant": "Not one got another reward.",
    "random": "Two rewards of one text differ by a fifth of the range or more.",
    "flat": "Three groups of four, or more, are tied: only luck finds the first improvement.",
    "short-text": "Climbing ends at texts of half the target's length or less that score more than the target, or, "
    "without a target, the reward falls with the length and climbing shortens.",
    "long-text": "The same for texts half as long again as the target, or as long as can be written.",
    "another-text": "Climbing ends at texts that score more than the target.",
    "stops-short": "Every climb ends where no single edit raises the reward, below what the target scores.",
    "many-best": "More climbs end at other texts that score as much as the target than at the target.",
    "local-optima": "Some climbs, not all, end where no single edit raises the reward.",
    "learnable": "None of these.",
}


def page() -> str:
    """Return the whole page."""
    head = ("reward", "what it says", "definition", "in brackets", "source")
    comparing = [_row(reward) for reward in REWARDS.values() if reward.needs_target]
    style = [_row(reward) for reward in REWARDS.values() if not reward.needs_target]
    verdicts = _table(("verdict", "where"), [(verdict_words(kind), meaning) for kind, meaning in MEANINGS.items()])
    [(low, high)] = {reward.range for reward in REWARDS.values()}
    functions = ", ".join(f"`{function.usage}`" for function in formula_tree.FUNCTIONS.values())
    variables = ", ".join(f"`{name}` ({meaning})" for name, meaning in formula_tree.VARIABLES.items())
    parts = (
        HEAD.format(range=f"{low:g} to {high:g}"),
        _table(head, comparing),
        "Without a target:\n",
        _table(head, style),
        FORMULAS.format(
            characters=formula_tree.MAXIMUM_CHARACTERS,
            depth=formula_tree.MAXIMUM_DEPTH,
            functions=functions,
            variables=variables,
        ),
        PYTHON.format(
            parts=MAXIMUM_PARTS,
            batch=DEFAULT_LIMITS.batch_seconds,
            load=DEFAULT_LIMITS.load_seconds,
            memory=DEFAULT_LIMITS.memory_bytes / 1024**3,
            grace=GRACE + LOOK + GIVE_UP,
        ),
        PROBE.format(verdicts=verdicts),
    )
    return "\n".join(parts)


def _row(reward: BuiltIn) -> tuple[str, ...]:
    brackets = f"{reward.parameters}: `{reward.usage}`" if reward.number or reward.pattern else ""
    return f"`{reward.name}`", reward.description, reward.definition, brackets, reward.source


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
