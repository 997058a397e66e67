/* Kaplan-Meier curves against R's survfit, closed forms, and bad data. */
#include "survival_sets.h"
#include "ts/memory.h"

static survival_set set;
static ts_error err;

static ts_km_scale scale_named(const char *name)
{
    if (strcmp(name, "log-log") == 0)
        return TS_KM_LOG_LOG;
    return strcmp(name, "log") == 0 ? TS_KM_LOG : TS_KM_PLAIN;
}

static ts_km *fit(ts_km_scale scale, double level)
{
    ts_km *km;
    assert_int_equal(ts_km_new(&set.data, scale, level, &km, &err), TS_OK);
    return km;
}

static ts_km *fit_rows(const double *time, const double *event, size_t n)
{
    set_start(&set);
    for (size_t i = 0; i < n; i++)
        set_append(&set, time[i], event[i], 0, 0);
    return fit(TS_KM_LOG_LOG, 0.95);
}

/* Reference rows name their set, scale and level; the fit is kept from row to
 * row while these stay. */
typedef struct {
    char key[100];
    ts_km *km;
} fitted;

static const ts_km *fit_for(fitted *last, char *const field[])
{
    char key[100];
    snprintf(key, sizeof key, "%s %s %s", field[0], field[1], field[2]);
    if (strcmp(key, last->key) != 0) {
        ts_km_free(last->km);
        set_load(&set, field[0]);
        last->km = fit(scale_named(field[1]), strtod(field[2], NULL));
        strcpy(last->key, key);
    }
    return last->km;
}

static void curves_equal_r(void **state)
{
    char line[400], *field[FIELDS], name[50] = "";
    ts_km *km[3] = {NULL};
    size_t group = 0, j = 0, n_row = 0;
    FILE *file = open_csv("tests/reference/survival_curves.csv");
    (void)state;
    while (next_row(file, line, sizeof line, field)) {
        int fresh = strcmp(name, field[0]) != 0;
        if (fresh) {
            set_load(&set, field[0]);
            strcpy(name, field[0]);
        }
        for (int s = 0; fresh && s < 3; s++) {
            ts_km_free(km[s]);
            km[s] = fit((ts_km_scale)s, 0.95);
        }
        if (fresh || group != (size_t)atoi(field[1]))
            j = 0;
        group = (size_t)atoi(field[1]);
        const ts_km_curve *c = &km[0]->curve[group];
        assert_true(j < c->n_time);
        assert_near(c->time[j], number(field[2]), 0);
        assert_near(c->n_risk[j], number(field[3]), 0);
        assert_near(c->n_events[j], number(field[4]), 0);
        assert_near(c->n_censor[j], number(field[5]), 0);
        assert_near(c->survival[j], number(field[6]), 1e-13);
        assert_near(c->std_error_log[j], number(field[7]), 1e-13);
        for (int s = 0; s < 3; s++) {
            assert_near(km[s]->curve[group].conf_low[j],
                        number(field[8 + 2 * s]), 1e-12);
            assert_near(km[s]->curve[group].conf_high[j],
                        number(field[9 + 2 * s]), 1e-12);
        }
        j++;
        n_row++;
    }
    assert_true(n_row > 700);
    fclose(file);
    for (int s = 0; s < 3; s++)
        ts_km_free(km[s]);
}

static void quantiles_equal_r(void **state)
{
    char line[400], *field[FIELDS];
    fitted last = {"", NULL};
    ts_km_quantile q;
    size_t n_row = 0;
    FILE *file = open_csv("tests/reference/survival_quantiles.csv");
    (void)state;
    while (next_row(file, line, sizeof line, field)) {
        const ts_km *km = fit_for(&last, field);
        ts_km_quantile_at(km, (size_t)atoi(field[3]), strtod(field[4], NULL),
                          &q);
        if (!equal(q.estimate, number(field[5]), 1e-14) ||
            !equal(q.conf_low, number(field[6]), 1e-14) ||
            !equal(q.conf_high, number(field[7]), 1e-14))
            fail_msg("%s %s group %s p %s: %.17g %.17g %.17g, not %s %s %s",
                     field[0], field[1], field[3], field[4], q.estimate,
                     q.conf_low, q.conf_high, field[5], field[6], field[7]);
        n_row++;
    }
    assert_true(n_row > 3000);
    fclose(file);
    ts_km_free(last.km);
}

