/* Reading zip archives (PKWARE's APPNOTE 6.3) by the directory at their end. */
#include "ts/unzip.h"

#include <string.h>
#include <zlib.h>
#include "ts/memory.h"

#define LEAST_END 22u /* bytes of the record at the end */
#define ENTRY 46u     /* of an entry of the directory */
#define LOCAL 30u     /* before the data of an entry */
#define ENCRYPTED 1u
#define STORED 0
#define DEFLATED 8

static uint32_t number(const unsigned char *p, int bytes)
{
    uint32_t x = 0;
    for (int i = bytes - 1; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

static ts_status damaged(ts_error *err, const char *what)
{
    return ts_fail(err, TS_EFORMAT, "damaged zip archive: %s", what);
}

ts_status ts_unzip_begin(const void *data, size_t length, ts_unzip *out,
                         ts_error *err)
{
    const unsigned char *bytes = data;
    if (length < LEAST_END)
        return damaged(err, "it has no end");
    /* a comment of up to 65,535 bytes may stand behind the record */
    size_t least = length - LEAST_END;
    least = least > 0xFFFF ? least - 0xFFFF : 0;
    for (size_t at = length - LEAST_END + 1; at-- > least;) {
        const unsigned char *end = bytes + at;
        if (memcmp(end, "PK\x05\x06", 4) != 0 ||
            number(end + 20, 2) != length - at - LEAST_END)
            continue;
        uint32_t size = number(end + 12, 4), from = number(end + 16, 4);
        if (from == UINT32_MAX || number(end + 10, 2) == 0xFFFF)
            return ts_fail(err, TS_ELIMIT, "a zip archive beyond 4 GB");
        if (from > at || size > at - from)
            return damaged(err, "its directory is beyond its end");
        *out = (ts_unzip){bytes, from + size, from, number(end + 10, 2)};
        return TS_OK;
    }
    return damaged(err, "it has no end");
}

ts_status ts_unzip_next(ts_unzip *zip, ts_zip_part *out, ts_error *err)
{
    const unsigned char *entry = zip->data + zip->at;
    size_t left = zip->length - zip->at;
    if (left < ENTRY || memcmp(entry, "PK\x01\x02", 4) != 0)
        return damaged(err, "an entry of its directory");
    size_t name = number(entry + 28, 2);
    size_t all = ENTRY + name + number(entry + 30, 2) + number(entry + 32, 2);
    if (left < all)
        return damaged(err, "an entry of its directory");
    if (number(entry + 8, 2) & ENCRYPTED)
        return ts_fail(err, TS_EFORMAT, "an encrypted zip archive");
    *out = (ts_zip_part){.name = (const char *)entry + ENTRY,
                         .name_length = name,
                         .size = number(entry + 24, 4),
                         .n_packed = number(entry + 20, 4),
                         .sum = number(entry + 16, 4),
                         .method = (int)number(entry + 10, 2)};
    if (out->method != STORED && out->method != DEFLATED)
        return ts_fail(err, TS_EFORMAT, "a zip archive packed by method %d",
                       out->method);
    /* the data stand before the directory, behind a head of their own */
    size_t at = number(entry + 42, 4), end = zip->length;
    const unsigned char *local = zip->data + at;
    if (at > end || end - at < LOCAL || memcmp(local, "PK\x03\x04", 4) != 0)
        return damaged(err, "the place of an entry");
    size_t head = LOCAL + number(local + 26, 2) + number(local + 28, 2);
    if (end - at < head || end - at - head < out->n_packed)
        return damaged(err, "an entry is cut");
    if (out->method == STORED && out->size != out->n_packed)
        return damaged(err, "the size of an entry");
    out->packed = local + head;
    zip->at += all;
    zip->n_left--;
    return TS_OK;
}

static void *take(void *unused, unsigned n, unsigned size)
{
    (void)unused;
    return ts_alloc_array(n, size);
}

static void give(void *unused, void *block)
{
    (void)unused;
    ts_free(block);
}

ts_status ts_unzip_part(const ts_zip_part *part, void *to, ts_error *err)
{
    unsigned char none;
    if (part->method == STORED) {
        memcpy(to, part->packed, part->size);
    } else {
        z_stream z = {.zalloc = take, .zfree = give};
        z.next_in = (unsigned char *)part->packed;
        z.avail_in = (uInt)part->n_packed;
        z.next_out = part->size ? to : &none;
        z.avail_out = (uInt)part->size;
        if (inflateInit2(&z, -15) != Z_OK)
            return ts_fail_memory(err);
        int end = inflate(&z, Z_FINISH);
        inflateEnd(&z);
        if (end != Z_STREAM_END || z.total_out != part->size)
            return damaged(err, "the data of an entry");
    }
    if (crc32(0, to, (uInt)part->size) != part->sum)
        return damaged(err, "the sum of an entry");
    return TS_OK;
}
