/* A libsane with one sheet-fed scanner in it that does what SANE's test backend cannot: both sides of a sheet, a button,
 * a paper sensor, pixel geometry, a lamp that warms up, a transport lock, a start that blocks until it is canceled, a
 * thread that reads beside it and holds a lock for its first milliseconds, which it may not be canceled in.
 * The file named by $ODD_SANE turns it: lines of "word number". Build: cc -shared -fPIC -o libodd.so -pthread odd_sane.c
 * Spec: SANE standard 1.06, chapter 4.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct { int min, max, quant; } Range;
typedef struct {
    const char *name, *title, *desc;
    int type, unit, size, cap, constraint_type;
    const void *constraint;
} Descriptor;
typedef struct { const char *name, *vendor, *model, *type; } Device;
typedef struct { int format, last_frame, bytes_per_line, pixels_per_line, lines, depth; } Parameters;

enum { GOOD, UNSUPPORTED, CANCELLED, BUSY, INVAL, END, JAMMED, NO_DOCS, WARMING = 12, LOCKED = 13 };
enum { BOOL, INT, FIXED, STRING };
enum { SOFT = 1 | 4, SENSED = 2 | 4 };

static const char *sources[] = {"Flatbed", "ADF Front", "ADF Back", "ADF Duplex", NULL};
static const char *modes[] = {"Gray", NULL};
static const int resolutions[] = {2, 100, 200};
static const Range width = {0, 849, 1}, height = {0, 1099, 1};
static const Descriptor descriptors[] = {
    {"", "count", "", INT, 0, 4, 4, 0, NULL},
    {"source", "", "", STRING, 0, 20, SOFT, 3, sources},
    {"mode", "", "", STRING, 0, 20, SOFT, 3, modes},
    {"resolution", "", "", INT, 4, 4, SOFT, 2, resolutions},
    {"tl-x", "", "", INT, 1, 4, SOFT, 1, &width},
    {"tl-y", "", "", INT, 1, 4, SOFT, 1, &height},
    {"br-x", "", "", INT, 1, 4, SOFT, 1, &width},
    {"br-y", "", "", INT, 1, 4, SOFT, 1, &height},
    {"page-loaded", "", "", BOOL, 0, 4, SENSED, 0, NULL},
    {"scan", "", "", BOOL, 0, 4, SENSED, 0, NULL},
};
enum { COUNT = sizeof descriptors / sizeof *descriptors };

static char texts[COUNT][20] = {"", "Flatbed", "Gray"};
static int words[COUNT] = {COUNT, 0, 0, 100, 0, 0, 849, 1099};
static int starts, fed, row;
static volatile int canceled;

static int told(const char *word) {
    char name[40];
    int value, found = 0;
    const char *path = getenv("ODD_SANE");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return 0;
    while (fscanf(file, "%39s %d", name, &value) == 2)
        if (!strcmp(name, word)) found = value;
    fclose(file);
    return found;
}

int sane_init(int *version, void *authorize) { (void)authorize; *version = 1 << 24; return GOOD; }
void sane_exit(void) { puts("a backend that prints to stdout"); }
const char *sane_strstatus(int status) { (void)status; return "odd"; }

int sane_get_devices(const Device ***list, int local) {
    static const Device odd = {"odd:0", "Odd", "Sheets", "sheetfed scanner"};
    static const Device *devices[] = {&odd, NULL};
    (void)local;
    *list = devices;
    puts("a backend that prints to stdout");
    fflush(stdout);
    return GOOD;
}

int sane_open(const char *name, void **handle) { (void)name; *handle = words; return told("open"); }
void sane_close(void *handle) { (void)handle; }
const Descriptor *sane_get_option_descriptor(void *handle, int option) {
    (void)handle;
    return option >= 0 && option < COUNT ? &descriptors[option] : NULL;
}

int sane_control_option(void *handle, int option, int action, void *value, int *info) {
    (void)handle;
    if (info) *info = 0;
    if (option < 0 || option >= COUNT) return INVAL;
    words[8] = told("loaded");
    words[9] = told("scan");
    if (descriptors[option].type == STRING) {
        if (action) snprintf(texts[option], sizeof texts[option], "%s", (char *)value);
        else strcpy(value, texts[option]);
    } else if (action) words[option] = *(int *)value;
    else *(int *)value = words[option];
    return GOOD;
}

static int across(void) { return words[6] - words[4] + 1; }
static int down(void) { return words[7] - words[5] + 1; }

int sane_get_parameters(void *handle, Parameters *p) {
    (void)handle;
    *p = (Parameters){0, 1, across(), across(), down(), 8};
    return GOOD;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t reader;
static int reads;

static long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* As sanei_thread.c has it: canceled wherever it stands, its locks with it. */
static void *read_beside(void *until) {
    int old;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    pthread_mutex_lock(&lock);
    while (now() < (long)until);
    pthread_mutex_unlock(&lock);
    while (pause());
    return NULL;
}

int sane_start(void *handle) {
    (void)handle;
    if (told("reader") && !reads) {
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
        reads = !pthread_create(&reader, NULL, read_beside, (void *)(now() + told("reader")));
        usleep(1000);
    }
    if (starts++ < told("warm")) return WARMING;
    if (told("lock")) return LOCKED;
    if (told("block")) {
        while (!canceled) usleep(10000);
        return CANCELLED;
    }
    if (strcmp(texts[1], "Flatbed") && fed >= told("sides")) return NO_DOCS;
    fed++;
    row = 0;
    return GOOD;
}

int sane_read(void *handle, unsigned char *data, int most, int *length) {
    (void)handle;
    *length = 0;
    if (canceled) return CANCELLED;
    if (row >= down()) return END;
    if (told("jam") && row >= told("jam")) return JAMMED;
    *length = across() < most ? across() : most;
    memset(data, fed, *length);
    row++;
    return GOOD;
}

void sane_cancel(void *handle) {
    (void)handle;
    if (reads) {
        pthread_cancel(reader);
        pthread_join(reader, NULL);
    }
    reads = 0;
    canceled = 1;
    fed = 0;
    starts = 0;
    canceled = told("block");
}
