"""Reports of runs that were written by hand: what others wrote stays text, and nothing is fetched."""

import re
import xml.dom.minidom
from html.parser import HTMLParser

from hil.report import bands
from hil.report.junit import junit
from hil.report.page import page
from hil.report.table import table
from hil.scenario import model
from hil.scenario.runs import Outcome, Run
from hil.scenario.seen import Deed, Event, Lane, Passage, Seen, Sort

EVIL = "</script><img src=x onerror=alert(1)>\x00\x1b[31m\ud800&\"'"
SCENARIO = model.parse('title = "T <b>"\n[[client]]\nname = "ada"\n[[expect]]\nstate = "Started"\n', "here")


def job(at: float, state: str, scans: int, *reasons: str) -> Event:
    return Event(at, "ada", "JobStatusEvent", 3, state, reasons, scans, raw=EVIL.encode("utf-8", "replace"))


EVENTS = (
    job(1, "Started", 0),
    job(1, "Processing", 0, "JobScanning"),
    job(2, "Processing", 0, "JobScanningAndTransfering"),
    job(4, "Processing", 1, "JobScanning"),
    job(6, "Processing", 1, "ScannerStopped"),
    job(8, "Aborted", 1),
    Event(8, "ada", "JobEndStateEvent", 3, "Aborted", (), 1),
)
SEEN = Seen(
    events=EVENTS,
    deeds=(Deed(5.9, Sort.STIMULUS, "device", "jam"), Deed(0, Sort.CLIENT, "ada", EVIL)),
    passages=(
        *(Passage(n / 100, Lane.USB, "ESC F", "", 4096, n % 2 == 0, n == 600) for n in range(1000)),
        Passage(1, Lane.HTTP, "CreateScanJob", EVIL, 900, True),
        Passage(2, Lane.SNMP, "get 3 objects", size=3),
    ),
    seconds=10,
)


def run(outcome: Outcome, *complaints: str) -> Run:
    return Run("name<i>", SCENARIO, outcome, f"on {EVIL}", complaints, SEEN, 0.5)


RUNS = [
    run(Outcome.PASSED),
    run(Outcome.FAILED, f"wrong {EVIL}", "and more"),
    Run("other", SCENARIO, Outcome.NOT_RUNNABLE, "usb:1:2", ("nothing here can do: jam",)),
    run(Outcome.BROKEN, "Stuck"),
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_closed_and_fetches_nothing_and_runs_nothing_of_others():
    text = page(RUNS)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert {tag for tag, _ in tags.seen} & {"img", "link", "iframe", "object"} == set()
    assert [tag for tag, _ in tags.seen].count("script") == 1
    links = [attrs[name] or "" for _, attrs in tags.seen for name in ("href", "src", "xlink:href") if name in attrs]
    assert links
    assert all(link.startswith("#") for link in links)
    assert not [attrs for _, attrs in tags.seen if any(name.startswith("on") for name in attrs)]
    text.encode("utf-8")
    assert "\x00" not in text
    assert "default-src 'none'" in text


def test_every_mark_leads_to_a_row_of_the_log():
    text = page(RUNS).partition("<script>")[0]
    rows = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= rows


def test_both_looks_have_every_colour():
    from hil.report.style import CSS

    light, dark = CSS.split("prefers-color-scheme: dark")
    names = re.findall(r"--[\w-]+(?=:)", light.split("}")[0])
    assert len(names) > 20
    assert [name for name in names if f"{name}:" not in dark] == []


def test_the_xml_is_well_formed_and_counts_what_did_not_run_as_skipped():
    document = xml.dom.minidom.parseString(junit(RUNS).encode())
    (suite,) = document.getElementsByTagName("testsuite")
    counted = {name: suite.getAttribute(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert len(document.getElementsByTagName("skipped")) == 1
    assert document.getElementsByTagName("testcase")[0].getAttribute("name") == "name<i>"


def test_the_table_says_what_was_wrong_and_never_calls_passed_what_did_not_run():
    said = table(RUNS)
    assert "- and more" in said
    assert said.endswith("1 passed, 1 failed, 1 not runnable, 1 broken")
    assert table([RUNS[2]]).endswith("\n1 not runnable")
    assert "passed" not in table([RUNS[2]])


def test_a_jobs_bands_change_with_state_and_count_only_and_end_with_its_end():
    found = bands.jobs(EVENTS, 10)[3]
    assert [(each.start, each.end, each.kind, each.label) for each in found] == [
        (1, 1, "Started", "Started"),
        (1, 4, "Processing", "Processing"),
        (4, 6, "Processing", "Processing 1"),
        (6, 8, "ScannerStopped", "ScannerStopped 1"),
        (8, 8, "Aborted", "Aborted 1"),
    ]


def test_the_scanners_last_band_goes_to_the_end():
    told = (Event(2, "ada", "ScannerStatusSummaryEvent", state="Stopped", reasons=("MediaJam",)),)
    (band,) = bands.scanner(told, 10)
    assert (band.start, band.end, band.label) == (2, 10, "Stopped: MediaJam")


def test_traffic_is_counted_once_whatever_the_width():
    found = bands.bins([each for each in SEEN.passages if each.lane is Lane.USB], 10)
    assert sum(each.count for each in found) == 1000
    assert sum(each.inward + each.outward for each in found) == 1000 * 4096
    assert sum(each.bad for each in found) == 1
    assert len(found) <= bands.BINS


def test_marks_at_one_moment_lie_in_rows():
    assert [each.row for each in bands.rows([1.0] * 9, 10)] == [0, 1, 2, 3, 4, 5, 6, 6, 6]
    assert [each.row for each in bands.rows([1.0, 2.0, 3.0], 10)] == [0, 0, 0]


def test_an_axis_has_round_moments():
    assert bands.ticks(10) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert bands.ticks(587) == [0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550]
    assert bands.ticks(0) == [0.0]


def test_a_tape_is_drawn_with_the_events_that_went_out():
    from hil.report.taped import run_of
    from hil.scenario import runs
    from hil.scenario.taping import tape_of

    first = runs.simulated("jam", model.named("jam"))
    drawn = run_of(tape_of(first))
    assert drawn.outcome is Outcome.NOT_JUDGED
    assert [(each.name, each.state, each.scans) for each in drawn.seen.events] == [
        (each.name, each.state, each.scans) for each in first.seen.events
    ]
    assert {each.lane for each in drawn.seen.passages} >= {Lane.USB, Lane.HTTP, Lane.EVENT}
    assert "recorded" in page([drawn])
