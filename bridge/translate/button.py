"""To whom a press of the scanner's button goes: the operator's rule, else what the button is called, else the last.

Pure. Exactly one destination is chosen, or none where nobody offered any.
Spec: WS-Scan ScanDestinations; the five ClientContexts are those of Windows.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bridge.jobs.invitations import Destination

LAST: Final = "last"

# What buttons are called, and the ClientContext that Windows offers for it.
CONTEXTS: Final = MappingProxyType(
    {
        "scan": "Scan",
        "copy": "ScanToPrint",
        "print": "ScanToPrint",
        "email": "ScanToEmail",
        "mail": "ScanToEmail",
        "fax": "ScanToFax",
        "pdf": "ScanToOCR",
        "ocr": "ScanToOCR",
    }
)


def choose(
    button: str, destinations: Sequence[Destination], rules: Mapping[str, str], default: str = LAST
) -> Destination | None:
    """The destination of a press.

    `rules`: button name → what is meant; `default` for buttons without a rule. What is meant: `last` (the client that
    subscribed last), or a text that the ClientContext equals or the ClientDisplayName contains, such as a PC's name.
    Of a client's several destinations the one that goes with the button is taken, else its first.
    """
    meant = rules.get(button, default)
    if meant == LAST:
        last = destinations[-1].subscription if destinations else None
        return _fitting(button, [each for each in destinations if each.subscription == last])
    wanted = meant.casefold()
    exact = [each for each in destinations if each.context.casefold() == wanted]
    if exact:
        return exact[-1]
    named = [each for each in destinations if wanted in each.display_name.casefold()]
    latest = named[-1].subscription if named else None
    return _fitting(button, [each for each in named if each.subscription == latest])


def _fitting(button: str, of_one_client: Sequence[Destination]) -> Destination | None:
    if not of_one_client:
        return None
    context = CONTEXTS.get(button.casefold())
    if context is not None:
        return next((each for each in of_one_client if each.context == context), of_one_client[0])
    if button.isdecimal() and 0 < int(button) <= len(of_one_client):
        return of_one_client[int(button) - 1]
    return of_one_client[0]
