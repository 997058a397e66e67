/*
 * The store: opening, hardening, closing. The authorizer lets SQL text read,
 * and nothing else.
 */
#include "store_internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/text.h"

#define BUSY 3000 /* milliseconds to wait for another program */

static int poll_interrupt(void *unused)
{
    (void)unused;
    return ts_progress("query", -1, 0, NULL) != TS_OK;
}

static int authorize(void *context, int action, const char *a, const char *b,
                     const char *c, const char *d)
{
    const ts_store *store = context;
    (void)a, (void)c, (void)d;
    if (store->trusted)
        return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b && strcmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

static void harden(sqlite3 *db)
{
    static const struct {
        int id, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, 100000000}, {SQLITE_LIMIT_SQL_LENGTH, 1000000},
        {SQLITE_LIMIT_COLUMN, 2000},      {SQLITE_LIMIT_VARIABLE_NUMBER, 32766},
        {SQLITE_LIMIT_EXPR_DEPTH, 1000},  {SQLITE_LIMIT_COMPOUND_SELECT, 50},
        {SQLITE_LIMIT_FUNCTION_ARG, 127}, {SQLITE_LIMIT_ATTACHED, 0},
    };
    static const struct {
        int id, value;
    } settings[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i].id, limits[i].value);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        sqlite3_db_config(db, settings[i].id, settings[i].value, NULL);
}

static const char schema[] =
    "create table _ts_table (name text primary key, kind text not null,"
    " position real, rows real, key text, definition text, sources text,"
    " script text, line real, sha256 text, file text, simulated real,"
    " created text) strict;"
    "create table _ts_column (tbl text not null, position real not null,"
    " name text not null, type text not null, label text, unit text,"
    " format text, levels text, origin text,"
    " primary key (tbl, name)) strict;"
    "create table _ts_setting (name text primary key, value text) strict;"
    "create table _ts_audit (seq integer primary key, utc text not null,"
    " who text not null, verb text not null, object text, rows real,"
    " sha256 text, detail text, script text, content text,"
    " previous text not null, hash text not null) strict;";

/* One thread uses SQLite: no locks, no count of bytes. Without effect once
 * SQLite runs, so that it may be asked every time. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static ts_status start(ts_store *store, const char *uri, int flags,
                       ts_error *err)
{
    configure();
    int rc =
        sqlite3_open_v2(uri, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc)
        return ts_store_fail(store, rc, err);
    sqlite3_extended_result_codes(store->db, 1);
    harden(store->db);
    sqlite3_busy_timeout(store->db, BUSY);
    sqlite3_progress_handler(store->db, 5000, poll_interrupt, NULL);
    sqlite3_set_authorizer(store->db, authorize, store);
    if ((rc = ts_store_functions(store)) || (rc = ts_store_aggregates(store)) ||
        (rc = ts_store_group_functions(store)) ||
        (rc = ts_store_frame_module(store)))
        return ts_store_fail(store, rc, err);
    /* each commit lasts, whatever the journal: ts_store_journal knows */
    return ts_store_script(
        store,
        "pragma cell_size_check = on; pragma mmap_size = 0;"
        "pragma cache_size = -16000; pragma synchronous = extra",
        err);
}

/* The path is absolute: SQLite has other things in mind for ":memory:" and
 * "file:...". */
static ts_status start_file(ts_store *store, int flags, ts_error *err)
{
    return start(store, store->file, flags, err);
}

/* Whether the file can be written to, and files of SQLite beside it. */
static int may_write(const char *file)
{
    ts_buffer folder = {0};
    ts_buffer_add(&folder, file, (size_t)(strrchr(file, '/') - file) + 1);
    int may = !folder.failed && access(file, W_OK) == 0 &&
              access(folder.data, W_OK) == 0;
    ts_buffer_free(&folder);
    return may;
}

void ts_store_journal(ts_store *store)
{
    static const ts_field fields[] = {{.type = TS_TEXT}};
    ts_frame *f;
    if (store->in_memory)
        return;
    sqlite3_busy_timeout(store->db, 0); /* the next opening will do */
    ts_status status = ts_store_read(store, "pragma journal_mode = wal", NULL,
                                     0, fields, 1, &f, NULL);
    sqlite3_busy_timeout(store->db, BUSY);
    const char *mode =
        status || !f->n_row ? NULL : ts_column_text(f->column[0], 0);
    /* no memory can be shared there, or another program reads the file */
    ts_store_script(store,
                    mode && strcmp(mode, "wal") == 0
                        ? "pragma synchronous = full"
                        : "pragma synchronous = extra",
                    NULL);
    if (!status)
        ts_frame_free(f);
}

