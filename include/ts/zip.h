/*
 * A zip archive that is written in one pass.
 *
 *     ts_zip *zip;
 *     ts_zip_begin("adsl.xlsx", 0644, &zip, &err);
 *     ts_zip_entry(zip, "xl/workbook.xml", &err);
 *     ts_zip_add(zip, text, length, &err);       as often as needed
 *     ts_zip_end(zip, &err);                     or ts_zip_discard(zip)
 *
 * Entries are deflated and carry one fixed time, so that equal entries give
 * equal bytes. The file appears whole, by rename, or not at all.
 */
#ifndef TS_ZIP_H
#define TS_ZIP_H

#include <stddef.h>
#include "ts/error.h"

typedef struct ts_zip ts_zip;

ts_status ts_zip_begin(const char *path, int mode, ts_zip **out, ts_error *err);
/* Ends the entry before and begins another; name is ASCII. */
ts_status ts_zip_entry(ts_zip *zip, const char *name, ts_error *err);
/* TS_ELIMIT from 4 GB, which the plain form of the format cannot count. */
ts_status ts_zip_add(ts_zip *zip, const void *data, size_t length,
                     ts_error *err);
/* Ends the archive, puts the file in its place and frees zip, on failure
 * too. */
ts_status ts_zip_end(ts_zip *zip, ts_error *err);
void ts_zip_discard(ts_zip *zip);

#endif
