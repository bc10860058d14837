"""pgplay and TRL's GRPOTrainer with peft (https://github.com/huggingface/trl) on a pretrained model.

    python -m pip install -c constraints.txt -e ".[hf,compare]"
    python -m tests.benchmarks.pretrained_against_trl [--model storybook-1m] [--rounds 3] [--steps 3] [--threads 2]
        [--device cpu]

Both train the same model in float32 with the same adapter, prompts, reward and KL to the base: 4 prompts of about 40
tokens, 8 completions of each, of at most 32 tokens, and one update per batch. `--model` is a shipped model or a folder.
Each run has a new process, and the sides alternate. Tokens per second count the sampled tokens of all steps but the
first; memory is the peak of the process, or what it took of a GPU's. The share of the peak is the time that pgplay's
arithmetic needs at this machine's speed of large matrix products, divided by the stage's time.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.benchmark import peak_operations
from pgplay.learning.inputs import read_inputs
from pgplay.learning.plan import Plan, make_plan
from pgplay.learning.trainer import Trainer
from pgplay.model_places import model_folder
from pgplay.policies.families.base import Products
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair, Task
from tests.benchmarks.sides import run_side

THINGS = ("a cat", "the sea", "an old clock", "winter")
PROMPT = (
    "Write one short sentence about the thing named below, in plain words that a child would know, and say what it "
    "looks like and where you can find it: "
)
SETTINGS = {
    "reward": "distinct", "algorithm": "grpo", "updates_per_step": 1, "batch_size": 32, "group_size": 8,
    "max_length": 32, "kl": 0.04, "lora_rank": 16, "lora_alpha": 32, "lr": 5e-4, "template": "raw", "target": "",
    "until": "never",
}  # fmt: skip


class Run(NamedTuple):
    """One run without its first step: sampled tokens, seconds in total and by stage, and peak megabytes.

        shares: of this machine's peak, by stage; empty for TRL, whose stages are not measured.
    """

    tokens: int
    seconds: float
    megabytes: float
    stages: dict[str, float]
    shares: dict[str, float]


def plan_of(model: str, seed: int, device: str) -> Plan:
    """Return the plan of a run of pgplay."""
    config = make_config({**SETTINGS, "model": model, "seed": seed, "device": device})
    task = Task("things", tuple(Pair(PROMPT + thing, "") for thing in THINGS))
    return make_plan(config, read_inputs(config)._replace(task=task))


def megabytes(device: str) -> float:
    """Return the peak memory of this process, or what it took of a GPU's."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_pgplay(model: str, seed: int, steps: int, device: str) -> Run:
    """Train with pgplay."""
    plan = plan_of(model, seed, device)
    trainer = Trainer(plan, build_reward(plan.config.reward))
    trainer.step()
    reports = [trainer.step().metrics for _ in range(steps)]
    stages = {stage: sum(one[f"seconds_{stage}"] for one in reports) for stage in ("sample", "score", "learn")}
    tokens = int(sum(one["characters"] for one in reports))
    products: Products = plan.spec.family.products(plan.spec.shape, plan.tokenizer.vocabulary_size)
    prompts = sum(len(trainer.policy.prefix(pair.prompt)) for pair in plan.task.pairs)
    read = (tokens + prompts * steps) * products.per_token
    # Sampling processes each token once; training does with the policy, with the reference, and backwards: the base's
    # weights need no gradients, which would cost as much again.
    work = {"sample": read, "learn": 3 * read}
    fastest = peak_operations(trainer.device, torch.get_num_threads()) / 2  # a product and a sum each
    shares = {stage: work[stage] / fastest / stages[stage] for stage in work}
    return Run(tokens, sum(stages.values()), megabytes(device), stages, shares)


