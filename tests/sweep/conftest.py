"""What the sweeps share."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def unlogged() -> Iterator[None]:
    """pytest keeps every record with its errors, and with these all that they have seen: no object could be counted."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
