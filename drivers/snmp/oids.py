"""Numeric names of the standard objects that drivers read. Vendors' objects stand with their vendor.

Spec: RFC 3418 (system), RFC 2790 (Host Resources), RFC 3805 (Printer MIB v2).
"""

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_UPTIME = "1.3.6.1.2.1.1.3.0"  # 1/100 s, wraps after 497 days

ENTERPRISES = "1.3.6.1.4.1"

# Columns; append ".hrDeviceIndex".
HR_DEVICE_TYPE = "1.3.6.1.2.1.25.3.2.1.2"
HR_DEVICE_DESCR = "1.3.6.1.2.1.25.3.2.1.3"
HR_DEVICE_STATUS = "1.3.6.1.2.1.25.3.2.1.5"
HR_PRINTER_STATUS = "1.3.6.1.2.1.25.3.5.1.1"
HR_PRINTER_ERRORS = "1.3.6.1.2.1.25.3.5.1.2"  # hrPrinterDetectedErrorState

# Columns of prtGeneralTable; append ".hrDeviceIndex".
PRT_SERIAL_NUMBER = "1.3.6.1.2.1.43.5.1.1.17"
PRT_ALERT_CRITICAL_EVENTS = "1.3.6.1.2.1.43.5.1.1.18"
PRT_ALERT_ALL_EVENTS = "1.3.6.1.2.1.43.5.1.1.19"

PRT_MARKER_LIFE_COUNT = "1.3.6.1.2.1.43.10.2.1.4"  # .hrDeviceIndex.marker; of what is printed, not read
PRT_ALERT_ENTRY = "1.3.6.1.2.1.43.18.1.1"  # .column.hrDeviceIndex.prtAlertIndex
