"""The scanner itself: who it is, how it is, what is the matter with it.

Spec: WS-Scan V1.0, ScannerDescription, ScannerStatus, DeviceCondition, ConditionHistoryEntry, StatusSummary.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PlainValidator

from bridge.soap import names
from bridge.soap.element import Attribute, Text
from bridge.wsscan.names import ScanElement
from bridge.wsscan.values import Identifier, LongText, ShortText, XsDateTime, open_list


class ScannerState(StrEnum):
    IDLE = "Idle"
    PROCESSING = "Processing"
    STOPPED = "Stopped"


class ScannerStateReason(StrEnum):
    """Why the scanner is in its state. InputTrayEmpty is a word of the documents that the schema does not know."""

    ATTENTION_REQUIRED = "AttentionRequired"
    CALIBRATING = "Calibrating"
    COVER_OPEN = "CoverOpen"
    INPUT_TRAY_EMPTY = "InputTrayEmpty"
    INTERLOCK_OPEN = "InterlockOpen"
    INTERNAL_STORAGE_FULL = "InternalStorageFull"
    LAMP_ERROR = "LampError"
    LAMP_WARMING = "LampWarming"
    MEDIA_JAM = "MediaJam"
    MULTIPLE_FEED_ERROR = "MultipleFeedError"
    NONE = "None"
    PAUSED = "Paused"


class ConditionName(StrEnum):
    """What is the matter. The schema misspells the warming lamp as LampWarning, and vendors may not add names."""

    CALIBRATING = "Calibrating"
    COVER_OPEN = "CoverOpen"
    INPUT_TRAY_EMPTY = "InputTrayEmpty"
    INTERLOCK_OPEN = "InterlockOpen"
    INTERNAL_STORAGE_FULL = "InternalStorageFull"
    LAMP_ERROR = "LampError"
    LAMP_WARMING = "LampWarning"
    MEDIA_JAM = "MediaJam"
    MULTIPLE_FEED_ERROR = "MultipleFeedError"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("LampWarning") if value == "LampWarming" else None


class Component(StrEnum):
    """Where it is the matter."""

    ADF = "ADF"
    FILM = "Film"
    MEDIA_PATH = "MediaPath"
    PLATEN = "Platen"


class Severity(StrEnum):
    INFORMATIONAL = "Informational"
    WARNING = "Warning"
    CRITICAL = "Critical"


ScannerStateWord = Annotated[ScannerState | str, PlainValidator(open_list(ScannerState))]
ScannerStateReasonWord = Annotated[ScannerStateReason | str, PlainValidator(open_list(ScannerStateReason))]
ConditionNameWord = Annotated[ConditionName | str, PlainValidator(open_list(ConditionName))]
ComponentWord = Annotated[Component | str, PlainValidator(open_list(Component))]
SeverityWord = Annotated[Severity | str, PlainValidator(open_list(Severity))]


class LocalText(ScanElement):
    """A text for people; `lang` is its xml:lang, which some devices fill with a list of languages."""

    text: Annotated[ShortText, Text(), Field(alias="text")]
    lang: Annotated[LongText | None, Attribute(), Field(alias=f"{{{names.XML}}}lang")] = None


class ScannerDescription(ScanElement):
    scanner_name: Annotated[tuple[LocalText, ...], Field(min_length=1)]
    scanner_info: tuple[LocalText, ...] = ()
    scanner_location: tuple[LocalText, ...] = ()


class ScannerStateReasons(ScanElement):
    scanner_state_reason: tuple[ScannerStateReasonWord, ...] = ()

    @classmethod
    def of(cls, *reasons: ScannerStateReason | str) -> Self:
        return cls(scanner_state_reason=reasons)


def _none_if_empty(reasons: ScannerStateReasons | None) -> ScannerStateReasons | None:
    return reasons if reasons is not None and reasons.scanner_state_reason else None


OptionalStateReasons = Annotated[ScannerStateReasons | None, AfterValidator(_none_if_empty)]


class DeviceCondition(ScanElement):
    """Something that is the matter now. Its id is not used again for a reasonable time."""

    condition_id: Annotated[Identifier, Attribute(), Field(alias="Id")]
    time: XsDateTime
    name: ConditionNameWord
    component: ComponentWord
    severity: SeverityWord


class ConditionHistoryEntry(ScanElement):
    """Something that was the matter, until `clear_time`."""

    condition_id: Annotated[Identifier, Attribute(), Field(alias="Id")]
    time: XsDateTime
    name: ConditionNameWord
    component: ComponentWord
    severity: SeverityWord
    clear_time: XsDateTime


class ActiveConditions(ScanElement):
    device_condition: tuple[DeviceCondition, ...] = ()


class ConditionHistory(ScanElement):
    condition_history_entry: tuple[ConditionHistoryEntry, ...] = ()


def _no_empty_history(history: ConditionHistory | None) -> ConditionHistory | None:
    """The schema wants an entry in the history, and allows no history."""
    return history if history is not None and history.condition_history_entry else None


class ScannerStatus(ScanElement):
    """ActiveConditions is always written, empty where all is well; some devices leave it out then."""

    scanner_current_time: XsDateTime
    scanner_state: ScannerStateWord
    scanner_state_reasons: OptionalStateReasons = None
    active_conditions: ActiveConditions = ActiveConditions()
    condition_history: Annotated[ConditionHistory | None, AfterValidator(_no_empty_history)] = None


class StatusSummary(ScanElement):
    """State and reasons alone, as ScannerStatusSummaryEvent carries them."""

    scanner_state: ScannerStateWord
    scanner_state_reasons: OptionalStateReasons = None


class DeviceConditionCleared(ScanElement):
    condition_id: Identifier
    condition_clear_time: XsDateTime
