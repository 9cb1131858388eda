"""What a client asks a WSD service over HTTP: one request, and its answer or its fault.

HTTP status codes are not trusted to tell a fault from an answer (devices send faults with 200): the body is.
Spec: DPWS 2006 section 2; WS-Scan V1.0, ScannerServiceType.
"""

from typing import Final

from bridge.errors import BridgeError, Fault, OperationRefused, WireError
from bridge.log import TRAFFIC
from bridge.soap import addressing, envelope, fault
from bridge.soap.envelope import EnvelopeRefused, Message
from bridge.wsscan import faults, year
from bridge.wsscan.faults import Subcode
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.operations import RESPONSES, Operation
from bridge.wsscan.year import DEFAULT, Year
from drivers.contract.http import Answer, HttpClient, HttpFailed

# Some devices answer only who calls itself WSDAPI (spec: wsd-transport, HTTP binding).
HEADERS: Final = {
    "Content-Type": "application/soap+xml; charset=utf-8",
    "User-Agent": "WSDAPI",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
}
TIMEOUT: Final = 20.0
MAX_ANSWER: Final = 1024 * 1024


class NoAnswer(BridgeError):
    """The peer cannot be reached, or does not speak SOAP at that address. The operator, or time, must help."""


class Refused(OperationRefused):
    """The peer answered with a fault."""

    def __init__(self, refusal: Fault, status: int) -> None:
        super().__init__(refusal)
        self.status = status

    @property
    def subcode(self) -> Subcode | None:
        """Which of the scan service's faults it is; None: none of them."""
        return faults.subcode_of(self.fault)

    def __str__(self) -> str:
        code = (self.fault.subcode or self.fault.code).rpartition("}")[2]
        return f"{code}: {super().__str__()}"


async def ask(client: HttpClient, url: str, data: bytes, timeout: float = TIMEOUT) -> Message:
    """The answer to one request. Raises NoAnswer, Refused, WireError."""
    message = await ask_quietly(client, url, data, timeout)
    if message is None:
        raise WireError("", f"{url}: an empty answer")
    return message


async def ask_quietly(client: HttpClient, url: str, data: bytes, timeout: float = TIMEOUT) -> Message | None:
    """The same where an empty answer says something too: nobody is here (directed Probe), or done."""
    TRAFFIC.debug("to %s: %s", url, data.decode(errors="replace"))
    try:
        answer = await client.post(url, data, HEADERS, timeout, MAX_ANSWER)
    except HttpFailed as err:
        raise no_answer(url, err) from err
    TRAFFIC.debug("from %s: HTTP %d %s", url, answer.status, answer.body.decode(errors="replace"))
    if not answer.body and 200 <= answer.status < 300:
        return None
    return read_answer(url, answer)


def no_answer(url: str, err: HttpFailed) -> NoAnswer:
    """In the system's words where it was the system that failed: they are shorter than the library's."""
    cause = err.__cause__
    return NoAnswer(f"{url}: {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else str(err))


def read_answer(url: str, answer: Answer) -> Message:
    """The message in an answer. Raises NoAnswer (no SOAP, and an HTTP error), Refused, WireError."""
    try:
        message = envelope.read(answer.body, max_bytes=MAX_ANSWER)
    except EnvelopeRefused as err:
        if not 200 <= answer.status < 300:
            raise NoAnswer(f"{url}: HTTP {answer.status}") from err
        raise WireError("", f"{url}: {err}") from err
    try:
        fault.refuse_fault(message.body, message.addressing.action)
    except OperationRefused as err:
        raise Refused(err.fault, answer.status) from err
    if not 200 <= answer.status < 300:
        raise NoAnswer(f"{url}: HTTP {answer.status}")
    return message


def request_bytes(url: str, operation: Operation, request: ScanElement, spoken: Year = DEFAULT) -> bytes:
    """A request of the scan service at `url` in the words of that year."""
    headers = addressing.request(year.action(operation, spoken), url)
    return envelope.write(headers, year.respell(request.to_xml(), spoken), declare=(spoken.namespace,))


async def operate(
    client: HttpClient,
    url: str,
    operation: Operation,
    request: ScanElement,
    *,
    spoken: Year = DEFAULT,
    timeout: float = TIMEOUT,
) -> ScanElement:
    """One operation whose answer is no image; the answer in the models' year. Raises NoAnswer, Refused, WireError."""
    return read_response(operation, await ask(client, url, request_bytes(url, operation, request, spoken), timeout))


def read_response(operation: Operation, message: Message) -> ScanElement:
    """The response of an operation. Raises WireError."""
    body, expected = message.body, f"{operation}Response"
    if body is not None:
        year.normalise(body)
    if body is None or body.tag != qname(expected):
        raise WireError(expected, "is missing")
    return RESPONSES[operation].from_xml(body)
