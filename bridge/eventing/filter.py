"""Which events a subscriber asked for: the Action dialect of DPWS 2006 (R3008 to R3012, R3020).

A filter is a list of URIs; an event passes when one of them selects its Action, segment by segment. An event may have
several spellings of its Action (namespace years): it passes when any of them does.
"""

from collections.abc import Collection
from typing import Final

from bridge.errors import OperationRefused
from bridge.eventing import faults
from bridge.eventing.messages import Filter
from bridge.soap import names, tree, uri

ACTION_DIALECT: Final = f"{names.WSDP}/Action"
_MAX_URIS: Final = 64


def passes(chosen: tuple[str, ...] | None, actions: Collection[str]) -> bool:
    """Whether an event with these spellings of its Action passes; None passes everything."""
    return chosen is None or any(uri.selects(wanted, action) for wanted in chosen for action in actions)


def understand(asked: Filter | None, events: Collection[str]) -> tuple[str, ...] | None:
    """The URIs of a Subscribe's filter, None for every event. `events`: all Actions of the service, in all spellings.

    Without a dialect the text would be XPath 1.0; where it is only names of events, as in Microsoft's example, it is
    taken for these. Raises OperationRefused: another dialect, or a filter that no event can pass.
    """
    if asked is None:
        return None
    words = [tree.plain(word) for word in asked.text.split()]
    if len(words) > _MAX_URIS or any(len(word) > names.MAX_URI for word in words):
        raise OperationRefused(faults.invalid_message("Filter: too many or too long URIs"))
    if asked.dialect is None:
        known = [[event for event in events if word in (event, event.rpartition("/")[2])] for word in words]
        if not words or not all(known):
            raise OperationRefused(faults.filtering_unavailable(ACTION_DIALECT))
        words = [event for found in known for event in found]
    elif asked.dialect != ACTION_DIALECT:
        raise OperationRefused(faults.filtering_unavailable(ACTION_DIALECT))
    chosen = tuple(dict.fromkeys(words))
    if not any(passes(chosen, (event,)) for event in events):
        raise OperationRefused(faults.filter_action_not_supported())
    return chosen
