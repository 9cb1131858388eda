"""What certificate a device shows: MFPs sign their own, so nobody but the operator can tell whether it is right."""

import asyncio
import ssl
from hashlib import sha256


async def shown(host: str, port: int, timeout: float) -> str:
    """SHA-256 in hex of the certificate there, whoever signed it; "" where nobody shows one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except OSError:  # a time-out is one too; what comes next fails as well, and says why
        return ""
    found: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return sha256(found).hexdigest() if found else ""
