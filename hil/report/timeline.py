"""One run's timeline as SVG: a lane each for what was done, USB, SNMP, the scanner, its jobs, events and SOAP.

Places along the time are percentages, so that a page can stretch the drawing without stretching its letters. Every
mark has a tip, and leads to its row in the log.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from hil.report import bands
from hil.report.bands import Band, Bin
from hil.scenario.runs import Run
from hil.scenario.seen import Lane, Passage, Sort, numbering

_TOP: Final = 26  # the axis
_GAP: Final = 12
_BAND: Final = 22
_BARS: Final = 26  # half the height of a lane of bars
_ROW: Final = 9  # of marks
_ROOM: Final = 0.07  # of the width, for a label
_LEAST_ROOM: Final = 0.008  # for a number
_PALE: Final = frozenset({"Idle"})  # bands whose label is in the page's ink


@dataclass(slots=True)
class _Canvas:
    """Two drawings side by side: names that stand still, and what is stretched."""

    seconds: float
    y: int = _TOP
    names: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)

    def x(self, at: float) -> str:
        return f"{100 * min(max(at, 0.0), self.seconds) / max(self.seconds, 1e-9):.3f}%"

    def width(self, start: float, end: float) -> str:
        return f"{100 * max(0.0, end - start) / max(self.seconds, 1e-9):.3f}%"

    def name(self, text: str, more: str = "", at: int = 15) -> None:
        self.names.append(f'<text x="0" y="{self.y + at}">{escape(text)}</text>')
        if more:
            self.names.append(f'<text class="soft" x="0" y="{self.y + at + 14}">{escape(more)}</text>')

    def down(self, height: int) -> None:
        self.y += height + _GAP
        self.drawn.append(f'<line class="edge" x1="0" x2="100%" y1="{self.y - 6}" y2="{self.y - 6}"/>')


def timeline(run: Run, key: str) -> str:
    """The drawing; `key` is the run's own, by which rows of its log are called."""
    seen = run.seen
    canvas = _Canvas(max(seen.seconds, 0.001))
    _deeds(canvas, run, key)
    for lane, name in ((Lane.USB, "USB"), (Lane.SNMP, "SNMP")):
        passages = [each for each in seen.passages if each.lane is lane]
        if passages:
            _traffic(canvas, name, passages)
    told = bands.scanner(seen.events, canvas.seconds)
    if told:
        canvas.name("Scanner")
        _bands(canvas, told, key)
    numbers = numbering(seen.events)
    for job, states in bands.jobs(seen.events, canvas.seconds).items():
        canvas.name(f"Job {numbers[job]}", at=15)
        _bands(canvas, states, key)
    _events(canvas, run, key)
    _soap(canvas, run, key)
    return _page(canvas, run)


def _deeds(canvas: _Canvas, run: Run, key: str) -> None:
    deeds = run.seen.deeds
    if not deeds:
        return
    placed = bands.rows([each.at for each in deeds], canvas.seconds)
    height = _ROW * (1 + max(each.row for each in placed))
    canvas.name("Done", at=11)
    for deed, place in zip(deeds, placed, strict=True):
        y = canvas.y + place.row * _ROW + 5
        stimulus = deed.sort is not Sort.CLIENT
        shape = (
            f'<svg x="{canvas.x(deed.at)}" y="{y - 5}" overflow="visible">'
            '<path class="dot flag" d="M0 0l5 9h-10z"/></svg>'
            if stimulus
            else f'<circle class="dot who" cx="{canvas.x(deed.at)}" cy="{y}" r="3.2"/>'
        )
        tip = f"{deed.at:.3f} s  {deed.who}: {deed.text}"
        canvas.drawn.append(_link(shape, f"{key}-d{place.number}", tip))
    canvas.down(height)


def _traffic(canvas: _Canvas, name: str, passages: Sequence[Passage]) -> None:
    found = bands.bins(passages, canvas.seconds)
    size = sum(each.size for each in passages)
    by_bytes = name == "USB"
    canvas.name(name, f"{len(passages)} · {_size(size)}" if by_bytes else f"{len(passages)} exchanges", at=_BARS - 2)
    middle = canvas.y + _BARS
    most = max((max(each.inward, each.outward) if by_bytes else each.count for each in found), default=1)
    for each in found:
        for way, sign in (("inward", -1), ("outward", 1)):
            amount = getattr(each, way) if by_bytes else each.count
            height = _height(amount, most)
            if not height:
                continue
            y = middle - height if sign < 0 else middle
            kind = "fail" if each.bad else "in" if sign < 0 else "out"
            canvas.drawn.append(
                f'<rect class="{kind}" x="{canvas.x(each.start)}" width="{100 / bands.BINS:.3f}%" y="{y:.1f}" '
                f'height="{height:.1f}" data-tip="{escape(_bin(each, by_bytes=by_bytes))}"/>'
            )
        if each.bad and not each.inward and not each.outward:
            canvas.drawn.append(
                f'<rect class="fail" x="{canvas.x(each.start)}" width="3" y="{middle - 10}" height="20" '
                f'data-tip="{escape(_bin(each, by_bytes=by_bytes))}"/>'
            )
    canvas.drawn.append(f'<line class="grid" x1="0" x2="100%" y1="{middle}" y2="{middle}"/>')
    canvas.down(2 * _BARS)


