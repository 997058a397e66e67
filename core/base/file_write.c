/* A file that is there whole or not at all: written beside its place under
 * another name, synced, renamed. */
#include "ts/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/memory.h"

/* Where a name that may be a symbolic link leads, as a copy. */
static ts_status follow(const char *path, char **out, ts_error *err)
{
    struct stat info;
    *out = NULL;
    if (lstat(path, &info) == 0) {
        if (stat(path, &info) || !S_ISREG(info.st_mode))
            return ts_fail(err, TS_EIO, "%s is there and is no file", path);
        char *real = realpath(path, NULL);
        *out = real ? ts_strdup(real) : NULL;
        free(real);
    } else {
        *out = ts_strdup(path);
    }
    return *out ? TS_OK : ts_fail_memory(err);
}

static int write_synced(int file, const char *data, size_t length, int mode)
{
    while (length) {
        ssize_t n = write(file, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        data += n;
        length -= (size_t)n;
    }
    return fchmod(file, (mode_t)mode) || fsync(file) ? -1 : 0;
}

static void sync_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = '\0';
    int folder = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder); /* some file systems cannot: the file is whole anyway */
        close(folder);
    }
}

ts_status ts_file_write(const char *path, const void *data, size_t length,
                        int mode, ts_error *err)
{
    char *target, *temporary = NULL;
    int file = -1, why = 0;
    ts_status status = follow(path, &target, err);
    if (status)
        return status;
    size_t room = strlen(target) + 20;
    const char *slash = strrchr(target, '/');
    int folder = slash ? (int)(slash - target) + 1 : 0;
    if (!(temporary = ts_alloc(room))) {
        status = ts_fail_memory(err);
        goto done;
    }
    snprintf(temporary, room, "%.*s.trialsh-XXXXXX", folder, target);
    if ((file = mkostemp(temporary, O_CLOEXEC)) < 0) {
        why = errno;
        goto done;
    }
    if (write_synced(file, data, length, mode))
        why = errno ? errno : EIO;
    if (close(file) && !why)
        why = errno;
    if (!why && rename(temporary, target))
        why = errno;
    if (why)
        unlink(temporary);
    else
        sync_folder(target);
done:
    if (why)
        status = ts_fail(err, TS_EIO, "%s cannot be written: %s", path,
                         strerror(why));
    ts_free(temporary);
    ts_free(target);
    return status;
}
