"""Which events pass a filter: DPWS 2006 section 6.1.1 and the examples of the WS-Scan documents."""

import pytest

from bridge.errors import OperationRefused
from bridge.eventing import filter as filters
from bridge.eventing.messages import Filter

ACTION = "http://schemas.xmlsoap.org/ws/2006/02/devprof/Action"
NEW = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
OLD = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"
EVENTS = tuple(f"{year}/{name}" for year in (NEW, OLD) for name in ("ScanAvailableEvent", "JobStatusEvent"))


def passing(chosen: tuple[str, ...] | None, name: str) -> bool:
    return filters.passes(chosen, (f"{NEW}/{name}", f"{OLD}/{name}"))


def test_no_filter_passes_everything() -> None:
    assert filters.understand(None, EVENTS) is None
    assert passing(None, "JobStatusEvent")


@pytest.mark.parametrize("year", [NEW, OLD])
def test_the_bare_namespace_of_either_year_selects_everything(year: str) -> None:
    chosen = filters.understand(Filter(ACTION, year), EVENTS)
    assert passing(chosen, "ScanAvailableEvent")
    assert passing(chosen, "JobStatusEvent")


@pytest.mark.parametrize("year", [NEW, OLD])
def test_one_event_of_either_year_selects_that_event_alone(year: str) -> None:
    chosen = filters.understand(Filter(ACTION, f"\n {year}/JobStatusEvent "), EVENTS)
    assert passing(chosen, "JobStatusEvent")
    assert not passing(chosen, "ScanAvailableEvent")


def test_several_uris_are_a_choice() -> None:
    chosen = filters.understand(Filter(ACTION, f"{NEW}/JobStatusEvent\thttp://other/ {NEW}/ScanAvailableEvent"), EVENTS)
    assert passing(chosen, "JobStatusEvent")
    assert passing(chosen, "ScanAvailableEvent")
    assert not passing(chosen, "JobEndStateEvent")


@pytest.mark.parametrize("text", [f"{NEW}/JobStatus", "http://other/", "", f"{NEW}/jobstatusevent"])
def test_a_filter_that_no_event_passes_is_refused(text: str) -> None:
    with pytest.raises(OperationRefused) as caught:
        filters.understand(Filter(ACTION, text), EVENTS)
    fault = caught.value.fault
    assert fault.subcode == "{http://schemas.xmlsoap.org/ws/2006/02/devprof}FilterActionNotSupported"
    assert fault.action == "http://schemas.xmlsoap.org/ws/2006/02/devprof/Fault"


def test_the_names_of_events_do_without_a_dialect() -> None:
    chosen = filters.understand(Filter(None, " ScanAvailableEvent "), EVENTS)
    assert passing(chosen, "ScanAvailableEvent")
    assert not passing(chosen, "JobStatusEvent")


@pytest.mark.parametrize(
    "asked",
    [
        Filter(None, "/soap:Envelope/soap:Body"),
        Filter(None, ""),
        Filter(ACTION.lower(), NEW),
        Filter("http://www.w3.org/TR/1999/REC-xpath-19991116", "true()"),
    ],
)
def test_another_dialect_is_told_which_there_is(asked: Filter) -> None:
    with pytest.raises(OperationRefused) as caught:
        filters.understand(asked, EVENTS)
    fault = caught.value.fault
    assert fault.subcode == "{http://schemas.xmlsoap.org/ws/2004/08/eventing}FilteringRequestedUnavailable"
    assert fault.detail_items == (("{http://schemas.xmlsoap.org/ws/2004/08/eventing}SupportedDialect", ACTION),)


def test_a_filter_has_bounds() -> None:
    with pytest.raises(OperationRefused):
        filters.understand(Filter(ACTION, f"{NEW} " * 65), EVENTS)
