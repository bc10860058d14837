import json
import math
import os
import subprocess
import sys

import msgspec
import pytest
import torch

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError, RewardError
from pgplay.learning.inputs import Inputs, read_inputs
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.library.policies import list_policies
from pgplay.locale.catalog import sentences_of, text_of
from pgplay.policies.density import Density
from pgplay.rewards.reward import build_reward
from pgplay.rewards.spec import read_spec
from pgplay.runs.checkpoint import save_checkpoint
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs
from pgplay.worker.protocol.commands import Write
from pgplay.worker.session.checkpointer import Checkpointer
from pgplay.worker.session.interface import NotNeededError
from pgplay.worker.session.preparation import prepare
from pgplay.worker.session.saved_policies import answer_write_with_saved, load_saved_policy, write_texts
from pgplay.worker.session.session import Session
from tests.worker.helpers import own_rewards

SMALL = {"model": "gru-nano", "target": "abc", "batch_size": 8, "until": "never"}


def begin(**settings):
    config = make_config({**SMALL, **settings})
    return Session.begin(config, read_inputs(config), rewards=own_rewards(config))


def numbers(report):
    """All metrics of a step except its times."""
    metrics = {name: value for name, value in report.metrics.items() if not name.startswith("seconds")}
    return report.step, metrics, report.samples


def steps(session, count):
    return [numbers(session.step()) for _ in range(count)]


def plain(found):
    return json.loads(msgspec.json.encode(found))


RESUME = """
import sys
import msgspec
from pgplay.worker.session.session import Session
from tests.worker.test_session import steps
for run in sys.argv[1:]:
    session = Session.resume(run)
    print(msgspec.json.encode(steps(session, 4)).decode())
    session.close("paused")
"""

KINDS = [
    {"model": "gru-nano"},
    {"model": "transformer-nano"},
    {"model": "gru-nano", "algorithm": "ppo"},
    {"model": "transformer-nano", "algorithm": "ppo", "kl": 0.1},
    {"model": "gru-nano", "credit": "dense", "dropout": 0.2, "replay": 0.5},
    {"model": "gru-nano", "task": "reverse:length=2-3", "algorithm": "reinforce-baseline"},
    {"model": "gru-nano", "entropy_schedule": "target", "reward": "0.5*levenshtein + 0.5*prefix"},
    {"model": "gru-nano", "algorithm": "supervised", "task": "reverse:length=2-3", "dropout": 0.2},
    {"algorithm": "hill-climb", "measure": ["exact"]},
    {"algorithm": "random-search", "task": "reverse:length=2-3"},
]


@pytest.mark.exhaustive
def test_a_run_resumed_in_another_process_continues_bit_for_bit():
    runs, first, wanted = [], [], []
    for settings in KINDS:
        whole, half = begin(**settings), begin(**settings)
        wanted.append(plain(steps(whole, 8)))
        first.append(plain(steps(half, 4)))
        runs.append(half.run)
        whole.close("paused")
        half.close("paused")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", RESUME, *runs], env=environment, capture_output=True, text=True, check=True
    )
    for settings, begun, line, whole in zip(KINDS, first, done.stdout.splitlines(), wanted, strict=True):
        assert begun + json.loads(line) == whole, settings
    with RunStore.open(runs[0]) as store:
        assert [step for step, _ in store.rows()] == list(range(1, 9))


def test_nothing_that_a_session_stores_or_shows_changes_a_number():
    plan = read_plan(make_config(SMALL))
    with build_reward("levenshtein") as reward:
        trainer = Trainer(plan, reward)
        wanted = [numbers(trainer.step()) for _ in range(6)]
    session = begin()
    found = []
    for _ in range(6):
        found.append(numbers(session.step()))
        session.snapshot()
        session.rest("paused")
        session.write(Write(count=3))
        session.save_policy("present", replace=True)
    session.close("paused")
    assert found == wanted


def test_another_seed_gives_other_numbers():
    one, other = begin(seed=1), begin(seed=2)
    assert steps(one, 2) != steps(other, 2)
    one.close("paused")
    other.close("paused")


