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

static void event_hash(ts_buffer *event, const char *previous, double seq,
                       const char *utc, const char *who, const char *verb,
                       const char *object, double rows, const char *sha256,
                       const char *detail, char hex[65])
{
    ts_buffer_clear(event);
    /* lengths before the texts: no two events write the same bytes */
    const char *texts[] = {previous, utc, who, verb, object, sha256, detail};
    ts_buffer_printf(event, "%.0f %.0f", seq, isnan(rows) ? -1 : rows);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = texts[i] ? texts[i] : "";
        ts_buffer_printf(event, " %zu:%s", strlen(text), text);
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

static ts_value text_value(const char *text)
{
    return text ? (ts_value){TS_TEXT, 0, text, strlen(text)}
                : (ts_value){0};
}

static ts_value real_value(double x)
{
    return (ts_value){TS_REAL, x, NULL, 0};
}

ts_status ts_store_audit(ts_store *store, const char *verb,
                         const char *object, double rows, const char *sha256,
                         const char *detail, ts_error *err)
{
    static const ts_field variables[] = {{.type = TS_REAL}, {.type = TS_TEXT}};
    ts_frame *last;
    ts_buffer event = {0};
    char utc[40], who[100], hash[65], previous[65] = "";
    double seq = 1;
    ts_status status = ts_store_query(
        store, "select seq, hash from _ts_audit order by seq desc limit 1",
        NULL, 0, variables, 2, &last, err);
    if (status)
        return status;
    if (last->n_row && ts_column_text(last->column[1], 0)) {
        seq = last->column[0]->real[0] + 1;
        snprintf(previous, sizeof previous, "%s",
                 ts_column_text(last->column[1], 0));
    }
    ts_frame_free(last);
    now(utc);
    who_is_it(who);
    rows = rows < 0 ? NAN : rows;
    event_hash(&event, previous, seq, utc, who, verb, object, rows, sha256,
               detail, hash);
    if (event.failed)
        status = ts_fail_memory(err);
    ts_value values[] = {
        real_value(seq),
        text_value(utc),
        text_value(who),
        text_value(verb),
        text_value(object),
        isnan(rows) ? (ts_value){0} : real_value(rows),
        text_value(sha256),
        text_value(detail),
        text_value(previous),
        text_value(hash),
    };
    if (!status)
        status = ts_store_execute(
            store, "insert into _ts_audit values (?,?,?,?,?,?,?,?,?,?)",
            values, sizeof values / sizeof *values, err);
    ts_buffer_free(&event);
    return status;
}

ts_status ts_store_verify(ts_store *store, size_t *n_event, ts_error *err)
{
    static const int types[] = {TS_REAL, TS_TEXT, TS_TEXT, TS_TEXT, TS_TEXT,
                                TS_REAL, TS_TEXT, TS_TEXT, TS_TEXT, TS_TEXT};
    ts_field variables[10] = {{0}};
    ts_frame *f;
    ts_buffer event = {0};
    char hash[65];
    const char *previous = "";
    *n_event = 0;
    for (int j = 0; j < 10; j++)
        variables[j].type = types[j];
    ts_status status = ts_store_query(
        store,
        "select seq, utc, who, verb, object, rows, sha256, detail, previous,"
        " hash from _ts_audit order by seq",
        NULL, 0, variables, 10, &f, err);
    if (status)
        return status;
    for (size_t i = 0; i < f->n_row && !status; i++) {
        const char *t[10] = {NULL};
        for (int j = 0; j < 10; j++)
            t[j] = ts_column_text(f->column[j], i);
        double seq = f->column[0]->real[i];
        event_hash(&event, previous, seq, t[1], t[2], t[3], t[4],
                   f->column[5]->real[i], t[6], t[7], hash);
        if (event.failed)
            status = ts_fail_memory(err);
        else if (seq != (double)(i + 1) || !t[8] || !t[9] ||
            strcmp(t[8], previous) != 0 || strcmp(t[9], hash) != 0)
            status = ts_fail(err, TS_EFORMAT,
                             "%s: the audit trail is broken at event %zu",
                             store->path, i + 1);
        previous = t[9];
    }
    if (!status && !f->n_row)
        status = ts_fail(err, TS_EFORMAT, "%s: the audit trail is empty",
                         store->path);
    *n_event = f->n_row;
    ts_buffer_free(&event);
    ts_frame_free(f);
    return status;
}
