"""eSCL services that Debian's avahi-daemon announces in a namespace of its own are found from another one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.contract.clock import SystemClock
from drivers.escl.mdns import Browser
from tests.system import debian
from tests.system.namespaces import Laboratory, laboratory

# Both lie in /etc: it gets a layer of its own in the daemon's mount namespace. $1 is that layer, $2 the program.
START = """\
mkdir -p "$1/work" "$1/etc"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/work" /etc
echo avahi:x:65534:65534::/:/bin/false >> /etc/passwd; echo avahi:x:65534: >> /etc/group
exec "$2" --no-drop-root --no-rlimits --no-chroot
"""
CONFIGURATION = """\
[server]
host-name=mfp
use-ipv4=yes
use-ipv6=no
enable-dbus=no
[publish]
publish-workstation=no
"""
SERVICES = """\
<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>MFP 1.2 of the hall</name>
<service><type>_uscan._tcp</type><port>9095</port><txt-record>rs=eSCL</txt-record></service>
<service><type>_uscans._tcp</type><port>9096</port><txt-record>rs=eSCL</txt-record></service>
<service><type>_ipp._tcp</type><port>631</port><txt-record>rp=ipp/print</txt-record></service>
</service-group>
"""


@asynccontextmanager
async def announcing(lab: Laboratory, root: debian.Root, place: Path) -> AsyncIterator[None]:
    layer = place / "layer"
    (layer / "etc" / "avahi" / "services").mkdir(parents=True)
    (layer / "etc" / "avahi" / "avahi-daemon.conf").write_text(CONFIGURATION)
    (layer / "etc" / "avahi" / "services" / "mfp.service").write_text(SERVICES)
    command = [*lab.enter("mfp"), "sh", "-c", START, "sh", str(layer), root.program("avahi-daemon")]
    with (place / "avahi.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=root.env(), stdout=log, stderr=log)
    try:
        async with asyncio.timeout(20):
            while "successfully established" not in (said := (place / "avahi.log").read_text()):
                assert process.returncode is None, said
                await asyncio.sleep(0.1)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 10)


async def test_what_is_announced_is_found_and_the_own_is_not(tmp_path: Path) -> None:
    root = debian.packages("avahi-daemon")
    with laboratory("mfp", "us") as lab:
        lab.join("mfp", "veth0", "us", "veth0")
        for name, address in (("mfp", "198.51.100.1/24"), ("us", "198.51.100.2/24")):
            lab.address(name, "veth0", address)
            lab.ip(name, "route", "add", "224.0.0.0/4", "dev", "veth0")
        async with announcing(lab, root, tmp_path):
            found = await lab.inside("us", lambda: Browser(SystemClock()).urls())
            assert found == ["https://198.51.100.1:9096/eSCL"]
            assert await lab.inside("mfp", lambda: Browser(SystemClock()).urls()) == []
