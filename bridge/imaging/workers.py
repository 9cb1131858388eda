"""The second core: a page's strips are worked on side by side and come back in order.

Bounded: no more strips are in memory than workers plus one. zlib always lets go of the interpreter's lock;
Pillow's JPEG encoder does so only when it writes to a real file descriptor (docs/decisions/0003-image-library.md).
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# More would add memory, and the event loop and the link need a core too.
WORKERS = min(2, len(os.sched_getaffinity(0)))


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
    """`work` of each item, in the items' order. The first result comes out before a second item is asked for. Once it
    is closed nobody works any more."""
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="imaging") as pool:
        flying: deque[Future[Result]] = deque()
        room = 0
        for item in items:
            flying.append(pool.submit(work, item))
            del item
            while flying and (len(flying) > room or flying[0].done()):
                yield flying.popleft().result()
            room = WORKERS
        while flying:
            yield flying.popleft().result()
