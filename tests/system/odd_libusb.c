/* A libusb with one scanner that has no firmware yet, for SANE's own backends: whatever firmware they send is written to
 * the file that FIRMWARE_RECORD names. Which scanner it is says FIRMWARE_IDS ("04b8:0122").
 *
 * It speaks as much as four backends need to get so far: snapscan's transactions (04b8), epjitsu's commands (04c5), and
 * the memory of a GT-6816 or GT-6801 for gt68xx and artec_eplus48u (all others). Structures as libusb has them.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct device_descriptor {
    uint8_t length, type;
    uint16_t usb;
    uint8_t class, subclass, protocol, packet;
    uint16_t vendor, product, device;
    uint8_t manufacturer, name, serial, configurations;
};
struct endpoint {
    uint8_t length, type, address, attributes;
    uint16_t packet;
    uint8_t interval, refresh, synch;
    const unsigned char *extra;
    int extra_length;
};
struct setting {
    uint8_t length, type, number, alternate, endpoints, class, subclass, protocol, name;
    const struct endpoint *endpoint;
    const unsigned char *extra;
    int extra_length;
};
struct interface {
    const struct setting *setting;
    int settings;
};
struct configuration {
    uint8_t length, type;
    uint16_t total;
    uint8_t interfaces, value, name, attributes, power;
    const struct interface *interface;
    const unsigned char *extra;
    int extra_length;
};

static int device; /* its address is the device and the handle */
static const struct endpoint endpoints[] = {
    {7, 5, 0x81, 2, 64, 0, 0, 0, NULL, 0},
    {7, 5, 0x02, 2, 64, 0, 0, 0, NULL, 0},
};
static const struct setting setting = {9, 4, 0, 0, 2, 0xff, 0, 0, 0, endpoints, NULL, 0};
static const struct interface interface = {&setting, 1};
static struct configuration configuration = {9, 2, 32, 1, 1, 0, 0x80, 50, &interface, NULL, 0};

static unsigned vendor, product;
static unsigned char memory[0x10000];

static void record(const unsigned char *data, int length, off_t at) {
    int file = open(getenv("FIRMWARE_RECORD"), O_WRONLY | O_CREAT, 0600);
    if (file < 0 || pwrite(file, data, length, at) != length)
        abort();
    close(file);
}

int libusb_init(void **context) {
    *context = &device;
    return sscanf(getenv("FIRMWARE_IDS"), "%x:%x", &vendor, &product) == 2 ? 0 : -1;
}
void libusb_exit(void *context) { (void)context; }
int libusb_set_option(void *context, int option, ...) { return (void)context, (void)option, 0; }
ssize_t libusb_get_device_list(void *context, void ***list) {
    (void)context;
    *list = calloc(2, sizeof **list);
    (*list)[0] = &device;
    return 1;
}
void libusb_free_device_list(void **list, int unref) { (void)unref, free(list); }
void *libusb_ref_device(void *it) { return it; }
uint8_t libusb_get_bus_number(void *it) { return (void)it, 1; }
uint8_t libusb_get_device_address(void *it) { return (void)it, 2; }
int libusb_get_device_descriptor(void *it, struct device_descriptor *told) {
    (void)it;
    *told = (struct device_descriptor){18, 1, 0x110, 0xff, 0, 0, 64, vendor, product, 0x100, 0, 0, 0, 1};
    return 0;
}
int libusb_get_config_descriptor(void *it, uint8_t index, struct configuration **told) {
    *told = &configuration;
    return (void)it, (void)index, 0;
}
void libusb_free_config_descriptor(struct configuration *told) { (void)told; }
int libusb_open(void *it, void **handle) { return *handle = it, 0; }
void libusb_close(void *handle) { (void)handle; }
int libusb_get_configuration(void *handle, int *value) { return (void)handle, *value = 1, 0; }
int libusb_set_configuration(void *handle, int value) { return (void)handle, (void)value, 0; }
int libusb_claim_interface(void *handle, int number) { return (void)handle, (void)number, 0; }
int libusb_release_interface(void *handle, int number) { return (void)handle, (void)number, 0; }
int libusb_set_interface_alt_setting(void *handle, int number, int other) {
    return (void)handle, (void)number, (void)other, 0;
}
int libusb_clear_halt(void *handle, unsigned char end) { return (void)handle, (void)end, 0; }
int libusb_reset_device(void *handle) { return (void)handle, 0; }
int libusb_interrupt_transfer(void *h, unsigned char end, unsigned char *data, int length, int *done, unsigned wait) {
    return (void)h, (void)end, (void)data, (void)length, (void)wait, *done = 0, -7; /* LIBUSB_ERROR_TIMEOUT */
}

int libusb_control_transfer(void *h, uint8_t type, uint8_t request, uint16_t value, uint16_t at, unsigned char *data,
                            uint16_t length, unsigned wait) {
    (void)h, (void)request, (void)wait;
    int room = sizeof memory - at < length ? (int)(sizeof memory - at) : length;
    if ((value == 0x200b || value == 0x2009) && type == 0x40) { /* memory write of a GT-6816, of a GT-6801 */
        memcpy(memory + at, data, room);
        record(data, room, at);
    } else if (value == 0x200c && type == 0xc0)
        memcpy(data, memory + at, room);
    else if (type & 0x80)
        memset(data, 0, length);
    return length;
}

/* snapscan: a command, its status, data one way or the other, status */
enum { INQUIRY = 0x12, SEND = 0x2a, COMPLETED = 0xfb, HAS_DATA = 0xf9, WANTS_DATA = 0xf8 };
static int command, status, loaded;

static void snapscan_told(const unsigned char *data, int length) {
    if (status == WANTS_DATA) {
        record(data, length, 0);
        loaded = 1;
        status = COMPLETED;
        return;
    }
    command = data[0];
    status = command == INQUIRY ? HAS_DATA : command == SEND ? WANTS_DATA : COMPLETED;
}
static void snapscan_asked(unsigned char *data, int length) {
    memset(data, 0, length);
    if (length == 8) {
        data[0] = status;
        return;
    }
    memcpy(data + 8, "EPSON   Epson Scanner2  ", 24);
    if (length > 40)
        data[40] = loaded ? 0 : 2; /* hardware status: wants firmware */
    status = COMPLETED;
}

/* epjitsu: two bytes of state after 1b 03, else a yes */
static void epjitsu_told(const unsigned char *data, int length) {
    command = length == 2 && data[0] == 0x1b ? data[1] : 0;
    if (length == 0x10000) {
        record(data, length, 0);
        loaded = 1;
    }
}
static void epjitsu_asked(unsigned char *data, int length) {
    memset(data, 0, length);
    data[0] = command == 3 ? (loaded ? 0x10 : 0) : 6;
}

int libusb_bulk_transfer(void *h, unsigned char end, unsigned char *data, int length, int *done, unsigned wait) {
    (void)h, (void)wait;
    int in = end & 0x80;
    *done = length;
    if (vendor == 0x04b8)
        in ? snapscan_asked(data, length) : snapscan_told(data, length);
    else if (vendor == 0x04c5)
        in ? epjitsu_asked(data, length) : epjitsu_told(data, length);
    else if (in)
        memset(data, 0, length);
    return 0;
}
