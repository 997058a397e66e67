/* The bytes of a file that another program wrote: any place of it, any order
 * of bytes, and its hash. */
#include "readstat_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/hash.h"
#include "ts/interrupt.h"

ts_status foreign_open(foreign_source *s, const char *path, ts_error *err)
{
    struct stat info;
    *s = (foreign_source){.path = path, .fd = -1};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return ts_fail(err, TS_EIO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
        close(fd);
        return ts_fail(err, TS_EIO, "%s: is not a file", path);
    }
    s->fd = fd;
    s->size = (uint64_t)info.st_size;
    return TS_OK;
}

void foreign_close(foreign_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

ts_status foreign_fail(const foreign_source *s, uint64_t place, ts_error *err,
                       const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ts_fail(err, TS_EFORMAT, "%s: byte %llu: %s", s->path,
                   (unsigned long long)place, text);
}

ts_status foreign_bytes(const foreign_source *s, uint64_t place, void *to,
                        size_t n, ts_error *err)
{
    if (n > s->size || place > s->size - n)
        return foreign_fail(s, s->size, err,
                            "the file ends here, cut or damaged: byte %llu "
                            "should follow",
                            (unsigned long long)(place + n - 1));
    if (s->data) {
        memcpy(to, s->data + place, n);
        return TS_OK;
    }
    char *at = to;
    while (n) {
        ssize_t got = pread(s->fd, at, n, (off_t)place);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return ts_fail(err, TS_EIO, "%s: %s", s->path,
                           got ? strerror(errno) : "it became shorter");
        at += got;
        place += (uint64_t)got;
        n -= (size_t)got;
    }
    return TS_OK;
}

uint64_t foreign_number(const foreign_source *s, const unsigned char *p, int n)
{
    uint64_t x = 0;
    for (int i = 0; i < n; i++)
        x = x << 8 | p[s->big ? i : n - 1 - i];
    return x;
}

ts_status foreign_at(const foreign_source *s, uint64_t place, int n,
                     uint64_t *out, ts_error *err)
{
    unsigned char bytes[8];
    ts_status status = foreign_bytes(s, place, bytes, (size_t)n, err);
    *out = status ? 0 : foreign_number(s, bytes, n);
    return status;
}

ts_status foreign_sum(const foreign_source *s, char sha256[65], ts_error *err)
{
    char block[65536];
    ts_hash *hash;
    ts_status status = ts_hash_new(&hash, err);
    for (uint64_t place = 0; place < s->size && !status;) {
        size_t n = sizeof block;
        if (n > s->size - place)
            n = (size_t)(s->size - place);
        status = foreign_bytes(s, place, block, n, err);
        if (!status)
            ts_hash_add(hash, block, n);
        place += n;
        if (!status && place % (16u << 20) == 0)
            status =
                ts_progress("bytes read", (double)place, (double)s->size, err);
    }
    if (status)
        ts_hash_free(hash);
    else
        ts_hash_end(hash, sha256);
    return status;
}
