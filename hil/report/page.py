"""Runs of scenarios as one HTML page that needs nothing else: a table of all, then each with its timeline and log."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from importlib import metadata
from typing import Final

from hil.report.bands import FINALS
from hil.report.style import CSS, JS
from hil.report.table import summary
from hil.report.timeline import timeline
from hil.scenario.runs import Outcome, Run
from hil.scenario.seen import Lane, Sort
from hil.scenario.tapping import SHOWN

MOST_ROWS: Final = 4_000  # of one log
_STATES: Final = (
    "Pending",
    "Started",
    "Processing",
    "ScannerStopped",
    "Terminating",
    "Completed",
    "Aborted",
    "Canceled",
)
_BADGES: Final = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.BROKEN: "broken",
    Outcome.NOT_RUNNABLE: "not",
    Outcome.NOT_JUDGED: "recorded",
}
_UNFIT: Final = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def page(runs: Sequence[Run], *, now: datetime | None = None) -> str:
    """The document. Everything in it that others wrote is escaped."""
    when = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    rows = "".join(_row(run, f"r{number}") for number, run in enumerate(runs))
    sections = "".join(_section(run, f"r{number}") for number, run in enumerate(runs))
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    document = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>Scenarios: {escape(summary(runs))}</title><style>{CSS}</style></head><body><main>"
        f'<h1>Scenarios</h1><p>{escape(summary(runs))} <span class="soft">· {when} · wsd-scan-bridge '
        f"{escape(metadata.version('wsd-scan-bridge'))}</span></p>"
        '<table class="all"><thead><tr><th>Scenario</th><th></th><th>Outcome</th><th>Took</th><th>Clock</th>'
        f"<th>Events</th></tr></thead><tbody>{rows}</tbody></table>{sections}</main>"
        f'<div id="tip"></div><script>{JS}</script></body></html>\n'
    )
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", document)


def _badge(run: Run) -> str:
    return f'<span class="badge {_BADGES[run.outcome]}">{run.outcome}</span>'


def _row(run: Run, key: str) -> str:
    return (
        f'<tr><td><a href="#{key}">{escape(run.name)}</a></td><td>{escape(run.scenario.title)}</td>'
        f'<td>{_badge(run)}</td><td class="n">{run.seconds:.2f} s</td><td class="n">{run.seen.seconds:.1f} s</td>'
        f'<td class="n">{len(run.seen.events)}</td></tr>'
    )


def _section(run: Run, key: str) -> str:
    why = "".join(f"<li>{escape(each)}</li>" for each in run.complaints)
    about = f"<p>{escape(run.scenario.about)}</p>" if run.scenario.about else ""
    head = (
        f'<section id="{key}"><header class="run"><h2>{escape(run.scenario.title)} {_badge(run)}</h2>{about}'
        f'<p class="soft">{escape(run.name)} · on {escape(run.on)}</p>'
        + (f'<ul class="why">{why}</ul>' if why else "")
        + "</header>"
    )
    if not run.seen.events and not run.seen.passages:
        return f"{head}</section>"
    return f"{head}{timeline(run, key)}{_tools()}{_log(run, key)}</section>"


def _tools() -> str:
    zoom = "".join(f'<button data-zoom="{100 * each}">{each}x</button>' for each in (1, 2, 5, 20))
    key = "".join(f'<span class="key"><i style="background:var(--{each})"></i>{each}</span>' for each in _STATES)
    ways = (
        '<span class="key"><i style="background:var(--in)"></i>from device, to us</span>'
        '<span class="key"><i style="background:var(--out)"></i>to device, from us</span>'
        '<span class="key"><i style="background:var(--mark)"></i>stimulus or fault</span>'
    )
    return f'<div class="tools"><span>{zoom}</span>{key}{ways}</div>'


def _log(run: Run, key: str) -> str:
    """Events, deeds and SOAP together, in the order of time."""
    seen = run.seen
    rows: list[tuple[float, int, str]] = []
    for number, event in enumerate(seen.events):
        kind = "final" if event.state in FINALS else ""
        more = "".join(f" <span class='soft'>{escape(a)}={escape(b)}</span>" for a, b in event.more)
        raw = event.raw[:SHOWN].decode(errors="replace")
        told = f"<details><summary>{escape(event.line)}{more}</summary><pre>{escape(raw)}</pre></details>"
        rows.append((event.at, 2, _tr(f"{key}-e{number}", kind, event.at, f"event to {event.client}", told)))
    for number, deed in enumerate(seen.deeds):
        kind = "stimulus" if deed.sort is not Sort.CLIENT else ""
        rows.append((deed.at, 0, _tr(f"{key}-d{number}", kind, deed.at, deed.who, escape(deed.text))))
    for number, each in enumerate(seen.passages):
        if each.lane is Lane.HTTP:
            way = "SOAP to us" if each.inward else "SOAP from us"
            told = f"<details><summary>{escape(each.text)}</summary><pre>{escape(each.detail)}</pre></details>"
            rows.append((each.at, 1, _tr(f"{key}-p{number}", "bad" if each.bad else "", each.at, way, told)))
    rows.sort(key=lambda row: row[:2])
    left = f"<p class='soft'>… and {len(rows) - MOST_ROWS} more</p>" if len(rows) > MOST_ROWS else ""
    inside = "".join(row for _, _, row in rows[:MOST_ROWS])
    return (
        f"<details open><summary>Log, {len(rows)} rows</summary>"
        '<div class="tools"><input type="search" placeholder="filter the log" aria-label="filter the log"></div>'
        f'<div class="log"><table><tbody>{inside}</tbody></table>{left}</div></details>'
    )


def _tr(row: str, kind: str, at: float, who: str, told: str) -> str:
    said = f' class="{kind}"' if kind else ""
    return f'<tr id="{row}"{said}><td>{at:.3f} s</td><td>{escape(who)}</td><td>{told}</td></tr>'
