/*
 * The audit trail: a chain of events, each with the hash of itself and of the
 * one before, so that none can be altered without those behind it.
 */
#include "store_internal.h"

#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ts/hash.h"
#include "ts/memory.h"
#include "ts/text.h"

/* An event as it is stored. */
enum {
    SEQ,
    UTC,
    WHO,
    VERB,
    OBJECT,
    ROWS,
    SHA256,
    DETAIL,
    SCRIPT,
    CONTENT,
    PREVIOUS,
    HASH,
    N_FIELD
};

#define FIELDS                                                                 \
    "seq, utc, who, verb, object, rows, sha256, detail, script, content,"      \
    " previous, hash"

static void event_hash(ts_buffer *event, double seq, double rows,
                       const char *const *text, char hex[65])
{
    static const int order[] = {PREVIOUS, UTC,    WHO,    VERB,   OBJECT,
                                SHA256,   DETAIL, SCRIPT, CONTENT};
    ts_buffer_clear(event);
    /* lengths before the texts: no two events write the same bytes */
    ts_buffer_printf(event, "%.0f %.0f", seq, isnan(rows) ? -1 : rows);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const char *t = text[order[i]] ? text[order[i]] : "";
        ts_buffer_printf(event, " %zu:%s", strlen(t), t);
    }
    if (event->failed)
        hex[0] = '\0';
    else
        ts_hash_text(event->data, event->length, hex);
}

static void now(char out[40])
{
    struct timespec t;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &parts);
    size_t n = strftime(out, 40, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + n, 40 - n, ".%03ldZ", t.tv_nsec / 1000000);
}

static void who_is_it(char out[100])
{
    char room[1024];
    struct passwd entry, *found = NULL;
    getpwuid_r(getuid(), &entry, room, sizeof room, &found);
    if (found)
        snprintf(out, 100, "%s", found->pw_name);
    else
        snprintf(out, 100, "uid %lu", (unsigned long)getuid());
}

static ts_value real_value(double x)
{
    return isnan(x) ? (ts_value){0} : (ts_value){TS_REAL, x, NULL, 0};
}

static ts_status last_event(ts_store *store, double *seq, char hash[65],
                            ts_error *err)
{
    static const ts_field fields[] = {{.type = TS_REAL}, {.type = TS_TEXT}};
    ts_frame *last;
    *seq = 0;
    hash[0] = '\0';
    ts_status status = ts_store_read(
        store, "select seq, hash from _ts_audit order by seq desc limit 1",
        NULL, 0, fields, 2, &last, err);
    if (status)
        return status;
    if (last->n_row && ts_column_text(last->column[1], 0)) {
        *seq = last->column[0]->real[0];
        snprintf(hash, 65, "%s", ts_column_text(last->column[1], 0));
    }
    ts_frame_free(last);
    return TS_OK;
}

ts_status ts_store_head(ts_store *store, char head[65], ts_error *err)
{
    double seq;
    return last_event(store, &seq, head, err);
}

/* The hash of the table that an event is about; "" when it is about none. */
static ts_status content_of(ts_store *store, const char *object,
                            char sha256[65], ts_error *err)
{
    bool there = false;
    double n_row;
    ts_status status = TS_OK;
    sha256[0] = '\0';
    if (object && strcmp(object, "results") == 0)
        object = "_ts_result";
    if (object)
        status = ts_store_has_table(store, object, &there, err);
    return there ? ts_store_hash_table(store, object, &n_row, sha256, err)
                 : status;
}

