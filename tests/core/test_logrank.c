/* The log-rank test against R's survdiff, its identities, and bad data. */
#include "survival_sets.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define K 21

static survival_set set;
static ts_error err;

typedef struct {
    ts_logrank_result r;
    double observed[K], expected[K], variance[K * K];
} result;

static result run(void)
{
    result out;
    assert_true(set.data.n_group <= K);
    assert_int_equal(ts_logrank(&set.data, &out.r, out.observed, out.expected,
                                out.variance, &err),
                     TS_OK);
    return out;
}

static double reference(const result *x, char *const field[])
{
    size_t i = (size_t)atoi(field[3]), j = (size_t)atoi(field[4]);
    switch (field[2][0]) {
    case 'c':
        return x->r.statistic;
    case 'd':
        return (double)x->r.df;
    case 'p':
        return x->r.p_value;
    case 'o':
        return x->observed[i];
    case 'e':
        return x->expected[i];
    default:
        return x->variance[i * set.data.n_group + j];
    }
}

/* Relative to the largest part of the sum for what may cancel to nothing. */
static double scale_of(const result *x, const char *quantity)
{
    if (quantity[0] != 'v')
        return quantity[0] == 'c' || quantity[0] == 'p' ? 1e-3 : 0;
    double most = 0;
    for (size_t g = 0; g < set.data.n_group; g++)
        most = fmax(most, x->variance[g * set.data.n_group + g]);
    return most;
}

static void equals_survdiff(void **state)
{
    char line[400], *field[FIELDS], last[100] = "", key[100];
    result x = {0};
    size_t n_row = 0;
    FILE *file = open_csv("tests/reference/survival_logrank.csv");
    (void)state;
    while (next_row(file, line, sizeof line, field)) {
        snprintf(key, sizeof key, "%s %s", field[0], field[1]);
        if (strcmp(key, last) != 0) {
            set_load(&set, field[0]);
            if (field[1][0] == '0')
                set.data.stratum = NULL;
            x = run();
            strcpy(last, key);
        }
        double a = reference(&x, field), b = number(field[5]);
        if (!(fabs(a - b) <= 1e-12 * fmax(fabs(b), scale_of(&x, field[2]))))
            fail_msg("%s %s[%s,%s] is %.17g, not %s", key, field[2], field[3],
                     field[4], a, field[5]);
        n_row++;
    }
    assert_true(n_row > 4000);
    fclose(file);
}

static void identities(void **state)
{
    const char *names[] = {"lung_ecog", "veteran", "veteran_cell", "gehan",
                           "random8", "random100", "lonely"};
    (void)state;
    for (int i = 0; i < 7; i++) {
        double o = 0, e = 0;
        set_load(&set, names[i]);
        result x = run();
        size_t k = set.data.n_group;
        for (size_t g = 0; g < k; g++) {
            double row = 0;
            for (size_t h = 0; h < k; h++)
                row += x.variance[g * k + h];
            assert_true(fabs(row) < 1e-12 * x.variance[g * k + g] + 1e-300);
            o += x.observed[g];
            e += x.expected[g];
        }
        assert_near(o, e, 1e-13);
        assert_near(o, (double)x.r.n_event, 0);
        if (k == 2) {
            assert_near(x.r.z * x.r.z, x.r.statistic, 1e-12);
            assert_true((x.r.z > 0) == (x.observed[1] > x.expected[1]));
        } else {
            assert_true(isnan(x.r.z));
        }
    }
}

static void order_labels_and_units_do_not_matter(void **state)
{
    survival_set first;
    (void)state;
    set_load(&first, "veteran_cell");
    set_load(&set, "veteran_cell");
    result a = run();
    set_reverse(&first, &set);
    result b = run();
    assert_memory_equal(&a.r.statistic, &b.r.statistic, sizeof(double));
    assert_memory_equal(a.expected, b.expected, 4 * sizeof(double));
    for (size_t i = 0; i < set.data.n; i++) {
        set.group[i] = (set.group[i] + 3) % 4;
        set.time[i] *= 1 / 30.4375;
        set.stratum[i] = 1 - set.stratum[i];
    }
    b = run();
    assert_near(b.r.statistic, a.r.statistic, 1e-13);
    assert_near(b.expected[1], a.expected[2], 1e-13);
    set_load(&set, "aml");
    a = run();
    for (size_t i = 0; i < set.data.n; i++)
        set.group[i] = 1 - set.group[i];
    b = run();
    assert_near(b.r.z, -a.r.z, 1e-13);
}

