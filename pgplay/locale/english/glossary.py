"""The glossary: each word that pgplay uses, with one meaning. docs/glossary.md and the help page are made from it."""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """A word: what it means in one sentence, its formula (empty without one), and where to see it."""

    word: str
    meaning: str
    formula: str
    where: str


_TEXTS = (
    Term("target", "The text that a completion should be.", "", "the setup; on large screens also above the samples"),
    Term("prompt", "The text that a completion continues or answers; empty for a single target.", "", "page Prompts"),
    Term(
        "completion",
        "The text that the policy writes after a prompt, up to the stop token or the length limit.",
        "x = x_1 … x_T",
        "the samples; page Microscope",
    ),
    Term(
        "token",
        "One unit of text that the policy writes: a character, a piece of a word, or the stop token.",
        "x_t, the token at position t",
        "page Microscope, one row per token",
    ),
    Term("alphabet", "The characters that a character policy can write.", "", "the setup, more settings, task"),
    Term("task", "The prompts with their targets, split into training and held-out prompts.", "", "the setup"),
)

_WRITING = (
    Term(
        "policy",
        "The language model: given the text so far, it assigns a probability to each possible next token.",
        "π(x_t | x_1 … x_(t−1))",
        "page Map: a column per position, a cell per token",
    ),
    Term(
        "sampled", "Drawn at random from the policy.", "x_t ~ π(· | x_1 … x_(t−1))", "the samples, from top to bottom"
    ),
    Term(
        "greedy",
        "Decoded by always choosing the most likely token.",
        "x_t = argmax_v π(v | x_1 … x_(t−1))",
        "the first of the samples; the squares in the plot of the reward",
    ),
    Term(
        "best sampled",
        "The sampled completion with the highest reward so far, often found by luck before the policy has learned it.",
        "",
        "the second of the samples, with its step",
    ),
    Term(
        "temperature",
        "Divides the logits z before the softmax: below 1 is safer, above 1 more random.",
        "π(v) = exp(z_v / T) / Σ_u exp(z_u / T)",
        "setting temperature; page Write",
    ),
    Term(
        "log-probability",
        "The logarithm of a completion's probability, the sum over its tokens, in nats.",
        "log π(x) = Σ_t log π(x_t | x_1 … x_(t−1))",
        "column log p of one update and of the microscope",
    ),
    Term(
        "nat",
        "The unit of entropy, KL and log-probability with the natural logarithm.",
        "1 nat = 1 / ln 2 bits ≈ 1.44 bits",
        "the titles of the plots",
    ),
    Term(
        "rollout", "The sampled completions of one step with their log-probabilities.", "", "one update, stage sample"
    ),
)