static void points_equal_r(void **state)
{
    char line[400], *field[FIELDS];
    fitted last = {"", NULL};
    ts_km_point p;
    size_t n_row = 0;
    FILE *file = open_csv("tests/reference/survival_points.csv");
    (void)state;
    while (next_row(file, line, sizeof line, field)) {
        const ts_km *km = fit_for(&last, field);
        ts_km_point_at(km, (size_t)atoi(field[3]), strtod(field[4], NULL),
                       &p);
        assert_near(p.n_risk, number(field[5]), 0);
        assert_near(p.survival, number(field[6]), 1e-13);
        assert_near(p.std_error, number(field[7]), 1e-13);
        assert_near(p.conf_low, number(field[8]), 1e-12);
        assert_near(p.conf_high, number(field[9]), 1e-12);
        n_row++;
    }
    assert_true(n_row > 1000);
    fclose(file);
    ts_km_free(last.km);
}

/* Without censoring S is a proportion, Greenwood's variance its binomial one. */
static void uncensored_is_binomial(void **state)
{
    double n = 250;
    (void)state;
    set_start(&set);
    for (int i = 0; i < n; i++)
        set_append(&set, 1 + (i * 7) % 250, 1, 0, 0);
    ts_km *km = fit(TS_KM_LOG_LOG, 0.95);
    for (int j = 0; j < n - 1; j++) {
        double s = 1 - (j + 1) / n;
        assert_near(km->curve->survival[j], s, 1e-13);
        assert_near(km->curve->std_error[j], sqrt(s * (1 - s) / n), 1e-13);
    }
    ts_km_free(km);
}

static void row_order_does_not_matter(void **state)
{
    survival_set forth;
    (void)state;
    set_load(&forth, "lung_ecog");
    set = forth;
    set_start(&set);
    for (size_t i = 0; i < forth.data.n; i++)
        set_append(&set, forth.time[i], forth.event[i], forth.group[i], 0);
    ts_km *a = fit(TS_KM_LOG, 0.95);
    set_reverse(&forth, &set);
    ts_km *b = fit(TS_KM_LOG, 0.95);
    for (size_t g = 0; g < 2; g++) {
        size_t bytes = a->curve[g].n_time * sizeof(double);
        assert_int_equal(a->curve[g].n_time, b->curve[g].n_time);
        assert_memory_equal(a->curve[g].time, b->curve[g].time, bytes);
        assert_memory_equal(a->curve[g].n_events, b->curve[g].n_events, bytes);
        assert_memory_equal(a->curve[g].conf_high, b->curve[g].conf_high,
                            bytes);
    }
    ts_km_free(a);
    ts_km_free(b);
}

static void unit_of_time_does_not_matter(void **state)
{
    const double units[] = {1 / 365.25, 86400e9, 1e-9};
    (void)state;
    for (int u = 0; u < 3; u++) {
        ts_km_quantile q, r;
        ts_km_point s, t;
        set_load(&set, "veteran_cell");
        ts_km *a = fit(TS_KM_LOG_LOG, 0.95);
        for (size_t i = 0; i < set.data.n; i++)
            set.time[i] *= units[u];
        ts_km *b = fit(TS_KM_LOG_LOG, 0.95);
        for (size_t g = 0; g < a->n_group; g++) {
            ts_km_quantile_at(a, g, 0.5, &q);
            ts_km_quantile_at(b, g, 0.5, &r);
            assert_near(r.estimate, q.estimate * units[u], 1e-14);
            assert_near(r.conf_high, q.conf_high * units[u], 1e-14);
            ts_km_point_at(a, g, 99, &s);
            ts_km_point_at(b, g, 99 * units[u], &t);
            assert_near(t.survival, s.survival, 0);
            assert_near(t.n_risk, s.n_risk, 0);
        }
        ts_km_free(a);
        ts_km_free(b);
    }
}

