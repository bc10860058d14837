"""Commands and their answers: a refusal and a cancelled start affect only their own request."""

from __future__ import annotations

from textual.pilot import Pilot

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.worker.protocol.commands import Change, Pause, Start, Write
from pgplay.worker.protocol.events import Changed, Refused
from tests.app.fake_worker import Bench, begin, coded, opened, until, words
from tests.app.test_setup import field, pick, unfold

REASON = "The worker cannot take it."
CONFIG = make_config({"temperature": 0.9})


async def trained(bench: Bench, pilot: Pilot[int]) -> None:
    bench.worker.build("training", temperature=0.9)
    bench.worker.train(5)
    await until(pilot, lambda: bench.app.state.step == 5)
    await unfold(bench, "temperature")


async def change(bench: Bench, pilot: Pilot[int], **typed: str) -> int:
    """Type live settings and return the number of the change that they request."""
    before = len(bench.sent(Change))
    for name, text in typed.items():
        await unfold(bench, name)
        field(bench, name).value = text
    await until(pilot, lambda: len(bench.sent(Change)) > before)
    return bench.worker.request(Change)


def beside(bench: Bench, name: str) -> str:
    return words(bench, f"#setting-{name} .problem")


async def test_every_command_has_a_number_of_its_own() -> None:
    async with opened() as (bench, pilot):
        await pilot.press("space")
        bench.worker.build("training")
        bench.worker.train(3)
        await until(pilot, lambda: bench.app.state.step == 3)
        await pilot.press("space", "minus")
        bench.app.main.setup.set_target("good morning")
        await until(pilot, lambda: bench.sent(Change))
        assert len(bench.worker.numbers) > 3
        assert sorted(set(bench.worker.numbers)) == bench.worker.numbers
        assert min(bench.worker.numbers) > 0


async def test_cancelling_a_start_keeps_other_requests_that_wait_for_torch() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot, ready=False)
        request = bench.app.send(Write(policy="english"))
        await pilot.press("space", "space")
        bench.worker.ready()
        await until(pilot, lambda: bench.worker.commands)
        assert bench.worker.commands == [Write(policy="english")]
        assert bench.worker.numbers == [request]


async def test_a_refused_pause_keeps_a_waiting_start() -> None:
    async with opened() as (bench, pilot):
        pause = bench.app.send(Pause())
        await pilot.press("space")
        bench.worker.tell(Refused(*coded(REASON), request=pause))
        bench.worker.train(1)
        await until(pilot, lambda: bench.app.state.step == 1)
        assert bench.app.state.waiting
        bench.worker.tell(Refused(*coded(REASON), request=bench.worker.request(Start)))
        await until(pilot, lambda: not bench.app.state.waiting)


async def test_a_refused_live_change_restores_its_field_with_the_reason_beside_it() -> None:
    async with opened(CONFIG) as (bench, pilot):
        await trained(bench, pilot)
        request = await change(bench, pilot, temperature="0.3")
        bench.worker.tell(Refused(*coded(REASON), request=request, field="temperature"))
        await until(pilot, lambda: field(bench, "temperature").value == "0.9")
        await until(pilot, lambda: REASON in beside(bench, "temperature"))
        assert REASON in words(bench, "#setup-note")
        assert not bench.app.main.query_one("#start").disabled
        await pilot.pause(0.3)  # longer than the delay after typing: the restored value must request nothing
        assert len(bench.sent(Change)) == 1
        request = await change(bench, pilot, temperature="0.5")
        assert beside(bench, "temperature") == ""
        bench.worker.tell(Changed(settings=Changes(temperature=0.5), step=6, request=request))
        await until(pilot, lambda: bench.app.state.info and bench.app.state.info.config.temperature == 0.5)
        assert field(bench, "temperature").value == "0.5"


async def test_a_refused_change_of_a_list_and_of_the_reward_is_restored_too() -> None:
    async with opened(CONFIG) as (bench, pilot):
        await trained(bench, pilot)
        for name, chosen, before in (("algorithm", "rloo", "grpo"), ("reward", "hamming", "levenshtein")):
            pick(bench, name, chosen)
            chosen_change = Change(settings=Changes(**{name: chosen}))
            await until(pilot, lambda change=chosen_change: change in bench.sent(Change))
            bench.worker.tell(Refused(*coded(REASON), request=bench.worker.request(Change)))
            control = bench.app.main.query_one(f"#{name}")
            await until(pilot, lambda control=control, before=before: control.value == before)
            await until(pilot, lambda name=name: REASON in words(bench, f"#{name}-problem"))


async def test_a_refusal_drops_only_its_own_change() -> None:
    async with opened(CONFIG) as (bench, pilot):
        await trained(bench, pilot)
        first = await change(bench, pilot, temperature="0.3")
        second = await change(bench, pilot, lr="0.02")
        bench.worker.tell(Refused(*coded(REASON), request=first, field="temperature"))
        await until(pilot, lambda: field(bench, "temperature").value == "0.9")
        assert field(bench, "lr").value == "0.02"
        bench.worker.tell(Changed(settings=Changes(lr=0.02), step=6, request=second))
        await until(pilot, lambda: bench.app.state.info and bench.app.state.info.config.lr == 0.02)
        assert [command.settings for command in bench.sent(Change)] == [Changes(temperature=0.3), Changes(lr=0.02)]


async def test_text_typed_since_stays_when_the_change_before_it_is_refused() -> None:
    async with opened(CONFIG) as (bench, pilot):
        await trained(bench, pilot)
        first = await change(bench, pilot, temperature="0.3")
        await change(bench, pilot, temperature="0.7")
        bench.worker.tell(Refused(*coded(REASON), request=first, field="temperature"))
        await until(pilot, lambda: REASON in beside(bench, "temperature"))
        assert field(bench, "temperature").value == "0.7"


async def test_a_new_run_shows_no_refusals_of_the_one_before() -> None:
    async with opened(CONFIG) as (bench, pilot):
        await trained(bench, pilot)
        request = await change(bench, pilot, temperature="0.3")
        bench.worker.tell(Refused(*coded(REASON), request=request, field="temperature"))
        await until(pilot, lambda: REASON in beside(bench, "temperature"))
        bench.worker.build("training", run="another", temperature=0.9)
        await until(pilot, lambda: beside(bench, "temperature") == "")
