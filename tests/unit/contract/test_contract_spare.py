"""What importing aiohttp leaves behind: no certificates of the system, no library of C++, the environment as it was."""

import os
import subprocess
import sys
from pathlib import Path

AUTHORITY = Path(__file__).parents[3] / "tests/wire/tls/authority.pem"

PROGRAM = """
import os
before = dict(os.environ)
import drivers.contract.http
from aiohttp import connector
assert dict(os.environ) == before
assert "libstdc++" not in open("/proc/self/maps").read()
print(connector._SSL_CONTEXT_VERIFIED.cert_store_stats()["x509"])
print(drivers.contract.http._whom_the_system_trusts().cert_store_stats()["x509"])
"""


def test_aiohttp_reads_no_certificates_and_who_asks_over_https_has_them_all() -> None:
    env = {**os.environ, "SSL_CERT_FILE": str(AUTHORITY)}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, check=True, capture_output=True, text=True, timeout=300
    )
    theirs, ours = map(int, run.stdout.split())
    assert (theirs, ours > 0) == (0, True)
