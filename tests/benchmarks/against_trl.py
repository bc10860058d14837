"""pgplay and TRL's GRPOTrainer (https://github.com/huggingface/trl): characters per second, and seconds to solve.

    python -m pip install -c constraints.txt -e ".[compare]"
    python -m tests.benchmarks.against_trl [--size small] [--seeds 3] [--target "slow lantern"] [--seconds 60]
        [--device cpu]

TRL trains a Llama in the shape of pgplay's transformer of that size, with the same alphabet, batch, reward, length
limit, learning rate and entropy bonus; TRL's own rate, 1e-6, is for networks that know much already. pgplay runs its
defaults, and once the same work as TRL: one update per batch, and no control variate. Each run has a new process, and
the sides alternate. Seconds count from the first step; they exclude TRL's checks of whether it has solved the target
and include pgplay's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.plan import Plan, read_plan
from pgplay.learning.trainer import Trainer
from pgplay.policies.families.catalogue import model_spec
from pgplay.rewards.reward import build_reward
from tests.benchmarks.sides import run_side

TARGET = "slow lantern"
SIZES = ("nano", "small", "medium")
CHECK_INTERVAL = 5
"""TRL's steps between greedy checks, whose time does not count."""


class Run(NamedTuple):
    """One run: `seconds` from the first step to the end; characters and seconds of all steps but the first."""

    characters: int
    later_seconds: float
    seconds: float
    steps: int
    solved: bool


class Setting(NamedTuple):
    """What each side trains on: at most so many `seconds` on the `device`."""

    target: str
    seed: int
    seconds: float
    device: str


def plan_of(setting: Setting, settings: dict[str, Any]) -> Plan:
    """Return the plan of a run of pgplay with its defaults and `settings`."""
    usual = {"target": setting.target, "seed": setting.seed, "alphabet": "lowercase", "device": setting.device}
    return read_plan(make_config({**usual, **settings}))


def run_pgplay(model: str, setting: Setting, **settings: Any) -> Run:
    """Train with pgplay until solved, or until the time is over."""
    plan = plan_of(setting, {"model": model, **settings})
    trainer = Trainer(plan, build_reward(plan.config.reward))
    report = trainer.step()
    first, characters = report.seconds, 0
    while not report.solved and report.seconds < setting.seconds:
        report = trainer.step()
        characters += int(report.metrics["characters"])
    return Run(characters, report.seconds - first, report.seconds, report.step, report.solved)


