"""From the address of a hfaxd to an observer of the contract."""

from pathlib import Path

from drivers.contract.clock import Clock
from drivers.hylafax.control import Server
from drivers.hylafax.observer import HylafaxObserver


async def open_observer(
    host: str, port: int, user: str, password: str, clock: Clock, *, source: str = "hylafax", log: Path | None = None
) -> HylafaxObserver:
    """Log in once, to say early what is wrong. `source` names it among other systems; `log` is where this machine
    has the server's xferfaxlog, if it has.

    Raises DeviceGone, DeviceTimeout, DeviceRefused, DeviceBusy, DeviceGarbled. To be closed.
    """
    observer = HylafaxObserver(Server(host, port, user, password), clock, source=source, log=log)
    try:
        await observer.connect()
    except BaseException:
        await observer.close()
        raise
    return observer
