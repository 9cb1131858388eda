"""What the alert table of an MFP says reaches a WSD subscriber as conditions, and is taken back when it is over.

The simulated MFP's scanner has alerts alone for its lamp and for being off line; for jam and cover HP's objects too.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.wsscan.events import EventName
from bridge.wsscan.scanner import ScannerState
from drivers.contract.clock import SystemClock
from hil.client import session
from hil.client.session import Session
from hil.devices.mfp import serve
from hil.devices.mfp.serve import MfpRig
from hil.devices.stimuli import (
    Clear,
    Cover,
    Fatal,
    Jam,
    LoadPaper,
    Offline,
    Plug,
    Press,
    RemovePaper,
    Stimulus,
    Unplug,
)
from tests.system import product


@asynccontextmanager
async def watched(place: Path, script: str) -> AsyncIterator[tuple[MfpRig, Session]]:
    async with serve.mfp(script) as rig:
        settings = f'[[snmp]]\nhost = "{rig.host}"\nport = {rig.port}\n'
        async with (
            product.bridge(place, settings=settings) as running,
            session.opened(running.url, SystemClock()) as client,
        ):
            await client.subscribe()
            await product.until_state(client, ScannerState.IDLE, 10)
            yield rig, client


async def raised(client: Session, name: str) -> tuple[int, str]:
    """Id and component of the condition of that name, once it is told."""
    arrived = await client.timeline.wait_for(
        lambda each: each.name == EventName.SCANNER_STATUS_CONDITION and str(each.event.device_condition.name) == name,
        15,
    )
    return arrived.event.device_condition.condition_id, str(arrived.event.device_condition.component)


async def cleared(client: Session, condition: int) -> None:
    await client.timeline.wait_for(
        lambda each: (
            each.name == EventName.SCANNER_STATUS_CONDITION_CLEARED
            and each.event.device_condition_cleared.condition_id == condition
        ),
        15,
    )


@pytest.mark.parametrize(
    ("happens", "name", "component"),
    [
        ([Jam()], "MediaJam", "ADF"),
        ([Cover(open=True)], "CoverOpen", "ADF"),
        ([Fatal()], "LampError", "Platen"),
    ],
)
async def test_a_condition_is_raised_and_cleared_under_the_same_id(
    tmp_path: Path, happens: Sequence[Stimulus], name: str, component: str
) -> None:
    async with watched(tmp_path, "adf=1") as (rig, client):
        rig.stimulate(*happens)
        condition, where = await raised(client, name)
        assert where == component
        await product.until_state(client, ScannerState.STOPPED, 10)
        assert name in [str(each.name) for each in (await client.status()).active_conditions.device_condition]
        rig.stimulate(Clear())
        await cleared(client, condition)
        await product.until_state(client, ScannerState.IDLE, 10)
        assert (await client.status()).active_conditions.device_condition == ()
        history = (await client.status()).condition_history
        assert history.condition_history_entry[0].condition_id == condition


async def test_an_empty_feeder_is_told_while_a_scan_wants_it_and_no_longer(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=1,warmup=4") as (rig, client):
        rig.stimulate(Press())
        await client.timeline.wait_for(lambda each: each.name == EventName.JOB_STATUS, 10)
        rig.stimulate(RemovePaper())
        condition, where = await raised(client, "InputTrayEmpty")
        assert where == "ADF"
        rig.stimulate(LoadPaper(1))
        await cleared(client, condition)


async def test_the_lamp_warms_as_a_scan_begins(tmp_path: Path) -> None:
    async with watched(tmp_path, "adf=1,warmup=4") as (rig, client):
        rig.stimulate(Press())
        condition, where = await raised(client, "LampWarning")
        assert where == "Platen"
        await cleared(client, condition)
        await product.until_state(client, ScannerState.IDLE, 15)


@pytest.mark.parametrize(
    ("away", "back"), [(Offline(taken=True), Offline(taken=False)), (Unplug(), Plug())], ids=["off line", "unplugged"]
)
async def test_off_line_it_is_stopped_and_asks_for_attention(tmp_path: Path, away: Stimulus, back: Stimulus) -> None:
    async with watched(tmp_path, "adf=1") as (rig, client):
        rig.stimulate(away)
        await product.until_state(client, ScannerState.STOPPED, 30)
        told = (await client.status()).scanner_state_reasons
        assert told is not None
        assert [str(each) for each in told.scanner_state_reason] == ["AttentionRequired"]
        rig.stimulate(back)
        await product.until_state(client, ScannerState.IDLE, 60)