/* Groups that never meet: R's solve() stops at the singular variance. */
static void groups_that_never_meet(void **state)
{
    result part[2];
    (void)state;
    for (int s = 0; s < 2; s++) {
        survival_set all;
        set_load(&all, "veteran_cell");
        set_start(&set);
        for (size_t i = 0; i < all.data.n; i++)
            if (all.group[i] / 2 == s)
                set_append(&set, all.time[i], all.event[i], all.group[i] % 2,
                           0);
        part[s] = run();
    }
    set_load(&set, "veteran_cell");
    for (size_t i = 0; i < set.data.n; i++)
        set.stratum[i] = set.group[i] / 2;
    result x = run();
    assert_int_equal(x.r.df, 2);
    assert_near(x.r.statistic, part[0].r.statistic + part[1].r.statistic,
                1e-12);
}

static void small_groups_count(void **state)
{
    (void)state;
    set_load(&set, "lung");
    size_t n = set.data.n;
    for (size_t i = 0; i < n; i++)
        set.time[i] += 10;
    set_append(&set, 15.5, 0, 2, 0); /* leaves early: E of 1 / 229 or so */
    set_append(&set, 15.5, 0, 3, 0);
    result x = run();
    assert_int_equal(x.r.df, 3);
    assert_true(x.expected[2] > 0 && x.expected[2] < 0.01);
    assert_int_equal(x.r.n_idle_group, 0);
}

static void check_nothing(const char *name)
{
    set_load(&set, name);
    result x = run();
    assert_int_equal(x.r.df, 0);
    assert_near(x.r.statistic, 0, 0);
    assert_near(x.r.p_value, 1, 0);
    assert_true(isnan(x.r.z));
}

static void nothing_to_compare(void **state)
{
    (void)state;
    check_nothing("censored");
    check_nothing("tied");
    check_nothing("one");
    check_nothing("one_censored");
    check_nothing("zero_all");
    set_load(&set, "aml");
    set.data.group = NULL;
    result x = run();
    assert_int_equal(x.r.df, 0);
    assert_near(x.expected[0], 18, 1e-14);
}

static void idle_groups_and_strata_are_counted(void **state)
{
    (void)state;
    set_load(&set, "left_early");
    result x = run();
    assert_int_equal(x.r.df, 1);
    assert_int_equal(x.r.n_idle_group, 1);
    set_load(&set, "lonely");
    x = run();
    assert_int_equal(x.r.n_idle_stratum, 1);
    set.data.n = 5; /* without the third stratum */
    result y = run();
    assert_near(y.r.statistic, x.r.statistic, 0);
    assert_int_equal(y.r.n_idle_stratum, 0);
    set_load(&set, "no_event_in_2");
    x = run();
    assert_near(x.observed[1], 0, 0);
    assert_int_equal(x.r.df, 1);
}

static void far_tails_keep_their_digits(void **state)
{
    (void)state;
    set_start(&set);
    for (int i = 0; i < 140; i++) {
        set_append(&set, 1 + i / 10, 1, 0, 0);
        set_append(&set, 100 + i, 1, 1, 0);
    }
    result x = run();
    assert_true(x.r.p_value > 0 && x.r.p_value < 1e-30);
    assert_true(x.r.z < -12);
}

static void errors(void **state)
{
    ts_logrank_result r;
    (void)state;
    set_load(&set, "aml");
    set.data.n_group = 2001;
    assert_int_equal(ts_logrank(&set.data, &r, NULL, NULL, NULL, &err),
                     TS_ELIMIT);
    set_load(&set, "aml");
    set.stratum[4] = 7;
    assert_int_equal(ts_logrank(&set.data, &r, NULL, NULL, NULL, &err),
                     TS_EINVALID);
    assert_string_equal(err.text, "row 5 has no stratum");
    set.stratum[4] = 0;
    ts_interrupt_raise();
    assert_int_equal(ts_logrank(&set.data, &r, NULL, NULL, NULL, &err),
                     TS_EINTERRUPT);
    ts_interrupt_clear();
    assert_int_equal(ts_logrank(&set.data, &r, NULL, NULL, NULL, &err), TS_OK);
}

static void every_failed_allocation_is_clean(void **state)
{
    ts_status status = TS_ENOMEM;
    ts_logrank_result r;
    long n = 0;
    (void)state;
    set_load(&set, "veteran_cell");
    long live = ts_memory_live();
    while (status) {
        ts_memory_fail_at(++n, 0);
        status = ts_logrank(&set.data, &r, NULL, NULL, NULL, &err);
        ts_memory_fail_at(0, 0);
        assert_int_equal(ts_memory_live(), live);
        if (status)
            assert_int_equal(status, TS_ENOMEM);
    }
    assert_true(n > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_survdiff),
        cmocka_unit_test(identities),
        cmocka_unit_test(order_labels_and_units_do_not_matter),
        cmocka_unit_test(groups_that_never_meet),
        cmocka_unit_test(small_groups_count),
        cmocka_unit_test(nothing_to_compare),
        cmocka_unit_test(idle_groups_and_strata_are_counted),
        cmocka_unit_test(far_tails_keep_their_digits),
        cmocka_unit_test(errors),
        cmocka_unit_test(every_failed_allocation_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
