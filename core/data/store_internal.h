/* What the files of the store share. */
#ifndef TS_STORE_INTERNAL_H
#define TS_STORE_INTERNAL_H

#include <locale.h>
#include <sqlite3.h>
#include <string.h>
#include "ts/store.h"

#define TS_STORE_ID 0x54525348 /* application_id: "TRSH" */
#define TS_STORE_FORM 2        /* user_version: the tables of the store */

static inline ts_value ts_store_text(const char *text)
{
    return text ? (ts_value){TS_TEXT, 0, text, strlen(text)} : (ts_value){0};
}

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
    char *path; /* as it was given; ":memory:" for one in memory */
    char *file; /* absolute, behind symbolic links */
    int read_only, in_memory;
    ts_lock *lock;  /* NULL: not locked */
    char *altered;  /* how it differs from what was locked, or NULL */
    int trusted; /* above 0 while a statement of our own is prepared */
    double n_end;   /* transactions that ended, and changed something */
    int n_change;   /* what SQLite had counted when one began */
    sqlite3_stmt *undo; /* rolls back, prepared while there was memory */
    sqlite3_stmt *held; /* ends what ts_store_hold() began, or NULL */
    double held_version;
    sqlite3 *inherited; /* of the parent of this process: never used, nor closed */
    sqlite3_stmt *version; /* kept: it is asked before every answer */
    double count[TS_COUNT_MAX];
    char undated[200]; /* the first text counted as TS_COUNT_UNDATED */
    bool open[TS_COUNT_MAX]; /* conditions of the row that is looked at */
    locale_t letters; /* that of upper and lower, once it was needed */
    attached *frames;
    long n_attached;
    struct grouping *group[TS_STORE_GROUPS];
};

/* err from what SQLite says now; interrupts and full disks by their names. */
ts_status ts_store_fail(ts_store *store, int rc, ts_error *err);
/* Statements of the store itself, several at once, without parameters. */
ts_status ts_store_script(ts_store *store, const char *sql, ts_error *err);
/* The number that a pragma answers with, or 0. */
ts_status ts_store_pragma(ts_store *store, const char *sql, double *out,
                          ts_error *err);
/* One statement with its parameters bound; trusted: it is the store's own. */
ts_status ts_store_prepare(ts_store *store, const char *sql, int trusted,
                           const ts_value *values, size_t n_value,
                           sqlite3_stmt **out, ts_error *err);
/* A query of the store's own tables: what it cannot read is damage. */
ts_status ts_store_read(ts_store *store, const char *sql,
                        const ts_value *values, size_t n_value,
                        const ts_field *fields, size_t n_field,
                        ts_frame **out, ts_error *err);
ts_status ts_store_has_table(ts_store *store, const char *name, bool *there,
                             ts_error *err);

/* Opens the file again, for writing; the connection that was stays when that
 * fails. */
ts_status ts_store_reopen(ts_store *store, ts_error *err);
/* WAL, or what else keeps every commit where there is none. */
void ts_store_journal(ts_store *store);

/* Recomputes the chain of events. */
ts_status ts_store_check_chain(ts_store *store, size_t *n_event,
                               ts_error *err);
/* The hash of the last event. */
ts_status ts_store_head(ts_store *store, char head[65], ts_error *err);
/* TS_EFORMAT unless it is a study as we make them, and, with its lock read, what
 * was locked; altered: that may be another, store->altered says how. */
ts_status ts_store_check_study(ts_store *store, bool altered, ts_error *err);
/* SQLite's own check of the file, or of one of our own tables. */
ts_status ts_store_check_file(ts_store *store, const char *table,
                              ts_error *err);
/* store->lock from the last event. */
ts_status ts_store_read_lock(ts_store *store, ts_error *err);
void ts_store_free_lock(ts_store *store);
/* TS_EFORMAT unless it holds what it held when it was locked; the latter looks
 * at file and chain too. */
