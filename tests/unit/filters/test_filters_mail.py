"""To whom mail is not even tried to be sent."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.config import Smtp
from bridge.dsm.job import FilterStateReason as Reason
from bridge.filters.filter import FilterFailed, Work
from bridge.filters.mail import Mail

SERVER = Smtp(host="mail.invalid", sender="scanner@example.org")


@pytest.mark.parametrize(
    ("server", "to", "reason"),
    [
        (SERVER, ["a@example.org\r\nRCPT TO:<b@example.org>"], Reason.INVALID_ARGS),
        (SERVER, ["a@example.org\n"], Reason.INVALID_ARGS),
        (SERVER, ["a@example.org, b@example.org"], Reason.INVALID_ARGS),
        (SERVER, ["nobody"], Reason.INVALID_ARGS),
        (SERVER, [], Reason.INVALID_ARGS),
        (Smtp(), ["a@example.org"], Reason.INVALID_SMTP_SERVER),
    ],
)
async def test_what_is_no_address_is_told_before_anybody_is_asked(server: Smtp, to: list[str], reason: Reason) -> None:
    work = Work("t", "x", "", datetime(2026, 11, 21, tzinfo=UTC), (), Path("/nowhere"))
    with pytest.raises(FilterFailed) as failed:
        await Mail("d", server, to).process(work)
    assert (failed.value.reason, failed.value.passing) == (reason, False)
    assert "\n" not in str(failed.value)
