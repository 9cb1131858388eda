"""Who a device is, in words that stay the same when it is unplugged and comes back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """One physical device.

    `key` is stable across restarts and names the device in the state directory and in logs:
    `usb-04b8-0110-SERIAL`, `usb-04b8-0110@1-1.4` without a serial number, `snmp-HOST:PORT`.
    """

    key: str
    manufacturer: str
    model: str
    serial: str | None = None
    firmware: str | None = None
    vendor_id: int | None = None
    product_id: int | None = None

    @property
    def name(self) -> str:
        """Manufacturer and model, the manufacturer not said twice."""
        if self.model.lower().startswith(self.manufacturer.lower()):
            return self.model
        return f"{self.manufacturer} {self.model}".strip()
