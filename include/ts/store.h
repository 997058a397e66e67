/*
 * The store: one study in one SQLite file, or in memory.
 *
 *     ts_store *store;
 *     ts_store_open("iris7.db", &store, &err);
 *     ts_store_query(store, "select AVAL from adlb where ADY > ?1",
 *                    &day, 1, NULL, 0, &frame, &err);
 *
 * WAL and synchronous FULL (DELETE and EXTRA for a locked study, and where
 * memory cannot be shared), STRICT tables, defensive settings. SQL text only
 * reads; what changes a study goes through the functions below, inside
 * ts_store_begin and ts_store_commit. Tables whose names begin with _ts_ are
 * the store's own.
 */
#ifndef TS_STORE_H
#define TS_STORE_H

#include "ts/csv.h"
#include "ts/frame.h"
#include "ts/xpt.h"

typedef struct ts_store ts_store;

/* Makes a new file, mode 0600; TS_EEXISTS when path is there already. */
ts_status ts_store_create(const char *path, ts_store **out, ts_error *err);
/* Opens a study; never makes one. A file without write access is opened
 * immutable, or refused when it has a write-ahead log. TS_EFORMAT for what is
 * no study, and for one that was altered since it was locked. */
ts_status ts_store_open(const char *path, ts_store **out, ts_error *err);
/* The latter too, for reading. */
ts_status ts_store_open_altered(const char *path, ts_store **out,
                                ts_error *err);
/* A study that lives in memory. */
ts_status ts_store_memory(ts_store **out, ts_error *err);
/* Checkpoints, so that a copied file is whole, and closes. */
void ts_store_close(ts_store *store);
const char *ts_store_path(const ts_store *store);
int ts_store_read_only(const ts_store *store);
/* Whether all users of the machine may read or write the file. */
int ts_store_is_public(const ts_store *store);

/* A parameter of a statement: a number, a text, or NA when type is 0. */
typedef struct {
    int type; /* 0, TS_REAL, TS_TEXT */
    double real;
    const char *text;
    size_t length;
} ts_value;

/* What is known of a result's column: NULL and 0 where nothing is. */
typedef struct {
    const char *name;
    int type;                  /* 0: that of its first value */
    const char *const *levels; /* in order */
    size_t n_level;
    const char *label, *unit, *format, *informat;
} ts_field;

/* Runs one statement that only reads; its rows become *out. variables has
 * one entry per column, or n_variable is 0. TS_ESQL with SQLite's words. */
ts_status ts_store_query(ts_store *store, const char *sql,
                         const ts_value *values, size_t n_value,
                         const ts_field *variables, size_t n_variable,
                         ts_frame **out, ts_error *err);
/* What each column of such a statement is called, and the table and column that
 * it is taken from as it is, both empty for what is computed: three texts, each
 * with its '\0', one after the other in *out. */
ts_status ts_store_origins(ts_store *store, const char *sql,
                           const ts_value *values, size_t n_value,
                           ts_buffer *out, ts_error *err);
/* Runs one statement of the store's own, which may change it. */
ts_status ts_store_execute(ts_store *store, const char *sql,
                           const ts_value *values, size_t n_value,
                           ts_error *err);

/* One transaction; nested ones are not allowed. A rollback is silent. */
ts_status ts_store_begin(ts_store *store, ts_error *err);
ts_status ts_store_commit(ts_store *store, ts_error *err);
void ts_store_rollback(ts_store *store);
int ts_store_in_transaction(const ts_store *store);
/* A number that is another one after each transaction, of this connection or
 * of another program: what was read before may no longer hold. */
ts_status ts_store_version(ts_store *store, double *out, ts_error *err);
/* From here to ts_store_release() the store is read as it is now, whatever
 * other programs do, and cannot be changed; not within a transaction, nor
 * twice. */
ts_status ts_store_hold(ts_store *store, ts_error *err);
void ts_store_release(ts_store *store);
/* Whether it is read so. */
int ts_store_is_held(const ts_store *store);
/* All of the store as bytes, for child processes, in which connections of
 * SQLite are not to be used: there the store becomes one in memory that reads
 * them. NULL where they are more than most, or there is no memory. */
unsigned char *ts_store_image(ts_store *store, size_t most, size_t *n);
void ts_store_image_free(unsigned char *image);
ts_status ts_store_become(ts_store *store, unsigned char *image, size_t n,
                          ts_error *err);
/* Moves the write-ahead log into the file. */
void ts_store_checkpoint(ts_store *store);

