/*
 * Work in parts that know nothing of each other, shared by child processes:
 * each is a copy of this one, does its parts, writes what came of them to a
 * pipe and ends. No file, connection or terminal is theirs.
 *
 *     ts_buffer out[100] = {0};
 *     ts_workers_run(2, 100, work, context, "replicates", out, &err);
 */
#ifndef TS_WORKERS_H
#define TS_WORKERS_H

#include <stddef.h>
#include "ts/error.h"
#include "ts/text.h"

/* Does part i and adds what came of it to out; runs in a child, or here. */
typedef ts_status (*ts_work)(void *context, size_t i, ts_buffer *out,
                             ts_error *err);

/*
 * out[i] of each part i < n, which the caller frees, also after a failure. With
 * one job, or where no child can be made, all is done here. The error of the
 * first part that fails; TS_EINTERRUPT when the flag is up, and no child is
 * left. what: as in ts_progress.
 */
ts_status ts_workers_run(size_t jobs, size_t n, ts_work work, void *context,
                         const char *what, ts_buffer *out, ts_error *err);

#endif
