"""What one scanner's clients must not lose when the bridge is killed: subscriptions, destinations, open jobs, and the
conditions that they were told of.

Everything is stored before anybody is told of it, so that after a `kill -9` nothing that was promised is unknown and
no count falls. Spec: docs/decisions/0017-what-outlives-a-restart.md.
"""

import logging
import math
from typing import Final

from bridge.errors import ConfigError
from bridge.eventing.ledger import Ledger
from bridge.jobs.job import Job
from bridge.scanner.hosted import HostedScanner
from bridge.service.subscriptions import Subscriptions
from bridge.state import State, boot_id
from bridge.translate.device import Condition, remembered

_log = logging.getLogger(__name__)

CONDITION_IDS: Final = 64  # that may be told until the next write
CONDITIONS_PACE: Final = 1.0  # seconds between two writes: a contact that flickers must not wear the disk out


class Keeping:
    """The way of one scanner's memory to the state file and back."""

    def __init__(self, state: State, key: str, ledger: Ledger, subscriptions: Subscriptions) -> None:
        self._state = state
        self._key = key
        self._ledger = ledger
        self._subscriptions = subscriptions
        self._boot = boot_id()
        self._unwritten: HostedScanner | None = None  # whose conditions changed just after they were written
        self._written_at = -math.inf  # Clock.monotonic

    def restore(self) -> None:
        """Who subscribed before the last stop is subscribed still; from now on every change is kept."""
        kept = self._state.scanner(self._key)
        try:
            self._ledger.restore(kept.subscriptions, same_boot=kept.boot_id == self._boot)
            living = frozenset(entry.identifier for entry in self._ledger.everyone())
            self._subscriptions.invitations.restore(kept.destinations, living)
        except (ValueError, KeyError, TypeError) as err:
            _log.warning("device=%s: the stored subscriptions are damaged and forgotten: %s", self._key, err)
        self._subscriptions.changed = self._keep_subscriptions

    def end_open_jobs(self, scanner: HostedScanner) -> None:
        """Jobs that an earlier run left open end Aborted, and their subscribers hear it; later ones are kept."""
        jobs = []
        for data in self._state.scanner(self._key).open_jobs:
            try:
                jobs.append(Job.from_json(data))
            except (ValueError, KeyError, TypeError) as err:
                _log.warning("device=%s: a stored job is damaged and forgotten: %s", self._key, err)
        scanner.jobs_changed = lambda: self._keep_jobs(scanner)
        scanner.end_what_was_open(jobs)

    def restore_conditions(self, scanner: HostedScanner) -> None:
        """Who was told of a condition is told when it is over, though that was while nobody looked."""
        kept = self._state.scanner(self._key)
        try:
            conditions = [Condition.from_json(data) for data in kept.conditions]
        except (ValueError, KeyError, TypeError) as err:
            _log.warning("device=%s: the stored conditions are damaged and forgotten: %s", self._key, err)
            conditions = []
        scanner.view = remembered(conditions, kept.condition_ids_reserved + 1)
        scanner.conditions_changed = lambda: self._keep_conditions(scanner)

    def settle(self) -> None:
        """To be called now and then, and at the end: what was not written yet is."""
        if self._unwritten is not None:
            self._written_at = -math.inf
            self._keep_conditions(self._unwritten)

    def _keep_conditions(self, scanner: HostedScanner) -> None:
        now = scanner.clock.monotonic()
        if now - self._written_at < CONDITIONS_PACE:
            self._unwritten = scanner
            return
        self._written_at, self._unwritten = now, None
        kept = self._state.scanner(self._key)
        kept.conditions = [condition.to_json() for condition in scanner.view.active]
        kept.condition_ids_reserved = scanner.view.next_condition - 1 + CONDITION_IDS
        self._save("the conditions", durable=False)

    def _keep_subscriptions(self) -> None:
        kept = self._state.scanner(self._key)
        kept.subscriptions = self._ledger.to_json()
        kept.destinations = self._subscriptions.invitations.to_json()
        kept.boot_id = self._boot
        self._save("the subscriptions", durable=True)

    def _keep_jobs(self, scanner: HostedScanner) -> None:
        kept = self._state.scanner(self._key)
        kept.open_jobs = [job.to_json() for job in scanner.book.active() if job.state is not None]
        # Written at every page: enough against a kill, and an SD card is spared the flush.
        self._save("the open jobs", durable=False)

    def _save(self, what: str, *, durable: bool) -> None:
        try:
            self._state.save(durable=durable)
        except ConfigError as err:
            # A full disk costs the next start, not today's events.
            _log.error("device=%s: %s will not survive a restart: %s", self._key, what, err)
