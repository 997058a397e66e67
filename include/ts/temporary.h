/*
 * Folders and files that hold data for a while, in the user's alone. Each has a
 * lock while its maker lives, so that what a killed program has left is told
 * from what another one works with, and removed.
 */
#ifndef TS_TEMPORARY_H
#define TS_TEMPORARY_H

#include "ts/error.h"

/* How the names of such folders begin: as nothing else is called. */
#define TS_TEMPORARY "trialsh-temporary-"

/* $TMPDIR where that is absolute, else /tmp. */
const char *ts_temporary_place(void);

/* A folder there, mode 0700: *path is to be freed, *lock to be kept until
 * ts_temporary_remove, which takes both, and the folder with all that it holds.
 * Folders that were left there are removed first. TS_EIO */
ts_status ts_temporary_folder(char **path, int *lock, ts_error *err);
void ts_temporary_remove(char *path, int lock);

/* A file below path, whose last six letters, XXXXXX, are replaced; open for
 * writing, mode 0600. *lock is to be closed when the file has its own name or
 * is gone. -1 and errno on failure. */
int ts_temporary_file(char *path, int *lock);

/* Removes what was left in a folder: entries of the user called that and six
 * letters, which no program holds. */
void ts_temporary_sweep(const char *folder, const char *name);

#endif
