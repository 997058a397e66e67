/*
 * Loaded before libc (LD_PRELOAD), it makes the n-th allocation, write or read
 * of a program fail. The program says when: it asks for an environment variable
 * of a name such as
 *     FAULT memory 17          the 17th allocation from now on fails
 *     FAULT write 5 always     the 5th write and all later ones fail: EIO
 *     FAULT space 5            the same, with ENOSPC
 *     FAULT read 5
 *     FAULT off                none; its value is how many were counted
 * Writes are write, pwrite, fsync, ftruncate, rename, unlink, and open of a
 * file that may be new.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { OFF, MEMORY, WRITE, READ };

static int kind, always, error;
static long at, count;

static int fault(int which)
{
    if (kind != which)
        return 0;
    count++;
    if (count != at && !(always && count > at))
        return 0;
    errno = error;
    return 1;
}

static char *control(const char *name)
{
    static char counted[32];
    char word[16] = "", how[16] = "";
    if (sscanf(name, "FAULT %15s %ld %15s", word, &at, how) < 1)
        return NULL;
    snprintf(counted, sizeof counted, "%ld", count);
    count = 0;
    always = strcmp(how, "always") == 0;
    error = strcmp(word, "memory") == 0  ? ENOMEM
            : strcmp(word, "space") == 0 ? ENOSPC
                                         : EIO;
    kind = strcmp(word, "memory") == 0 ? MEMORY
           : strcmp(word, "read") == 0 ? READ
           : strcmp(word, "off") == 0  ? OFF
                                       : WRITE;
    return counted;
}

char *getenv(const char *name)
{
    static char *(*real)(const char *);
    if (strncmp(name, "FAULT ", 6) == 0)
        return control(name);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "getenv");
    return real(name);
}

/* Memory: glibc's own names, as dlsym itself allocates. -------------------- */

#ifndef FAULT_files /* alone: beside a sanitizer's malloc */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t),
    *__libc_realloc(void *, size_t);

void *malloc(size_t size)
{
    return fault(MEMORY) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fault(MEMORY) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *block, size_t size)
{
    return fault(MEMORY) ? NULL : __libc_realloc(block, size);
}
#endif

/* Files -------------------------------------------------------------------- */

#define WRAP(which, type, name, parameters, arguments)                         \
    type name parameters                                                       \
    {                                                                          \
        static type(*real) parameters;                                         \
        if (!real)                                                             \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                         \
        return fault(which) ? -1 : real arguments;                             \
    }

WRAP(WRITE, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(WRITE, ssize_t, pwrite, (int fd, const void *p, size_t n, off_t o),
     (fd, p, n, o))
WRAP(WRITE, ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t o),
     (fd, p, n, o))
WRAP(WRITE, int, fsync, (int fd), (fd))
WRAP(WRITE, int, fdatasync, (int fd), (fd))
WRAP(WRITE, int, ftruncate, (int fd, off_t n), (fd, n))
WRAP(WRITE, int, ftruncate64, (int fd, off64_t n), (fd, n))
WRAP(WRITE, int, rename, (const char *from, const char *to), (from, to))
WRAP(WRITE, int, unlink, (const char *path), (path))
WRAP(READ, ssize_t, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(READ, ssize_t, pread, (int fd, void *p, size_t n, off_t o), (fd, p, n, o))
WRAP(READ, ssize_t, pread64, (int fd, void *p, size_t n, off64_t o),
     (fd, p, n, o))

#define WRAP_OPEN(name)                                                        \
    int name(const char *path, int flags, ...)                                 \
    {                                                                          \
        static int (*real)(const char *, int, ...);                            \
        va_list list;                                                          \
        va_start(list, flags);                                                 \
        int mode = flags & O_CREAT ? va_arg(list, int) : 0;                    \
        va_end(list);                                                          \
        if (!real)                                                             \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                         \
        return flags & O_CREAT && fault(WRITE) ? -1 : real(path, flags, mode); \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)