ts_status ts_store_reopen(ts_store *store, ts_error *err)
{
    double version;
    sqlite3 *was = store->db;
    if (store->in_memory)
        return ts_store_script(store, "pragma query_only = off", err);
    ts_status status = ts_store_version(store, &version, err);
    if (status)
        return status;
    sqlite3_finalize(store->version);
    store->version = NULL;
    store->db = NULL;
    status = may_write(store->file)
                 ? start_file(store, SQLITE_OPEN_READWRITE, err)
                 : ts_fail(err, TS_EREADONLY,
                           "there is no write access to %s or its folder",
                           store->path);
    sqlite3_close_v2(status ? store->db : was);
    if (status) {
        store->db = was;
    } else {
        store->read_only = 0;
        store->n_end = version; /* no version comes twice */
    }
    return status;
}

unsigned char *ts_store_image(ts_store *store, size_t most, size_t *n)
{
    double pages, size;
    sqlite3_int64 length;
    if (ts_store_pragma(store, "pragma page_count", &pages, NULL) ||
        ts_store_pragma(store, "pragma page_size", &size, NULL) ||
        pages * size > (double)most)
        return NULL;
    store->trusted++;
    unsigned char *image = sqlite3_serialize(store->db, "main", &length, 0);
    store->trusted--;
    if (!image)
        return NULL;
    enum { WRITE_FORM = 18, READ_FORM = 19, PLAIN = 1 };
    if (length > READ_FORM) /* in memory there is no write-ahead log */
        image[WRITE_FORM] = image[READ_FORM] = PLAIN;
    *n = (size_t)length;
    return image;
}

void ts_store_image_free(unsigned char *image)
{
    sqlite3_free(image);
}

ts_status ts_store_become(ts_store *store, unsigned char *image, size_t n,
                          ts_error *err)
{
    double was, is;
    ts_status status = ts_store_version(store, &was, err);
    if (status)
        return status;
    store->inherited = store->db;
    store->version = store->held = store->undo = NULL;
    store->in_memory = 1;
    if ((status = start(store, ":memory:", SQLITE_OPEN_READWRITE, err)))
        return status;
    store->trusted++;
    int rc = sqlite3_deserialize(store->db, "main", image, (sqlite3_int64)n,
                                 (sqlite3_int64)n, SQLITE_DESERIALIZE_READONLY);
    store->trusted--;
    if (rc)
        return ts_store_fail(store, rc, err);
    status = ts_store_version(store, &is, err);
    store->n_end += was - is; /* it is as it was */
    return status;
}

/* Of a file that is there its absolute name is kept too, behind symbolic
 * links: SQLite puts its own files beside that one. */
static ts_status store_new(const char *path, ts_store **out, ts_error *err)
{
    char real[PATH_MAX];
    ts_store *store = ts_alloc_array(1, sizeof *store);
    *out = NULL;
    if (!store)
        return ts_fail_memory(err);
    store->path = ts_strdup(path);
    store->file = realpath(path, real) ? ts_strdup(real) : ts_strdup(path);
    if (!store->path || !store->file) {
        ts_store_close(store);
        return ts_fail_memory(err);
    }
    *out = store;
    return TS_OK;
}

static ts_status give_up(ts_store **out, ts_status status)
{
    ts_store_close(*out);
    *out = NULL;
    return status;
}

static ts_status make_schema(ts_store *store, ts_error *err)
{
    char mark[100];
    ts_status status = ts_store_script(store, "begin immediate", err);
    if (!status)
        status = ts_store_script(store, schema, err);
    snprintf(mark, sizeof mark,
             "pragma application_id = %d; pragma user_version = %d",
             TS_STORE_ID, TS_STORE_FORM);
    if (!status)
        status = ts_store_script(store, mark, err);
    if (!status)
        status = ts_store_audit(
            store,
            &(ts_event){.verb = "create", .object = store->path, .rows = -1},
            err);
    if (!status)
        status = ts_store_script(store, "commit", err);
    return status;
}

ts_status ts_store_create(const char *path, ts_store **out, ts_error *err)
{
    ts_status status;
    *out = NULL;
    int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ts_fail(err, errno == EEXIST ? TS_EEXISTS : TS_EIO,
                       errno == EEXIST   ? "%s is there already: "
                                           "study.open \"%s\" opens it"
                       : errno == ENOENT ? "%s: its folder is not there: %s"
                                         : "%s: %s",
                       path, errno == EEXIST ? path : strerror(errno));
    close(fd);
    if ((status = store_new(path, out, err))) {
        unlink(path);
        return status;
    }
    status = start_file(*out, SQLITE_OPEN_READWRITE, err);
    if (!status)
        ts_store_journal(*out);
    if (!status)
        status = make_schema(*out, err);
    if (status) {
        unlink(path);
        return give_up(out, status);
    }
    ts_store_checkpoint(*out);
    return TS_OK;
}

ts_status ts_store_memory(ts_store **out, ts_error *err)
{
    ts_status status = store_new(":memory:", out, err);
    if (status)
        return status;
    (*out)->in_memory = 1;
    status = start(*out, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                   err);
    if (!status)
        status = make_schema(*out, err);
    return status ? give_up(out, status) : TS_OK;
}

