"""The shipped scenarios on the simulated PIXMA and imageCLASS, by hand-turned clock."""

import pytest

from hil.scenario import model, runs
from hil.scenario.runs import Outcome


@pytest.mark.parametrize("family", ["pixma", "imageclass", "imageclass-old"])
@pytest.mark.parametrize(
    "name",
    [
        "button",
        "cache-full",
        "cancel-at-panel",
        "cancel-mid",
        "duplex",
        "empty-feeder",
        "feeder",
        "feeder-two-of-five",
        "link-cut",
        "platen",
        "power-cycle",
        "two-clients",
        "unplug-mid-page",
    ],
)
def test_a_shipped_scenario_goes_with_a_pixma_as_with_any_scanner(name: str, family: str) -> None:
    shipped = model.named(name)
    scenario = shipped.model_copy(update={"device": shipped.device.model_copy(update={"family": family})})
    found = runs.simulated(name, scenario)
    assert (found.outcome, found.complaints) == (Outcome.PASSED, ())
