/*
 * A file system that remembers, for tests of what a power cut leaves: below
 * SQLite it writes down each write, truncation, synchronisation and deletion,
 * and can then give the files as they may be found after any of them. What was
 * not synchronised by then is there or not, sector by sector, by chance; so is
 * a deletion whose directory was not synchronised.
 */
#ifndef POWER_H
#define POWER_H

#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAIN, WAL, JOURNAL, N_POWER_FILE };
static const char *const power_end[] = {"", "-wal", "-journal"};

typedef enum { WRITE, TRUNCATE, SYNC, DELETE } power_kind;

typedef struct {
    power_kind kind;
    int file;
    size_t at, n; /* of DELETE and SYNC n is 1 when names were synchronised */
    unsigned char *bytes;
} power_step;

static power_step *power_log;
static size_t power_n, power_room;
static bool power_on;

static void power_note(power_kind kind, int file, size_t at, size_t n,
                       const void *bytes)
{
    if (!power_on || file < 0)
        return;
    if (power_n == power_room) {
        power_room = power_room ? power_room * 2 : 1024;
        power_log = realloc(power_log, power_room * sizeof *power_log);
    }
    power_step *s = &power_log[power_n++];
    *s = (power_step){kind, file, at, n, NULL};
    if (bytes) {
        s->bytes = malloc(n);
        memcpy(s->bytes, bytes, n);
    }
}

static void power_forget(void)
{
    for (size_t i = 0; i < power_n; i++)
        free(power_log[i].bytes);
    power_n = 0;
}

/* The VFS ------------------------------------------------------------------ */

typedef struct {
    sqlite3_file base;
    int file;
    bool is_new;        /* a journal whose name is synchronised with it */
    sqlite3_file *real; /* behind this struct */
} power_file;

static sqlite3_vfs *power_real;

static int power_which(const char *name)
{
    if (!name)
        return -1;
    for (int i = N_POWER_FILE - 1; i > 0; i--) {
        size_t n = strlen(name), m = strlen(power_end[i]);
        if (n > m && strcmp(name + n - m, power_end[i]) == 0)
            return i;
    }
    return MAIN;
}

#define REAL(f) (((power_file *)(f))->real)
#define PASS(f, call, ...) (REAL(f)->pMethods->call(REAL(f), ##__VA_ARGS__))

static int p_close(sqlite3_file *f)
{
    return PASS(f, xClose);
}
static int p_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return PASS(f, xRead, to, n, at);
}
static int p_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    power_note(WRITE, ((power_file *)f)->file, (size_t)at, (size_t)n, from);
    return PASS(f, xWrite, from, n, at);
}
static int p_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    power_note(TRUNCATE, ((power_file *)f)->file, 0, (size_t)n, NULL);
    return PASS(f, xTruncate, n);
}
static int p_sync(sqlite3_file *f, int flags)
{
    power_file *p = (power_file *)f;
    power_note(SYNC, p->file, 0, p->is_new, NULL);
    p->is_new = false;
    return PASS(f, xSync, flags);
}
static int p_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return PASS(f, xFileSize, n);
}
static int p_lock(sqlite3_file *f, int level)
{
    return PASS(f, xLock, level);
}
static int p_unlock(sqlite3_file *f, int level)
{
    return PASS(f, xUnlock, level);
}
static int p_reserved(sqlite3_file *f, int *out)
{
    return PASS(f, xCheckReservedLock, out);
}
static int p_control(sqlite3_file *f, int op, void *arg)
{
    return PASS(f, xFileControl, op, arg);
}
static int p_sector(sqlite3_file *f)
{
    return PASS(f, xSectorSize);
}
static int p_device(sqlite3_file *f)
{
    return PASS(f, xDeviceCharacteristics);
}
static int p_shm_map(sqlite3_file *f, int page, int size, int extend,
                     void volatile **out)
{
    return PASS(f, xShmMap, page, size, extend, out);
}
static int p_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return PASS(f, xShmLock, at, n, flags);
}
static void p_shm_barrier(sqlite3_file *f)
{
    PASS(f, xShmBarrier);
}
static int p_shm_unmap(sqlite3_file *f, int remove)
{
    return PASS(f, xShmUnmap, remove);
}

