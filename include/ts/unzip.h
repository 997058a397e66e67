/*
 * Reading a zip archive that is in memory.
 *
 *     ts_unzip zip;
 *     ts_zip_part part;
 *     ts_unzip_begin(data, length, &zip, &err);
 *     while (zip.n_left && !ts_unzip_next(&zip, &part, &err))
 *         ts_unzip_part(&part, room, &err);      room for part.size bytes
 *
 * Nothing is allocated that stays. What is damaged, encrypted or packed by
 * another method than deflate is TS_EFORMAT, and no byte outside of data is
 * looked at.
 */
#ifndef TS_UNZIP_H
#define TS_UNZIP_H

#include <stddef.h>
#include <stdint.h>
#include "ts/error.h"

typedef struct {
    const unsigned char *data;
    size_t length, at; /* of the next entry in the directory */
    unsigned n_left;
} ts_unzip;

typedef struct {
    const char *name; /* not ended by 0 */
    size_t name_length, size;
    const unsigned char *packed;
    size_t n_packed;
    uint32_t sum;
    int method;
} ts_zip_part;

ts_status ts_unzip_begin(const void *data, size_t length, ts_unzip *out,
                         ts_error *err);
ts_status ts_unzip_next(ts_unzip *zip, ts_zip_part *out, ts_error *err);
/* to has room for part->size bytes. TS_EFORMAT where the sum is another. */
ts_status ts_unzip_part(const ts_zip_part *part, void *to, ts_error *err);

#endif