/* A new STRICT table of the frame's rows, or of the file's. */
ts_status ts_store_write(ts_store *store, const char *table,
                         const ts_frame *frame, ts_error *err);
ts_status ts_store_import_csv(ts_store *store, const char *table, ts_csv *csv,
                              ts_error *err);

ts_status ts_store_import_xpt(ts_store *store, const char *table, ts_xpt *xpt,
                              ts_error *err);

/* SAS's special missing values of a table stand beside it, as rows (tbl, row,
 * column, code) of _ts_missing, where row is the rowid. Both ways of making a
 * table fill it; these follow a table that is dropped (to NULL) or gets
 * another name, and bring the codes into a frame of all its rows, in order. */
ts_status ts_store_move_missing(ts_store *store, const char *table,
                                const char *to, ts_error *err);
ts_status ts_store_get_missing(ts_store *store, const char *table,
                               ts_frame *frame, ts_error *err);

/* One change of a study, for its audit trail. rows < 0 is not known, any text
 * but verb may be NULL. sha256 is that of the file or statement behind the
 * change, script the line that asked for it ("derive.lua:12"). */
typedef struct {
    const char *verb, *object, *sha256, *detail, *script;
    double rows;
} ts_event;

/* Appends it to the chain, with who and when (UTC), the hash of the table that
 * object names as it is then, and the hash of all that and of the event
 * before. */
ts_status ts_store_audit(ts_store *store, const ts_event *event, ts_error *err);
/* Whether the file is whole, the chain unbroken, each table what its last event
 * says, and a locked study what it was. TS_EFORMAT names the first that is
 * not. */
ts_status ts_store_verify(ts_store *store, size_t *n_event, ts_error *err);
/* Whether hash, or what begins with it (16 digits or more), is that of an event
 * of the chain or of the content that is locked. *n_since: events after it. */
ts_status ts_store_expect(ts_store *store, const char *hash, size_t *n_since,
                          ts_error *err);

/* The hash of a table's columns, labels, values and codes of missing values, in
 * order; that of the study hashes those of all tables (a frame of tbl, rows,
 * sha256, by name) but the audit trail, of which head stands for all. They are
 * the same after VACUUM. */
ts_status ts_store_hash_table(ts_store *store, const char *table, double *n_row,
                              char sha256[65], ts_error *err);
ts_status ts_store_content(ts_store *store, const char *head, ts_frame **out,
                           char sha256[65], ts_error *err);

/* Who locked a study, when and why; the hash of what it holds, and that of the
 * event, which is the last of the chain. */
typedef struct {
    char who[100], utc[40], content[65], head[65];
    double event;
    char *reason;
} ts_lock;

/* After a lock nothing can be changed: what would, says who locked it. The file
 * is made read-only, and whole without files beside it; TS_EIO when another
 * program has it open. Each opening compares the content. */
ts_status ts_store_lock(ts_store *store, const char *reason, const char *script,
                        ts_error *err);
/* Ends the lock, after the content was compared once more. */
ts_status ts_store_unlock(ts_store *store, const char *reason,
                          const char *script, ts_error *err);
/* NULL: not locked. */
const ts_lock *ts_store_get_lock(const ts_store *store);
/* How a study that ts_store_open_altered opened differs from what was locked;
 * NULL: it does not. */
const char *ts_store_altered(const ts_store *store);

/* Makes a frame readable as a table of this connection until detached; name
 * has room for 32 bytes. Columns are shared, not copied. */
ts_status ts_store_attach(ts_store *store, const ts_frame *frame, char *name,
                          ts_error *err);
void ts_store_detach(ts_store *store, const char *name);

/* What expressions counted while the last query ran. */
enum {
    TS_COUNT_LN,
    TS_COUNT_LOG10,
    TS_COUNT_SQRT,
    TS_COUNT_DIVIDE,
    TS_COUNT_POWER,
    TS_COUNT_OVERFLOW,
    TS_COUNT_CAST,
    TS_COUNT_DATE,
    TS_COUNT_UNDATED, /* comparisons with a text that is no date */
    TS_COUNT_UNDECIDED, /* and the places behind it: one per where(), iif, case */
    TS_COUNT_MAX = 256
};
/* Rows in which a value was there and the result was not. */
const double *ts_store_counts(const ts_store *store);
/* "DTC: '10.01.2020' is no ISO date", of the first TS_COUNT_UNDATED. */
const char *ts_store_undated(const ts_store *store);

#endif
