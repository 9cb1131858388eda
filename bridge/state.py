"""What must outlive the process: identities, counters that never go back, who subscribed.

One small JSON file, replaced atomically and sparingly (an SD card wears): job ids are reserved in blocks, and what is
written at each page is not flushed.
"""

import os
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bridge.durable import flush
from bridge.errors import ConfigError

FILE: Final = "state.json"
JOB_ID_BLOCK: Final = 64
MAX_JOB_ID: Final = 2**31 - 1
MAX_INSTANCE_ID: Final = 2**32 - 1
MAX_FAX_LINES: Final = 1000


class ScannerState(BaseModel):
    """What is kept for one scanner, under its device's key."""

    model_config = ConfigDict(extra="ignore")

    uuid: uuid.UUID
    metadata_version: int = Field(default=1, ge=1)
    metadata_digest: str = ""
    job_ids_reserved: int = Field(default=0, ge=0)  # every id up to this one may have been used
    subscriptions: list[dict[str, Any]] = Field(default_factory=list)
    destinations: list[dict[str, Any]] = Field(default_factory=list)  # of subscribers who offer some
    open_jobs: list[dict[str, Any]] = Field(default_factory=list)  # told of, and not yet ended
    conditions: list[dict[str, Any]] = Field(default_factory=list)  # told of, and not yet cleared
    condition_ids_reserved: int = Field(default=0, ge=0)  # every id up to this one may have been told
    boot_id: str = ""  # of the boot in which the subscriptions' times were written


class _Contents(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: int = 1
    instance_id: int = Field(default=0, ge=0, le=MAX_INSTANCE_ID)
    scanners: dict[str, ScannerState] = Field(default_factory=dict)
    fax_lines: dict[str, dict[str, int]] = Field(default_factory=dict)  # by source and name: DeviceId, from 1


class State:
    """The state directory of one running bridge."""

    def __init__(self, directory: Path, now: datetime) -> None:
        """Read it and begin a new instance. Raises ConfigError when the directory cannot be used."""
        self._path = directory / FILE
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            text = self._path.read_text(encoding="utf-8") if self._path.exists() else "{}"
            self._contents = _Contents.model_validate_json(text)
        except (ValidationError, UnicodeDecodeError) as err:
            raise ConfigError(str(self._path), "", "is damaged; move it away to start with new identities") from err
        except OSError as err:
            raise ConfigError(str(directory), "state_dir", err.strerror or str(err)) from err
        # WS-Discovery wants it strictly greater at each start; seconds since 1970 survive even a lost file.
        self._contents.instance_id = max(self._contents.instance_id + 1, int(now.timestamp())) % MAX_INSTANCE_ID
        self._next_job: dict[str, int] = {}
        self.save()

    @property
    def instance_id(self) -> int:
        """AppSequence InstanceId of this run."""
        return self._contents.instance_id

    @property
    def keys(self) -> tuple[str, ...]:
        """Every device that was ever served."""
        return tuple(self._contents.scanners)

    def scanner(self, key: str) -> ScannerState:
        """What is kept for that device; made when it is met for the first time."""
        if key not in self._contents.scanners:
            self._contents.scanners[key] = ScannerState(uuid=uuid.uuid4())
            try:
                self.save()
            except ConfigError:
                del self._contents.scanners[key]
                raise
        return self._contents.scanners[key]

    def forget_identity(self, key: str) -> uuid.UUID:
        """From now on clients take that device, which must be known, for another one, at which nobody is subscribed;
        its new uuid. Ids go on. Raises ConfigError."""
        kept = self._contents.scanners[key]
        fresh = ScannerState(
            uuid=uuid.uuid4(),
            job_ids_reserved=kept.job_ids_reserved,
            condition_ids_reserved=kept.condition_ids_reserved,
        )
        self._contents.scanners[key] = fresh
        self.save()
        return fresh.uuid

    def next_job_id(self, key: str) -> int:
        """A JobId (1…2^31-1) that this scanner never used, not even before a crash."""
        kept = self.scanner(key)
        next_id = self._next_job.get(key, kept.job_ids_reserved + 1)
        reserved = kept.job_ids_reserved
        if next_id > MAX_JOB_ID:
            next_id, reserved = 1, 0
        if next_id > reserved:
            before = kept.job_ids_reserved
            kept.job_ids_reserved = min(next_id + JOB_ID_BLOCK - 1, MAX_JOB_ID)
            try:
                self.save()
            except ConfigError:
                kept.job_ids_reserved = before  # what is not on the disk was not promised
                raise
        self._next_job[key] = next_id + 1
        return next_id

    def fax_line(self, source: str, line: str) -> int:
        """The number of a modem or port: always the same, never another's. 0: there are more than anybody has.

        Raises ConfigError when it cannot be written; it holds as long as this run all the same.
        """
        kept = self._contents.fax_lines
        known = kept.get(source, {}).get(line)
        if known is not None:
            return known
        given = [number for lines in kept.values() for number in lines.values()]
        if len(given) >= MAX_FAX_LINES:
            return 0
        number = kept.setdefault(source, {})[line] = max(given, default=0) + 1
        self.save()
        return number

    def close(self) -> None:
        """A stop in order: ids that were reserved and not used are the next run's. Raises ConfigError."""
        unused = False
        for key, next_id in self._next_job.items():
            kept = self.scanner(key)
            unused = unused or kept.job_ids_reserved != next_id - 1
            kept.job_ids_reserved = next_id - 1
        self._next_job.clear()
        if unused:
            self.save()

    def metadata_version(self, key: str, digest: str) -> int:
        """The MetadataVersion that goes with metadata of this digest: one more whenever it changed."""
        kept = self.scanner(key)
        if kept.metadata_digest != digest:
            if kept.metadata_digest:
                kept.metadata_version += 1
            kept.metadata_digest = digest
            self.save()
        return kept.metadata_version

    def save(self, *, durable: bool = True) -> None:
        """Replace the file at once or not at all; not `durable`, it survives a kill but perhaps not a power cut.

        Raises ConfigError when the disk refuses.
        """
        temporary = self._path.with_suffix(".new")
        data = self._contents.model_dump_json(indent=1)
        try:
            # The subscriptions in it carry what their clients keep secret.
            with open(temporary, "w", encoding="utf-8", opener=_private) as file:
                file.write(data)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            temporary.replace(self._path)
            if durable:
                flush(self._path.parent)  # else a power cut brings job ids back that were used already
        except OSError as err:
            raise ConfigError(str(self._path), "", f"cannot be written: {err.strerror or err}") from err


def boot_id() -> str:
    """Changes with every boot: times on CLOCK_BOOTTIME mean nothing beyond it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