ts_status ts_store_audit(ts_store *store, const ts_event *event, ts_error *err)
{
    ts_buffer bytes = {0};
    char utc[40], who[100], hash[65], previous[65], content[65];
    double seq, rows = event->rows < 0 ? NAN : event->rows;
    ts_status status = content_of(store, event->object, content, err);
    if (!status)
        status = last_event(store, &seq, previous, err);
    if (status)
        return status;
    now(utc);
    who_is_it(who);
    const char *text[N_FIELD] = {
        [UTC] = utc,
        [WHO] = who,
        [VERB] = event->verb,
        [OBJECT] = event->object,
        [SHA256] = event->sha256,
        [DETAIL] = event->detail,
        [SCRIPT] = event->script,
        [CONTENT] = content[0] ? content : NULL,
        [PREVIOUS] = previous,
    };
    event_hash(&bytes, seq + 1, rows, text, hash);
    if (bytes.failed)
        status = ts_fail_memory(err);
    text[HASH] = hash;
    ts_value values[N_FIELD];
    for (int j = 0; j < N_FIELD; j++)
        values[j] = ts_store_text(text[j]);
    values[SEQ] = real_value(seq + 1);
    values[ROWS] = real_value(rows);
    if (!status)
        status = ts_store_execute(
            store, "insert into _ts_audit values (?,?,?,?,?,?,?,?,?,?,?,?)",
            values, N_FIELD, err);
    ts_buffer_free(&bytes);
    return status;
}

static ts_status read_trail(ts_store *store, ts_frame **out, ts_error *err)
{
    ts_field fields[N_FIELD] = {{0}};
    for (int j = 0; j < N_FIELD; j++)
        fields[j].type = j == SEQ || j == ROWS ? TS_REAL : TS_TEXT;
    return ts_store_read(store, "select " FIELDS " from _ts_audit order by seq",
                         NULL, 0, fields, N_FIELD, out, err);
}

ts_status ts_store_check_chain(ts_store *store, size_t *n_event, ts_error *err)
{
    ts_frame *f;
    ts_buffer event = {0};
    char hash[65];
    const char *previous = "";
    *n_event = 0;
    ts_status status = read_trail(store, &f, err);
    if (status)
        return status;
    for (size_t i = 0; i < f->n_row && !status; i++) {
        const char *text[N_FIELD] = {NULL};
        for (int j = 0; j < N_FIELD; j++)
            text[j] = ts_column_text(f->column[j], i);
        double seq = f->column[SEQ]->real[i];
        const char *was = text[PREVIOUS], *is = text[HASH];
        text[PREVIOUS] = previous;
        event_hash(&event, seq, f->column[ROWS]->real[i], text, hash);
        if (event.failed)
            status = ts_fail_memory(err);
        else if (seq != (double)(i + 1) || !was || !is ||
                 strcmp(was, previous) != 0 || strcmp(is, hash) != 0)
            status = ts_fail(err, TS_EFORMAT,
                             "%s: the audit trail is broken at event %zu",
                             store->path, i + 1);
        previous = is;
    }
    if (!status && !f->n_row)
        status = ts_fail(err, TS_EFORMAT, "%s: the audit trail is empty",
                         store->path);
    *n_event = f->n_row;
    ts_buffer_free(&event);
    ts_frame_free(f);
    return status;
}

static bool begins(const char *hash, const char *with)
{
    return hash && strncmp(hash, with, strlen(with)) == 0;
}

ts_status ts_store_expect(ts_store *store, const char *hash, size_t *n_since,
                          ts_error *err)
{
    size_t n = strlen(hash);
    ts_frame *f;
    *n_since = 0;
    if (n < 16 || n > 64 || strspn(hash, "0123456789abcdef") != n)
        return ts_fail(err, TS_EINVALID,
                       "'%.80s' is no hash: 64 hexadecimal digits, or the "
                       "first 16 of them",
                       hash);
    if (store->lock && begins(store->lock->content, hash))
        return TS_OK;
    ts_status status = read_trail(store, &f, err);
    if (status)
        return status;
    size_t i = 0;
    while (i < f->n_row && !begins(ts_column_text(f->column[HASH], i), hash))
        i++;
    *n_since = f->n_row - i - 1;
    if (i == f->n_row) {
        for (i = 0; i < f->n_row; i++)
            if (begins(ts_column_text(f->column[SHA256], i), hash) &&
                begins(ts_column_text(f->column[VERB], i), "lock"))
                break;
        status = i < f->n_row
                     ? ts_fail(err, TS_EFORMAT,
                               "%s held what is expected when event %zu "
                               "locked it, and was unlocked since",
                               store->path, i + 1)
                     : ts_fail(err, TS_EFORMAT,
                               "%s: no event of the audit trail has the "
                               "expected hash %.16s...: it is another study, "
                               "or its trail was cut or altered",
                               store->path, hash);
    }
    ts_frame_free(f);
    return status;
}