ts_status ts_store_check_content(ts_store *store, ts_error *err);
ts_status ts_store_check_lock(ts_store *store, ts_error *err);

/* Our functions and aggregates on that connection. */
int ts_store_functions(ts_store *store);
int ts_store_date_functions(ts_store *store);
/* upper and lower. */
int ts_store_letter_functions(ts_store *store);
/* The order of dates that are text: _before. */
int ts_store_order_functions(ts_store *store);
int ts_store_days_in_month(int year, int month);
/* Reads YYYY[-MM[-DD[Thh...]]]: how many parts there are, or 0. */
int ts_store_date_parts(const char *text, int part[3]);
/* YYYY-MM-DD and what follows, whatever the calendar says. */
int ts_store_is_date_shaped(const char *text);
/* Days since 1970-01-01 in the Gregorian calendar. */
double ts_store_day_number(const int part[3]);
int ts_store_aggregates(ts_store *store);
/* The value in a place of the rows' order: _nth. */
int ts_store_nth_function(ts_store *store);
/* An aggregate, in groups and beside the rows of a window; value gives what
 * final does and keeps what it is made of. */
typedef void ts_store_step(sqlite3_context *, int, sqlite3_value **);
typedef void ts_store_finish(sqlite3_context *);
int ts_store_aggregate(ts_store *store, const char *name, int n,
                       ts_store_step *step, ts_store_finish *final,
                       ts_store_finish *value);
/* The number in v; false for NULL (*x is NaN) and, with an error, for text. */
int ts_store_number(sqlite3_context *context, sqlite3_value *v, double *x);
/* x as the result, or NULL for what is not finite, counted in count[which]. */
void ts_store_finite(sqlite3_context *context, double x, int which);
/* Groups by number, and the end of those of the last query. */
int ts_store_group_functions(ts_store *store);
void ts_store_free_groups(ts_store *store);
/* Makes a table of k columns, named and typed by column(source, j, &type), and
 * prepares the insert of a row. minus_zero: NULL, or whether a column holds -0,
 * see ts_store_zeros. TS_ELIMIT for more columns than verbs can work with. */
ts_status ts_store_make_table(ts_store *store, const char *name, size_t k,
                              const char *(*column)(const void *, size_t,
                                                    ts_type *),
                              const void *source, const bool *minus_zero,
                              sqlite3_stmt **out, ts_error *err);
ts_status ts_store_drop_table(ts_store *store, const char *name,
                              ts_error *err);

/* SQLite keeps whole numbers of a REAL column as integers, of which there is no
 * -0. A column that holds one is declared otherwise; of a file that is known
 * when all rows went in, and then they go in once more. */
typedef struct {
    size_t n_column;
    bool *column; /* NULL: no -0 was seen */
} ts_store_zeros;

/* To be asked for each number that goes into column j. */
ts_status ts_store_see_number(ts_store_zeros *zeros, size_t j, double x,
                              ts_error *err);

/* The table of codes, made before statements are prepared that a change of
 * the schema would ask to prepare again, without trust. */
ts_status ts_store_make_missing(ts_store *store, ts_error *err);
/* Codes of missing values, entered as rows come. */
typedef struct {
    ts_store *store;
    const char *table;
    sqlite3_stmt *insert; /* NULL until the first code */
} ts_store_missing;

ts_status ts_store_add_missing(ts_store_missing *m, double row,
                               const char *column, char code, ts_error *err);
void ts_store_end_missing(ts_store_missing *m);

/* The number in "<3.2", and whether it is below (<) or above (>) a limit. */
void ts_store_limit_value(sqlite3_context *context, int n, sqlite3_value **v);
void ts_store_limit_below(sqlite3_context *context, int n, sqlite3_value **v);
void ts_store_limit_above(sqlite3_context *context, int n, sqlite3_value **v);

/* The module that makes frames readable. */
int ts_store_frame_module(ts_store *store);

#endif
