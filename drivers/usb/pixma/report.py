"""What is told of a scan while it runs, and of a scanner while none does."""

from dataclasses import dataclass, field, replace

from drivers.contract.capabilities import Source
from drivers.contract.document import ScanRequest
from drivers.contract.observation import Feeder, JobReport, Phase, Readiness, Snapshot, Trouble, TroubleKind, Unit
from drivers.usb.family import Tell
from drivers.usb.pixma.answers import Condition

SOURCE = "usb"


@dataclass
class Report:
    """`seen`: what the last look showed; `pages`: those that are done."""

    request: ScanRequest
    tell: Tell
    seen: Snapshot
    pages: int = field(default=0, init=False)

    @property
    def unit(self) -> Unit:
        return Unit.PLATEN if self.request.source is Source.PLATEN else Unit.FEEDER

    def paper(self, *, loaded: bool) -> None:
        """What the feeder said."""
        self.seen = replace(self.seen, feeder=Feeder.LOADED if loaded else Feeder.EMPTY)

    def scanning(self, percent: int | None = None, *, lasting: bool = False) -> None:
        """`lasting`: it must not be passed over."""
        self._tell(Phase.SCANNING, percent, lasting=lasting)

    def page_done(self) -> None:
        self.pages += 1
        self.scanning(lasting=True)

    def warming(self) -> None:
        self._tell(Phase.WARMING, trouble=Trouble(TroubleKind.CALIBRATING, Unit.PLATEN))

    def feeder_empty(self) -> None:
        self._tell(Phase.SCANNING, trouble=Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER))

    def _tell(
        self, phase: Phase, percent: int | None = None, *, lasting: bool = False, trouble: Trouble | None = None
    ) -> None:
        snapshot = Snapshot(
            SOURCE,
            Readiness.WARMING if phase is Phase.WARMING else Readiness.BUSY,
            frozenset({trouble}) if trouble is not None else frozenset(),
            self.seen.feeder,
            (JobReport(self.request.native_id, phase, self.pages, percent, self.unit),),
        )
        self.tell(snapshot, lasting=lasting)


def idle(found: Condition, *, feeder: bool) -> Snapshot:
    """`feeder`: whether the model has one."""
    paper = Feeder.LOADED if found.paper else Feeder.EMPTY
    facts = (("lamp", str(found.lamp)), ("calibrated", "yes" if found.calibrated else "no"))
    return Snapshot(SOURCE, Readiness.IDLE, feeder=paper if feeder else Feeder.UNKNOWN, facts=facts)