def test_a_run_can_be_resumed_before_its_first_step():
    session = begin()
    run, wanted = session.run, None
    session.close("paused")
    resumed = Session.resume(run)
    assert (resumed.step_count, resumed.checkpoint_step) == (0, 0)
    wanted = numbers(resumed.step())
    resumed.close("paused")
    again = begin()
    assert numbers(again.step()) == wanted
    again.close("paused")


def test_steps_after_the_last_checkpoint_are_dropped_and_made_again():
    session = begin()
    first = steps(session, 3)
    session.rest("paused")
    lost = steps(session, 2)
    assert session.checkpoint_step == 3
    session.store.close()  # as the system does for a process that is killed
    resumed = Session.resume(session.run)
    assert resumed.step_count == 3
    assert steps(resumed, 2) == lost
    resumed.close("paused")
    with RunStore.open(session.run) as store:
        assert [step for step, _ in store.rows()] == [1, 2, 3, 4, 5]
        assert store.rows()[0][1]["reward_mean"] == first[0][1]["reward_mean"]
        assert ("resume", 3) in [(event.kind, event.step) for event in store.events()]


def test_a_run_continues_with_its_own_pairs_when_the_file_has_changed(tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("prompt,target\na,bb\nb,aa\n")
    session = begin(task=str(file))
    session.close("paused")
    file.write_text("prompt,target\nx,yyyyyyyyyyyyyyyyyyy\n")
    resumed = Session.resume(session.run)
    assert [pair.target for pair in resumed.learner.plan.task.training] == ["bb", "aa"]
    resumed.close("paused")


def test_two_processes_never_train_one_run():
    session = begin()
    with pytest.raises(InputError, match="training in another"):
        Session.resume(session.run)
    session.close("paused")
    Session.resume(session.run).close("paused")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        ({"steps": 3}, "finished", "3 steps"),
        ({"max_seconds": 1e-6}, "finished", "training reached"),
        ({"until": "reward>=0.0"}, "finished", "mean reward"),
        ({"until": "solved", "target": "a"}, "solved", "solved in"),
    ],
)
def test_a_run_ends_where_it_should(settings, state, words):
    session = begin(**{"steps": 400, **settings})
    assert session.should_stop() is None
    ending = None
    while ending is None:
        session.step()
        ending = session.should_stop()
    assert ending.state == state
    session.close(ending.state, ending.reason)
    with RunStore.open(session.run) as store:
        assert store.state == state
        assert words in store.message


@pytest.mark.parametrize("has_checkpoint_of_its_last_step", [False, True])
def test_a_run_with_early_stopping_keeps_its_best_policy_however_it_ends(has_checkpoint_of_its_last_step, monkeypatch):
    if has_checkpoint_of_its_last_step:
        for interval in ("CHECKPOINT_INTERVAL", "TRAIL_INTERVAL", "_SHARE_OF_TIME"):
            unit = 1e9 if interval == "_SHARE_OF_TIME" else 0.0
            monkeypatch.setattr(f"pgplay.worker.session.checkpointer.{interval}", unit)
    held_out = iter((0.2, 0.7, 0.6, 0.5))
    monkeypatch.setattr("pgplay.learning.trainer.held_out_evaluation", lambda *_: {"held_out_reward": next(held_out)})
    session = begin(task="copy:length=1,alphabet=abc", held_out=0.4, held_out_every=1, patience=9, steps=4)
    tensors = []
    while session.should_stop() is None:
        session.step()
        tensors.append({name: tensor.clone() for name, tensor in session.need_policy().saved_state().items()})
    ending = session.should_stop()
    assert text_of(*ending.reason) == "4 steps done; the best policy measured is kept"
    session.rest(ending.state, ending.reason)
    best = session.need_policy().saved_state()
    assert all(torch.equal(tensor, best[name]) for name, tensor in tensors[1].items())
    assert not all(torch.equal(tensor, best[name]) for name, tensor in tensors[3].items())
    session.close(ending.state, ending.reason)
    resumed = Session.resume(session.run)
    assert all(torch.equal(tensor, best[name]) for name, tensor in resumed.need_policy().saved_state().items())
    resumed.close("paused")


