/*
 * Allocations: their number and weights against all orders of whole blocks
 * listed one by one, draws against these weights, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include "ts/allocation.h"
#include "ts/memory.h"

enum { MANY = 4096 };

static const bool none[TS_ARMS];
static const size_t even[] = {1, 1, 1};

/* A list of allocations of n <= 12 subjects, with their weights. */
typedef struct {
    size_t n, n_row;
    unsigned char arm[MANY][12];
    double weight[MANY], total;
} list;

static void add(list *l, const unsigned char *arm, double weight)
{
    size_t row = 0;
    while (row < l->n_row && memcmp(l->arm[row], arm, l->n) != 0)
        row++;
    assert_true(row < MANY);
    if (row == l->n_row)
        memcpy(l->arm[l->n_row++], arm, l->n);
    l->weight[row] += weight;
    l->total += weight;
}

/* All that the scheme lists. */
static void enumerate(const ts_scheme *s, const bool *kept, list *l)
{
    ts_allocation *a;
    unsigned char arm[12];
    double weight;
    memset(l, 0, sizeof *l);
    l->n = s->n;
    assert_int_equal(ts_allocation_new(s, kept, &a, NULL), TS_OK);
    assert_int_equal(ts_allocation_start(a, MANY, NULL), TS_OK);
    while (ts_allocation_next(a, arm, &weight))
        add(l, arm, weight);
    assert_int_equal(l->n_row, (size_t)ts_allocation_number(a));
    ts_allocation_free(a);
}

/* The slow twin: deals whole blocks of the labels' multiset place by place, n
 * subjects of one stratum, and keeps what has the kept arms where they are. */
static void brute(const ts_scheme *s, const bool *kept, size_t i,
                  unsigned char *arm, size_t *left, size_t open, double weight,
                  list *l)
{
    if (open == 0 && i < s->n) {
        for (size_t j = 0; j < s->n_size; j++) {
            size_t sum = 0, more[TS_ARMS];
            for (size_t k = 0; k < s->n_arm; k++)
                sum += s->ratio[k];
            for (size_t k = 0; k < s->n_arm; k++)
                more[k] = s->size[j] / sum * s->ratio[k];
            brute(s, kept, i, arm, more, s->size[j], weight / (double)s->n_size,
                  l);
        }
        return;
    }
    if (i == s->n) {
        add(l, arm, weight);
        return;
    }
    for (size_t k = 0; k < s->n_arm; k++) {
        if (left[k] == 0 || ((kept[k] || kept[s->arm[i]]) && k != s->arm[i]))
            continue;
        double p = (double)left[k] / (double)open;
        left[k]--;
        arm[i] = (unsigned char)k;
        brute(s, kept, i + 1, arm, left, open - 1, weight * p, l);
        left[k]++;
    }
}

static void brute_list(const ts_scheme *s, const bool *kept, list *l)
{
    unsigned char arm[12];
    size_t left[TS_ARMS];
    memset(l, 0, sizeof *l);
    l->n = s->n;
    brute(s, kept, 0, arm, left, 0, 1, l);
}

static double share(const list *l, const unsigned char *arm)
{
    for (size_t row = 0; row < l->n_row; row++)
        if (memcmp(l->arm[row], arm, l->n) == 0)
            return l->weight[row] / l->total;
    return 0;
}

static list one, other;

static const unsigned char three[] = {0, 1, 2, 2, 0, 1, 1};
static const unsigned char two[] = {0, 1, 1, 0, 1, 0, 0, 1, 1};
static const size_t threes[] = {3}, fours[] = {4}, both[] = {2, 4},
                    uneven[] = {2, 1}, sixes[] = {6};
static const unsigned char two_one[] = {0, 0, 1, 0, 1, 0, 0, 1};

static const ts_scheme schemes[] = {
    {.n = 7,
     .n_arm = 3,
     .arm = three,
     .ratio = even,
     .size = threes,
     .n_size = 1},
    {.n = 9, .n_arm = 2, .arm = two, .ratio = even, .size = fours, .n_size = 1},
    {.n = 8,
     .n_arm = 2,
     .arm = two_one,
     .ratio = uneven,
     .size = threes,
     .n_size = 1},
    {.n = 8,
     .n_arm = 2,
     .arm = two_one,
     .ratio = uneven,
     .size = sixes,
     .n_size = 1},
};