def run_trl(model: str, setting: Setting) -> Run:
    """Train a Llama in the shape of `model` with TRL until solved, or until the time is over."""
    import tempfile

    from datasets import Dataset
    from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import WordLevel
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    plan, spec = plan_of(setting, {"model": model}), model_spec(model)
    stop = "<stop>"
    characters = Tokenizer(WordLevel({token: number for number, token in enumerate([stop, *plan.shape.alphabet])}))
    characters.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    characters.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=characters, bos_token=stop, eos_token=stop, pad_token=stop, clean_up_tokenization_spaces=False
    )
    torch.manual_seed(setting.seed)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(plan.shape.alphabet) + 1,
            hidden_size=spec.shape.width,
            intermediate_size=spec.shape.feed_forward,
            num_hidden_layers=spec.shape.layers,
            num_attention_heads=spec.shape.heads,
            max_position_embeddings=spec.context_length,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=0,
            tie_word_embeddings=False,
            initializer_range=spec.shape.width**-0.5,  # TRL's own, 0.02, is for wide networks
        )
    )
    reward = build_reward(plan.config.reward)
    pair = plan.task.training[0]
    lengths: list[int] = []

    def score(completions: list[str], completion_ids: list[list[int]], **_: object) -> list[float]:
        lengths.append(sum(map(len, completion_ids)))
        return list(reward.score_pairs(completions, [pair] * len(completions)).values)

    class Watch(TrainerCallback):
        began = first = checking = 0.0
        solved = False

        def on_step_begin(self, args: object, state: Any, control: Any, **_: object) -> None:
            if state.global_step == 0:
                self.began = time.perf_counter()

        def on_step_end(self, args: object, state: Any, control: Any, **_: object) -> None:
            if state.global_step == 1:
                self.first = time.perf_counter()
            if state.global_step % CHECK_INTERVAL == 0:
                looked = time.perf_counter()
                start = torch.zeros(1, 1, dtype=torch.long, device=network.device)
                ids = network.generate(start, do_sample=False, max_new_tokens=plan.shape.max_length)
                text = tokenizer.decode(ids[0, 1:], skip_special_tokens=True)
                self.solved = text == setting.target and ids[0, -1].item() == 0
                self.checking += time.perf_counter() - looked
            if self.solved or time.perf_counter() - self.began - self.checking > setting.seconds:
                control.should_training_stop = True

    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        config = GRPOConfig(
            output_dir=folder,
            per_device_train_batch_size=plan.config.batch_size,
            num_generations=plan.config.group_size,
            max_completion_length=plan.shape.max_length,
            max_steps=1_000_000,
            learning_rate=plan.config.lr,
            lr_scheduler_type="constant",
            adam_beta2=0.99,
            entropy_coef=plan.config.entropy,
            seed=setting.seed,
            use_cpu=setting.device == "cpu",
            bf16=False,
            gradient_checkpointing=False,
            logging_strategy="no",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = GRPOTrainer(
            model=network,
            reward_funcs=score,
            args=config,
            train_dataset=Dataset.from_list([{"prompt": stop}] * plan.config.batch_size),
            processing_class=tokenizer,
            callbacks=[watch],
        )
        trainer.train()
    ended = time.perf_counter() - watch.checking
    return Run(sum(lengths[1:]), ended - watch.first, ended - watch.began, trainer.state.global_step, watch.solved)


SIDES: dict[str, Callable[[str, Setting], Run]] = {
    "trl": lambda size, setting: run_trl(f"transformer-{size}", setting),
    "transformer": lambda size, setting: run_pgplay(f"transformer-{size}", setting),
    "the same, one update": lambda size, setting: run_pgplay(
        f"transformer-{size}", setting, updates_per_step=1, control_variate="none"
    ),
    "gru": lambda size, setting: run_pgplay(f"gru-{size}", setting),
}


def fresh(side: str, seed: int, options: argparse.Namespace) -> Run:
    """Return the run of one side in a new process."""
    own = {name: getattr(options, name) for name in ("target", "size", "seconds", "threads", "device")}
    return Run(*run_side("tests.benchmarks.against_trl", side, seed, own, {}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; with --side, one run as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--target", default=TARGET)
    parser.add_argument("--seconds", type=float, default=60.0, help="the limit of a run")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.side:
        torch.set_num_threads(options.threads)
        setting = Setting(options.target, options.seed, options.seconds, options.device)
        print(json.dumps(SIDES[options.side](options.size, setting)))
        return
    runs: dict[str, list[Run]] = {side: [] for side in SIDES}
    for seed in range(options.seeds):
        for side in SIDES:
            runs[side].append(fresh(side, seed, options))
            print(f"seed {seed}, {side}: {runs[side][-1]}", file=sys.stderr, flush=True)
    print(f"'{options.target}', size {options.size}, {options.threads} threads; medians of {options.seeds} runs")
    print(f"An unsolved one counts its {options.seconds:g} s.")
    print(f"{'':<21} {'characters/s':>12} {'x TRL':>6} {'solved':>7} {'steps':>6} {'seconds':>8} {'of TRL':>7}")
    rates = {side: statistics.median(run.characters / run.later_seconds for run in own) for side, own in runs.items()}
    seconds = {side: statistics.median(run.seconds for run in own) for side, own in runs.items()}
    for side, own in runs.items():
        steps, solved = statistics.median(run.steps for run in own), sum(run.solved for run in own)
        print(
            f"{side:<21} {rates[side]:>12,.0f} {rates[side] / rates['trl']:>6.2f} {solved:>3}/{len(own):<3} "
            f"{steps:>6.0f} {seconds[side]:>8.2f} {'1/' + format(seconds['trl'] / seconds[side], '.1f'):>7}"
        )


if __name__ == "__main__":
    main()
