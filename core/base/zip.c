/*
 * Zip archives (PKWARE's APPNOTE 6.3). Sizes and sums stand behind the data of
 * an entry (bit 3 of its flags), for they are not known before, and once more
 * in the directory at the end, which is what readers go by.
 */
#include "ts/zip.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>
#include "ts/file.h"
#include "ts/memory.h"
#include "ts/text.h"

#define TIME 0x00210000u /* 1980-01-01 00:00, the first that zip can say */
#define VERSION 20       /* deflate */
#define FLAGS (1u << 3)

struct ts_zip {
    ts_file_out *file;
    z_stream pack;
    bool packs; /* pack is there to be freed */
    bool inside;
    ts_buffer directory, name;
    uint64_t at, begun;  /* bytes written; where the entry begins */
    uint64_t size, from; /* of the entry; where its data begin */
    uint32_t sum;
    unsigned n;
};

static void add_number(ts_buffer *out, uint64_t x, int bytes)
{
    for (; bytes > 0; bytes--, x >>= 8)
        ts_buffer_add(out, &(char){(char)(x & 0xFF)}, 1);
}

static ts_status put(ts_zip *zip, const void *data, size_t length,
                     ts_error *err)
{
    zip->at += length;
    if (zip->at > UINT32_MAX)
        return ts_fail(err, TS_ELIMIT, "a zip archive beyond 4 GB");
    return ts_file_add(zip->file, data, length, err);
}

static ts_status put_buffer(ts_zip *zip, ts_buffer *buffer, ts_error *err)
{
    ts_status status = buffer->failed
                           ? ts_fail_memory(err)
                           : put(zip, buffer->data, buffer->length, err);
    ts_buffer_free(buffer);
    return status;
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

ts_status ts_zip_begin(const char *path, int mode, ts_zip **out, ts_error *err)
{
    ts_zip *zip = ts_alloc_array(1, sizeof *zip);
    *out = NULL;
    if (!zip)
        return ts_fail_memory(err);
    zip->pack.zalloc = take;
    zip->pack.zfree = give;
    /* minus: without zlib's own header and sum */
    zip->packs = deflateInit2(&zip->pack, 6, Z_DEFLATED, -15, 8,
                              Z_DEFAULT_STRATEGY) == Z_OK;
    ts_status status = zip->packs ? ts_file_begin(path, mode, &zip->file, err)
                                  : ts_fail_memory(err);
    if (status)
        ts_zip_discard(zip);
    else
        *out = zip;
    return status;
}

static ts_status pack(ts_zip *zip, const void *data, size_t length, int flush,
                      ts_error *err)
{
    unsigned char room[1 << 14];
    ts_status status = TS_OK;
    const unsigned char *from = data;
    do {
        size_t n = length < (1u << 30) ? length : 1u << 30;
        zip->pack.next_in = (unsigned char *)from;
        zip->pack.avail_in = (uInt)n;
        from += n;
        length -= n;
        do {
            zip->pack.next_out = room;
            zip->pack.avail_out = sizeof room;
            deflate(&zip->pack, length ? Z_NO_FLUSH : flush);
            status = put(zip, room, sizeof room - zip->pack.avail_out, err);
        } while (!status && zip->pack.avail_out == 0);
    } while (!status && length);
    return status;
}

static ts_status end_entry(ts_zip *zip, ts_error *err)
{
    ts_buffer out = {0}, *d = &zip->directory;
    if (!zip->inside)
        return TS_OK;
    ts_status status = pack(zip, "", 0, Z_FINISH, err);
    if (status)
        return status;
    uint64_t packed = zip->at - zip->from;
    zip->inside = false;
    add_number(&out, 0x08074B50, 4);
    add_number(&out, zip->sum, 4);
    add_number(&out, packed, 4);
    add_number(&out, zip->size, 4);
    add_number(d, 0x02014B50, 4);
    add_number(d, VERSION, 2);
    add_number(d, VERSION, 2);
    add_number(d, FLAGS, 2);
    add_number(d, Z_DEFLATED, 2);
    add_number(d, TIME, 4);
    add_number(d, zip->sum, 4);
    add_number(d, packed, 4);
    add_number(d, zip->size, 4);
    add_number(d, zip->name.length, 2);
    add_number(d, 0, 2 + 2 + 2 + 2 + 4); /* extra, comment, disk, attributes */
    add_number(d, zip->begun, 4);
    ts_buffer_add(d, zip->name.data, zip->name.length);
    return put_buffer(zip, &out, err);
}

ts_status ts_zip_entry(ts_zip *zip, const char *name, ts_error *err)
{
    ts_buffer out = {0};
    ts_status status = end_entry(zip, err);
    if (status)
        return status;
    ts_buffer_clear(&zip->name);
    ts_buffer_puts(&zip->name, name);
    if (zip->name.failed)
        return ts_fail_memory(err);
    zip->begun = zip->at;
    add_number(&out, 0x04034B50, 4);
    add_number(&out, VERSION, 2);
    add_number(&out, FLAGS, 2);
    add_number(&out, Z_DEFLATED, 2);
    add_number(&out, TIME, 4);
    add_number(&out, 0, 4 + 4 + 4);
    add_number(&out, strlen(name), 2);
    add_number(&out, 0, 2);
    ts_buffer_puts(&out, name);
    if ((status = put_buffer(zip, &out, err)))
        return status;
    deflateReset(&zip->pack);
    zip->from = zip->at;
    zip->sum = (uint32_t)crc32(0, NULL, 0);
    zip->size = 0;
    zip->inside = true;
    zip->n++;
    return TS_OK;
}

ts_status ts_zip_add(ts_zip *zip, const void *data, size_t length,
                     ts_error *err)
{
    zip->size += length;
    if (zip->size > UINT32_MAX)
        return ts_fail(err, TS_ELIMIT, "%s: more than 4 GB", zip->name.data);
    zip->sum = (uint32_t)crc32_z(zip->sum, data, length);
    return pack(zip, data, length, Z_NO_FLUSH, err);
}

ts_status ts_zip_end(ts_zip *zip, ts_error *err)
{
    ts_buffer out = {0};
    ts_status status = end_entry(zip, err);
    uint64_t from = zip->at;
    if (!status)
        status = put_buffer(zip, &zip->directory, err);
    if (!status) {
        add_number(&out, 0x06054B50, 4);
        add_number(&out, 0, 2 + 2); /* disks */
        add_number(&out, zip->n, 2);
        add_number(&out, zip->n, 2);
        add_number(&out, zip->at - from, 4);
        add_number(&out, from, 4);
        add_number(&out, 0, 2);
        status = put_buffer(zip, &out, err);
    }
    if (!status) {
        ts_file_out *file = zip->file;
        zip->file = NULL;
        status = ts_file_end(file, err);
    }
    ts_zip_discard(zip);
    return status;
}

void ts_zip_discard(ts_zip *zip)
{
    if (!zip)
        return;
    if (zip->packs)
        deflateEnd(&zip->pack);
    ts_file_discard(zip->file);
    ts_buffer_free(&zip->directory);
    ts_buffer_free(&zip->name);
    ts_free(zip);
}
