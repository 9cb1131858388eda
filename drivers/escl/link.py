"""Requests to one eSCL device and what its refusals mean. HTTP's errors become the contract's.

Every request has a deadline; no redirect is followed, and of a job's Location only the path is believed.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from types import MappingProxyType
from typing import Final

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.contract.http_exchange import (
    Answer,
    Http,
    HttpFailed,
    HttpTimeout,
    HttpUntrusted,
    Incoming,
    Request,
    Shared,
    ask,
)

ASK_SECONDS: Final = 5.0  # for a status: a device that takes longer is asleep or away
SLOW_SECONDS: Final = 15.0  # for a document that may wake it, and for starting a job


class NoService(DeviceRefused):
    """Something answers there, and knows nothing of eSCL."""


class EsclLink:
    """One device's service below one path."""

    def __init__(self, http: Http, root: str, where: str, host: str = "") -> None:
        """`root`: path of the service; `where`: for messages; `host`: a Host header it insists on."""
        self._http, self._root, self.where = http, root, where
        self._headers = {"Host": host} if host else {}

    async def get(self, name: str, seconds: float = ASK_SECONDS) -> bytes:
        """A document of the service. Raises DeviceGone, DeviceTimeout, DeviceBusy, DeviceRefused, DeviceGarbled."""
        answer = await self.ask("GET", name, seconds=seconds)
        if answer.status != 200:
            raise self.refusal(answer, name)
        return answer.body

    async def ask(
        self,
        method: str,
        name: str,
        body: bytes = b"",
        *,
        seconds: float = ASK_SECONDS,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        """One request with its whole answer, whatever its status. Raises DeviceGone, DeviceTimeout."""
        sent = {**self._headers, **headers, **({"Content-Type": "text/xml"} if body else {})}
        with self._translated():
            return await ask(self._http, Request(method, f"{self._root}/{name}", body, sent), timeout=seconds)

    @asynccontextmanager
    async def page(self, job: str, wait: float, pause: float) -> AsyncIterator[Incoming]:
        """NextDocument. Raises DeviceGone, DeviceTimeout, also out of the chunks."""
        with self._translated():
            request = Request("GET", f"{self._root}/ScanJobs/{job}/NextDocument", headers=self._headers)
            async with self._http.exchange(request, wait=wait, pause=pause) as incoming:
                yield incoming

    def held(self) -> AbstractAsyncContextManager[None]:
        """Nobody else gets the device within the block."""
        return self._http.held() if isinstance(self._http, Shared) else nullcontext()

    async def close(self) -> None:
        """Let go of the device."""
        await self._http.close()

    def refusal(self, answer: Answer, name: str) -> DeviceBusy | DeviceRefused | DeviceGarbled:
        """The error that an answer other than 200 is."""
        match answer.status:
            case 401 | 403:
                return DeviceRefused(
                    f"{self.where} wants a user name and password for eSCL, which the bridge has not: "
                    "allow scanning without in the device's own settings"
                )
            case 301 | 302 | 307 | 308:
                target = answer.headers.get("location", "elsewhere")[:100]
                return DeviceRefused(f"{self.where} sends eSCL clients to {target}: write that address into url")
            case 404:
                return NoService(f"{self.where} has no eSCL service below {self._root}")
            case 503:
                return DeviceBusy(f"{self.where} is busy")
            case _:
                return DeviceGarbled(f"{self.where} answers {answer.status} to {name}: {answer.body[:40]!r}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except HttpTimeout as err:
            raise DeviceTimeout(f"{self.where} does not answer in time") from err
        except HttpUntrusted as err:
            raise DeviceRefused(f"{self.where} has another certificate than the configuration says") from err
        except HttpFailed as err:
            why = str(err).partition(": ")[2] or str(err)  # without the URL
            raise DeviceGone(f"{self.where} cannot be reached: {why}") from err
