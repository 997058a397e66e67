/*
 * Where files may be, for a script that is not trusted. Until ts_confine() is
 * called everything is allowed; from then on names that lead out of the folders
 * given, through .. or links too, are refused. There is no way back.
 *
 *     ts_confine(".", true, &err);
 *     ts_confine_check("../other.csv", false, &err);   -> TS_EREFUSED
 *
 * Whoever opens a file by a name that a script gave asks ts_confine_check first.
 */
#ifndef TS_CONFINE_H
#define TS_CONFINE_H

#include <stdbool.h>
#include "ts/error.h"

/* Allows a folder, or one file, for reading or for writing too; from the first
 * call on only what was allowed is. TS_EIO when there is no such file; TS_ELIMIT
 * beyond a few. */
ts_status ts_confine(const char *path, bool write, ts_error *err);
bool ts_confined(void);
/* TS_EREFUSED with "safe mode: ..."; fonts may always be read. */
ts_status ts_confine_check(const char *path, bool write, ts_error *err);
/* The kernel's own bounds, by Landlock, for the same: files elsewhere cannot be
 * opened for writing, whatever the program does. folders: more that the program
 * itself writes to, ends with NULL, NULL ones are left out by the caller. False
 * when the kernel has no Landlock. */
bool ts_confine_kernel(const char *const *folders);

#endif
