"""What a run leaves behind is seen, and what it held before is not held against it."""

import asyncio
import os
import threading

from hil.rig.loop import HandTurnedLoop, run
from hil.rig.threads import Executor
from hil.scenario import leftovers
from hil.scenario.leftovers import Held, threads


def test_a_descriptor_and_a_thread_more_are_named() -> None:
    before = Held.now()
    assert before.more(before) == ()
    reading, writing = os.pipe()
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert Held.now().more(before) == ("2 file descriptors", "1 threads")
    finally:
        over.set()
        thread.join()
        os.close(reading)
        os.close(writing)
    assert Held.now().more(before) == ()


async def test_a_task_that_nobody_ended_is_named_and_who_asks_is_not() -> None:
    assert leftovers.tasks() == ()
    task = asyncio.create_task(asyncio.sleep(60))
    (found,) = leftovers.tasks()
    assert "sleep" in found
    task.cancel()


def test_a_process_has_some_megabytes() -> None:
    assert 5 < leftovers.megabytes() < 5000


def test_a_thread_that_nobody_ended_is_left_but_for_the_loops_own() -> None:
    async def main(loop: HandTurnedLoop) -> tuple[tuple[str, ...], tuple[str, ...]]:
        pool = Executor(loop.turns, 1, "listen")
        await asyncio.to_thread(int)
        await loop.run_in_executor(pool, int)
        before = threads(loop.turns)
        pool.shutdown()
        await asyncio.sleep(1)
        return before, threads(loop.turns)

    assert run(main) == (("thread listen_0",), ())
