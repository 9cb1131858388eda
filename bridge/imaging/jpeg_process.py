"""The program that decodes one JPEG in a process of its own: file on standard input, rows on standard output.

Pillow decodes a page in one piece or not at all. Here that piece is not the bridge's: it is bounded by the kernel, is
given back when the process ends, and a JPEG that breaks the decoder breaks nothing else. It knows nothing of the
bridge, so that it starts quickly and runs by its path: `python -P jpeg_process.py BYTES < FILE`.

First a line `MODE WIDTH HEIGHT`, then the rows. What is wrong is one line on standard error and exit status 1.
"""

import resource
import sys
import warnings
from contextlib import suppress

from PIL import Image

# Rows handed on at a time.
BAND = 64
# Of a processor: a hundred times what the largest page allowed takes on a PC.
SECONDS = 300


def main() -> int:
    limit = int(sys.argv[1])
    # Now, while there is memory: without any, CPython 3.11 may spin in an import for ever.
    from PIL import JpegImagePlugin  # noqa: F401, PLC0415

    with suppress(OSError, ValueError):  # a service manager may forbid it, or have set less: pixels are limited anyway
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))  # one that spins is ended by the kernel
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    # The one who asks has its own limit of pixels.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        image = Image.open(sys.stdin.buffer, formats=("JPEG",))
        image.load()
    except (MemoryError, SystemError):  # Pillow may fail to allocate without saying why
        print(f"a JPEG needs more than {limit} bytes to be decoded", file=sys.stderr)
        return 1
    except (OSError, SyntaxError, ValueError) as err:
        print(f"damaged JPEG: {err}", file=sys.stderr)
        return 1
    out = sys.stdout.buffer
    mode = "L" if image.mode == "L" else "RGB"
    out.write(f"{mode} {image.width} {image.height}\n".encode())
    for top in range(0, image.height, BAND):
        band = image.crop((0, top, image.width, min(top + BAND, image.height)))
        out.write((band if band.mode == mode else band.convert(mode)).tobytes())
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
