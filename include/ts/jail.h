/*
 * What a child process gives up: before it becomes another program, or before
 * it reads a file that somebody sent. Safe after fork: system calls only.
 */
#ifndef TS_JAIL_H
#define TS_JAIL_H

/* A build with sanitizers, which need more than they are given otherwise. */
#ifdef __SANITIZE_ADDRESS__
#define TS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TS_SANITIZED
#endif
#endif

/* At most so many seconds of processor time, bytes of memory and bytes in a
 * file that it writes; 256 open files; no core file. A build with sanitizers
 * does not limit memory. */
void ts_jail_limits(double seconds, double memory, double file_size);

/* Forbids new processes, threads excepted, from here on and after exec: fork,
 * vfork and clone fail with EPERM, clone3 with ENOSYS (so that the C library
 * falls back to clone), another architecture is killed. -1 when the kernel
 * refuses. */
int ts_jail_filter(void);

/* Leaves reading and writing of files that are open, and memory that cannot be
 * run. A new process, program or socket ends this one by SIGSYS; whatever else
 * it asks for, files to open among it, fails with EPERM. -1 when the kernel
 * refuses. */
int ts_jail_strict(void);

#endif
