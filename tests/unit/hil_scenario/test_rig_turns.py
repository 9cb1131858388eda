"""Threads that take turns, and a loop whose clock moves only when nobody has anything to do."""

import asyncio
import threading
import time

import pytest

from hil.rig.loop import HandTurnedLoop, Stuck, run
from hil.rig.threads import Condition, Event, Executor


def test_an_hour_of_sleep_takes_no_time():
    async def main(loop: HandTurnedLoop) -> float:
        await asyncio.sleep(3600)
        return loop.time()

    began = time.perf_counter()
    assert run(main) == 3600
    assert time.perf_counter() - began < 60


def test_a_worker_sleeps_on_the_same_clock():
    async def main(loop: HandTurnedLoop) -> list[tuple[float, str]]:
        said = []

        def work() -> None:
            for _ in range(3):
                loop.turns.sleep(2)
                said.append((loop.time(), "worker"))

        working = loop.run_in_executor(Executor(loop.turns), work)
        for _ in range(3):
            await asyncio.sleep(1.5)
            said.append((loop.time(), "loop"))
        await working
        return said

    assert run(main) == [
        (1.5, "loop"),
        (2, "worker"),
        (3.0, "loop"),
        (4, "worker"),
        (4.5, "loop"),
        (6, "worker"),
    ]


def test_a_condition_wakes_in_the_order_of_waiting():
    async def main(loop: HandTurnedLoop) -> list[str]:
        changed, woken = Condition(loop.turns), list[str]()

        def wait(name: str) -> None:
            with changed:
                changed.wait()
            woken.append(name)

        pool = Executor(loop.turns, 3)
        waiting = [loop.run_in_executor(pool, wait, name) for name in "abc"]
        await asyncio.sleep(1)
        changed.notify()
        await asyncio.sleep(1)
        assert woken == ["a"]
        changed.notify_all()
        await asyncio.gather(*waiting)
        return woken

    assert run(main) == ["a", "b", "c"]


def test_a_wait_with_a_limit_ends_at_it_and_a_later_notice_wakes_nobody():
    async def main(loop: HandTurnedLoop) -> tuple[bool, float, bool]:
        event = Event(loop.turns)
        pool = Executor(loop.turns, 1)
        came = await loop.run_in_executor(pool, event.wait, 5.0)
        at = loop.time()
        event.set()
        return came, at, await loop.run_in_executor(pool, event.wait, 5.0)

    assert run(main) == (False, 5.0, True)


def test_everybody_waiting_for_nothing_is_said_at_once():
    async def main(loop: HandTurnedLoop) -> None:
        await loop.create_future()

    with pytest.raises(Stuck, match="everybody waits, and nothing is due"):
        run(main)


def test_the_event_loop_itself_may_not_wait_like_a_thread():
    async def main(loop: HandTurnedLoop) -> None:
        with pytest.raises(RuntimeError, match="the event loop would stand still"):
            Event(loop.turns).wait()

    run(main)


def test_no_thread_outlives_its_loop():
    async def main(loop: HandTurnedLoop) -> None:
        pool = Executor(loop.turns, 2, "left-behind")
        for _ in range(2):
            pool.submit(Event(loop.turns).wait)
        await asyncio.sleep(1)

    run(main)
    assert not [each for each in threading.enumerate() if each.name.startswith("left-behind")]


def test_what_a_worker_raises_reaches_who_waits_for_it():
    async def main(loop: HandTurnedLoop) -> None:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        assert loop.time() == 0

    run(main)


def test_a_connection_in_memory_carries_what_is_written_and_then_its_end():
    async def main(loop: HandTurnedLoop) -> bytes:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.read())
            writer.close()

        class Caller(asyncio.Protocol):
            def __init__(self) -> None:
                self.got = b""
                self.over = loop.create_future()

            def data_received(self, data: bytes) -> None:
                self.got += data

            def connection_lost(self, exc: Exception | None) -> None:
                self.over.set_result(exc)

        class Greeter(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                transport.write(b"a" * 100_000)
                transport.write(b"b")
                transport.close()

        server = await loop.create_server(Greeter, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        _, caller = await loop.create_connection(Caller, "127.0.0.1", port)
        assert await caller.over is None
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Caller, "127.0.0.1", port)
        return caller.got

    assert run(main) == b"a" * 100_000 + b"b"


def test_a_writer_is_told_to_wait_while_nobody_reads_and_an_abort_is_a_reset():
    async def main(loop: HandTurnedLoop) -> None:
        seen: list[str] = []

        class Lazy(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                transport.pause_reading()
                loop.call_later(5, transport.resume_reading)
                loop.call_later(9, transport.abort)

        class Eager(asyncio.Protocol):
            def pause_writing(self) -> None:
                seen.append(f"pause {loop.time():g}")

            def resume_writing(self) -> None:
                seen.append(f"resume {loop.time():g}")

            def connection_lost(self, exc: Exception | None) -> None:
                seen.append(f"{type(exc).__name__} {loop.time():g}")

        server = await loop.create_server(Lazy, "127.0.0.1", 0)
        transport, _ = await loop.create_connection(Eager, "127.0.0.1", server.sockets[0].getsockname()[1])
        for _ in range(10):
            transport.write(bytes(10_000))
        await asyncio.sleep(10)
        assert seen == ["pause 0", "resume 5", "ConnectionResetError 9"]

    run(main)


def test_a_notice_in_the_moment_in_which_the_wait_is_over_harms_nobody():
    async def main(loop: HandTurnedLoop) -> tuple[bool, bool]:
        changed = Condition(loop.turns)
        pool = Executor(loop.turns, 2)

        def wake() -> None:
            loop.turns.sleep(5.0)
            changed.notify_all()

        woken = loop.run_in_executor(pool, wake)  # it sleeps first, so its turn comes first
        came = await loop.run_in_executor(pool, changed.wait, 5.0)
        await woken
        return came, await loop.run_in_executor(pool, changed.wait, 5.0)

    assert run(main) == (False, False)