/* file:...?immutable=1, with every odd byte of path as %XX. */
static ts_status immutable_uri(const char *path, char **out, ts_error *err)
{
    ts_buffer uri = {0};
    ts_buffer_puts(&uri, "file:");
    for (const char *p = path; *p; p++) {
        if (isalnum((unsigned char)*p) || strchr("/._-", *p))
            ts_buffer_add(&uri, p, 1);
        else
            ts_buffer_printf(&uri, "%%%02X", (unsigned char)*p);
    }
    ts_buffer_puts(&uri, "?immutable=1");
    *out = uri.data;
    if (!uri.failed)
        return TS_OK;
    ts_buffer_free(&uri);
    *out = NULL;
    return ts_fail_memory(err);
}

/* TS_EREADONLY when the file beside ours that ends so holds changes. */
static ts_status check_beside(ts_store *store, const char *end, ts_error *err)
{
    struct stat info;
    ts_buffer name = {0};
    ts_status status = TS_OK;
    ts_buffer_printf(&name, "%s%s", store->file, end);
    if (name.failed)
        status = ts_fail_memory(err);
    else if (stat(name.data, &info) == 0 && info.st_size > 0)
        status = ts_fail(err, TS_EREADONLY,
                         "%s cannot be written to and has changes that are "
                         "not in it yet (%s): copy both to a folder of your "
                         "own",
                         store->path, name.data);
    ts_buffer_free(&name);
    return status;
}

/* Bytes 18 and 19 of a file are 2 when its journal is a write-ahead log, which
 * SQLite cannot read without writing beside the file. */
static bool has_log(const char *file)
{
    unsigned char head[20] = {0};
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    return n == sizeof head && (head[18] == 2 || head[19] == 2);
}

static ts_status open_read_only(ts_store *store, ts_error *err)
{
    char *uri;
    ts_status status = check_beside(store, "-wal", err);
    if (!status)
        status = check_beside(store, "-journal", err);
    store->read_only = 1;
    if (status)
        return status;
    if (!has_log(store->file))
        return start_file(store, SQLITE_OPEN_READONLY, err);
    if ((status = immutable_uri(store->file, &uri, err)))
        return status;
    status = start(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    ts_free(uri);
    return status;
}

static ts_status open_study(const char *path, bool altered, ts_store **out,
                            ts_error *err)
{
    struct stat info;
    ts_status status;
    *out = NULL;
    if (stat(path, &info))
        return ts_fail(err, errno == ENOENT ? TS_ENOTFOUND : TS_EIO,
                       errno == ENOENT ? "there is no %s: study.create \"%s\""
                                         " makes one"
                                       : "%s: %s",
                       path, errno == ENOENT ? path : strerror(errno));
    if (!S_ISREG(info.st_mode))
        return ts_fail(err, TS_EFORMAT, "%s is no file", path);
    if ((status = store_new(path, out, err)))
        return status;
    if (may_write((*out)->file))
        status = start_file(*out, SQLITE_OPEN_READWRITE, err);
    else
        status = open_read_only(*out, err);
    if (!status)
        status = ts_store_check_study(*out, altered, err);
    if (status)
        return give_up(out, status);
    if (!(*out)->read_only && !(*out)->lock)
        ts_store_journal(*out);
    return TS_OK;
}

ts_status ts_store_open(const char *path, ts_store **out, ts_error *err)
{
    return open_study(path, false, out, err);
}

ts_status ts_store_open_altered(const char *path, ts_store **out, ts_error *err)
{
    return open_study(path, true, out, err);
}

void ts_store_checkpoint(ts_store *store)
{
    if (!store->read_only && !store->lock)
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                  NULL, NULL);
}

void ts_store_close(ts_store *store)
{
    if (!store)
        return;
    if (store->db) {
        ts_store_rollback(store);
        ts_store_checkpoint(store);
        sqlite3_finalize(store->held);
        sqlite3_finalize(store->version);
        sqlite3_close_v2(store->db);
    }
    for (attached *a = store->frames, *next; a; a = next) {
        next = a->next;
        ts_frame_free(a->frame);
        ts_free(a);
    }
    if (store->letters)
        freelocale(store->letters);
    ts_store_free_lock(store);
    ts_free(store->altered);
    ts_free(store->file);
    ts_free(store->path);
    ts_free(store);
}

const char *ts_store_path(const ts_store *store)
{
    return store->path;
}

int ts_store_read_only(const ts_store *store)
{
    return store->read_only || store->lock;
}

int ts_store_is_public(const ts_store *store)
{
    struct stat info;
    return !store->in_memory && stat(store->file, &info) == 0 &&
           (info.st_mode & (S_IROTH | S_IWOTH));
}

const char *ts_store_undated(const ts_store *store)
{
    return store->undated;
}

const double *ts_store_counts(const ts_store *store)
{
    return store->count;
}
