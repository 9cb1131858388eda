"""Whether what was seen is what a scenario wants: pure, one complaint for each thing that is wrong.

Beside what the scenario says, every run must keep what a subscriber may always rely on: a count of images never goes
back, a job ends once and says nothing after its end, and one that was told of ends.
"""

from collections.abc import Iterator, Sequence

from bridge.wsscan.job import FINAL_STATES
from hil.scenario.model import Expected, Match, Scenario, Span
from hil.scenario.seen import Event, Seen, numbering


def fits(match: Match, event: Event, jobs: dict[int, int]) -> bool:
    """Whether that event is meant; `client` is looked at by the caller."""
    if str(match.event) != event.name:
        return False
    if match.job is not None and (event.job is None or jobs.get(event.job) != match.job):
        return False
    if match.state is not None and str(match.state) != event.state:
        return False
    if match.reason is not None and str(match.reason) not in (event.reasons or ("",)):
        return False
    if match.scans is not None and match.scans != event.scans:
        return False
    if match.percent is not None and not (event.percent is not None and _in(match.percent, event.percent)):
        return False
    return (match.what is None or match.what == event.what) and (match.where is None or match.where == event.where)


def complaints(scenario: Scenario, seen: Seen) -> tuple[str, ...]:
    """All that is wrong; empty: passed."""
    jobs = numbering(seen.events)
    found = [] if seen.failure is None else [f"the device is not what it should be: {seen.failure}"]
    if not seen.over:
        found.append(f"it was not over after {scenario.limit:g} s")
    for client, wanted in _by_client(scenario):
        found += _in_order(client, wanted, [each for each in seen.events if each.client == client], jobs)
    for match in scenario.never:
        for each in seen.events:
            if match.client in {None, each.client} and fits(match, each, jobs):
                found.append(f"{each.client} was told what must never be told: {each.line} (at {each.at:.3f} s)")
    found += _jobs(scenario, seen, jobs)
    found += _ends(scenario, seen)
    found += always(seen)
    return tuple(dict.fromkeys(found))


def satisfied(scenario: Scenario, events: Sequence[Event]) -> bool:
    """Whether everything that must come has come: every expected event, and the end of every job."""
    jobs = numbering(events)
    for client, wanted in _by_client(scenario):
        if list(_in_order(client, wanted, [each for each in events if each.client == client], jobs)):
            return False
    ended = {each.job for each in events if each.name == "JobEndStateEvent"}
    return len(ended) >= len(scenario.job) and set(jobs) <= ended


def _by_client(scenario: Scenario) -> Iterator[tuple[str, list[Expected]]]:
    """An expectation without a client is everybody's who is told anything."""
    for client in scenario.client:
        wanted = [each for each in scenario.expect if each.client in {None, client.name}]
        if wanted and client.subscribe and (client.deaf is None or any(each.client == client.name for each in wanted)):
            yield client.name, wanted


def _in_order(client: str, wanted: list[Expected], events: list[Event], jobs: dict[int, int]) -> Iterator[str]:
    at, before = 0, 0.0
    for number, expected in enumerate(wanted, start=1):
        found = next((i for i in range(at, len(events)) if fits(expected, events[i], jobs)), None)
        told = f"{client}: expectation {number} ({said(expected)})"
        if found is None:
            late = next((each for each in events[:at] if fits(expected, each, jobs)), None)
            after = f" after {events[at - 1].line} (at {events[at - 1].at:.3f} s)" if at else ""
            yield f"{told} did not come{after}" + (f"; it came before, at {late.at:.3f} s" if late else "")
            return
        event = events[found]
        if expected.at is not None and not _in(expected.at, event.at):
            yield f"{told} came at {event.at:.3f} s, not from {expected.at[0]:g} to {expected.at[1]:g} s"
        if expected.within is not None and not _in(expected.within, event.at - before):
            low, high = expected.within
            yield f"{told} came {event.at - before:.3f} s after the one before, not {low:g} to {high:g} s"
        at, before = found + 1, event.at


def _jobs(scenario: Scenario, seen: Seen, jobs: dict[int, int]) -> Iterator[str]:
    ends = {jobs[each.job]: each for each in seen.events if each.name == "JobEndStateEvent" and each.job is not None}
    for number, wanted in enumerate(scenario.job, start=1):
        end = ends.get(number)
        if end is None:
            yield f"job {number} did not end"
            continue
        if end.state != str(wanted.state):
            yield f"job {number} ended {end.line}, not {wanted.state}"
        if wanted.reason is not None and str(wanted.reason) not in (end.reasons or ("",)):
            yield f"job {number} ended with {', '.join(end.reasons) or 'no reason'}, not {wanted.reason or 'none'}"
        if wanted.scans is not None and end.scans != wanted.scans:
            yield f"job {number} ended with {end.scans} scanned, not {wanted.scans}"
    if scenario.job and len(jobs) > len(scenario.job):
        yield f"there were {len(jobs)} jobs, not {len(scenario.job)}"


def _ends(scenario: Scenario, seen: Seen) -> Iterator[str]:
    if scenario.scanner is not None:
        if seen.scanner is None:
            yield "the scanner's state could not be asked for"
        else:
            state, reasons = seen.scanner
            if state != str(scenario.scanner.state):
                yield f"the scanner is {state} ({', '.join(reasons) or 'no reason'}), not {scenario.scanner.state}"
            if scenario.scanner.reasons is not None and set(scenario.scanner.reasons) != set(reasons):
                wanted = ", ".join(scenario.scanner.reasons) or "none"
                yield f"the scanner's reasons are {', '.join(reasons) or 'none'}, not {wanted}"
    for client, got in seen.got.items():
        expected = scenario.got.get(client)
        if expected is not None and expected.pages is not None and len(got.pages) != expected.pages:
            yield f"{client} got {len(got.pages)} images, not {expected.pages}"
        if expected is not None and expected.refused is not None and got.refused != expected.refused:
            yield f"{client} met {got.refused or 'no fault'}, not {expected.refused or 'none'}"
        if got.trouble:
            yield f"{client}: {got.trouble}"


def always(seen: Seen) -> Iterator[str]:
    """What must be so in every run."""
    told: dict[tuple[str, int], list[Event]] = {}
    for each in seen.events:
        if each.job is not None:
            told.setdefault((each.client, each.job), []).append(each)
    for (client, job), events in told.items():
        scans = [each.scans for each in events if each.scans is not None]
        if scans != sorted(scans):
            yield f"{client}: the images of job {job} were counted back"
        ends = [each for each in events if each.name == "JobEndStateEvent"]
        if len(ends) > 1:
            yield f"{client}: job {job} ended {len(ends)} times"
        finals = {str(state) for state in FINAL_STATES}
        states = [each.state for each in events if each.name == "JobStatusEvent"]
        over = next((i for i, state in enumerate(states) if state in finals), None)
        if over is not None and over < len(states) - 1:
            yield f"{client}: job {job} was told of after its end"
        if ends and over is not None and ends[0].state != states[over]:
            yield f"{client}: job {job} ended {states[over]} and {ends[0].state}"


def said(match: Match) -> str:
    """An expectation in short."""
    words = [str(match.event).removesuffix("Event")]
    words += [f"job {match.job}"] if match.job is not None else []
    words += [str(each) for each in (match.state, match.reason, match.what, match.where) if each]
    words += [f"{match.scans} scanned"] if match.scans is not None else []
    return " ".join(words)


def _in(span: Span, value: float) -> bool:
    return span[0] - 1e-6 <= value <= span[1] + 1e-6
