/* Power cuts while a study is made, changed, locked and unlocked: whatever was
 * acknowledged is there afterwards, nothing is there by half, and the trail is
 * whole. 60 cuts, 1000 where TRIALSH_LONG is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "power.h"
#include "store_files.h"

static char found[100];

static int set_up(void **state)
{
    make_folder(state);
    snprintf(found, sizeof found, "%s/found.db", folder);
    power_register();
    return 0;
}

static int tear_down(void **state)
{
    power_forget();
    free(power_log);
    return remove_folder(state);
}

/* Events that were begun, and that were acknowledged, at a length of the log.
 */
enum { MOST = 40 };
static size_t began[MOST], done[MOST], n_event;

static void begin_event(void)
{
    began[n_event] = power_n;
}

static void end_event(ts_status status, const ts_error *err)
{
    if (status)
        fail_msg("event %zu: %s", n_event, err->text);
    done[n_event++] = power_n;
}

/* A table of some rows, as an import enters it. */
static void import(ts_store *store, int k, int rows)
{
    ts_error err;
    char sql[400], name[20];
    const ts_event table = {.verb = "import", .object = name, .rows = rows};
    snprintf(name, sizeof name, "t%d", k);
    begin_event();
    ts_status status = ts_store_begin(store, &err);
    snprintf(sql, sizeof sql, "create table %s (x real, y text) strict", name);
    if (!status)
        status = ts_store_execute(store, sql, NULL, 0, &err);
    snprintf(sql, sizeof sql,
             "with recursive c(x) as (select 1 union all select x + 1 from c"
             " limit %d) insert into %s select x, 'row ' || x from c",
             rows, name);
    if (!status)
        status = ts_store_execute(store, sql, NULL, 0, &err);
    snprintf(sql, sizeof sql,
             "insert into _ts_table (name, kind) values ('%s', 'raw')", name);
    if (!status)
        status = ts_store_execute(store, sql, NULL, 0, &err);
    if (!status)
        status = ts_store_audit(store, &table, &err);
    if (!status)
        status = ts_store_commit(store, &err);
    end_event(status, &err);
}

/* All that happens to a study; before: what else is done to the connection. */
static void live(const char *before)
{
    ts_error err;
    ts_store *store;
    power_forget();
    n_event = 0;
    unlink(path);
    power_on = true;
    begin_event();
    end_event(ts_store_create(path, &store, &err), &err);
    if (before)
        ts_store_script(store, before, &err);
    for (int k = 0; k < 4; k++)
        import(store, k, 20 + 150 * k);
    ts_store_checkpoint(store);
    import(store, 4, 500);
    if (!before) {
        begin_event();
        end_event(ts_store_lock(store, "x", NULL, &err), &err);
        begin_event();
        end_event(ts_store_unlock(store, "y", NULL, &err), &err);
    }
    import(store, 5, 30);
    ts_store_close(store);
    power_on = false;
}

/* 0: as it must be; 1: an acknowledged event is lost; 2: damaged. */
static int look(size_t cut, char *why, size_t room)
{
    ts_error err;
    ts_store *store;
    size_t least = 0, most = 0, n;
    while (least < n_event && done[least] <= cut)
        least++;
    while (most < n_event && began[most] <= cut)
        most++;
    ts_status status = ts_store_open(found, &store, &err);
    if (!status)
        status = ts_store_verify(store, &n, &err);
    if (status) {
        snprintf(why, room, "%.150s", err.text);
        ts_store_close(store);
        return least == 0 ? 0 : 2; /* there may be no study yet */
    }
    bool locked = ts_store_get_lock(store) != NULL;
    ts_status may = ts_store_begin(store, &err);
    ts_store_close(store);
    snprintf(why, room, "%zu events, not %zu to %zu", n, least, most);
    if (n < least)
        return 1;
    return n > most || locked == (may == TS_OK) ? 2 : 0;
}

/* Cuts the power at so many places; how many went wrong in each way. */
static void cut_often(size_t n, size_t wrong[3])
{
    char why[200];
    memset(wrong, 0, 3 * sizeof *wrong);
    for (size_t i = 0; i < n; i++) {
        size_t cut = (i + 1) * power_n / n;
        power_cut(cut, i, found);
        int how = look(cut, why, sizeof why);
        wrong[how]++;
        if (how)
            print_message("# cut after step %zu of %zu: %s\n", cut, power_n,
                          why);
    }
}

static size_t n_cut(void)
{
    return getenv("TRIALSH_LONG") ? 1000 : 60;
}

static void nothing_acknowledged_is_lost(void **state)
{
    size_t wrong[3];
    (void)state;
    live(NULL);
    assert_true(power_n > 150);
    cut_often(n_cut(), wrong);
    assert_int_equal(wrong[1], 0);
    assert_int_equal(wrong[2], 0);
}

static void nor_without_a_write_ahead_log(void **state)
{
    size_t wrong[3];
    (void)state;
    live("pragma journal_mode = delete; pragma synchronous = extra");
    cut_often(n_cut(), wrong);
    assert_int_equal(wrong[1], 0);
    assert_int_equal(wrong[2], 0);
}

/* The test can fail: with less care something is lost. */
static void with_less_care_something_is(void **state)
{
    static const char *const careless[] = {
        "pragma synchronous = normal",
        "pragma journal_mode = delete; pragma synchronous = full",
        "pragma journal_mode = delete; pragma synchronous = off",
    };
    size_t wrong[3], silent = 0;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        live(careless[i]);
        char why[200];
        memset(wrong, 0, sizeof wrong);
        for (size_t k = 0; k < 150; k++) {
            size_t cut = (k + 1) * power_n / 150;
            power_cut(cut, k, found);
            wrong[look(cut, why, sizeof why)]++;
        }
        print_message("# %s: %zu lost, %zu damaged of 150\n", careless[i],
                      wrong[1], wrong[2]);
        silent += wrong[1] + wrong[2] == 0;
    }
    assert_int_equal(silent, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(nor_without_a_write_ahead_log),
        cmocka_unit_test(with_less_care_something_is),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
