/* What is left by a program that was killed goes when the next one begins. */
#include "ts/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/memory.h"

const char *ts_temporary_place(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp && tmp[0] == '/' && strlen(tmp) < 4000 ? tmp : "/tmp";
}

/* Waits for the lock of what was just made: a sweep may have taken it for left
 * over. False when it has, and the thing is gone. */
static bool hold(int file)
{
    struct stat info;
    while (flock(file, LOCK_EX) && errno == EINTR)
        continue;
    return fstat(file, &info) == 0 && info.st_nlink > 0;
}

static int remove_one(const char *path, const struct stat *info, int type,
                      struct FTW *place)
{
    (void)info, (void)type, (void)place;
    remove(path);
    return 0;
}

static void remove_all(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool is_ours(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 && strlen(entry) == n + 6;
}

void ts_temporary_sweep(const char *folder, const char *name)
{
    DIR *all = opendir(folder);
    struct dirent *entry;
    while (all && (entry = readdir(all))) {
        struct stat info;
        char path[4400];
        if (!is_ours(entry->d_name, name) ||
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >=
                (int)sizeof path)
            continue;
        int file = openat(dirfd(all), entry->d_name,
                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file < 0)
            continue;
        if (fstat(file, &info) == 0 && info.st_uid == geteuid() &&
            (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode)) &&
            flock(file, LOCK_EX | LOCK_NB) == 0)
            remove_all(path);
        close(file);
    }
    if (all)
        closedir(all);
}

ts_status ts_temporary_folder(char **path, int *lock, ts_error *err)
{
    const char *place = ts_temporary_place();
    char made[4100];
    ts_temporary_sweep(place, TS_TEMPORARY);
    *path = NULL;
    for (*lock = -1; *lock < 0;) {
        snprintf(made, sizeof made, "%s/" TS_TEMPORARY "XXXXXX", place);
        if (!mkdtemp(made))
            return ts_fail(err, TS_EIO, "no temporary folder below %s: %s",
                           place, strerror(errno));
        *lock = open(made, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (*lock < 0 && errno != ENOENT) {
            int why = errno;
            rmdir(made);
            return ts_fail(err, TS_EIO, "%s: %s", made, strerror(why));
        }
        if (*lock >= 0 && !hold(*lock)) {
            close(*lock);
            *lock = -1;
        }
    }
    if (!(*path = ts_strdup(made))) {
        rmdir(made);
        close(*lock);
        *lock = -1;
        return ts_fail_memory(err);
    }
    return TS_OK;
}

void ts_temporary_remove(char *path, int lock)
{
    if (path)
        remove_all(path);
    if (lock >= 0)
        close(lock);
    ts_free(path);
}

int ts_temporary_file(char *path, int *lock)
{
    char *letters = path + strlen(path) - 6;
    for (;;) {
        memcpy(letters, "XXXXXX", 6);
        int file = mkostemp(path, O_CLOEXEC);
        *lock = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 0);
        if (file < 0 || hold(file))
            return file;
        close(file);
        if (*lock >= 0)
            close(*lock);
    }
}
