"""Errors of runs on several processes, and of many runs on a Ray cluster."""

from __future__ import annotations

ENGINE_ERRORS: dict[str, str] = {
    "error.engine.unknown": "There is no engine called {engine!r}.",
    "error.engine.unknown.remedy": "Write {syntax}, with a number of processes for N, such as processes:2.",
    "error.engine.count": "{engine!r} does not say how many.",
    "error.engine.count.remedy": "Write {kind}:N with a whole number, 1 or more, such as {kind}:2.",
    "error.engine.cores": (
        "pgplay may use {cores} CPU {cores:plural core|cores} here, which is too few for {count} processes."
    ),
    "error.engine.cores.remedy": "Write processes:{cores} or less: more would only wait for each other.",
    "error.engine.gpus": "This machine has {present} {present:plural GPU|GPUs} that torch can use, not {count}.",
    "error.engine.gpus.remedy": "Use processes:N, which trains on CPU cores, or no more GPUs than there are.",
    "error.engine.no_distributed": "This build of torch has no torch.distributed, which several processes need.",
    "error.engine.no_distributed.remedy": "Use --engine local, or install another build of torch.",
    "error.engine.device": "processes:N trains on the CPU, and this run's device is {device}.",
    "error.engine.device.remedy": "Set device to cpu, or use gpus:N.",
    "error.engine.no_gpu": "gpus:N trains on GPUs, and this run's device is {device}.",
    "error.engine.no_gpu.remedy": "Set device to cuda, or use processes:N.",
    "error.engine.not_measured": "{engine} trains on {device}, which is not measured: {measured:list}.",
    "error.engine.not_measured.remedy": "Add {device} to --devices, if this machine has it, or use another engine.",
    "error.engine.not_measured_sharded": "pgplay bench measures whole models only, so {engine} cannot be measured.",
    "error.engine.not_measured_sharded.remedy": "Leave :sharded out.",
    "error.engine.algorithm": "Several processes cannot share a run of {algorithm}: it has no gradient to add up.",
    "error.engine.algorithm.remedy": "Use --engine local, or another algorithm.",
    "error.engine.batch": "{processes} processes cannot share a batch of {batch}: each needs a completion.",
    "error.engine.batch.remedy": "Set batch_size to {processes} or more, or use fewer processes.",
    "error.engine.all_weights": (
        "Processes can shard only the layers of a model that nobody trains; lora_rank 0 trains all of {model}."
    ),
    "error.engine.all_weights.remedy": "Set lora_rank to 8, or leave :sharded out.",
    "error.engine.own_network": "Only the layers of a pretrained model can be sharded, and {model} is none.",
    "error.engine.own_network.remedy": "Leave :sharded out.",
    "error.engine.reference": (
        "A saved policy, {reference}, cannot be the reference of a model whose layers are sharded."
    ),
    "error.engine.reference.remedy": "Set reference to start, or use an engine whose every process has room for all.",
    "error.engine.no_layers": "A {kind} has no list of layers that processes could shard.",
    "error.engine.no_layers.remedy": "Use an engine whose every process has memory for the whole model.",
    "error.engine.old_torch": "torch {version} cannot shard a model's layers as pgplay needs it.",
    "error.engine.old_torch.remedy": "Install torch 2.9 or newer.",
    "error.engine.rank_lost": "Rank {number}, one of the run's {count} processes, died (process id {process}).",
    "error.engine.rank_lost.remedy": "If it printed why, the lines are in the log, marked [rank {number}].",
    "error.engine.no_answer": "One of the run's {count} processes does not answer any more.",
    "error.engine.no_answer.remedy": "Lines that it printed are in the log, marked with its rank.",
    "error.engine.not_started": (
        "Rank {number}, one of the run's {count} processes, ended before training began: {reason:text}."
    ),
    "error.engine.not_started.remedy": "If it printed why, the lines above are marked [rank {number}].",
    "error.engine.for_many": "{engine} trains many runs at once, not one: ray is for sweep and compare.",
    "error.engine.for_many.remedy": "Use pgplay sweep --engine {engine}, or another engine for one run.",
    "error.engine.for_one": "{engine} trains one run, and sweep and compare train many.",
    "error.engine.for_one.remedy": "Leave --engine out, or use --engine ray[:ADDRESS] or ssh:HOST.",
    "error.ray.address": "{address!r} is not the address of a Ray cluster.",
    "error.ray.address.remedy": "Write ray:auto, ray:HOST:PORT or ray:ray://HOST:PORT, or ray for one on this machine.",
    "error.ray.not_installed": "--engine ray needs the package ray.",
    "error.ray.not_installed.remedy": 'Install it: pip install "pgplay[ray]"',
    "error.ray.numbered_gpu": "Ray chooses the GPU of a run, and device is {device}.",
    "error.ray.numbered_gpu.remedy": "Set device to cuda.",
    "error.ray.no_room": (
        "No node of the cluster has room for a run, which takes {cpus} CPU {cpus:plural core|cores}"
        " and {gpus} of a GPU."
    ),
    "error.ray.no_room.remedy": "Set fewer threads or device=cpu, or add such a node.",
    "error.ray.large_input": "A run's task and texts have more than {most} bytes, which is too much for --engine ray.",
    "error.ray.large_input.remedy": "Use smaller files, or leave --engine out.",
    "error.ray.unreachable": "Nothing answers at {address}: {reason:text}.",
    "error.ray.unreachable.remedy": "Check the address: ray start --head prints it; a ray:// port is 10001 by default.",
    "error.ray.no_answer": "No Ray answered at {address} within {seconds:.0f} seconds.",
    "error.ray.no_answer.remedy": "Check that this is the address of a Ray cluster, and ray status there.",
    "error.ray.too_slow": "Ray did not start on this machine within {seconds:.0f} seconds.",
    "error.ray.too_slow.remedy": "Try again when the machine is less busy, or leave --engine out.",
    "error.ray.none_here": "No Ray runs on this machine.",
    "error.ray.none_here.remedy": "Start one with ray start --head, or write --engine ray for one of its own.",
    "error.ray.no_cluster": "Ray at {address} can't be used: {reason}",
    "error.ray.no_cluster.remedy": "See whether ray status --address {address} works.",
    "error.ray.no_client_server": "The Ray Client server at {address} can't be used: {reason}",
    "error.ray.no_client_server.remedy": (
        "Check its port, 10001 by default. If the cluster has a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN."
    ),
    "error.ray.not_started": "Ray did not start on this machine: {reason}",
    "error.ray.not_started.remedy": "See whether ray start --head works, or leave --engine out.",
    "error.ray.other_version": (
        "The cluster at {address} has Ray {ray} on Python {python}; here are Ray {own_ray} and Python {own_python}."
    ),
    "error.ray.other_version.remedy": "Both must be the same: use an environment with Ray {ray} and Python {python}.",
    "error.ray.no_pgplay": "pgplay cannot be loaded on the node {node}: {reason}.",
    "error.ray.no_pgplay.remedy": "Install pgplay {version} in the environment of its Ray.",
    "error.ray.other_pgplay": (
        "The node {node} has pgplay {there} (protocol {protocol_there}), this is {version} (protocol {protocol})."
    ),
    "error.ray.other_pgplay.remedy": "Install the same version in the environment of its Ray.",
    "error.ray.gone": "The Ray cluster is gone: {reason}",
    "error.ray.gone.remedy": "Every run is kept up to its last checkpoint that came back; continue the sweep.",
    "error.ray.ended": "The process that speaks to Ray ended: {reason}",
    "error.ray.ended.remedy": "Every run is kept up to its last checkpoint that came back; continue the sweep.",
    "ray.goes_on": "The node of {run} is lost; it goes on elsewhere from step {step}.",
    "ray.begins_again": "The node of a run is lost before its first step came back; it begins again elsewhere.",
    "ray.lost_too_often": "Its node was lost {count} times without a new checkpoint.",
    "error.engine.failed_elsewhere": "The first process reports what failed.",
}
