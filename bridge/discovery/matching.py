"""Whether a Probe asks for a device: all its Types, and all its Scopes by the rule it names.

Spec: WS-Discovery April 2005 section 5.1. rfc2396 and strcmp0 are mandatory (DPWS R1019); a rule that is not known
matches nothing.
"""

import re
import uuid
from collections.abc import Callable, Collection
from typing import Final

from bridge.soap import names, uri

ADHOC_SCOPE: Final = f"{names.WSD}/adhoc"  # the scope of a device that has no other
RFC2396: Final = f"{names.WSD}/rfc2396"
UUID: Final = f"{names.WSD}/uuid"
LDAP: Final = f"{names.WSD}/ldap"
STRCMP0: Final = f"{names.WSD}/strcmp0"


def matches(
    wanted_types: Collection[str],
    wanted_scopes: Collection[str],
    match_by: str | None,
    types: Collection[str],
    scopes: Collection[str],
) -> bool:
    """Whether a device of these types and scopes is asked for. Types are `{namespace}Local`."""
    if not set(wanted_types) <= set(types):
        return False
    if not wanted_scopes:
        return True
    rule = RULES.get(match_by or RFC2396)
    if rule is None:
        return False
    offered = scopes or (ADHOC_SCOPE,)
    return all(any(rule(scope, other) for other in offered) for scope in wanted_scopes)


def _same_uuid(wanted: str, offered: str) -> bool:
    """Equal as numbers, whatever their case or punctuation; uuid: and urn:uuid: are the same scheme."""
    first, second = _uuid(wanted), _uuid(offered)
    return first is not None and first == second


def _uuid(text: str) -> uuid.UUID | None:
    match = re.fullmatch(r"(?:urn:)?uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", text.strip(), re.IGNORECASE)
    return None if match is None else uuid.UUID(match[1])


def _under_dn(wanted: str, offered: str) -> bool:
    """Same host and port, and the wanted name's RDNSequence begins the offered one's.

    The string form (RFC 2253) writes that sequence from its end, so here it is a suffix.
    """
    first, second = _ldap(wanted), _ldap(offered)
    if first is None or second is None or first[0] != second[0]:
        return False
    names_wanted, names_offered = first[1], second[1]
    return not names_wanted or names_offered[-len(names_wanted) :] == names_wanted


def _ldap(text: str) -> tuple[str, list[str]] | None:
    match = re.fullmatch(r"ldap://([^/?#]*)(?:/([^?#]*))?(?:[?#].*)?", text.strip(), re.IGNORECASE | re.DOTALL)
    if match is None:
        return None
    dn = match[2] or ""
    # A comma that is escaped belongs to its value.
    return match[1].lower(), [part.strip() for part in re.split(r"(?<!\\),", dn)] if dn else []


RULES: Final[dict[str, Callable[[str, str], bool]]] = {
    RFC2396: uri.selects,
    UUID: _same_uuid,
    LDAP: _under_dn,
    STRCMP0: lambda wanted, offered: wanted == offered,
}
