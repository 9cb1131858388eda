"""One agent, looked at once: all it tells, and for each word the source that told it."""

from dataclasses import dataclass

from drivers.contract.clock import Clock
from drivers.contract.observation import Feeder, JobReport, Readiness, Trouble
from drivers.snmp import seen
from drivers.snmp.credentials import Community, Credentials
from drivers.snmp.device import PORT, key, open_agent
from drivers.snmp.identity import Words
from drivers.snmp.reading import Link


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one look showed. Sources are for people: "Printer MIB", "HP scan objects"."""

    key: str
    words: Words
    state: Readiness | None  # None: nobody tells
    state_source: str
    explanation: str
    feeder: Feeder
    troubles: tuple[tuple[Trouble, str], ...]
    counters: tuple[tuple[str, int, str], ...]
    jobs: tuple[tuple[JobReport, str], ...]
    facts: tuple[tuple[str, str, str], ...]
    buttons: tuple[str, ...]


async def inspect_agent(
    host: str, port: int = PORT, credentials: Credentials | None = None, *, clock: Clock, timeout: float = 1.0
) -> Inspection:
    """Raises DeviceTimeout, DeviceGone, DeviceRefused, DeviceGarbled."""
    from drivers.snmp.link import open_link  # noqa: PLC0415 pysnmp is loaded when it is needed

    link = await open_link(host, port, credentials or Community(), timeout=timeout)
    try:
        return await inspect(link, key(host, port), clock)
    finally:
        await link.close()


async def inspect(link: Link, name: str, clock: Clock) -> Inspection:
    """Through an open link, which may be a tape. Link's errors."""
    agent = await open_agent(link, name, clock)
    snapshot = await agent.observer.poll()
    parts = agent.observer.parts
    state, source = seen.readiness(parts)
    return Inspection(
        key=name,
        words=agent.words,
        state=state,
        state_source=source,
        explanation=snapshot.explanation,
        feeder=snapshot.feeder,
        troubles=tuple((each, part.source) for part in parts for each in sorted(part.troubles)),
        counters=tuple((*each, part.source) for part in parts for each in part.counters),
        jobs=tuple((each, part.source) for part in parts for each in part.jobs),
        facts=tuple((*each, part.source) for part in parts for each in part.facts),
        buttons=agent.buttons,
    )