@pytest.mark.parametrize(
    ("settings", "state", "verdict"),
    [
        ({"until": "reward>=0.01"}, "finished", "This one prompt is learnt"),
        ({"reward": "exact", "steps": 12}, "finished", "Not even this one prompt is learnt (reward 0.00 at first"),
    ],
)
def test_a_run_of_one_prompt_ends_with_a_verdict(settings, state, verdict):
    session = begin(task="reverse:length=8", prompts=1, **settings)
    while session.should_stop() is None:
        session.step()
    ending = session.should_stop()
    assert ending.state == state
    assert verdict in text_of(*ending.reason)
    session.close(ending.state, ending.reason)
    with RunStore.open(session.run) as store:
        assert verdict in store.message
        assert store.config.prompts == 1


def test_live_settings_change_and_outlive_the_session():
    session = begin()
    session.step()
    session.change(Changes(lr=0.02, target="cab", reward="prefix"))
    assert session.info().targets == ("cab",)
    wanted = session.step()
    assert wanted.metrics["lr"] == 0.02
    session.close("paused")
    resumed = Session.resume(session.run)
    assert resumed.config == session.config
    assert resumed.learner.reward.spec == "prefix"
    resumed.close("paused")


def test_a_live_batch_that_no_default_group_divides_is_noted(tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("prompt,target\n" + "".join(f"{prompt},ab\n" for prompt in "abcdefgh"))
    session = begin(task=str(file), batch_size=16)
    assert not any("batch_size" in note for note in sentences_of(session.info().notes))
    session.change(Changes(batch_size=15))
    info = session.info()
    assert info.batch_size == 15
    assert any("batch_size 15" in note for note in sentences_of(info.notes))
    session.close("paused")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"seed": 3}, "seed cannot be changed"),
        ({"target": "日本"}, "alphabet"),
        ({"target": "a" * 500}, "longest target"),
        ({"lr": 7.0}, "lr cannot be"),
        ({"reward": "levenstein"}, "levenstein"),
        ({"learning_rate": 1}, "learning_rate"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_and_changes_nothing(settings, words):
    session = begin()
    before = session.config
    with pytest.raises(InputError, match=words):
        session.change(Changes.of(settings))
    assert session.config == before
    session.step()
    session.close("paused")


def test_a_step_that_fails_halfway_never_reaches_a_checkpoint(monkeypatch):
    session = begin()
    steps(session, 2)
    session.rest("paused")
    wanted = steps(session, 1)

    def fail():
        next(session.learner.policy.module.parameters()).data.fill_(math.nan)
        raise ZeroDivisionError

    monkeypatch.setattr(session.learner, "step", fail)
    with pytest.raises(ZeroDivisionError):
        session.step()
    assert session.is_damaged
    session.rest("failed", PgplayError("run.disk_full").reason)
    session.close("paused")
    with RunStore.open(session.run) as store:
        assert (store.state, store.message) == ("failed", "The disk is full.")
    resumed = Session.resume(session.run)
    assert resumed.step_count == 2
    assert steps(resumed, 1) == wanted
    resumed.close("paused")


def test_a_failing_reward_leaves_the_run_unchanged_and_once_fixed_it_continues(tmp_path):
    file = tmp_path / "mine.py"
    good = "def reward(text, target, prompt):\n    return len(text) / 10\n"
    file.write_text(good)
    untroubled = begin(reward=str(file))
    wanted = steps(untroubled, 4)
    untroubled.close("paused")
    session = begin(reward=str(file))
    found = steps(session, 2)
    file.write_text("def reward(text, target, prompt):\n    return 1 / 0\n")
    session.renew_reward()
    with pytest.raises(RewardError, match="ZeroDivisionError"):
        session.step()
    assert not session.is_damaged
    session.rest("failed")
    assert session.checkpoint_step == 2
    file.write_text(good)
    session.renew_reward()
    found += steps(session, 2)
    assert found == wanted
    session.close("paused")


def test_a_full_disk_stops_the_run_and_costs_no_step(monkeypatch):
    session = begin()
    record = RunStore.record

    def full(store, report, scorer):
        raise PgplayError("text", text="The store failed: the disk is full.")

    monkeypatch.setattr(RunStore, "record", full)
    with pytest.raises(PgplayError, match="disk is full"):
        session.step()
    monkeypatch.setattr(RunStore, "record", record)
    session.step()
    session.close("paused")
    with RunStore.open(session.run) as store:
        assert [step for step, _ in store.rows()] == [1, 2]


def test_a_run_whose_first_checkpoint_cannot_be_written_leaves_nothing_behind(monkeypatch):
    def full(*arguments):
        raise PgplayError("no room is left")

    monkeypatch.setattr("pgplay.worker.session.checkpointer.save_checkpoint", full)
    with pytest.raises(PgplayError, match="no room"):
        begin()
    assert list_runs() == []


def test_a_run_is_invisible_until_it_can_be_resumed(monkeypatch):
    seen = []

    def save(*arguments):
        save_checkpoint(*arguments)
        seen.append([run.name for run in list_runs()])

    monkeypatch.setattr("pgplay.worker.session.checkpointer.save_checkpoint", save)
    session = begin(task="reverse:length=2")
    (listed,) = list_runs()
    assert seen == [[]]
    assert (listed.name, listed.checkpoint_step) == (session.run, 0)
    session.store.close()  # as if it were killed here
    resumed = Session.resume(session.run)
    assert resumed.step_count == 0
    resumed.close("paused")


def test_checkpoints_are_written_over_time_and_the_best_is_kept(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("pgplay.worker.session.checkpointer.time.monotonic", lambda: now[0])
    session = begin()
    steps(session, 3)
    assert session.checkpoint_step == 0
    now[0] = 6.0
    session.step()
    assert session.checkpoint_step == 4
    session.step()
    assert session.checkpoint_step == 4
    assert (session.store.folder / "checkpoints" / "best.json").exists()
    session.close("paused")


def test_a_large_network_spends_little_time_on_checkpoints(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("pgplay.worker.session.checkpointer.time.monotonic", lambda: now[0])
    session = begin()
    take = Checkpointer._take

    def slow(keeper):
        now[0] += 2.0
        return take(keeper)

    monkeypatch.setattr(Checkpointer, "_take", slow)
    now[0] = 10.0
    session.step()
    taken = session.checkpoint_step
    now[0] += 30.0
    session.step()
    assert session.checkpoint_step == taken == 1
    now[0] += 30.0
    session.step()
    assert session.checkpoint_step == 3
    session.close("paused")


def test_a_saved_policy_samples_like_its_run_and_can_be_trained_further():
    session = begin(until="solved", target="ab")
    while not session.step().solved:
        pass
    card = session.save_policy("mine")
    assert (card.model, card.steps, card.reward) == ("gru-nano", session.step_count, "levenshtein")
    assert card.recipe
    with pytest.raises(InputError, match="already a policy"):
        session.save_policy("mine")
    saved = load_saved_policy("mine", "cpu")
    assert write_texts(saved.policy, [""], saved.density, greedy=True)[0].text == "ab"
    wanted = write_texts(session.learner.policy, [""] * 20, saved.density, seed=3)
    assert write_texts(saved.policy, [""] * 20, saved.density, seed=3) == wanted
    session.close("solved")
    on = Session.begin(make_config({"target": "ba", "warm_start": "mine"}), Inputs())
    assert on.info().model == "gru-nano"
    assert on.config.warm_start == "mine"
    assert on.step().samples[0].text == "ab"
    on.close("paused")


def test_sampled_texts_are_checked_and_scored_where_possible():
    session = begin()
    session.save_policy("mine")
    texts = session.write(Write(count=4, seed=1))
    assert (len(texts.samples), texts.scored_by, texts.other) == (4, "levenshtein", "")
    assert {sample.target for sample in texts.samples} == {"abc"}
    assert session.write(Write(count=4, seed=1)) == texts
    texts = session.write(Write(prompt="zzz", greedy=True))
    assert (texts.samples[0].target, texts.scored_by) == ("", "")
    for command, words in [
        (Write(prompt="日"), "not in the policy's alphabet"),
        (Write(prompt="a" * 5000), "leaves no room"),
        (Write(count=0), "0 texts"),
        (Write(count=10**6), "1000000 texts"),
        (Write(temperature=0.0), "temperature"),
    ]:
        with pytest.raises(InputError, match=words):
            session.write(command)
    session.close("paused")


def test_the_reference_samples_beside_the_policy_with_the_same_seed():
    session = begin(kl=0.1)
    texts = session.write(Write(count=6, seed=1))
    assert texts.other == "reference"
    assert texts.samples == texts.other_samples
    for _ in range(5):
        session.step()
    later = session.write(Write(count=6, seed=1))
    assert later.other_samples == texts.other_samples != later.samples
    session.close("paused")


def test_a_policy_is_sampled_with_the_filters_of_its_training():
    session = begin(top_k=1, temperature=2.0)  # if a single token is left, the temperature changes nothing
    session.save_policy("sure")
    texts = {sample.text for sample in session.write(Write(count=20, seed=1)).samples}
    assert len(texts) == 1
    assert max(session.map().probabilities[0]) == 1.0
    session.close("paused")
    for temperature in (None, 5.0):
        written = answer_write_with_saved(Write(policy="sure", count=20, seed=1, temperature=temperature)).samples
        assert {sample.text for sample in written} == texts
    assert load_saved_policy("sure").density == Density(2.0, top_k=1)


def test_a_temperature_is_the_policys_own_unless_another_is_requested():
    session = begin(temperature=3.0)
    own, hot, cold = (session.write(Write(count=20, seed=1, temperature=asked)) for asked in (None, 3.0, 0.05))
    session.close("paused")
    assert own == hot
    assert own != cold


def test_a_warm_start_from_a_policy_with_another_temperature_says_so():
    session = begin(temperature=0.5, top_k=3)
    session.save_policy("narrow")
    session.close("paused")
    on = begin(warm_start="narrow")
    (note,) = sentences_of(on.info().notes)
    assert note == "narrow was trained at temperature 0.5, top_k 3; this run samples at temperature 1."
    on.close("paused")
    same = begin(warm_start="narrow", temperature=0.5, top_k=3)
    assert same.info().notes == ()
    same.close("paused")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("algorithm", ["hill-climb", "random-search"])
def test_a_search_has_no_model_and_no_policy_to_save_or_sample(algorithm):
    session = begin(algorithm=algorithm)
    session.step()
    info = session.info()
    assert (info.model, info.parameters, info.has_policy, info.device) == ("", 0, False, "cpu")
    for ask in (lambda: session.save_policy("mine"), lambda: session.write(Write())):
        with pytest.raises(InputError, match=f"{algorithm} trains no network, so there is no policy"):
            ask()
    assert list_policies() == []
    session.close("paused")
    assert [run.model for run in list_runs()] == [""]


def test_a_search_changes_its_target_and_reward_during_a_run_and_after_a_resume(tmp_path):
    session = begin(algorithm="hill-climb", until="solved", batch_size=16, alphabet="abc")
    while not session.step().solved:
        pass
    session.change(Changes(target="cabcab"))
    assert not session.step().solved
    session.close("paused")
    resumed = Session.resume(session.run)
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return float(text.count('a'))\n")
    resumed.change(Changes(reward=str(file)), [read_spec(str(file))])
    rewards = [resumed.step().metrics["greedy_reward"] for _ in range(30)]
    assert rewards == sorted(rewards)
    assert rewards[-1] > 3.0
    resumed.close("paused")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("before", "after"), [("grpo", "hill-climb"), ("random-search", "grpo")])
def test_a_run_cannot_change_between_a_network_and_none(before, after):
    session = begin(algorithm=before)
    session.step()
    with pytest.raises(InputError, match=f"{before} cannot continue as {after}"):
        session.change(Changes(algorithm=after))
    assert session.config.algorithm == before
    session.step()
    session.close("paused")


def test_a_run_may_change_to_supervised_and_back():
    session = begin()
    surprises = [session.step().metrics["cross_entropy"]]
    session.change(Changes(algorithm="supervised"))
    surprises += [session.step().metrics["cross_entropy"] for _ in range(6)]
    assert surprises[-1] < surprises[1] - 0.3
    session.change(Changes(algorithm="grpo"))
    assert session.step().metrics["entropy_weight"] > 0.0
    session.close("paused")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("algorithm", ["hill-climb", "random-search", "supervised"])
def test_findings_cope_with_metrics_that_a_comparator_lacks(algorithm):
    session = begin(algorithm=algorithm, target="abcabcabcabc", reward="exact", steps=70)
    while session.should_stop() is None:
        session.step()
        session.snapshot()
    assert {finding.kind for finding in session.findings()} == ({"no-signal"} if algorithm != "supervised" else set())
    session.close("finished")


def test_a_warm_start_reports_its_progress_and_is_cancelled_without_a_trace():
    heard = []
    session = Session.begin(make_config({**SMALL, "warm_start": "30"}), Inputs(), on_progress=heard.append)
    assert len(heard) == 30
    assert text_of(*heard[-1]).startswith("warm start: step 30 of 30")
    warmed = session.step().metrics["cross_entropy"]
    session.close("paused")
    cold = begin()
    assert warmed < cold.step().metrics["cross_entropy"] - 0.5
    cold.close("paused")

    def stop(message):
        raise NotNeededError

    with pytest.raises(NotNeededError):
        Session.begin(make_config({**SMALL, "warm_start": "30"}), Inputs(), name="never", on_progress=stop)
    with pytest.raises(InputError, match="no run called 'never'"):
        Session.resume("never")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "gru-tiny"}, "gru-tiny"),
        ({"reward": "levenstein"}, "levenstein"),
        ({"measure": ["levenstein"]}, "levenstein"),
        ({"reference": "nobody"}, "nobody"),
        ({"warm_start": "nobody"}, "nobody"),
        ({"reward": "no_such_file.py"}, "no_such_file.py"),
        ({"device": "cuda:99"}, "cuda"),
    ],
)
def test_a_run_that_cannot_start_is_refused_before_the_present_one_is_stopped(settings, words):
    with pytest.raises(InputError, match=words):
        prepare(make_config(settings), Inputs())


