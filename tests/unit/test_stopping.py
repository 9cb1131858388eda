import signal
from collections.abc import Iterator

import pytest

from bridge.stopping import asked_to_stop


@pytest.fixture
def hung_up() -> Iterator[None]:
    """The terminal's end is a matter of its own: who runs the tests may have said nohup."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_asks_for_an_end(hung_up, number):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with asked_to_stop() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        await stop.wait()


async def test_what_was_started_with_nohup_stays_when_the_terminal_goes(hung_up):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with asked_to_stop() as stop:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
        await stop.wait()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
