/*
 * Groups by number. SQLite groups by sorting, and to sort a million rows by
 * three texts costs more than reading them; _group_key(g, a, b, ...) gives
 * each combination of values a whole number, by which SQLite sorts far
 * faster, and _group_value(g, key, i) gives value i back. Both live for one
 * query.
 */
#include "store_internal.h"

#include <stdint.h>
#include <string.h>
#include "ts/memory.h"
#include "ts/text.h"

typedef struct {
    size_t at, length; /* in the grouping's bytes */
    uint64_t hash;
} entry;

struct grouping {
    ts_buffer bytes; /* all keys, one after the other */
    ts_buffer key;   /* the one being looked up */
    entry *entries;
    size_t n, room;
    int32_t *slot; /* indices of entries, -1 is empty; n_slot a power of 2 */
    size_t n_slot;
    size_t last; /* rows of a group often follow each other */
};

void ts_store_free_groups(ts_store *store)
{
    for (int g = 0; g < TS_STORE_GROUPS; g++) {
        struct grouping *grouping = store->group[g];
        if (!grouping)
            continue;
        ts_buffer_free(&grouping->bytes);
        ts_buffer_free(&grouping->key);
        ts_free(grouping->entries);
        ts_free(grouping->slot);
        ts_free(grouping);
        store->group[g] = NULL;
    }
}

/* A value is its type, and a double or a length and its bytes. */
static void add_value(ts_buffer *key, sqlite3_value *v)
{
    double x;
    int length;
    switch (sqlite3_value_type(v)) {
    case SQLITE_NULL:
        ts_buffer_add(key, "n", 1);
        break;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        x = sqlite3_value_double(v) + 0.0; /* -0 and 0 are one group */
        ts_buffer_add(key, "r", 1);
        ts_buffer_add(key, (const char *)&x, sizeof x);
        break;
    default: {
        const char *text = (const char *)sqlite3_value_text(v);
        length = text ? sqlite3_value_bytes(v) : 0; /* no memory: SQLite stops */
        ts_buffer_add(key, "t", 1);
        ts_buffer_add(key, (const char *)&length, sizeof length);
        ts_buffer_add(key, text ? text : "", (size_t)length);
    }
    }
}

static uint64_t hash_of(const char *s, size_t n)
{
    uint64_t h = 14695981039346656037u;
    for (; n >= 8; s += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, s, 8);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 32;
}

static int grow_slots(struct grouping *g)
{
    size_t n = g->n_slot ? g->n_slot * 4 : 256;
    int32_t *slot = ts_alloc_array(n, sizeof *slot);
    if (!slot)
        return 0;
    memset(slot, -1, n * sizeof *slot);
    for (size_t i = 0; i < g->n; i++) {
        size_t at = g->entries[i].hash & (n - 1);
        while (slot[at] >= 0)
            at = (at + 1) & (n - 1);
        slot[at] = (int32_t)i;
    }
    ts_free(g->slot);
    g->slot = slot;
    g->n_slot = n;
    return 1;
}

static int same(const struct grouping *g, const entry *e, uint64_t hash)
{
    return e->hash == hash && e->length == g->key.length &&
           memcmp(g->bytes.data + e->at, g->key.data, e->length) == 0;
}

/* The number of g->key, new or known; -1 when memory ran out. */
static int64_t number_of(struct grouping *g)
{
    uint64_t hash = hash_of(g->key.data, g->key.length);
    if (g->n && same(g, &g->entries[g->last], hash))
        return (int64_t)g->last;
    if (g->n * 2 >= g->n_slot && !grow_slots(g))
        return -1;
    size_t at = hash & (g->n_slot - 1);
    for (; g->slot[at] >= 0; at = (at + 1) & (g->n_slot - 1))
        if (same(g, &g->entries[g->slot[at]], hash)) {
            g->last = (size_t)g->slot[at];
            return (int64_t)g->last;
        }
    if (g->n == g->room) {
        size_t room = g->room ? g->room * 2 : 128;
        entry *entries = ts_realloc_array(g->entries, room, sizeof *entries);
        if (!entries)
            return -1;
        g->entries = entries;
        g->room = room;
    }
    g->entries[g->n] = (entry){g->bytes.length, g->key.length, hash};
    ts_buffer_add(&g->bytes, g->key.data, g->key.length);
    if (g->bytes.failed || g->n >= INT32_MAX)
        return -1;
    g->slot[at] = (int32_t)g->n;
    g->last = g->n;
    return (int64_t)g->n++;
}

static struct grouping *grouping_of(sqlite3_context *context,
                                    sqlite3_value *v)
{
    ts_store *store = sqlite3_user_data(context);
    int g = sqlite3_value_int(v);
    if (g < 0 || g >= TS_STORE_GROUPS)
        return NULL;
    if (!store->group[g])
        store->group[g] = ts_alloc_array(1, sizeof(struct grouping));
    return store->group[g];
}

static void group_key(sqlite3_context *context, int n, sqlite3_value **v)
{
    struct grouping *g = grouping_of(context, v[0]);
    int64_t number = -1;
    if (g) {
        ts_buffer_clear(&g->key);
        for (int i = 1; i < n; i++)
            add_value(&g->key, v[i]);
        if (!g->key.failed)
            number = number_of(g);
    }
    if (number < 0)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_int64(context, number);
}

static void group_value(sqlite3_context *context, int n, sqlite3_value **v)
{
    struct grouping *g = grouping_of(context, v[0]);
    sqlite3_int64 number = sqlite3_value_int64(v[1]);
    int i = sqlite3_value_int(v[2]), length;
    double x;
    (void)n;
    if (!g || number < 0 || (size_t)number >= g->n)
        return;
    for (const char *s = g->bytes.data + g->entries[number].at;; i--) {
        char type = *s++;
        if (type == 'r') {
            memcpy(&x, s, sizeof x);
            s += sizeof x;
            if (i == 0)
                sqlite3_result_double(context, x);
        } else if (type == 't') {
            memcpy(&length, s, sizeof length);
            s += sizeof length;
            if (i == 0)
                sqlite3_result_text(context, s, length, SQLITE_TRANSIENT);
            s += length;
        }
        if (i == 0)
            return;
    }
}

int ts_store_group_functions(ts_store *store)
{
    int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC;
    int rc = sqlite3_create_function_v2(store->db, "_group_key", -1, flags,
                                        store, group_key, NULL, NULL, NULL);
    return rc ? rc
              : sqlite3_create_function_v2(store->db, "_group_value", 3, flags,
                                           store, group_value, NULL, NULL,
                                           NULL);
}
