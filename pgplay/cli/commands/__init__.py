"""One module per command, and the table of them all."""

COMMANDS = {
    "train": ("train:run_train", "train without a screen: progress on stderr, a summary on stdout"),
    "watch": ("watch:run_watch", "open the app on a run that another process is training"),
    "sample": ("sample_and_eval:run_sample", "sample from a saved policy"),
    "eval": ("sample_and_eval:run_eval", "evaluate a saved policy: reward, exact match, cross-entropy"),
    "compare": ("compare:run_compare", "train recipes over several seeds in parallel and print a table"),
    "sweep": ("sweep:run_sweep", "train every combination of settings over several seeds"),
    "score": ("score:run_score", "score texts with rewards"),
    "policies": ("policies:run_policies", "saved policies: list, show, rename, delete, export, import"),
    "models": ("models:run_models", "pretrained models: list; add one from the Hugging Face Hub"),
    "runs": ("runs:run_runs", "stored runs: list, show, rename, note, delete, export"),
    "trl": ("trl:run_trl", "for TRL, the library for large models: export a run as a script"),
    "tasks": ("tasks:run_tasks", "tasks: list; read one of reasoning-gym or a data set"),
    "presets": ("catalogues:run_presets", "ready-made setups: list, show"),
    "rewards": ("catalogues:run_rewards", "built-in rewards: list, show; probe any reward before training"),
    "algorithms": ("catalogues:run_algorithms", "algorithms and metrics: list, show"),
    "bench": ("bench:run_bench", "measure how fast this machine samples and trains"),
    "doctor": ("doctor:run_doctor", "check versions, devices and folders"),
    "worker": ("worker:run_worker", "the worker, which --engine ssh:HOST starts on another machine"),
    "locate": ("doctor:run_locate", "list the folders where pgplay keeps its data"),
}
"""Each command's module and function (arguments to exit status), and its line of help."""

FORWARDED = (
    "bench",
    "compare",
    "doctor",
    "eval",
    "locate",
    "models",
    "policies",
    "runs",
    "sample",
    "sweep",
    "tasks",
    "watch",
)
"""The commands that --engine ssh:HOST runs on another machine; `train` and the app act on it themselves."""
