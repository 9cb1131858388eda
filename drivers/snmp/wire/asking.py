"""One question to an agent, one answer: what carries them, as a Protocol, and what may go wrong.

Spec: RFC 3416 §3 (error-status). A value is its BER tag and what `Reading` has of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.snmp.reading import Value

TOO_BIG, NO_SUCH_NAME, GEN_ERR, NO_ACCESS, AUTHORIZATION_ERROR = 1, 2, 5, 6, 16

Bind = tuple[str, int, Value | None]


class Ask(StrEnum):
    """The requests that only look."""

    GET = "get"
    NEXT = "next"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Answer:
    """error-status, error-index, variable bindings."""

    status: int
    index: int
    binds: tuple[Bind, ...]


class Silence(Exception):
    """No answer in time; the text, which may be empty, says why as far as it is known."""


class Unreachable(Exception):
    """It cannot even be sent."""


class Refused(Exception):
    """The agent does not accept our credentials."""


class Garbled(Exception):
    """An answer came, and cannot be used."""


class Asker(Protocol):
    """One agent, asked with one set of credentials; one question at a time."""

    async def ask(self, kind: Ask, oids: Sequence[str], numbers: tuple[int, int] = (0, 0)) -> Answer:
        """`numbers` are non-repeaters and max-repetitions of BULK. Raises Silence within the deadline, Unreachable,
        Refused, Garbled."""

    async def close(self) -> None:
        """Give the socket back."""
