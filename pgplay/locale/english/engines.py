"""Errors of runs on several processes."""

from __future__ import annotations

ENGINE_ERRORS: dict[str, str] = {
    "error.engine.unknown": "There is no engine called {engine!r}.",
    "error.engine.unknown.remedy": "Write {syntax}, with a number of processes for N, such as processes:2.",
    "error.engine.count": "{engine!r} does not say how many.",
    "error.engine.count.remedy": "Write {kind}:N with a whole number, 1 or more, such as {kind}:2.",
    "error.engine.cores": (
        "This machine has {cores} {cores:plural core|cores}, which is too few for {count} processes."
    ),
    "error.engine.cores.remedy": "Write processes:{cores} or less: more would only wait for each other.",
    "error.engine.gpus": "This machine has {present} {present:plural GPU|GPUs} that torch can use, not {count}.",
    "error.engine.gpus.remedy": "Write gpus:N with fewer, or processes:N to train on its CPU cores.",
    "error.engine.no_distributed": "This build of torch has no torch.distributed, which several processes need.",
    "error.engine.no_distributed.remedy": "Use --engine local, or install another build of torch.",
    "error.engine.device": "processes:N trains on the CPU, and this run's device is {device}.",
    "error.engine.device.remedy": "Set device to cpu, or use gpus:N.",
    "error.engine.no_gpu": "gpus:N trains on GPUs, and this run's device is {device}.",
    "error.engine.no_gpu.remedy": "Set device to cuda, or use processes:N.",
    "error.engine.not_measured": "{engine} trains on {device}, which is not measured: {measured:list}.",
    "error.engine.not_measured.remedy": "Add {device} to --devices, if this machine has it, or use another engine.",
    "error.engine.algorithm": "Several processes cannot share a run of {algorithm}: it has no gradient to add up.",
    "error.engine.algorithm.remedy": "Use --engine local, or another algorithm.",
    "error.engine.batch": "{processes} processes cannot share a batch of {batch}: each needs a completion.",
    "error.engine.batch.remedy": "Set batch_size to {processes} or more, or use fewer processes.",
    "error.engine.rank_lost": "Rank {number}, one of the run's {count} processes, died (process id {process}).",
    "error.engine.rank_lost.remedy": "If it printed why, the lines are in the log, marked [rank {number}].",
    "error.engine.no_answer": "One of the run's {count} processes does not answer any more.",
    "error.engine.no_answer.remedy": "Lines that it printed are in the log, marked with its rank.",
    "error.engine.not_started": (
        "Rank {number}, one of the run's {count} processes, ended before training began: {reason:text}."
    ),
    "error.engine.not_started.remedy": "If it printed why, the lines above are marked [rank {number}].",
    "error.engine.failed_elsewhere": "The first process reports what failed.",
}