def _bin(each: Bin, *, by_bytes: bool) -> str:
    lines = [f"{each.start:.3f} to {each.end:.3f} s: {each.count} {'transfers' if by_bytes else 'exchanges'}"]
    if by_bytes:
        lines.append(f"{_size(each.inward)} from the device, {_size(each.outward)} to it")
    if each.bad:
        lines.append(f"{each.bad} failed")
    return "\n".join([*lines, *each.texts])


def _bands(canvas: _Canvas, found: Sequence[Band], key: str) -> None:
    for each in found:
        tip = f"{each.start:.3f} to {each.end:.3f} s: {each.label}"
        pale = " pale" if each.kind in _PALE else ""
        share = (each.end - each.start) / canvas.seconds
        label = each.label if share > _ROOM else each.short if share > _LEAST_ROOM else ""
        if each.end <= each.start or each.kind in bands.FINALS:  # the end of a job: a flag
            shape = (
                f'<svg x="{canvas.x(each.start)}" y="{canvas.y}" overflow="visible">'
                f'<circle cx="0" cy="{_BAND / 2}" r="7" style="fill:var(--{each.kind})" class="band"/></svg>'
            )
        else:
            shape = (
                f'<svg x="{canvas.x(each.start)}" width="{canvas.width(each.start, each.end)}" y="{canvas.y}" '
                f'height="{_BAND}"><rect class="band" width="100%" height="{_BAND}" style="fill:var(--{each.kind})"/>'
                f'<text class="label{pale}" x="4" y="15">{escape(label)}</text></svg>'
            )
        canvas.drawn.append(_link(shape, f"{key}-e{each.event}", tip))
    canvas.down(_BAND)


def _events(canvas: _Canvas, run: Run, key: str) -> None:
    for client in dict.fromkeys(each.client for each in run.seen.events):
        mine = [(number, each) for number, each in enumerate(run.seen.events) if each.client == client]
        placed = bands.rows([each.at for _, each in mine], canvas.seconds)
        canvas.name(f"Events to {client}"[:20], f"{len(mine)}", at=11)
        for (number, event), place in zip(mine, placed, strict=True):
            y = canvas.y + place.row * _ROW + 5
            shape = f'<circle class="dot {escape(event.name)}" cx="{canvas.x(event.at)}" cy="{y}" r="3.6"/>'
            canvas.drawn.append(_link(shape, f"{key}-e{number}", f"{event.at:.3f} s  {event.line}"))
        canvas.down(max(26, _ROW * (1 + max(place.row for place in placed))))


def _soap(canvas: _Canvas, run: Run, key: str) -> None:
    said = [(n, each) for n, each in enumerate(run.seen.passages) if each.lane is Lane.HTTP]
    if not said:
        return
    placed = bands.rows([each.at for _, each in said], canvas.seconds)
    canvas.name("SOAP", f"{len(said)} messages", at=11)
    for (number, passage), place in zip(said, placed, strict=True):
        y = canvas.y + place.row * _ROW + 5
        way = "to us" if passage.inward else "from us"
        kind = "bad" if passage.bad else "in" if passage.inward else "out"
        shape = f'<circle class="dot {kind}" cx="{canvas.x(passage.at)}" cy="{y}" r="3"/>'
        tip = f"{passage.at:.3f} s  {way}: {passage.text}, {_size(passage.size)}"
        canvas.drawn.append(_link(shape, f"{key}-p{number}", tip))
    canvas.down(max(26, _ROW * (1 + max(place.row for place in placed))))


def _page(canvas: _Canvas, run: Run) -> str:
    height = canvas.y
    below = "".join(_axis(canvas, height))
    stimuli = [each for each in run.seen.deeds if each.sort is not Sort.CLIENT]
    lines = "".join(
        f'<line class="deed" x1="{canvas.x(each.at)}" x2="{canvas.x(each.at)}" y1="{_TOP - 4}" y2="{height - 6}"/>'
        for each in stimuli
    )
    return (
        f'<div class="chart"><svg class="names" width="136" height="{height}" viewBox="0 0 136 {height}" role="none">'
        f'{"".join(canvas.names)}</svg><div class="scroll"><svg class="wide" height="{height}" '
        f'style="overflow:visible" role="img" aria-label="timeline">{below}{lines}{"".join(canvas.drawn)}</svg>'
        "</div></div>"
    )


def _axis(canvas: _Canvas, height: int) -> Iterator[str]:
    for at in bands.ticks(canvas.seconds):
        x = canvas.x(at)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="18" y2="{height - 6}"/>'
        anchor = "start" if at == 0 else "end" if at > canvas.seconds * 0.97 else "middle"
        yield f'<text class="axis" x="{x}" y="12" text-anchor="{anchor}">{at:g} s</text>'


def _link(shape: str, row: str, tip: str) -> str:
    return f'<a href="#{row}" data-tip="{escape(tip)}">{shape}</a>'


def _height(amount: int, most: int) -> float:
    """By the logarithm: a command of three bytes is seen beside a block of 64 KB."""
    if amount <= 0:
        return 0.0
    return max(2.0, (_BARS - 2) * math.log1p(amount) / math.log1p(max(most, 1)))


def _size(count: int) -> str:
    if count < 10_000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 10_000_000 else f"{count / 1e6:.1f} MB"