static void groups_do_not_see_each_other(void **state)
{
    survival_set both;
    (void)state;
    set_load(&both, "aml");
    set = both;
    set.data.time = set.time;
    set.data.event = set.event;
    set.data.group = set.group;
    for (size_t i = 0; i < set.data.n; i++)
        set.group[i] = 2 - set.group[i]; /* 0 and 1 become 2 and 1 */
    set.data.n_group = 3;
    ts_km *km = fit(TS_KM_LOG_LOG, 0.95);
    assert_int_equal(km->curve[0].n, 0);
    assert_int_equal(km->curve[0].n_time, 0);
    ts_km_quantile q;
    ts_km_point p;
    ts_km_quantile_at(km, 2, 0.5, &q);
    assert_near(q.estimate, 31, 0);
    ts_km_quantile_at(km, 1, 0.5, &q);
    assert_near(q.estimate, 23, 0);
    ts_km_quantile_at(km, 0, 0.5, &q);
    assert_true(isnan(q.estimate));
    ts_km_point_at(km, 0, 1, &p);
    assert_true(isnan(p.survival) && p.beyond && p.n_risk == 0);
    ts_km_free(km);
}

static void plateau_is_flagged(void **state)
{
    const double time[] = {1, 2, 3, 7}, event[] = {1, 1, 1, 0};
    const double last[] = {1, 1, 0, 0}, whole[] = {1, 1, 1, 1};
    ts_km_quantile q;
    (void)state;
    ts_km *km = fit_rows(time, event, 4);
    ts_km_quantile_at(km, 0, 0.5, &q);
    assert_near(q.estimate, 2.5, 0);
    assert_true(q.plateau);
    ts_km_quantile_at(km, 0, 0.4, &q);
    assert_near(q.estimate, 2, 0);
    assert_false(q.plateau);
    ts_km_quantile_at(km, 0, 0.8, &q);
    assert_true(isnan(q.estimate));
    assert_false(q.plateau);
    ts_km_quantile_at(km, 0, 0, &q);
    assert_near(q.estimate, 0, 0);
    ts_km_quantile_at(km, 0, 1.5, &q);
    assert_true(isnan(q.estimate));
    ts_km_free(km);
    km = fit_rows(time, last, 4); /* runs into the last censored time */
    ts_km_quantile_at(km, 0, 0.5, &q);
    assert_near(q.estimate, 4.5, 0);
    assert_true(q.plateau);
    ts_km_free(km);
    km = fit_rows(time, whole, 4);
    ts_km_quantile_at(km, 0, 1, &q);
    assert_near(q.estimate, 7, 0);
    assert_false(q.plateau);
    ts_km_free(km);
}

/* A limit of S may rise again: then it is the first crossing that counts. */
static void limits_cross_once(void **state)
{
    ts_km_quantile q;
    size_t n_rise = 0;
    (void)state;
    for (int i = 1; i <= 200; i++) {
        char name[20];
        snprintf(name, sizeof name, "random%d", i);
        set_load(&set, name);
        ts_km *km = fit(TS_KM_LOG, 0.95);
        for (size_t g = 0; g < km->n_group; g++) {
            const ts_km_curve *c = &km->curve[g];
            size_t first = 0;
            ts_km_quantile_at(km, g, 0.3, &q);
            if (isnan(q.conf_high))
                continue;
            while (c->conf_high[first] > 0.7 + 1e-7)
                first++;
            for (size_t j = 1; j < c->n_time; j++)
                n_rise += c->conf_high[j] > c->conf_high[j - 1] + 1e-9;
            assert_near(q.conf_high, c->time[first], 0);
        }
        ts_km_free(km);
    }
    assert_true(n_rise > 0);
}

static void beyond_the_last_time(void **state)
{
    const double time[] = {1, 2, 3}, event[] = {1, 0, 1}, open[] = {1, 1, 0};
    ts_km_point p;
    (void)state;
    ts_km *km = fit_rows(time, event, 3);
    ts_km_point_at(km, 0, 4, &p);
    assert_near(p.survival, 0, 0);
    assert_true(p.beyond && isnan(p.conf_low) && isnan(p.std_error));
    ts_km_free(km);
    km = fit_rows(time, open, 3);
    ts_km_point_at(km, 0, 3, &p);
    assert_near(p.survival, 1.0 / 3, 1e-15);
    assert_near(p.n_risk, 1, 0);
    assert_false(p.beyond);
    ts_km_point_at(km, 0, 4, &p);
    assert_true(isnan(p.survival) && p.beyond && p.n_risk == 0);
    ts_km_point_at(km, 0, 0.5, &p); /* before the first */
    assert_near(p.survival, 1, 0);
    assert_near(p.n_risk, 3, 0);
    assert_true(isnan(p.conf_low) && p.std_error == 0);
    ts_km_free(km);
}

