"""Does a change preserve the numbers? Trains the same rows with two checkouts and compares every metric bit for bit.

    python -m tests.benchmarks.same_numbers --against CHECKOUT [--steps 4] [--only TEXT]

A row is an algorithm or a setting, a network and a task; each is trained for a few steps on one thread, by the names
that `pgplay` itself uses, so that it works with older checkouts. The algorithms and the metrics are those of CHECKOUT.
Rows that differ are printed with the first step and the metrics that do; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pgplay
from pgplay import InputError, Session, build_reward, make_config, make_learner, make_plan

HERE = Path(__file__).parents[2]
IS_OLD = "read_inputs" not in pgplay.__all__  # 0.1 reads the files that a config names by itself
MODELS = ("gru-nano", "transformer-nano")
PROMPTS = {"task": "reverse:length=2-3,count=40"}
TASKS: dict[str, dict[str, Any]] = {
    "text": {"target": "hello"},
    "prompts": PROMPTS,
    "dense": {"target": "hello", "credit": "dense"},
}
EXTRAS: dict[str, dict[str, Any]] = {
    "replay": {"replay": 0.5},
    "kl": {"kl": 0.05},
    "kl-limit": {"kl_limit": 0.05},
    "kl-in-reward": {"kl": 0.05, "kl_in": "reward"},
    "dropout": {"dropout": 0.2},
    "l1": {"l1": 1e-4},
    "l2": {"l2": 1e-3},
    "weight-decay": {"weight_decay": 0.1},
    "top-k": {"top_k": 5},
    "top-p": {"top_p": 0.8},
    "min-p": {"min_p": 0.05},
    "temperature": {"temperature": 0.7},
    "gae": {"algorithm": "a2c", "credit": "gae", "gae_lambda": 0.9, "discount": 0.99},
    "dense-with-critic": {"algorithm": "a2c", "credit": "dense"},
    "dense-discount": {"credit": "dense", "discount": 0.5},
    "regression": {"control_variate": "regression"},
    "no-control-variate": {"control_variate": "none"},
    "three-updates": {"updates_per_step": 3},
    "groups": {**PROMPTS, "group_size": 2},
    "lr-by-kl": {"lr_schedule": "kl"},
    "entropy-by-reward-gap": {"entropy_schedule": "reward-gap"},
    "constant-entropy": {"entropy_schedule": "constant"},
    "no-entropy": {"entropy": 0.0},
    "clipped-gradient": {"clip_gradient": 0.1},
    "measures": {"measure": ["hamming", "bleu"]},
    "formula": {"reward": "0.8*levenshtein + 0.2*prefix", "control_variate": "regression"},
    "chrf": {"reward": "chrf"},
    "style": {"reward": "distinct"},
    "warm-start": {"warm_start": "10"},
    "warm-reference": {"warm_start": "10", "kl": 0.05},
    "held-out": {**PROMPTS, "held_out": 0.2, "held_out_every": 2, "patience": 5},
    "chinese": {"target": "床前明月光"},
    **{f"baseline-{name}": {"algorithm": "reinforce", "baseline": name} for name in ("batch-mean", "group-mean")},
    **{f"scale-{name}": {"algorithm": "rloo", "scale": name} for name in ("group-std", "batch-std")},
    **{f"ratio-{name}": {"ratio": name} for name in ("none", "clip-higher", "cispo", "gspo")},
    **{f"aggregation-{name}": {"aggregation": name} for name in ("token-mean", "sequence-sum", "constant-length")},
}
EXTRAS["ratio-none"] |= {"updates_per_step": 1}
REFUSED = "refused"
"""Stands for a row's steps if its settings exclude each other."""


