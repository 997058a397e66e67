/* What the files of the store share. */
#ifndef TS_STORE_INTERNAL_H
#define TS_STORE_INTERNAL_H

#include <sqlite3.h>
#include "ts/store.h"

typedef struct attached {
    struct attached *next;
    char name[32];
    ts_frame *frame; /* columns shared with the caller's */
} attached;

/* Groupings that one query may hold. */
#define TS_STORE_GROUPS 32

struct grouping;

struct ts_store {
    sqlite3 *db;
    char *path; /* ":memory:" for one in memory */
    int read_only;
    int trusted; /* above 0 while a statement of our own is prepared */
    double n_end; /* transactions that ended */
    double count[TS_COUNT_MAX];
    attached *frames;
    long n_attached;
    struct grouping *group[TS_STORE_GROUPS];
};

/* err from what SQLite says now; interrupts and full disks by their names. */
ts_status ts_store_fail(ts_store *store, int rc, ts_error *err);
/* Our functions and aggregates on that connection. */
int ts_store_functions(ts_store *store);
/* Groups by number, and the end of those of the last query. */
int ts_store_group_functions(ts_store *store);
void ts_store_free_groups(ts_store *store);
/* The module that makes frames readable. */
int ts_store_frame_module(ts_store *store);

#endif