static void minus_zero_is_zero(void **state)
{
    const double time[] = {-0.0, 0, 1}, event[] = {0, 1, 1};
    (void)state;
    ts_km *km = fit_rows(time, event, 3);
    assert_int_equal(km->curve->n_time, 2);
    assert_near(km->curve->n_risk[0], 3, 0);
    assert_false(signbit(km->curve->time[0]));
    ts_km_free(km);
}

static void check_bad(double time, double event, int group, ts_status code,
                      const char *text)
{
    ts_km *km = (ts_km *)&set;
    ts_logrank_result test;
    set_load(&set, "aml");
    set.time[2] = time;
    set.event[2] = event;
    set.group[2] = group;
    assert_int_equal(ts_km_new(&set.data, TS_KM_LOG, 0.95, &km, &err), code);
    assert_null(km);
    assert_string_equal(err.text, text);
    assert_int_equal(ts_logrank(&set.data, &test, NULL, NULL, NULL, &err),
                     code);
    assert_true(isnan(test.p_value));
}

static void bad_data_are_errors(void **state)
{
    ts_km *km;
    (void)state;
    check_bad(-1, 1, 0, TS_EINVALID, "row 3: time -1 is negative");
    check_bad(NAN, 1, 0, TS_EINVALID, "row 3: the time is missing");
    check_bad(INFINITY, 1, 0, TS_EINVALID, "row 3: the time is infinite");
    check_bad(1, 2, 0, TS_EINVALID, "row 3: the event is 2; it must be 0 or 1");
    check_bad(1, NAN, 0, TS_EINVALID,
              "row 3: the event is nan; it must be 0 or 1");
    check_bad(1, 1, -1, TS_EINVALID, "row 3 has no group");
    check_bad(1, 1, 2, TS_EINVALID, "row 3 has no group");
    set_start(&set);
    assert_int_equal(ts_km_new(&set.data, TS_KM_LOG, 0.95, &km, &err),
                     TS_EDEGENERATE);
    set_load(&set, "aml");
    const double levels[] = {0, 1, -0.5, 95, NAN};
    for (int i = 0; i < 5; i++)
        assert_int_equal(ts_km_new(&set.data, TS_KM_LOG, levels[i], &km, &err),
                         TS_EINVALID);
}

static void every_failed_allocation_is_clean(void **state)
{
    ts_status status = TS_ENOMEM;
    ts_km *km;
    long n = 0;
    (void)state;
    set_load(&set, "veteran_cell");
    long live = ts_memory_live();
    while (status) {
        ts_memory_fail_at(++n, 0);
        status = ts_km_new(&set.data, TS_KM_LOG, 0.95, &km, &err);
        ts_memory_fail_at(0, 0);
        if (status) {
            assert_int_equal(status, TS_ENOMEM);
            assert_null(km);
            assert_int_equal(ts_memory_live(), live);
        }
    }
    assert_true(n > 10);
    ts_km_free(km);
    assert_int_equal(ts_memory_live(), live);
    ts_km_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_equal_r),
        cmocka_unit_test(quantiles_equal_r),
        cmocka_unit_test(points_equal_r),
        cmocka_unit_test(uncensored_is_binomial),
        cmocka_unit_test(row_order_does_not_matter),
        cmocka_unit_test(unit_of_time_does_not_matter),
        cmocka_unit_test(groups_do_not_see_each_other),
        cmocka_unit_test(plateau_is_flagged),
        cmocka_unit_test(limits_cross_once),
        cmocka_unit_test(beyond_the_last_time),
        cmocka_unit_test(minus_zero_is_zero),
        cmocka_unit_test(bad_data_are_errors),
        cmocka_unit_test(every_failed_allocation_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