def rows(algorithms: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the settings of every row by its name: the algorithm or setting, the network, the task."""
    found = {
        f"{algorithm} {model} {name}": {**task, "algorithm": algorithm, "model": model}
        for algorithm in algorithms
        for model in MODELS
        for name, task in TASKS.items()
    }
    for name, settings in EXTRAS.items():
        for model in MODELS:
            has_a_task = "task" in settings or "target" in settings
            for task in ("own",) if has_a_task else ("text", "prompts"):
                found[f"{name} {model} {task}"] = {**TASKS.get(task, {}), **settings, "model": model}
    return {name: {"batch_size": 8, "until": "never", **settings} for name, settings in found.items()}


@contextmanager
def networks_of_0_1() -> Iterator[None]:
    """Build new networks as pgplay 0.1 did, whose transformers have no matrix for the previous token."""
    if IS_OLD:
        yield
        return
    from pgplay.policies.families import catalogue

    present = dict(catalogue.MODELS)
    for name, spec in present.items():
        catalogue.MODELS[name] = spec._replace(shape=spec.shape._replace(previous_token=False))
    try:
        yield
    finally:
        catalogue.MODELS.update(present)


@contextmanager
def learner_for(settings: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the learner for these `settings`, with a method `step`; for a run with a warm start it is the session."""
    config = make_config(settings)
    inputs = [] if IS_OLD else [pgplay.read_inputs(config)]
    with ExitStack() as undo:
        if config.warm_start:
            session: Any = Session.begin(config, *inputs)
            undo.callback(session.close, "paused")
            yield session
            return
        reward, *measured = (undo.enter_context(build_reward(one)) for one in (config.reward, *config.measure))
        measures = dict(zip(config.measure, measured, strict=True))
        yield make_learner(make_plan(config, *inputs), reward, measures)


def train(settings: Mapping[str, Any], steps: int) -> list[dict[str, float]] | str:
    """Return the metrics of each step of a run with these `settings`, except those of time."""
    try:
        with networks_of_0_1(), learner_for(settings) as learner:
            return [_steady(learner.step().metrics) for _ in range(steps)]
    except InputError:
        return REFUSED


def _steady(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if not name.startswith("seconds_")}


def differences(one: Any, other: Any) -> str:
    """Return a description of the first difference between two rows; empty if they are the same bit for bit."""
    if REFUSED in (one, other):
        return "" if one == other else f"{_told(one)} here, {_told(other)} there"
    for step, (here, there) in enumerate(zip(one, other, strict=True), start=1):
        names = [name for name in sorted(there) if here.get(name) != there[name]]
        if names:
            shown = ", ".join(f"{name} {_shown(here.get(name))} and {_shown(there[name])}" for name in names[:3])
            return f"step {step}: {len(names)} metrics differ: {shown}"
    return ""


def _told(row: Any) -> str:
    return REFUSED if row == REFUSED else "trained"


def _shown(value: str | None) -> str:
    return "missing" if value is None else repr(float.fromhex(value))


def _in_checkout(checkout: Path, *words: str, home: str, text: str = "") -> Any:
    environment = dict(os.environ, PYTHONPATH=str(checkout), PGPLAY_HOME=home, PYTHONUTF8="1", OMP_NUM_THREADS="1")
    command = [sys.executable, "-P", *words]
    done = subprocess.run(command, env=environment, cwd=home, input=text, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def numbers_of(checkout: Path, wanted: Mapping[str, Mapping[str, Any]], steps: int) -> dict[str, Any]:
    """Return for each row the metrics of its steps, as hexadecimal texts, when `checkout` trains it."""
    with tempfile.TemporaryDirectory() as home:
        found: dict[str, Any] = _in_checkout(
            checkout, __file__, "--print", "--steps", str(steps), home=home, text=json.dumps(wanted)
        )
    return found


def algorithms_of(checkout: Path) -> list[str]:
    """Return the names of the algorithms that `checkout` knows."""
    with tempfile.TemporaryDirectory() as home:
        return [one["name"] for one in _in_checkout(checkout, "-m", "pgplay", "algorithms", "--json", home=home)]


def _print(steps: int) -> int:
    import torch

    torch.set_num_threads(1)
    trained = {name: train(settings, steps) for name, settings in json.load(sys.stdin).items()}
    told = {
        name: row if isinstance(row, str) else [{key: float(value).hex() for key, value in one.items()} for one in row]
        for name, row in trained.items()
    }
    json.dump(told, sys.stdout)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rows that differ; return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="the other checkout's folder")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows with this in their name")
    parser.add_argument("--print", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.print:
        return _print(options.steps)
    if options.against is None:
        parser.error("--against CHECKOUT is needed")
    against = options.against.resolve()
    wanted = {name: row for name, row in rows(algorithms_of(against)).items() if options.only in name}
    here, there = (numbers_of(checkout, wanted, options.steps) for checkout in (HERE, against))
    told = {name: differences(here[name], there[name]) for name in wanted}
    for name, words in told.items():
        if words:
            print(f"{name}: {words}")
    different = sum(map(bool, told.values()))
    refused = sum(row == REFUSED for row in there.values())
    print(f"{len(wanted) - different} of {len(wanted)} rows are the same, bit for bit; {refused} are refused.")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
