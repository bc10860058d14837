"""What the worker, its sessions and its protocol report: errors, why a run ended, how it is prepared."""

from __future__ import annotations

WORKER_ERRORS: dict[str, str] = {
    "error.protocol.no_message": "This is not a message of protocol version {version}: {reason}.",
    "error.protocol.no_greeting": "The worker did not begin with Ready; this pgplay uses protocol version {own}.",
    "error.protocol.no_greeting.remedy": "Install the same version of pgplay on both sides.",
    "error.protocol.other_version": (
        "The worker uses protocol version {version}; this pgplay uses version {own}."
    ),
    "error.protocol.other_version.remedy": "Install the same version of pgplay on both sides.",
    "error.protocol.other_release": "The worker is pgplay {version}; this is pgplay {own}.",
    "error.protocol.other_release.remedy": "Install the same version of pgplay on both sides.",
    "error.protocol.noise": "No worker began: {limit} bytes came in its place, such as {sample:abridged}",
    "error.protocol.noise.remedy": (
        "Let the shell's start file there (~/.bashrc, or ~/.zshenv of zsh) print nothing where it has no terminal."
    ),
    "error.worker.ended": "The worker process ended: {reason:text}.",
    "error.worker.ended.remedy": "Press space to start another one.",
    "error.worker.ended_in_run": "The worker process ended: {reason:text}.",
    "error.worker.ended_in_run.remedy": "Nothing that was stored is lost.",
    "exit.killed": "it was killed ({signal})",
    "exit.rank": "rank {number} ended first, {reason:text}",
    "exit.status": "exit status {status}",
    "ending.solved": "solved in {seconds:.1f} s, {steps:,} {steps:plural step|steps}",
    "ending.goal": "{title} {value:g} reached in {seconds:.1f} s, {steps:,} {steps:plural step|steps}",
    "ending.patience": "the held-out reward has not risen for {patience} measurements",
    "ending.steps": "{steps:,} {steps:plural step|steps} done",
    "ending.time": "{seconds:g} s of training reached",
    "ending.best_kept": "{reason:text}; the best policy measured is kept",
    "ending.one_prompt.learnt": (
        "{reason:text}. This one prompt is learnt: the reward and the optimiser work. If all prompts together are not, "
        "they need more steps, a larger model or a warm start"
    ),
    "ending.one_prompt.rising": (
        "{reason:text}. This one prompt is not learnt yet, but its reward rose from {first:.2f} to {last:.2f}: the "
        "setup works. It needs more steps, or a higher lr"
    ),
    "ending.one_prompt.risen": (
        "{reason:text}. The reward of this one prompt rose from {first:.2f} to {last:.2f}: the reward and the "
        "optimiser work"
    ),
    "ending.one_prompt.not_learnt": (
        "{reason:text}. Not even this one prompt is learnt (reward {first:.2f} at first, {last:.2f} now), so the cause "
        "is not the number of prompts: look at the reward first, then at lr and entropy"
    ),
    "ending.stopped": "stopped",
    "ending.stopped_early": "Stopped while preparing.",
    "ending.paused": "paused",
    "ending.interrupted": "interrupted",
    "ending.unsaved": "{reason:text}, but no checkpoint was written: {cause:problem} {cause:remedy}",
    "progress.packages": "loading transformers and peft",
    "progress.weights": "reading the model's weights: {count:bytes} of {whole:bytes}",
    "progress.warm_start": "warm start: step {step} of {most}, cross-entropy {loss:.2f} nats",
    "progress.warm_start_held_out": (
        "warm start: step {step} of {most}, cross-entropy {loss:.2f}, held out (median) {held_out:.2f} nats"
    ),
    "note.other_density": "{policy} was trained at {trained}; this run samples at {present}.",
    "event.warm_start": "{steps} {steps:plural step|steps}",
    "event.warm_start_held_out": (
        "{steps} {steps:plural step|steps}, to a median of {reached:.3f} nats on held-out texts"
    ),
    "event.warm_start_policy": "from the policy {name}",
    "event.threads_measured": "{threads}, as measured",
    "event.threads_shared": "{before} to {after}, as other runs begin or end",
    "notice.log_not_written": "The log {path} cannot be written: {reason}",
    "notice.lines_above_limit": "… {count} more lines, above {limit} per second: see {path}",
    "notice.lines_left_out": "… {count} more lines were left out",
    "notice.store_locked": "Another program has locked the store of the run '{run}': waiting for it.",
    "error.run.memory": "There was not enough memory.",
    "error.run.memory.remedy": "Choose a smaller batch_size or a smaller model.",
    "error.run.disk_full": "The disk is full.",
    "error.run.disk_full.remedy": "Free some space, then resume.",
    "error.run.defect": "pgplay failed unexpectedly: {reason}.",
    "error.run.defect.remedy": "The details are in the log; the run is stored and can be resumed.",
    "error.run.none": "There is no run.",
    "error.run.none.remedy": "Start one first.",
    "error.run.interrupted_elsewhere": "{run} was stopped, or taken over, by another pgplay.",
    "error.run.interrupted_elsewhere.remedy": "Everything is saved. Resume takes it back.",
    "error.run.none_to_resume": "There is no run to resume.",
    "error.run.none_to_resume.remedy": "Start one, or name a stored run.",
    "error.run.running": "The run is already running.",
    "error.run.ended": "The run has ended: {reason:text}.",
    "error.run.ended.remedy": "To train on, change until to never, or start a new run.",
    "error.run.failed_halfway": "The last step failed halfway.",
    "error.run.failed_halfway.remedy": "Resume first, from the last checkpoint.",
    "error.run.not_training": "The run is not training: it is {state}.",
    "error.run.no_step": "No step has been made yet.",
    "error.reference.alphabet": "The reference '{reference}' has a different alphabet from the policy.",
    "error.reference.alphabet.remedy": "Give the policy its alphabet: {alphabet!r}, or start from it.",
    "error.change.fixed": "{name} cannot be changed during a run.",
    "error.change.fixed.remedy": "These can: {live:list}.",
    "error.change.kind": "A run of {old} cannot continue as {new}: only one of them trains a network.",
    "error.change.kind.remedy": "Start a new run.",
    "error.until.count": "A run cannot make {count} steps.",
    "error.until.count.remedy": "Give a whole number, 1 or more.",
    "error.until.duration": "A run cannot last {seconds:g} s.",
    "error.until.duration.remedy": "Give a number above 0.",
    "error.pace.seconds": "A step cannot take {seconds:g} s.",
    "error.pace.seconds.remedy": "Give a number from 0 to {slowest:g}.",
    "error.write.count": "{count} texts cannot be sampled at once.",
    "error.write.count.remedy": "Give a whole number from 1 to {most}.",
}
"""A text by its code; of an error, its problem and its remedy."""
