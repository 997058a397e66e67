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
#include "ts/temporary.h"

struct ts_file_out {
    char *path, *target, *temporary; /* target: where links of path lead */
    int file, mode, lock;
};

static const char name_of_files[] = ".trialsh-temporary-";

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

static ts_status fail(const ts_file_out *out, int why, ts_error *err)
{
    return ts_fail(err, TS_EIO, "%s cannot be written: %s", out->path,
                   strerror(why ? why : EIO));
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

ts_status ts_file_begin(const char *path, int mode, ts_file_out **out,
                        ts_error *err)
{
    ts_file_out *o = ts_alloc_array(1, sizeof *o);
    ts_status status;
    *out = NULL;
    if (!o)
        return ts_fail_memory(err);
    o->file = o->lock = -1;
    o->mode = mode;
    o->path = ts_strdup(path);
    status = o->path ? follow(path, &o->target, err) : ts_fail_memory(err);
    if (status)
        goto failed;
    size_t room = strlen(o->target) + sizeof name_of_files + 8;
    const char *slash = strrchr(o->target, '/');
    int folder = slash ? (int)(slash - o->target) + 1 : 0;
    if (!(o->temporary = ts_alloc(room))) {
        status = ts_fail_memory(err);
        goto failed;
    }
    snprintf(o->temporary, room, "%.*s", folder, o->target);
    ts_temporary_sweep(folder ? o->temporary : ".", name_of_files);
    snprintf(o->temporary, room, "%.*s%sXXXXXX", folder, o->target,
             name_of_files);
    if ((o->file = ts_temporary_file(o->temporary, &o->lock)) < 0) {
        status = fail(o, errno, err);
        goto failed;
    }
    *out = o;
    return TS_OK;
failed:
    ts_file_discard(o);
    return status;
}

ts_status ts_file_add(ts_file_out *out, const void *data, size_t length,
                      ts_error *err)
{
    for (const char *p = data; length;) {
        ssize_t n = write(out->file, p, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(out, n ? errno : EIO, err);
        p += n;
        length -= (size_t)n;
    }
    return TS_OK;
}

ts_status ts_file_end(ts_file_out *out, ts_error *err)
{
    ts_status status = TS_OK;
    if (fchmod(out->file, (mode_t)out->mode) || fsync(out->file))
        status = fail(out, errno, err);
    if (close(out->file) && !status)
        status = fail(out, errno, err);
    if (!status && rename(out->temporary, out->target))
        status = fail(out, errno, err);
    out->file = -1;
    if (status) {
        unlink(out->temporary);
    } else {
        sync_folder(out->target);
    }
    ts_file_discard(out);
    return status;
}

void ts_file_discard(ts_file_out *out)
{
    if (!out)
        return;
    if (out->file >= 0) {
        close(out->file);
        unlink(out->temporary);
    }
    if (out->lock >= 0)
        close(out->lock);
    ts_free(out->temporary);
    ts_free(out->target);
    ts_free(out->path);
    ts_free(out);
}

ts_status ts_file_write(const char *path, const void *data, size_t length,
                        int mode, ts_error *err)
{
    ts_file_out *out;
    ts_status status = ts_file_begin(path, mode, &out, err);
    if (status)
        return status;
    if ((status = ts_file_add(out, data, length, err))) {
        ts_file_discard(out);
        return status;
    }
    return ts_file_end(out, err);
}
