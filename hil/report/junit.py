"""Runs of scenarios as JUnit XML, which every CI server reads. What is not runnable is skipped, never passed.

The format has no standard; this is the part that Jenkins, GitLab and GitHub's reporters agree on.
"""

import re
from collections.abc import Sequence
from html import escape

from hil.scenario.runs import Outcome, Run

_UNFIT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 section 2.2


def junit(runs: Sequence[Run]) -> str:
    """The document."""
    count = {outcome: sum(run.outcome is outcome for run in runs) for outcome in Outcome}
    head = (
        f'tests="{len(runs)}" failures="{count[Outcome.FAILED]}" errors="{count[Outcome.BROKEN]}" '
        f'skipped="{count[Outcome.NOT_RUNNABLE]}" time="{sum(run.seconds for run in runs):.3f}"'
    )
    cases = "".join(_case(run) for run in runs)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites {head}>\n"
        f'  <testsuite name="scenarios" {head}>\n{cases}  </testsuite>\n</testsuites>\n'
    )


def _case(run: Run) -> str:
    said = "\n".join(run.complaints)
    first = run.complaints[0] if run.complaints else ""
    tags = {Outcome.FAILED: "failure", Outcome.BROKEN: "error", Outcome.NOT_RUNNABLE: "skipped"}
    inner = ""
    if run.outcome in tags:
        tag = tags[run.outcome]
        inner = f'      <{tag} message="{_text(first)}">{_text(said)}</{tag}>\n'
    told = "\n".join(f"{each.at:10.3f} {each.client}: {each.line}" for each in run.seen.events)
    return (
        f'    <testcase classname="scenario" name="{_text(run.name)}" time="{run.seconds:.3f}">\n'
        f'      <properties>\n        <property name="title" value="{_text(run.scenario.title)}"/>\n'
        f'        <property name="on" value="{_text(run.on)}"/>\n      </properties>\n'
        f"{inner}      <system-out>{_text(told)}</system-out>\n    </testcase>\n"
    )


def _text(text: str) -> str:
    return escape(_UNFIT.sub("?", text))
