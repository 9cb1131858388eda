"""When one URI selects another: the rfc2396 rule of WS-Discovery 2005/04, which DPWS also uses for event filters."""

import re
from typing import Final

# RFC 2396 appendix B: scheme, authority, path; query and fragment play no part.
_PARTS: Final = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)")


def selects(chosen: str, offered: str) -> bool:
    """Whether the path of `chosen` is a prefix, segment by segment, of the path of `offered`.

    Scheme and authority are equal but for case. A URI with a "." or ".." segment selects nothing. One slash at the
    end of `chosen` is no segment of its own: "ns/" and "ns" select the same.
    """
    scheme, authority, path = _split(chosen)
    other_scheme, other_authority, other_path = _split(offered)
    if scheme != other_scheme or authority != other_authority:
        return False
    wanted, given = path.removesuffix("/").split("/"), other_path.split("/")
    if {".", ".."} & {*wanted, *given}:
        return False
    return given[: len(wanted)] == wanted


def _split(uri: str) -> tuple[str, str, str]:
    match = _PARTS.match(uri)
    assert match is not None  # every part is optional
    return (match[1] or "").lower(), (match[2] or "").lower(), match[3]
