/*
 * Loaded before libc (LD_PRELOAD), it keeps all bytes that a program writes by
 * write and pwrite, as SQLite does, and the files that it removes, in the file
 * that $WITNESS names: what was only there for a moment too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_unlink)(const char *);
static int log_fd = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WITNESS");
    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    *(void **)&real_unlink = dlsym(RTLD_NEXT, "unlink");
    if (path)
        log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void keep(const void *data, size_t n)
{
    if (log_fd >= 0 && real_write(log_fd, data, n) < 0)
        abort();
}

ssize_t write(int fd, const void *data, size_t n)
{
    keep(data, n);
    return real_write(fd, data, n);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    keep(data, n);
    return real_pwrite(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    return pwrite64(fd, data, n, at);
}

int unlink(const char *path)
{
    char room[4096];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, room, sizeof room)) > 0)
        keep(room, (size_t)n);
    if (fd >= 0)
        close(fd);
    return real_unlink(path);
}