def run_trl(model: str, seed: int, steps: int, device: str) -> Run:
    """Train with TRL and peft."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    plan = plan_of(model, seed, device)
    folder, reward = model_folder(model), build_reward(plan.config.reward)
    pair = plan.task.training[0]
    counts: list[int] = []
    moments: list[float] = []

    def score(completions: list[str], completion_ids: list[list[int]], **_: object) -> list[float]:
        counts.append(sum(map(len, completion_ids)))
        return list(reward.score_pairs(completions, [pair] * len(completions)).values)

    class Clock(TrainerCallback):
        def on_step_end(self, args: object, state: Any, control: Any, **_: object) -> None:
            moments.append(time.perf_counter())

    torch.manual_seed(seed)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = plan.config
    with tempfile.TemporaryDirectory() as output:
        trainer = GRPOTrainer(
            model=network,
            reward_funcs=score,
            args=GRPOConfig(
                output_dir=output,
                per_device_train_batch_size=config.batch_size,
                num_generations=config.group_size,
                max_completion_length=config.max_length,
                max_steps=steps + 1,
                learning_rate=config.lr,
                lr_scheduler_type="constant",
                beta=config.kl,
                seed=seed,
                use_cpu=device == "cpu",
                bf16=False,
                gradient_checkpointing=False,  # it would take a third longer
                logging_strategy="no",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list([{"prompt": pair.prompt} for pair in plan.task.training]),
            processing_class=AutoTokenizer.from_pretrained(folder),
            peft_config=LoraConfig(
                r=config.lora_rank,
                lora_alpha=config.lora_alpha,
                target_modules=config.lora_targets,
                lora_dropout=0.0,
                task_type="CAUSAL_LM",
            ),
            callbacks=[Clock()],
        )
        trainer.train()
    return Run(sum(counts[1 : steps + 1]), moments[-1] - moments[0], megabytes(device), {}, {})


SIDES: dict[str, Callable[[str, int, int, str], Run]] = {"trl": run_trl, "pgplay": run_pgplay}


def fresh(side: str, seed: int, options: argparse.Namespace) -> Run:
    """Return the run of one side in a new process."""
    own = {name: getattr(options, name) for name in ("model", "steps", "threads", "device")}
    threads = {"OMP_NUM_THREADS": str(options.threads)}
    return Run(*run_side("tests.benchmarks.pretrained_against_trl", side, seed, own, threads))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; with --side, one run as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="storybook-1m", help="a shipped model, or a folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3, help="after a first one, which does not count")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.side:
        torch.set_num_threads(options.threads)
        print(json.dumps(SIDES[options.side](options.model, options.seed, options.steps, options.device)))
        return
    runs: dict[str, list[Run]] = {side: [] for side in SIDES}
    for seed in range(options.rounds):
        for side in SIDES:
            runs[side].append(fresh(side, seed, options))
            print(f"round {seed}, {side}: {runs[side][-1]}", file=sys.stderr, flush=True)
    rates = {side: statistics.median(run.tokens / run.seconds for run in own) for side, own in runs.items()}
    print(f"{options.model}, {options.threads} threads; medians of {options.rounds} rounds of {options.steps} steps")
    print(f"{'':<8} {'tokens/s':>9} {'x TRL':>6} {'s a step':>9} {'MB':>6}")
    for side, own in runs.items():
        seconds = statistics.median(run.seconds / options.steps for run in own)
        memory = statistics.median(run.megabytes for run in own)
        print(f"{side:<8} {rates[side]:>9.1f} {rates[side] / rates['trl']:>6.2f} {seconds:>9.2f} {memory:>6.0f}")
    for stage in runs["pgplay"][0].stages:
        seconds = statistics.median(run.stages[stage] / options.steps for run in runs["pgplay"])
        shares = [run.shares[stage] for run in runs["pgplay"] if stage in run.shares]
        share = f", {statistics.median(shares):.0%} of the peak" if shares else ""
        print(f"pgplay's {stage}: {seconds:.2f} s a step{share}")


if __name__ == "__main__":
    main()
