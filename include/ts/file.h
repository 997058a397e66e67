/*
 * Modes of files, and files that appear whole. The program runs under umask
 * 077, so that studies, history and temporary files are the user's alone;
 * what the user asks for (figures, exports) follows the umask that the user
 * had.
 */
#ifndef TS_FILE_H
#define TS_FILE_H

#include <stddef.h>
#include "ts/error.h"

/* Sets umask 077 and remembers the one before; called first of all. */
void ts_file_private(void);
/* Mode for a file that the user asks for: 0666 less the user's umask. */
int ts_file_mode(void);

/* Puts data into a file of that mode by rename: on failure an earlier file of
 * that name stays as it was, and so does one that is no regular file. TS_EIO */
ts_status ts_file_write(const char *path, const void *data, size_t length,
                        int mode, ts_error *err);

/* The same in pieces: begin, add as often as needed, then end, which puts the
 * file in its place, or discard. end frees out, also on failure. */
typedef struct ts_file_out ts_file_out;

ts_status ts_file_begin(const char *path, int mode, ts_file_out **out,
                        ts_error *err);
ts_status ts_file_add(ts_file_out *out, const void *data, size_t length,
                      ts_error *err);
ts_status ts_file_end(ts_file_out *out, ts_error *err);
void ts_file_discard(ts_file_out *out);

#endif