static void all_of_them(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++)
        for (size_t keep = 0; keep <= schemes[k].n_arm; keep++) {
            bool kept[TS_ARMS] = {false};
            kept[keep] = keep < schemes[k].n_arm;
            enumerate(&schemes[k], kept, &one);
            brute_list(&schemes[k], kept, &other);
            assert_int_equal(one.n_row, other.n_row);
            for (size_t row = 0; row < one.n_row; row++)
                assert_true(fabs(one.weight[row] / one.total -
                                 share(&other, one.arm[row])) < 1e-12);
        }
}

/* Whole blocks in two strata: 6^2 within each, and as many together. */
static void strata(void **state)
{
    static const unsigned char arm[] = {0, 0, 1, 1, 0, 1, 1, 0};
    static const size_t stratum[] = {1, 0, 1, 0, 0, 1, 0, 1}, ratio[] = {1, 1},
                        size[] = {4};
    ts_scheme s = {.n = 8,
                   .n_arm = 2,
                   .arm = arm,
                   .ratio = ratio,
                   .stratum = stratum,
                   .size = size,
                   .n_size = 1};
    (void)state;
    enumerate(&s, none, &one);
    assert_int_equal(one.n_row, 36);
    for (size_t row = 0; row < 36; row++) {
        int n = 0;
        for (size_t i = 0; i < 8; i++)
            n += stratum[i] == 0 && one.arm[row][i] == 0;
        assert_int_equal(n, 2);
        assert_true(one.weight[row] == 1);
    }
    s.n_size = 0; /* fixed numbers: the same here */
    enumerate(&s, none, &other);
    assert_int_equal(other.n_row, 36);
    s.stratum = NULL;
    enumerate(&s, none, &other);
    assert_int_equal(other.n_row, 70);
}

/* Blocks that the data name, in any order of the subjects. */
static void named_blocks(void **state)
{
    static const unsigned char arm[] = {0, 1, 1, 0, 1, 0};
    static const size_t block[] = {5, 2, 5, 2, 9, 9}, ratio[] = {1, 1};
    ts_scheme s = {.n = 6,
                   .n_arm = 2,
                   .arm = arm,
                   .ratio = ratio,
                   .block = block,
                   .size = both,
                   .n_size = 2};
    (void)state;
    enumerate(&s, none, &one);
    assert_int_equal(one.n_row, 8);
    for (size_t row = 0; row < 8; row++)
        assert_int_equal(one.arm[row][0] + one.arm[row][2], 1);
}

/* Blocks that the scheme cannot have dealt are permuted as they are. */
static void odd_blocks(void **state)
{
    static const unsigned char arm[] = {0, 0, 0, 1, 0, 1, 1, 0};
    static const size_t ratio[] = {1, 1};
    ts_scheme s = {.n = 8,
                   .n_arm = 2,
                   .arm = arm,
                   .ratio = ratio,
                   .size = fours,
                   .n_size = 1};
    ts_allocation *a;
    size_t first;
    (void)state;
    assert_int_equal(ts_allocation_new(&s, none, &a, NULL), TS_OK);
    assert_int_equal(ts_allocation_odd(a, &first), 1);
    assert_int_equal(first, 0);
    assert_true(ts_allocation_number(a) == 4 * 6);
    ts_allocation_free(a);
    s.size = both;
    s.n_size = 2;
    assert_int_equal(ts_allocation_new(&s, none, &a, NULL), TS_OK);
    assert_int_equal(ts_allocation_odd(a, &first), 1);
    assert_true(ts_allocation_number(a) == 56); /* 8 of 3 and 5 */
    ts_allocation_free(a);
}

/* Draws come as often as their weights say: of all schemes above, and where
 * sizes are drawn too. Chi-squared within 6 standard deviations. */
