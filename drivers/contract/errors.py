"""What can go wrong with a device, named by who must act.

Every driver turns its library's errors into these (`raise … from err`); nothing above a driver
sees a pyusb, pysnmp or aiohttp exception.
"""


class DriverError(Exception):
    """Root of all device errors; its text is one line that an operator can read."""


class DeviceGone(DriverError):
    """Unplugged, powered off or unreachable. The hot-plug watch retries; the scanner is told as Stopped."""


class DeviceBusy(DriverError):
    """Another program owns the device just now. Told as ServerErrorNotAcceptingJobs."""


class DeviceTimeout(DriverError):
    """No answer in time. Worth a retry; when it repeats the scanner is told as Stopped."""


class DeviceGarbled(DriverError):
    """An answer that the protocol does not allow; the text carries its first bytes. Worth a retry."""


class DeviceRefused(DriverError):
    """The system or the device denies access (permissions, wrong community). The operator must act."""


class ScanFailed(DriverError):
    """The device reported an error that ends this scan; the job is Aborted. The next scan may work."""


class FeederEmpty(ScanFailed):
    """The feeder held no sheet when the scan began, so there is no page at all."""


class CanceledAtDevice(ScanFailed):
    """Somebody pressed cancel at the device itself."""
