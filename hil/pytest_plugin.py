"""A pytest plugin: a WSD scanner to test against, with whatever goes wrong with it, in any project that installs us.

    @pytest.mark.scanner("esci", "adf=3,warmup=0")     # which simulated scanner, and its script; esci without it
    @pytest.mark.faults("cut@40")                      # what goes wrong on its link
    def test_my_subscriber(scanner, wsd_client, timeline):
        my_subscriber.subscribe_to(scanner.url)
        wsd_client.scan(source="adf")
        assert timeline.states() == ["Started", "Processing", "Completed"]

    def test_a_jam(run_scenario):                      # on a hand-turned clock, judged by the scenario itself
        run_scenario("jam")

All on loopback, nothing of asyncio in the tests. docs/rig.md. What is heavy is imported when it is first used.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hil.rig.served import Served
    from hil.rig.told import Timeline, WsdClient
    from hil.scenario.runs import Run


def pytest_configure(config: pytest.Config) -> None:
    """The marks."""
    config.addinivalue_line(
        "markers",
        "scanner(family, script, **settings): which simulated scanner `scanner` is, and the bridge's settings",
    )
    config.addinivalue_line(
        "markers", "faults(*faults): what goes wrong on the scanner's link, as `cut@17`, `loss 10%`"
    )


@pytest.fixture
def scanner(request: pytest.FixtureRequest) -> "Iterator[Served]":
    """A simulated scanner served as a WSD scanner: `url`, `happen(…)`, `state`, `faults`."""
    from hil.rig.served import Served  # noqa: PLC0415 - see above

    chosen, bad = request.node.get_closest_marker("scanner"), request.node.get_closest_marker("faults")
    named: dict[str, Any] = dict(chosen.kwargs) if chosen else {}
    words = dict(zip(("family", "script"), chosen.args if chosen else (), strict=False))
    family, setup = named.pop("family", words.get("family", "esci")), named.pop("script", words.get("script", ""))
    with Served(family, setup, planned=bad.args if bad else (), settings=named) as rig:
        yield rig


@pytest.fixture
def timeline(scanner: "Served") -> "Timeline":
    """What `wsd_client` was told: `events`, `wait_for(state=…)`, `states()`."""
    from hil.rig.told import Timeline  # noqa: PLC0415 - see above

    return Timeline(scanner)


@pytest.fixture
def wsd_client(scanner: "Served", timeline: "Timeline", tmp_path: Path) -> "Iterator[WsdClient]":
    """A client that has subscribed to everything: `scan(source=…)`, `start(…)`, `cancel(job)`, `status()`."""
    from hil.rig.told import WsdClient  # noqa: PLC0415 - see above

    client = WsdClient(scanner, tmp_path, timeline).open()
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def run_scenario() -> "Callable[[str | Path], Run]":
    """Run a shipped scenario by name, or a .toml file, on its simulated device and a hand-turned clock; it must
    pass."""
    from hil.report.table import table  # noqa: PLC0415 - see above
    from hil.scenario import model, runs  # noqa: PLC0415 - see above
    from hil.scenario.runs import Outcome  # noqa: PLC0415 - see above

    def run(name: str | Path) -> "Run":
        done = runs.simulated(str(name), model.read(name) if isinstance(name, Path) else model.named(name))
        if done.outcome is not Outcome.PASSED:
            pytest.fail(table([done]), pytrace=False)
        return done

    return run
