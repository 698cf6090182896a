"""The watch: one query a second, and an answer that is good for a moment."""

import asyncio

import pytest

from access import live as live_module
from access.live import KNOWN_FOR_SECONDS, SWEEP_SECONDS, TOUCH_SECONDS, Live
from tests.edge.door import CLINICIAN, OTHER, OTHER_TOKEN, TOKEN, Visitors, settle


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def visitors():
    return Visitors()


@pytest.fixture
def live(visitors, clock):
    return Live(visitors, clock=clock)


def run(scenario):
    return asyncio.run(scenario())


def test_an_answer_of_another_process_is_late_by_about_a_second_at_most():
    assert KNOWN_FOR_SECONDS <= 1.5
    assert SWEEP_SECONDS <= 1.0


def test_what_the_database_said_counts_for_a_moment(live, clock):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN):
            known = []
            for _ in range(4):
                known.append(live.known(7))
                clock.now += KNOWN_FOR_SECONDS / 2
            return known

    assert run(scenario) == [True, True, True, False]


def test_a_sweep_renews_it_for_everybody_with_one_query(live, clock, visitors):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN), live.socket(OTHER, OTHER_TOKEN):
            for _ in range(5):
                clock.now += 1
                await live.sweep()
                assert live.known(7)
                assert live.known(8)

    run(scenario)
    assert visitors.swept == 5


def test_an_answer_counts_from_when_it_was_asked_for(live, clock, visitors):
    async def slow(session_ids):
        clock.now += 1.4
        return {7: CLINICIAN}

    visitors.find_all = slow

    async def scenario():
        with live.socket(CLINICIAN, TOKEN):
            await live.sweep()
            clock.now += 0.2
            return live.known(7)

    assert not run(scenario)


def test_nobody_connected_is_nobody_asked_for(live, visitors):
    asyncio.run(live.sweep())
    assert visitors.swept == 0


def test_a_session_that_ended_is_noticed_by_the_next_sweep(live, visitors):
    async def scenario():
        with (
            live.socket(CLINICIAN, TOKEN) as one,
            live.socket(OTHER, OTHER_TOKEN) as two,
        ):
            visitors.end(7)
            await live.sweep()
            return one.done(), two.done(), live.find(TOKEN), live.find(OTHER_TOKEN)

    assert run(scenario) == (True, False, None, OTHER)


def test_a_session_whose_time_is_up_is_no_longer_known(live, clock):
    nearly_over = type(CLINICIAN)(session_id=7, kiosk=False, left=1.0, warning=60)

    async def scenario():
        with live.socket(nearly_over, TOKEN):
            clock.now += 0.9
            before = live.find(TOKEN).left
            clock.now += 0.2
            return before, live.find(TOKEN)

    before, after = run(scenario)
    assert before == pytest.approx(0.1)
    assert after is None


def test_ending_a_session_here_closes_it_at_once(live, visitors):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN) as over:
            live.end(7)
            return over.done(), live.known(7), live.find(TOKEN)

    assert run(scenario) == (True, False, None)


def test_ending_it_twice_or_for_nobody_is_nothing(live):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN):
            live.end(7)
            live.end(7)
            live.end(99)

    run(scenario)


def test_a_late_answer_does_not_bring_back_what_ended_meanwhile(live, visitors):
    async def find_all(session_ids):
        live.end(7)
        return {7: CLINICIAN}

    visitors.find_all = find_all

    async def scenario():
        with live.socket(CLINICIAN, TOKEN):
            await live.sweep()
            return live.known(7), live.find(TOKEN)

    assert run(scenario) == (False, None)


def test_the_last_socket_of_a_session_takes_it_along(live):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN):
            with live.socket(CLINICIAN, TOKEN):
                pass
            with_one = live.known(7)
        return with_one, live.known(7), live.find(TOKEN)

    assert run(scenario) == (True, False, None)


def test_no_token_is_kept_in_memory(live):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN):
            return repr(vars(live))

    assert TOKEN not in run(scenario)


def test_use_is_written_at_most_every_few_seconds(live, clock, visitors):
    async def scenario():
        for _ in range(20):
            live.note_use(7)
            await live.write_uses()
            clock.now += 1

    run(scenario)
    assert visitors.touched == [7] * round(20 / TOUCH_SECONDS)


def test_use_that_came_too_soon_is_written_later(live, clock, visitors):
    async def scenario():
        for moment in (0, 1):
            clock.now += moment
            live.note_use(7)
            await live.write_uses()
        assert visitors.touched == [7]
        clock.now += TOUCH_SECONDS
        await live.write_uses()
        await live.write_uses()

    run(scenario)
    assert visitors.touched == [7, 7]


def test_no_use_is_no_write(live, clock, visitors):
    async def scenario():
        for _ in range(20):
            await live.write_uses()
            clock.now += 1

    run(scenario)
    assert visitors.touched == []


def test_use_that_could_not_be_written_is_written_when_it_can_be(live, visitors):
    async def scenario():
        live.note_use(7)
        visitors.reachable = False
        with pytest.raises(RuntimeError):
            await live.write_uses()
        visitors.reachable = True
        await live.write_uses()

    run(scenario)
    assert visitors.touched == [7]


def test_use_does_not_bring_back_a_session_that_ended(live, visitors):
    async def scenario():
        live.note_use(7)
        live.end(7)
        await live.write_uses()

    run(scenario)
    assert visitors.touched == []


def watch(monkeypatch, live, visitors, scenario):
    monkeypatch.setattr(live_module, "SWEEP_SECONDS", 0)

    async def watched():
        async with live.watching():
            await scenario()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, "the watch ends with the application"

    asyncio.run(watched())


def test_the_watch_closes_and_writes_by_itself(monkeypatch, live, visitors):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN) as over:
            live.note_use(8)
            visitors.end(7)
            await asyncio.wait_for(over, timeout=10)
        await settle()

    watch(monkeypatch, live, visitors, scenario)
    assert visitors.touched == [8]


def test_the_watch_survives_a_database_that_is_away(
    monkeypatch, live, visitors, caplog
):
    async def scenario():
        with live.socket(CLINICIAN, TOKEN) as over:
            visitors.reachable = False
            await settle()
            await settle()
            assert not over.done()
            visitors.reachable = True
            visitors.end(7)
            await asyncio.wait_for(over, timeout=10)

    watch(monkeypatch, live, visitors, scenario)
    assert [r.levelname for r in caplog.records] == ["ERROR"], (
        "said once, not each time"
    )
    assert "DatabaseError at " in caplog.text
    assert "10.0.0.5" not in caplog.text


def test_a_writer_that_waits_does_not_hold_up_the_watch(monkeypatch, live, visitors):
    async def scenario():
        written = asyncio.Event()

        async def wait(session_ids):
            await written.wait()

        visitors.touch = wait
        live.note_use(8)
        with live.socket(CLINICIAN, TOKEN) as over:
            await settle()
            visitors.end(7)
            await asyncio.wait_for(over, timeout=10)

    watch(monkeypatch, live, visitors, scenario)
