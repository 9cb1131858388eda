"""`python -m hil.bench.agents COUNT ROWS`: idle simulated MFPs, and one agent with a table, in a process of their own.

Prints the port of each, the table's last, on one line; ends when standard input does.
"""

import asyncio
import sys

from drivers.contract.clock import SystemClock
from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.script import read
from hil.snmp.agent import Agent
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid

TABLE = "1.3.6.1.2.1.43.11.1.1.6.1"


def table(rows: int) -> Mib:
    """A column of short texts."""
    return Mib(
        {oid(f"{TABLE}.{row}"): Typed(Tag.OCTETS, f"Supply number {row}".encode()) for row in range(1, rows + 1)}
    )


async def serve(count: int, rows: int) -> None:
    """Until the end of standard input."""
    clock = SystemClock()
    began = clock.monotonic()
    # One idle body shows the same everywhere; every agent has a socket, and makes its answers anew.
    body, walked = Mfp(read(""), began), table(rows)
    agents = [Agent(lambda: mib(body, clock.monotonic())) for _ in range(count)] + [Agent(lambda: walked)]
    try:
        print(*[(await agent.start())[1] for agent in agents], flush=True)
        await asyncio.to_thread(sys.stdin.read)
    finally:
        for agent in agents:
            agent.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
