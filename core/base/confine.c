/* Folders that a script may read and write: by name here, and by the kernel. */
#include "ts/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST 8

typedef struct {
    char path[PATH_MAX];
    bool write;
} place;

static place places[MOST];
static int n_place;

/* What libraries of ours read by names of their own. */
static const char *const always[] = {"/usr/share/fonts", "/etc/os-release",
                                     "/usr/lib/os-release",
                                     "/usr/lib/locale"};

/* Whether path is root or below it. */
static bool below(const char *path, const char *root)
{
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 &&
           (path[n] == '\0' || path[n] == '/' || (n == 1 && root[0] == '/'));
}

/* Where a name leads; of a file that is not there yet, where it would be. */
static bool resolve(const char *path, char out[PATH_MAX])
{
    char folder[PATH_MAX];
    struct stat info;
    if (realpath(path, out))
        return true;
    if (errno != ENOENT || strlen(path) >= sizeof folder)
        return false;
    if (lstat(path, &info) == 0) {
        errno = ELOOP; /* a link to nothing */
        return false;
    }
    strcpy(folder, path);
    char *slash = strrchr(folder, '/');
    const char *name = slash ? path + (slash - folder) + 1 : path;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    if (slash)
        slash[slash == folder] = '\0';
    if (!realpath(slash ? folder : ".", out))
        return false;
    size_t n = strlen(out), m = strlen(name);
    if (n + m + 2 > PATH_MAX)
        return false;
    if (n > 1)
        out[n++] = '/';
    memcpy(out + n, name, m + 1);
    return true;
}

ts_status ts_confine(const char *path, bool write, ts_error *err)
{
    if (n_place == MOST)
        return ts_fail(err, TS_ELIMIT, "at most %d folders can be allowed",
                       MOST);
    if (!realpath(path, places[n_place].path))
        return ts_fail(err, TS_EIO, "%s: %s", path, strerror(errno));
    places[n_place++].write = write;
    return TS_OK;
}

bool ts_confined(void)
{
    return n_place > 0;
}

ts_status ts_confine_check(const char *path, bool write, ts_error *err)
{
    char real[PATH_MAX];
    if (!n_place)
        return TS_OK;
    if (resolve(path, real)) {
        for (int i = 0; i < n_place; i++)
            if (below(real, places[i].path) && (!write || places[i].write))
                return TS_OK;
        for (size_t i = 0; !write && i < sizeof always / sizeof *always; i++)
            if (below(real, always[i]))
                return TS_OK;
    } else if (errno == ENOENT && path[0] && path[0] != '/' &&
               !strstr(path, "..")) {
        return TS_OK; /* a folder that is not there: opening says so */
    }
    return ts_fail(err, TS_EREFUSED,
                   "safe mode: %s is outside the working folder", path);
}

/* The kernel --------------------------------------------------------------- */

#if defined(__has_include)
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#define HAVE_LANDLOCK
#endif
#endif

#ifdef HAVE_LANDLOCK

/* the rights of the first version, which all kernels with Landlock know */
#define READS                                                                  \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |              \
     LANDLOCK_ACCESS_FS_EXECUTE)
#define WRITES                                                                 \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |           \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |           \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |               \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |             \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define OF_FILES                                                               \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |            \
     LANDLOCK_ACCESS_FS_EXECUTE)

static void allow(int rules, const char *path, uint64_t rights)
{
    struct stat info;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode))
        rights &= OF_FILES;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights,
                                              .parent_fd = fd};
    syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule,
            0);
    close(fd);
}

bool ts_confine_kernel(const char *const *folders)
{
    struct landlock_ruleset_attr all = {.handled_access_fs = READS | WRITES};
    int rules = (int)syscall(__NR_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        return false;
    allow(rules, "/", READS);
    allow(rules, "/dev/null", READS | WRITES);
    allow(rules, "/dev/tty", READS | WRITES);
    for (int i = 0; i < n_place; i++)
        if (places[i].write) {
            /* SQLite keeps files beside its own */
            char *slash = strrchr(places[i].path, '/');
            struct stat info;
            bool file =
                stat(places[i].path, &info) == 0 && !S_ISDIR(info.st_mode);
            if (file && slash && slash != places[i].path) {
                *slash = '\0';
                allow(rules, places[i].path, READS | WRITES);
                *slash = '/';
            } else {
                allow(rules, places[i].path, READS | WRITES);
            }
        }
    for (; *folders; folders++)
        allow(rules, *folders, READS | WRITES);
    bool done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                syscall(__NR_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return done;
}

#else

bool ts_confine_kernel(const char *const *folders)
{
    (void)folders;
    return false;
}

#endif
