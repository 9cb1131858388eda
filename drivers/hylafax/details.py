"""What no listing has of a job: the code of its last failure, who answered, how large its documents are.

The job's own file says it (sendq(5)); where that may not be read the code alone is asked for.
"""

import re
from dataclasses import dataclass
from typing import Final

from drivers.hylafax.control import Control

DOCUMENTS: Final = 32
_DOCUMENT = re.compile(r"!?(?:tiff|postscript|pdf|pcl):\d+:[^:]*:(docq/[\w.;-]{1,100})")
_ANSWERED: Final = 213  # RFC 959: file status


@dataclass(frozen=True, slots=True)
class Details:
    """Of one job; None is not known."""

    code: int | None = None
    remote_id: str | None = None
    size: int | None = None


async def read(control: Control, job: str, *, finished: bool) -> Details:
    """Ask for them. Raises what Control raises."""
    text = await control.fetch(f"RETR {'doneq' if finished else 'sendq'}/q{job}")
    if text is None:
        return Details(code=await _code(control, job))
    fields = dict(line.partition(":")[::2] for line in text.splitlines())
    documents = [found[1] for line in text.splitlines() if (found := _DOCUMENT.match(line))][:DOCUMENTS]
    sizes = [await _size(control, each) for each in documents]
    known = [each for each in sizes if each is not None]
    code = fields.get("statuscode", "")
    return Details(
        int(code) if code.isdecimal() and len(code) < 6 else None,
        fields.get("csi", "").strip()[:256] or None,
        sum(known) if known and len(known) == len(sizes) else None,
    )


async def _code(control: Control, job: str) -> int | None:
    if not (await control.command(f"JOB {job}")).good:
        return None
    return _integer((await control.command("JPARM STATUSCODE")).text)


async def _size(control: Control, document: str) -> int | None:
    reply = await control.command(f"SIZE {document}")
    return _integer(reply.text) if reply.code == _ANSWERED else None


def _integer(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None