static void draws(void **state)
{
    enum { DRAWS = 60000 };
    static const unsigned char chain[] = {0, 1, 0, 2, 1, 2, 1};
    static const size_t sizes[] = {3, 6};
    ts_scheme more[6];
    (void)state;
    memcpy(more, schemes, sizeof schemes);
    more[4] = (ts_scheme){.n = 7,
                          .n_arm = 2,
                          .arm = two,
                          .ratio = even,
                          .size = both,
                          .n_size = 2};
    more[5] = (ts_scheme){.n = 7,
                          .n_arm = 3,
                          .arm = chain,
                          .ratio = even,
                          .size = sizes,
                          .n_size = 2};
    for (size_t k = 0; k < 6; k++)
        for (size_t keep = 0; keep <= more[k].n_arm; keep += 2) {
            bool kept[TS_ARMS] = {false};
            double chi = 0;
            kept[keep] = keep < more[k].n_arm;
            brute_list(&more[k], kept, &one);
            memcpy(&other, &one, sizeof one);
            memset(other.weight, 0, sizeof other.weight);
            ts_allocation *a;
            assert_int_equal(ts_allocation_new(&more[k], kept, &a, NULL), 0);
            assert_int_equal(ts_allocation_odd(a, NULL), 0);
            for (uint64_t i = 0; i < DRAWS; i++) {
                unsigned char arm[12];
                ts_random r;
                ts_random_start(&r, 5, (uint32_t)k, i);
                ts_allocation_draw(a, &r, arm);
                size_t rows = other.n_row;
                add(&other, arm, 1);
                assert_int_equal(other.n_row, rows); /* is one of them */
            }
            for (size_t row = 0; row < one.n_row; row++) {
                double want = DRAWS * one.weight[row] / one.total;
                chi += (other.weight[row] - want) * (other.weight[row] - want) /
                       want;
            }
            double df = (double)one.n_row - 1;
            assert_true(fabs(chi - df) <= 6 * sqrt(2 * df) + 1e-9);
            ts_allocation_free(a);
        }
}

static void refused(void **state)
{
    static const unsigned char arm[] = {0, 1};
    static const size_t ratio[] = {1, 1}, zero[] = {1, 0}, five[] = {5};
    ts_allocation *a;
    ts_error err;
    ts_scheme s = {.n = 0, .n_arm = 2, .arm = arm, .ratio = ratio};
    (void)state;
    assert_int_equal(ts_allocation_new(&s, none, &a, &err), TS_EDEGENERATE);
    assert_string_equal(err.text, "nobody was randomised");
    s.n = 2;
    s.ratio = zero;
    assert_int_equal(ts_allocation_new(&s, none, &a, &err), TS_EINVALID);
    s.ratio = ratio;
    s.size = five;
    s.n_size = 1;
    assert_int_equal(ts_allocation_new(&s, none, &a, &err), TS_EINVALID);
    s.n_size = 0;
    s.n_arm = 1;
    assert_int_equal(ts_allocation_new(&s, none, &a, &err), TS_EINVALID);
    assert_null(a);
    s.n_arm = 2;
    assert_int_equal(ts_allocation_new(&s, none, &a, &err), TS_OK);
    assert_int_equal(ts_allocation_start(a, 1, &err), TS_ELIMIT);
    ts_allocation_free(a);
    ts_allocation_free(NULL);
}

static void memory(void **state)
{
    long live = ts_memory_live();
    (void)state;
    for (long k = 1; k < 40; k++) {
        ts_allocation *a;
        ts_memory_fail_at(k, 0);
        ts_status status = ts_allocation_new(&schemes[k % 4], none, &a, NULL);
        if (!status)
            status = ts_allocation_start(a, MANY, NULL);
        ts_memory_fail_at(0, 0);
        assert_true(status == TS_OK || status == TS_ENOMEM);
        ts_allocation_free(a);
        assert_int_equal(ts_memory_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_them),  cmocka_unit_test(strata),
        cmocka_unit_test(named_blocks), cmocka_unit_test(odd_blocks),
        cmocka_unit_test(draws),        cmocka_unit_test(refused),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
