/*
 * What a child gives up between fork and exec. Safe after fork: system calls
 * only. Private to core/figure.
 */
#ifndef TS_JAIL_H
#define TS_JAIL_H

/* Limits on memory, processor time, files and their size; no core file. */
void ts_jail_limits(double seconds);

/* Forbids new processes, threads excepted, from here on and after exec: fork,
 * vfork and clone fail with EPERM, clone3 with ENOSYS (so that the C library
 * falls back to clone), another architecture is killed. -1 when the kernel
 * refuses. */
int ts_jail_filter(void);

#endif
