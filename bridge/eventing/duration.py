"""How long a subscription lasts, as xs:duration or xs:dateTime spell it.

A year counts 365 days and a month 30: leases are clamped to a day anyway.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_DURATION: Final = re.compile(
    r"(-)?P(?=[0-9T])(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?"
)
_DATETIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_LONGEST: Final = timedelta(days=36_500)


def parse(text: str) -> timedelta | datetime:
    """The duration, at most a hundred years, or the aware point in time. Raises ValueError for anything else."""
    text = text.strip()
    match = _DURATION.fullmatch(text)
    if match is not None:
        sign, years, months, days, hours, minutes = (part or "0" for part in match.groups()[:6])
        whole_days = int(years) * 365 + int(months) * 30 + int(days)
        seconds = int(hours) * 3_600 + int(minutes) * 60 + float(match[7] or 0)
        if whole_days > _LONGEST.days or seconds > _LONGEST.total_seconds():
            length = _LONGEST
        else:
            length = min(timedelta(days=whole_days, seconds=seconds), _LONGEST)
        return -length if sign == "-" else length
    match = _DATETIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:64]!r} is neither xs:duration nor xs:dateTime")
    # Without a zone the time is the sender's local one, which we cannot know: UTC.
    moment = datetime.fromisoformat(text[:19] + (f".{match[7][:6]:0<6}" if match[7] else "") + (match[8] or ""))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def write(length: timedelta) -> str:
    """The duration in whole seconds, as PnDTnHnMnS without empty parts. Not for negative ones."""
    total = max(0, int(length.total_seconds()))
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    if not total:
        return "PT0S"
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")
