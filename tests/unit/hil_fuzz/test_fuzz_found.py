"""What the fuzzer found once, kept from coming back."""

import pytest

from bridge.errors import OperationRefused, WireError
from bridge.service.peer import Peer
from bridge.soap import envelope, tree
from hil.fuzz import inside
from tests.wire.http_rig import WSE, Y08, message

PEER = Peer("127.0.0.2", "127.0.0.1", 5380)


async def asked(*sections: tuple[str, str]) -> bytes:
    """GetScannerElements for these names (namespace and local name). Raises OperationRefused."""
    asking = "".join(f"<w:Name>{'w' if ns == Y08 else 'o'}:{local}</w:Name>" for ns, local in sections)
    request = f"<w:RequestedElements xmlns:o='{sections[-1][0]}'>{asking}</w:RequestedElements>"
    data = message(f"{Y08}/GetScannerElements", f"<w:GetScannerElementsRequest>{request}</w:GetScannerElementsRequest>")
    assert len(data) < 32_767
    async with inside.service() as service:
        answer = await service.endpoint.answer(envelope.read_request(data), PEER, "http://127.0.0.1", frozenset())
    assert answer is not None
    return answer


async def test_a_section_asked_for_sixty_times_is_answered_once() -> None:
    answer = await asked(*[(Y08, "ScannerConfiguration")] * 60)
    assert answer.count(b"<wscn:ScannerConfiguration>") == 1


async def test_an_answer_that_would_be_larger_than_dpws_allows_is_refused() -> None:
    with pytest.raises(OperationRefused) as caught:
        await asked(*[(f"urn:{'x' * 1_000}", f"Name{number}") for number in range(60)])
    assert caught.value.fault.subcode == f"{{{Y08}}}InvalidArgs"
    assert (await asked(*[(WSE, f"Name{number}") for number in range(60)])).count(b'Valid="false"') == 60


def test_a_prefix_that_nobody_declared_is_refused_also_where_libxml2_warns_of_something_else() -> None:
    with pytest.raises(WireError, match="prefix"):
        tree.parse(b'<s:a><s:b/><x xml:space=""/></s:a>')
