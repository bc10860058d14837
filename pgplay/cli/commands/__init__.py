"""One module per command, and the table of them all."""

COMMANDS = {
    "train": ("train:run_train", "train without a screen: a progress bar on stderr, a summary on stdout"),
    "watch": ("watch:run_watch", "the app on a run that another process trains, as it goes"),
    "sample": ("sample_and_eval:run_sample", "sample from a saved policy"),
    "eval": ("sample_and_eval:run_eval", "reward, exact match and cross-entropy of a saved policy"),
    "compare": ("compare:run_compare", "train recipes over several seeds in parallel and print a table"),
    "score": ("score:run_score", "score texts with rewards"),
    "policies": ("policies:run_policies", "the saved policies: list, show, rename, delete, export, import"),
    "models": ("models:run_models", "the pretrained models at hand: list; add one of the Hugging Face Hub"),
    "runs": ("runs:run_runs", "the stored runs: list, show, rename, note, delete, export"),
    "presets": ("catalogues:run_presets", "ready-made setups: list, show"),
    "rewards": ("catalogues:run_rewards", "the built-in rewards: list, show; probe any reward before training"),
    "algorithms": ("catalogues:run_algorithms", "the algorithms and the metrics: list, show"),
    "bench": ("bench:run_bench", "how fast this machine samples and learns, per model and device"),
    "doctor": ("doctor:run_doctor", "versions, devices and folders; what does not work, and why"),
    "locate": ("doctor:run_locate", "the folders where pgplay keeps its data"),
}
"""Each command's module with its function (arguments to exit status), and its line of help."""
