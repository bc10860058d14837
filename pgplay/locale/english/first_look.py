"""What a first look says, before the first step."""

from __future__ import annotations

FIRST_LOOK = {
    "look.texts": "{completions} completions before the first step: {earning:percent} score above 0 (mean reward "
    "{mean:.2f}), {distinct} are distinct, {ended:percent} end with a stop token.",
    "look.seconds": "A step will take about {seconds:.2g} s.",
    "look.memory": "Training takes about {memory:bytes} of memory.",
    "finding.first-alike": "Only {distinct:.0f} of {of:.0f} completions are distinct: there is nothing to explore.",
    "finding.first-alike.advice": "Raise the temperature, or use other prompts.",
    "finding.first-tied": "{tied:percent} of the groups are tied: all completions of a prompt get the same reward, "
    "so none is better than another.",
    "finding.first-tied.advice": "Choose a reward that gives partial credit (j compares and probes rewards), or a "
    "higher temperature.",
    "finding.first-cut": "{cut:percent} of the completions reach the limit of {limit:.0f} tokens.",
    "finding.first-cut.advice": "Raise max_length, or choose a reward that favours shorter completions.",
}
