"""What the bridge costs on a real kernel's USB, through libusb, while nobody uses its scanner. By hand, four minutes:

    python -m tests.system.idle_in_guest [FAMILY … | sane]

`sane` is its test backend, on no USB. Nothing but the bridge runs in the guest meanwhile, so that no memory is shared
with another Python. A wake-up is a voluntary context switch of any of its threads; memory is the proportional set
size. proc(5).
"""

import sys
import time
from contextlib import nullcontext

from hil.bench.idle import QUIET
from tests.system import guest

SECONDS = 60
# Wake-ups, nanoseconds on a core and kB until now, of all processes of that group.
COUNT = """
for process in $(pgrep -g {group}); do
    for thread in /proc/$process/task/*; do
        echo wakes $(awk '/^voluntary_ctxt_switches/ {{print $2}}' $thread/status)
        echo ran $(cut -d' ' -f1 $thread/schedstat)
    done
    echo memory $(awk '/^Pss:/ {{print $2}}' /proc/$process/smaps_rollup)
done
cut -d' ' -f1 /proc/uptime | sed 's/^/at /'
"""


def counted(machine: guest.Guest, group: str) -> dict[str, float]:
    """The sums."""
    sums: dict[str, float] = {}
    for line in machine.check(COUNT.format(group=group)).splitlines():
        word, value = line.split()
        sums[word] = sums.get(word, 0.0) + float(value)
    return sums


def main(families: list[str]) -> None:
    """Print a line for each."""
    with guest.boot("libsane1", "libsane-common", warm=False) as machine:
        for family in families:
            plugged = nullcontext() if family == "sane" else machine.scanner(family, "warmup=0")
            said = 'backends = [\\"test\\"]' if family == "sane" else "enabled = false"
            with plugged:
                running = machine.start(
                    f"printf '[sane]\\n{said}\\n' > /run/bridge.toml; exec python -m bridge.cli run "
                    "--config /run/bridge.toml --listen 127.0.0.1:5380 --no-multicast "
                    "--state-dir /run/state --cache-dir /run/cache"
                )
                running.until("ready http", 120)
                time.sleep(QUIET)
                group = machine.check(f"cat $SHARE/{running.number}.pid").strip()
                before = counted(machine, group)
                time.sleep(SECONDS)
                after = counted(machine, group)
                seconds = after["at"] - before["at"]
                wakes = (after["wakes"] - before["wakes"]) / seconds
                ran = 100 * (after["ran"] - before["ran"]) / 1e9 / seconds
                print(
                    f"{family}: {wakes:.2f} wake-ups/s, {ran:.1f} % of an emulated core, "
                    f"{after['memory'] / 1024:.1f} MB, over {seconds:.0f} s",
                    flush=True,
                )
                running.stop(30)


if __name__ == "__main__":
    main(sys.argv[1:] or ["esci"])
