/*
 * upper(x) and lower(x) of all letters that have two cases, where SQLite knows
 * those of ASCII. The C library tells them by the locale C.UTF-8, whatever the
 * locale of the program is; letters that become two, as the German sharp s,
 * stay as they are.
 */
#include "store_internal.h"

#include <stdio.h>
#include <wctype.h>
#include "ts/text.h"

static int is_ascii(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && (unsigned char)s[i] < 0x80)
        i++;
    return i == n;
}

/* False, with an error in the context, where the system has no such locale. */
static int know_letters(sqlite3_context *context, ts_store *store)
{
    if (!store->letters)
        store->letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!store->letters)
        sqlite3_result_error(context,
                             "upper and lower: letters beyond ASCII need the "
                             "locale C.UTF-8, which this system lacks",
                             -1);
    return store->letters != (locale_t)0;
}

static void change(sqlite3_context *context, sqlite3_value *v,
                   wint_t (*other)(wint_t, locale_t))
{
    ts_store *store = sqlite3_user_data(context);
    const char *s = (const char *)sqlite3_value_text(v);
    size_t n = s ? (size_t)sqlite3_value_bytes(v) : 0, at = 0;
    ts_buffer out = {0};
    if (!s || (!is_ascii(s, n) && !know_letters(context, store)))
        return;
    while (at < n) {
        size_t from = at;
        unsigned c = ts_utf8_next(s, n, &at);
        if (c < 0x80) {
            unsigned first = other == towupper_l ? 'a' : 'A';
            char byte = (char)(c - first < 26 ? c ^ 0x20 : c);
            ts_buffer_add(&out, &byte, 1);
        } else if (at - from == 1) {
            ts_buffer_add(&out, s + from, 1); /* no UTF-8 */
        } else {
            ts_utf8_add(&out, (unsigned)other((wint_t)c, store->letters));
        }
    }
    if (out.failed)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, n ? out.data : "", (int)out.length,
                            SQLITE_TRANSIENT);
    ts_buffer_free(&out);
}

static void upper(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n;
    change(context, v[0], towupper_l);
}

static void lower(sqlite3_context *context, int n, sqlite3_value **v)
{
    (void)n;
    change(context, v[0], towlower_l);
}

int ts_store_letter_functions(ts_store *store)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    int rc = sqlite3_create_function_v2(store->db, "upper", 1, flags, store,
                                        upper, NULL, NULL, NULL);
    return rc ? rc
              : sqlite3_create_function_v2(store->db, "lower", 1, flags, store,
                                           lower, NULL, NULL, NULL);
}
