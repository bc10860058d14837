"""The docs' page about rewards, made from the catalogue, the grammar of formulas and the verdicts.

python -m tests.rewards.table      writes docs/rewards.md
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pgplay.locale.catalog import verdict_words
from pgplay.rewards import formula_tree
from pgplay.rewards.catalogue import REWARDS, BuiltIn
from pgplay.rewards.probe.verdict import VerdictKind
from pgplay.rewards.python.host import MAXIMUM_NAMED_PARTS
from pgplay.rewards.python.process_guard import GIVE_UP, GRACE, LOOK
from pgplay.rewards.reward import DEFAULT_LIMITS

PAGE = Path(__file__).parents[2] / "docs" / "rewards.md"

HEAD = """\
# Rewards

This page is made by `python -m tests.rewards.table`; a test fails where it is out of date.

A reward scores a text. `--reward` takes the name of a built-in reward, a formula, or a Python file. Three commands
work without training:

```sh
pgplay rewards show bleu                                          # the definition of a reward
pgplay score --target "hello world" --reward lcs "helo wrld"      # score texts, with parts and alignment
pgplay rewards probe jaro levenshtein --target "hello world"      # probe a reward before training
```

`--measure SPEC` plots an extra reward at every step without training on it, so reward hacking becomes visible.

## Built in

Lengths and edits are counted in Unicode code points, and every range is {range}. A comparison uses the
target, or a text in brackets: `contains("sea")`. Some rewards take a number: `distinct(3)`. Rewards without a target
score style.
"""

FORMULAS = """\
## Formulas

`0.8*levenshtein + 0.2*prefix - 0.01*abs(length - 12)`. A formula is parsed and checked and never run as Python, so
formulas in other people's presets and recipes are safe. It has at most {characters:,} characters, is nested at most
{depth} deep, and consists of

- rewards as above, `jaro-winkler` or `jaro_winkler`; quoted texts are literal (a backslash is a backslash);
- numbers, `+ - * / **`, comparisons, `and`, `or`, `not`, `a if b else c`, and brackets;
- {functions};
- {variables}.

`length` alone, or with a weight, is the built-in reward between 0 and 1. In a sum, difference or comparison with a
count (a number of 2 or more, or one of the variables) it means the number of
characters: `abs(length - 12)`, `length > 5`.
`length(12)` is the built-in reward that is 1 at 12 characters.

If a formula has several rewards, each is logged and plotted as a part; a part with the weight 0 has no effect on
training: `levenshtein + 0*distinct`. If a formula has no finite value for a text (`1/length_gap`), the run stops and
shows the text, target and prompt.
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
A function with a parameter `completions` is called as TRL calls it, `f(prompts, completions, **columns)` with lists of
texts, so a reward written for TRL runs as it is (a task's targets are its column `target`).
A score is one finite number, or a mapping with `score` and up to {parts} named numbers, which are logged and plotted
as parts and not trained. Each distinct text of a batch is scored once.

Further columns of the task's CSV, JSONL or TOML file reach each of these functions by name, if it asks for them:
`reward(text, target, prompt, solution)` gets the row's value of the column *solution*, a function of lists gets a list,
and `**columns` gets all. Values of a CSV are texts; a row of a JSONL without the column gives None.

It runs in its own process, without a terminal, with {batch:g} s per batch, {load:g} s to load and {memory:g} GiB of
memory (on Linux). Its output goes to the log. A wrong number of scores, a non-finite score, an exception, time-out,
exit or crash stops the run at that step with nothing lost. The error shows the line, the traceback, and the text,
target and prompt. Fix it, and the run resumes at the same step.

**This guards against mistakes, not against attackers.** The process runs with your rights: it can read and delete
your files and reach the network. So Python that you did not write or name yourself, in this session or on this
command line, never runs just because you load a policy, a preset, a recipe, a run's folder or the app's last session,
neither as a reward nor as a measure. pgplay shows it with its SHA-256 and asks once; if you agree, exactly that source
runs. Your consents are stored, one per source, in the folder that `pgplay locate` calls *consents*; deleting a file
there revokes one. A changed file is asked about again. Read the source before you agree. `--yes` agrees for one command
and stores nothing.

### Processes started by a reward

A reward may start threads and processes. They end when a batch fails, when the run is closed, when another reward
replaces it, and when pgplay ends for any reason: an error, Ctrl+C, or a kill.

- **Linux**: everything the reward started ends within {grace:g} s of pgplay's end, including daemons and children in
  their own session or with an empty environment. A small guard process that runs none of your code
  (`rewards/python/process_guard.py`) is the parent of the reward and adopts orphans. If the guard is killed too, the
  reward's process ends with it; of the processes it started, a running pgplay ends those with the original
  environment.
- **macOS and other Unix**: the same for the reward's process and its process group. A child in its own session or
  group continues.
- **Windows**: there is no guard. pgplay ends the reward's process. If pgplay is killed, that process ends by itself
  after its current call and its threads. Processes it started continue.

Processes with other rights than yours (by `sudo`), or started by another service (a container, a scheduler), do not
count as started by the reward.

Rewards that you wrote or named yourself are remembered with their file, so your runs resume without a question. During
a run pgplay watches that file: save it, and the next step uses it. Other people's files are not watched.
"""

PROBE = """\
## The probe

Before any training, `pgplay rewards probe` samples groups of completions from the untrained policy as training would,
and reports the spread of their rewards, the share of tied groups (no signal), the cost of a reward, its rise along
random edits back to the target, and the ends of hill climbing by single edits, including local optima. From these
numbers it draws one verdict:

{verdicts}
The verdict is about texts and edits, not about gradients. A flat reward gives no policy a signal, but a reward that
edits can climb may still be hard for a policy, and a policy, which tries many texts at once, can leap where single
edits stop: of four such rewards for *hello world*, two are learned within 60 steps and two not within 400. All five
tested rewards with the verdicts *flat*, *rewards short text* and *not the only best text* behave as predicted.
"""

MEANINGS: dict[VerdictKind, str] = {
    "constant": "All texts have the same reward.",
    "random": "Two rewards of the same text differ by a fifth of the range or more.",
    "flat": "At least three quarters of the groups are tied: only luck finds the first improvement.",
    "short-text": "Climbing ends at texts of half the target's length or less that score more than the target, or, "
    "without a target, the reward falls with the length and climbing shortens the text.",
    "long-text": "The same for texts at least 1.5 times as long as the target, or as long as possible.",
    "another-text": "Climbing ends at texts that score more than the target.",
    "stops-short": "Every climb ends below the target's reward, where no single edit raises it.",
    "many-best": "More climbs end at other texts with the target's reward than at the target.",
    "local-optima": "Some climbs end where no single edit raises the reward.",
    "learnable": "None of these.",
}


def page() -> str:
    """Return the whole page."""
    head = ("reward", "description", "definition", "arguments", "source")
    comparing = [_row(reward) for reward in REWARDS.values() if reward.needs_target]
    style = [_row(reward) for reward in REWARDS.values() if not reward.needs_target]
    verdicts = _table(("verdict", "meaning"), [(verdict_words(kind), meaning) for kind, meaning in MEANINGS.items()])
    [(low, high)] = {reward.range for reward in REWARDS.values()}
    functions = ", ".join(f"`{function.usage}`" for function in formula_tree.FORMULA_FUNCTIONS.values())
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
            parts=MAXIMUM_NAMED_PARTS,
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