static int p_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
                  int flags, int *out)
{
    static const sqlite3_io_methods methods = {
        2,        p_close,   p_read,     p_write,       p_truncate,  p_sync,
        p_size,   p_lock,    p_unlock,   p_reserved,    p_control,   p_sector,
        p_device, p_shm_map, p_shm_lock, p_shm_barrier, p_shm_unmap, NULL,
        NULL};
    power_file *p = (power_file *)f;
    (void)vfs;
    p->real = (sqlite3_file *)(p + 1);
    p->file = power_which(name);
    p->is_new = p->file > MAIN && (flags & SQLITE_OPEN_CREATE) &&
                access(name, F_OK) != 0;
    int rc = power_real->xOpen(power_real, name, p->real, flags, out);
    p->base.pMethods = p->real->pMethods ? &methods : NULL;
    return rc;
}

static int p_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    power_note(DELETE, power_which(name), 0, sync != 0, NULL);
    return power_real->xDelete(power_real, name, sync);
}

/* From now on all files of SQLite go through it. */
static void power_register(void)
{
    static sqlite3_vfs vfs;
    power_real = sqlite3_vfs_find(NULL);
    vfs = *power_real;
    vfs.zName = "power";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(power_file) + power_real->szOsFile;
    vfs.xOpen = p_open;
    vfs.xDelete = p_delete;
    sqlite3_vfs_register(&vfs, 1);
}

/* What a cut leaves ---------------------------------------------------------
 */

typedef struct {
    unsigned char *bytes;
    size_t n, room;
    bool there;
} power_image;

static uint64_t power_random(uint64_t *state)
{
    uint64_t x = *state += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static void image_size(power_image *image, size_t n)
{
    if (n > image->room) {
        image->room = n * 2;
        image->bytes = realloc(image->bytes, image->room);
    }
    if (n > image->n)
        memset(image->bytes + image->n, 0, n - image->n);
    image->n = n;
}

static void image_write(power_image *image, size_t at, const unsigned char *b,
                        size_t n)
{
    if (at + n > image->n)
        image_size(image, at + n);
    memcpy(image->bytes + at, b, n);
    image->there = true;
}

/* A step; of a write by chance only some sectors. */
static void image_step(power_image *image, const power_step *s,
                       uint64_t *chance)
{
    enum { SECTOR = 512 };
    if (s->kind == TRUNCATE)
        image_size(image, s->n);
    else if (s->kind == DELETE)
        *image = (power_image){image->bytes, 0, image->room, false};
    for (size_t at = 0; s->kind == WRITE && at < s->n;) {
        size_t n = SECTOR - (s->at + at) % SECTOR;
        n = n < s->n - at ? n : s->n - at;
        if (!chance || power_random(chance) % 4)
            image_write(image, s->at + at, s->bytes + at, n);
        at += n;
    }
}

/* Whether the step will last: a later one before the cut synchronised it. */
static bool power_lasts(size_t i, size_t cut)
{
    const power_step *s = &power_log[i];
    if (s->kind == DELETE && s->n)
        return true;
    for (size_t j = i + 1; j < cut; j++) {
        const power_step *t = &power_log[j];
        bool names = (t->kind == DELETE || t->kind == SYNC) && t->n;
        if (s->kind == DELETE ? names : t->kind == SYNC && t->file == s->file)
            return true;
    }
    return false;
}

/* Writes the files as they may be found after the first cut steps. */
static void power_cut(size_t cut, uint64_t seed, const char *path)
{
    power_image image[N_POWER_FILE] = {{0}};
    bool old[N_POWER_FILE] = {false}; /* its deletion is undone: what follows
                                       * went into a file without a name */
    for (size_t i = 0; i < cut; i++) {
        const power_step *s = &power_log[i];
        if (s->kind == SYNC || old[s->file])
            continue;
        if (power_lasts(i, cut))
            image_step(&image[s->file], s, NULL);
        else if (power_random(&seed) % 2)
            image_step(&image[s->file], s, &seed);
        else if (s->kind == DELETE)
            old[s->file] = true;
    }
    for (int k = 0; k < N_POWER_FILE; k++) {
        char name[200];
        snprintf(name, sizeof name, "%s%s", path, power_end[k]);
        unlink(name);
        if (image[k].there) {
            int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ssize_t n = write(fd, image[k].bytes, image[k].n);
            (void)n;
            close(fd);
        }
        free(image[k].bytes);
    }
}

#endif