_LEARNING = (
    Term("reward", "The score of a completion, usually 0 to 1.", "R(x)", "the large plot; the samples"),
    Term(
        "return", "The sum of the rewards from a token on.", "G_t = Σ_(s≥t) γ^(s−t) r_s", "one update, stage advantage"
    ),
    Term(
        "policy gradient",
        "The direction that raises the mean reward: each completion's log-probability, weighted by its advantage.",
        "∇J = E[A(x) ∇ log π(x)]",
        "one update, stage update",
    ),
    Term(
        "baseline",
        "The expected reward, such as the mean of the group; it lowers the gradient's variance and keeps its mean.",
        "b, as in A = R − b",
        "column R−b of one update; setting baseline",
    ),
    Term(
        "advantage",
        "How much better than expected a completion was; some algorithms divide it by a standard deviation.",
        "A = R − b, or A = (R − b) / σ",
        "column A of one update",
    ),
    Term(
        "critic",
        "A small head of the network that predicts the return at each token.",
        "V(x_1 … x_t) ≈ E[G_t]",
        "page Microscope, column critic; algorithm ppo",
    ),
    Term("group", "The completions of one prompt in one step.", "", "setting group size"),
    Term(
        "credit",
        "How a reward is assigned to tokens: all of it to each (terminal), the change that each caused (dense), or a "
        "critic's estimates (gae).",
        "dense: r_t = Φ(x_1 … x_t) − Φ(x_1 … x_(t−1))",
        "setting credit; page Microscope, column A_t",
    ),
    Term(
        "control variate",
        "A prediction of what each token contributes; subtracting the other tokens' share lowers the gradient's noise.",
        "A_t = A − the predicted share of the other tokens",
        "column corr. of one update; setting control variate",
    ),
    Term(
        "importance ratio",
        "The probability of a token in training over its probability when it was sampled.",
        "ρ = π(x_t) / π_old(x_t)",
        "page Microscope, column ratio",
    ),
    Term(
        "clipping",
        "Limiting the importance ratio, so that one batch cannot move the policy too far.",
        "1 − low ≤ ρ ≤ 1 + high",
        "metric Clip fraction; settings ratio, clip low and clip high",
    ),
    Term(
        "on-policy", "Trained on completions of the very policy that is updated.", "ρ = 1", "setting updates per step"
    ),
    Term(
        "entropy",
        "How undecided the policy is about the next token.",
        "H = −Σ_v π(v) log π(v)",
        "the plot Entropy; page Map",
    ),
    Term(
        "entropy bonus",
        "A term of the objective J that rewards entropy, which keeps the policy exploring.",
        "J + β H",
        "setting entropy; metric Entropy weight",
    ),
    Term(
        "collapse",
        "A policy that is certain of one text, right or wrong: all its samples are equal, so all advantages are 0.",
        "H ≈ 0, A = 0",
        "the plot Entropy; metric Distinct completions",
    ),
    Term(
        "KL",
        "How far the policy is from its reference, in nats per token; 0 where they are equal.",
        "KL = Σ_v π(v) log(π(v) / π_ref(v))",
        "metric KL to reference; settings kl and kl limit",
    ),
    Term(
        "reference",
        "The policy that KL is measured against: the one at the start, or a saved one.",
        "π_ref",
        "setting reference",
    ),
    Term(
        "cross-entropy",
        "How surprising the targets y are to the policy, in nats per token.",
        "−(1/T) Σ_t log π(y_t | y_1 … y_(t−1))",
        "the plot Cross-entropy",
    ),
    Term(
        "reward hacking",
        "The reward rises but what you meant does not: the policy has found a gap between the two.",
        "",
        "a measure plotted beside the reward",
    ),
    Term(
        "update",
        "One change of the weights θ by the optimiser.",
        "θ ← θ + η ∇J, with plain gradients",
        "one update, stage update",
    ),
    Term("learning rate", "The size of an update.", "η", "setting lr; metric Learning rate"),
    Term("step", "Sample, score, advantage, update: one batch of completions and its updates.", "", "page One update"),
    Term(
        "warm start",
        "Training on example texts by cross-entropy before the first step, or starting from a saved policy.",
        "",
        "setting warm start",
    ),
)

_RUNS = (
    Term("run", "One training run, stored with its full history.", "", "page Runs"),
    Term(
        "solved",
        "Greedy decoding writes the target of every training prompt exactly.",
        "",
        "the first line, in green",
    ),
    Term("held out", "Prompts that are never trained on, to measure generalisation.", "", "page Prompts"),
    Term("measure", "An extra reward that is plotted but not trained on.", "", "setting measure; the samples' title"),
    Term("finding", "Something that pgplay detects in the metrics, with a suggestion.", "", "above the last lines"),
    Term("recipe", "A run's settings that differ from the defaults, as one line.", "", "page Recipe"),
    Term("preset", "A ready-made setup in a file.", "", "the setup, first row"),
    Term(
        "checkpoint",
        "Everything needed to resume a run exactly from a step.",
        "",
        "page Back in time, marked ●",
    ),
    Term("branch", "A new run that continues from another run's checkpoint.", "", "page Back in time"),
    Term("pause", "Interrupt a run; resuming continues exactly where it was.", "", "the space bar"),
    Term("stop", "End a run; its policy stays loaded.", "", "the keys"),
    Term("reset", "Discard the policy and clear the plots; the stored run stays.", "", "the keys"),
)

GLOSSARY: dict[str, tuple[Term, ...]] = {
    "Texts": _TEXTS,
    "Writing": _WRITING,
    "Learning": _LEARNING,
    "Runs": _RUNS,
}
"""All words by theme."""