def test_a_reference_with_another_alphabet_is_refused():
    session = begin(alphabet="target")
    session.save_policy("narrow")
    session.close("paused")
    with pytest.raises(InputError, match="different alphabet"):
        begin(kl=0.1, reference="narrow")


def test_prompts_are_reported_with_their_greedy_completions():
    config = make_config({**SMALL, "target": "", "task": "copy:length=1,alphabet=abcdef", "held_out": 0.5})
    session = Session.begin(config, read_inputs(config))
    session.step()
    sheet = session.prompts()
    assert (sheet.step, len(sheet.training), len(sheet.held_out)) == (1, 3, 3)
    assert {one.prompt for one in sheet.training} | {one.prompt for one in sheet.held_out} == set("abcdef")
    assert [one.text for one in sheet.training] == session.learner.greedy_texts(session.learner.plan.task.training)
    session.close("finished")


def test_a_warm_start_is_noted_and_its_policy_is_the_reference():
    session = Session.begin(make_config({**SMALL, "warm_start": "20", "until": "never"}), Inputs())
    assert [(event.kind, event.words) for event in session.store.events()][:1] == [("warm-start", "20 steps")]
    assert session.step().metrics["kl_reference"] == pytest.approx(0.0, abs=1e-6)
    assert session.step().metrics["kl_reference"] > 0
    session.close("finished")


def test_a_shipped_policy_is_a_warm_start_by_its_name():
    config = make_config({"target": "", "reward": "distinct", "warm_start": "english", "steps": 2})
    session = Session.begin(config, Inputs())
    assert session.info().model == "gru-small"
    assert "kl_reference" in session.step().metrics
    session.close("finished")


@pytest.mark.exhaustive
def test_findings_outlast_a_live_change_but_not_another_reward():
    session = begin(reward="exact", target="z" * 40)
    steps(session, 60)
    assert "no-signal" in {finding.kind for finding in session.findings()}
    session.change(Changes(lr=0.001))
    steps(session, 1)
    assert "no-signal" in {finding.kind for finding in session.findings()}
    session.change(Changes(reward="levenshtein"))
    steps(session, 1)
    assert session.findings() == ()
    session.close("paused")
