/*
 * The history file: one entry a line, a newline inside one written "\n" and a
 * backslash "\\". Each entry is added at once, in one write under a lock, so
 * that a kill loses nothing and two shells can share the file. Mode 0600, in a
 * folder of mode 0700; a symbolic link is never followed. An entry that begins
 * with a blank is not kept; an empty HISTFILE, or --no-history, keeps none.
 */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>
#include "ts/memory.h"
#include "ts/text.h"

#define MOST_ENTRIES 5000
#define MOST_BYTES (1 << 20) /* beyond this the older half goes, at start */

static char path[PATH_MAX];
static bool keeping;

/* Makes a folder and those above it, for the user alone. */
static bool make_folder(char *folder)
{
    struct stat s;
    for (char *c = folder + 1; *c; c++)
        if (*c == '/') {
            *c = '\0';
            mkdir(folder, 0700);
            *c = '/';
        }
    mkdir(folder, 0700);
    return lstat(folder, &s) == 0 && S_ISDIR(s.st_mode) &&
           s.st_uid == geteuid() &&
           ((s.st_mode & 077) == 0 || chmod(folder, 0700) == 0);
}

static bool find_path(void)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char folder[PATH_MAX - 16];
    int n;
    if (base && base[0] == '/')
        n = snprintf(folder, sizeof folder, "%s/trialsh", base);
    else if (home && home[0] == '/')
        n = snprintf(folder, sizeof folder, "%s/.local/state/trialsh", home);
    else
        return false;
    if (n < 0 || (size_t)n >= sizeof folder || !make_folder(folder))
        return false;
    snprintf(path, sizeof path, "%s/history", folder);
    return true;
}

/* Opens the file and locks it; -1 when it is not a plain file of the user's.
 * Another shell may have put a new file in its place meanwhile. */
static int open_locked(int flags)
{
    struct stat here, there;
    for (int tries = 0; tries < 10; tries++) {
        int fd = open(path, flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
                      0600);
        if (fd < 0)
            return -1;
        if (fstat(fd, &here) || !S_ISREG(here.st_mode) ||
            here.st_uid != geteuid() || here.st_nlink > 1 || fchmod(fd, 0600) ||
            flock(fd, LOCK_EX)) {
            close(fd);
            return -1;
        }
        if (lstat(path, &there) == 0 && there.st_ino == here.st_ino &&
            there.st_dev == here.st_dev)
            return fd;
        close(fd);
    }
    return -1;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

static char *read_all(int fd, size_t *length)
{
    struct stat s;
    if (fstat(fd, &s) || s.st_size < 0 || s.st_size > 64 * MOST_BYTES)
        return NULL;
    char *text = ts_alloc((size_t)s.st_size + 1);
    if (!text)
        return NULL;
    *length = 0;
    while (*length < (size_t)s.st_size) {
        ssize_t n = read(fd, text + *length, (size_t)s.st_size - *length);
        if (n <= 0)
            break;
        *length += (size_t)n;
    }
    text[*length] = '\0';
    return text;
}

/* Replaces the file by the end of its text. */
static void shorten(const char *text, size_t length)
{
    char temporary[PATH_MAX + 8];
    const char *from = text + length - MOST_BYTES / 2;
    from = strchr(from, '\n');
    if (!from)
        return;
    from++;
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return;
    if (!write_all(fd, from, strlen(from)) || close(fd) ||
        rename(temporary, path))
        unlink(temporary);
}

/* "\n" and "\\" back to what they stand for, in place. */
static void decode(char *line)
{
    char *out = line;
    for (const char *c = line; *c; c++) {
        if (c[0] == '\\' && (c[1] == 'n' || c[1] == '\\')) {
            c++;
            *out++ = *c == 'n' ? '\n' : '\\';
        } else {
            *out++ = *c;
        }
    }
    *out = '\0';
}

static void load(char *text)
{
    char *next;
    for (char *line = text; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        decode(line);
        if (*line)
            add_history(line);
    }
}

void shell_history_open(bool keep)
{
    const char *file = getenv("HISTFILE");
    size_t length;
    using_history();
    stifle_history(MOST_ENTRIES);
    keeping = keep && !(file && !*file) && find_path();
    if (!keeping)
        return;
    int fd = open_locked(O_RDWR);
    if (fd < 0) {
        keeping = false;
        fprintf(stderr, "note: no history is kept: %s cannot be used\n", path);
        return;
    }
    char *text = read_all(fd, &length);
    if (text && length > MOST_BYTES)
        shorten(text, length);
    close(fd);
    if (text)
        load(text);
    ts_free(text);
}

static void append(const char *text)
{
    ts_buffer line = {0};
    for (const char *c = text; *c; c++) {
        if (*c == '\n' || *c == '\\')
            ts_buffer_puts(&line, *c == '\n' ? "\\n" : "\\\\");
        else
            ts_buffer_add(&line, c, 1);
    }
    ts_buffer_puts(&line, "\n");
    int fd = line.failed ? -1 : open_locked(O_WRONLY | O_APPEND);
    if (fd >= 0) {
        write_all(fd, line.data, line.length);
        close(fd);
    }
    ts_buffer_free(&line);
}

const char *shell_history_last(void)
{
    HIST_ENTRY *last =
        history_length ? history_get(history_base + history_length - 1) : NULL;
    return last ? last->line : NULL;
}

void shell_history_add(const char *text)
{
    const char *last = shell_history_last();
    if (text[0] == ' ' || text[0] == '\t')
        return;
    if (!last || strcmp(last, text) != 0) {
        add_history(text);
        if (keeping)
            append(text);
    }
}
