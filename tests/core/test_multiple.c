/* The largest of several t statistics and the studentised range, against
 * nested integration in R (tests/reference/multiple.R), and what must hold. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/multiple.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void near(double x, double wanted, double tolerance)
{
    if (!(fabs(x - wanted) <= tolerance * fabs(wanted)))
        fail_msg("%.15g, not %.15g", x, wanted);
}

static double tail(const double *r, size_t k, double df, double q, bool two)
{
    double p, error;
    ts_error err = {0};
    if (ts_max_t_tail(r, k, df, q, two, &p, &error, &err))
        fail_msg("%s", err.text);
    assert_true(error == 0);
    return p;
}

/* Arms of 10, 20 and 5 against 12; or two alike. */
enum { EQUAL, ARMS };

static size_t correlations(int which, double *r)
{
    static const double size[] = {10, 20, 5};
    size_t k = which == EQUAL ? 2 : 3;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            r[i * k + j] = i == j ? 1
                           : which == EQUAL
                               ? 0.5
                               : sqrt(size[i] / (size[i] + 12)) *
                                     sqrt(size[j] / (size[j] + 12));
    return k;
}

static void control(void **state)
{
    static const struct {
        int two;
        size_t k;
        int which;
        double df, q, p;
    } cases[] = {
        {1, 2, EQUAL, 3, 1, 0.568071742070091},
        {1, 3, ARMS, 3, 1, 0.676807579187405},
        {1, 2, EQUAL, 24, 1, 0.511863119389836},
        {1, 3, ARMS, 24, 1, 0.641713575255345},
        {1, 2, EQUAL, INFINITY, 1, 0.502028222160792},
        {1, 3, ARMS, INFINITY, 1, 0.635284548018917},
        {1, 2, EQUAL, 3, 2.5, 0.140518651188859},
        {1, 3, ARMS, 3, 2.5, 0.181340453262072},
        {1, 2, EQUAL, 24, 2.5, 0.0362209165200535},
        {1, 3, ARMS, 24, 2.5, 0.0518481408087578},
        {1, 2, EQUAL, INFINITY, 2.5, 0.0234998830609601},
        {1, 3, ARMS, INFINITY, 2.5, 0.0342226077210216},
        {1, 2, EQUAL, 3, 6, 0.0152969278175408},
        {1, 3, ARMS, 3, 6, 0.0202035240404154},
        {1, 2, EQUAL, 24, 6, 6.70959872717058e-06},
        {1, 3, ARMS, 24, 6, 9.99334527862734e-06},
        {1, 2, EQUAL, INFINITY, 6, 3.9455718625374e-09},
        {1, 3, ARMS, INFINITY, 6, 5.91787549477613e-09},
        {1, 2, EQUAL, 3, 30, 0.000135149485622155},
        {1, 3, ARMS, 3, 30, 0.000179474412159197},
        {1, 2, EQUAL, 24, 30, 3.06346937723964e-20},
        {1, 3, ARMS, 24, 30, 4.58713758942821e-20},
        {1, 2, EQUAL, INFINITY, 30, 1.96268557085927e-197},
        {1, 3, ARMS, INFINITY, 30, 2.94402835628888e-197},
        {0, 2, EQUAL, 3, 1, 0.29982280796436},
        {0, 3, ARMS, 3, 1, 0.379099077638798},
        {0, 2, EQUAL, 24, 1, 0.260972242123583},
        {0, 3, ARMS, 24, 1, 0.338541694547178},
        {0, 2, EQUAL, INFINITY, 1, 0.25479641315325},
        {0, 3, ARMS, INFINITY, 1, 0.332051808791442},
        {0, 2, EQUAL, 3, 2.5, 0.0718764743786671},
        {0, 3, ARMS, 3, 2.5, 0.0952905952722658},
        {0, 2, EQUAL, 24, 2.5, 0.0181129045685849},
        {0, 3, ARMS, 24, 2.5, 0.0259435400972008},
        {0, 2, EQUAL, INFINITY, 2.5, 0.011749965904026},
        {0, 3, ARMS, INFINITY, 2.5, 0.0171119517740782},
        {0, 2, EQUAL, 3, 6, 0.00777705368347185},
        {0, 3, ARMS, 3, 6, 0.0104783797207091},
        {0, 2, EQUAL, 24, 6, 3.35479996390626e-06},
        {0, 3, ARMS, 24, 6, 4.99668346538716e-06},
        {0, 2, EQUAL, INFINITY, 6, 1.9727859312687e-09},
        {0, 3, ARMS, INFINITY, 6, 2.95893774738807e-09},
        {0, 2, EQUAL, 3, 30, 6.86242991348929e-05},
        {0, 3, ARMS, 3, 30, 9.28280713572573e-05},
        {0, 2, EQUAL, 24, 30, 1.53173469381915e-20},
        {0, 3, ARMS, 24, 30, 2.29356892811457e-20},
        {0, 2, EQUAL, INFINITY, 30, 9.8134278542963e-198},
        {0, 3, ARMS, INFINITY, 30, 1.47201417814444e-197},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        double r[9], q;
        size_t k = correlations(cases[i].which, r);
        near(tail(r, k, cases[i].df, cases[i].q, cases[i].two), cases[i].p,
             1e-11);
        if (cases[i].p < 0.4 && i % 4 == 1) {
            assert_int_equal(ts_max_t_quantile(r, k, cases[i].df, cases[i].p,
                                               cases[i].two, &q, NULL, NULL),
                             0);
            near(q, cases[i].q, 1e-10);
        }
    }
    const double negative[] = {1, -0.7, -0.7, 1};
    near(tail(negative, 2, 9, 2.2, true), 0.0888786893069105, 1e-10);
    /* the table of Dunnett 1964 */
    double r[4], q;
    correlations(EQUAL, r);
    assert_int_equal(ts_max_t_quantile(r, 2, 24, 0.05, true, &q, NULL, NULL),
                     0);
    near(q, 2.349408, 1e-6);
}

static void range(void **state)
{
    static const struct {
        size_t k;
        double df, q, p;
    } cases[] = {
        {2, 2, 1, 0.552786404500042},
        {2, 20, 1, 0.487658095051378},
        {2, INFINITY, 1, 0.479500122186954},
        {2, 2, 3.5, 0.131756857875541},
        {2, 20, 3.5, 0.0224017992952303},
        {2, INFINITY, 3.5, 0.0133283287808176},
        {2, 2, 8, 0.0298574998546681},
        {2, 20, 8, 1.54904118276272e-05},
        {2, INFINITY, 8, 1.541725790028e-08},
        {2, 2, 40, 0.00124766112215533},
        {2, 20, 40, 1.32748536813313e-17},
        {2, INFINITY, 40, 5.39586561160789e-176},
        {3, 2, 1, 0.784181990714528},
        {3, 20, 1, 0.762134637699005},
        {3, INFINITY, 1, 0.759287358770661},
        {3, 2, 3.5, 0.229471520693983},
        {3, 20, 3.5, 0.0558918490817493},
        {3, INFINITY, 3.5, 0.0355570418631604},
        {3, 2, 8, 0.0539910002769191},
        {3, 20, 8, 4.43706788403129e-05},
        {3, INFINITY, 8, 4.62143871293362e-08},
        {3, 2, 40, 0.00227850265353409},
        {3, 20, 40, 3.91821411755588e-17},
        {3, INFINITY, 40, 1.61875968348237e-175},
        {5, 2, 1, 0.937497664472023},
        {5, 20, 1, 0.952457366878507},
        {5, INFINITY, 1, 0.954954855188644},
        {5, 2, 3.5, 0.359655729475215},
        {5, 20, 3.5, 0.136502351570405},
        {5, INFINITY, 3.5, 0.0963384639654268},
        {5, 2, 8, 0.0895535395006044},
        {5, 20, 8, 0.000136414048444519},
        {5, INFINITY, 8, 1.53803138035216e-07},
        {5, 2, 40, 0.00383655400094149},
        {5, 20, 40, 1.26839384112663e-16},
        {5, INFINITY, 40, 5.39586561160789e-175},
        {10, 2, 1, 0.993769779177442},
        {10, 20, 1, 0.999126703068068},
        {10, INFINITY, 1, 0.999480130544536},
        {10, 2, 3.5, 0.525953681398863},
        {10, 20, 3.5, 0.337070965948352},
        {10, INFINITY, 3.5, 0.282016438289136},
        {10, 2, 8, 0.1432994401647},
        {10, 20, 8, 0.000521793569474175},
        {10, INFINITY, 8, 6.89462222084389e-07},
        {10, 2, 40, 0.00629123165036594},
        {10, 20, 40, 5.36929148810664e-16},
        {10, INFINITY, 40, 2.42813952522355e-174},
    };
    double q, p;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            ts_range_tail(cases[i].k, cases[i].df, cases[i].q, &p, NULL), 0);
        near(p, cases[i].p, 1e-11);
    }
    /* of two means it is a t test */
    assert_int_equal(ts_range_tail(2, 7, 3, &p, NULL), 0);
    near(p, 2 * pt(3 / sqrt(2), 7, 0, 0), 1e-11);
    assert_int_equal(ts_range_quantile(4, 20, 0.05, &q, NULL), 0);
    near(q, 3.958293, 1e-6);
    assert_int_equal(ts_range_tail(4, 20, 3.5, &p, NULL), 0);
    near(1 - p, 0.90504154945144333, 1e-9);
}

/* Independent statistics, by R's integrate(). */
static void modulus(void **state)
{
    static const struct {
        bool two;
        double m, df, q, p;
    } cases[] = {
        {1, 1, 1.7, 1, 0.438102872300642},
        {1, 1, 24, 1, 0.327286881279785},
        {1, 1, INFINITY, 1, 0.317310507862914},
        {1, 1, 1.7, 2.5, 0.151181774389041},
        {1, 1, 24, 2.5, 0.0196541751165787},
        {1, 1, INFINITY, 2.5, 0.0124193306515523},
        {1, 1, 1.7, 6, 0.0385684113744985},
        {1, 1, 24, 6, 3.40730807164654e-06},
        {1, 1, INFINITY, 6, 1.9731752900754e-09},
        {1, 1, 1.7, 30, 0.00256998765420707},
        {1, 1, 24, 30, 1.53834389505553e-20},
        {1, 1, INFINITY, 30, 9.81342785429637e-198},
        {1, 3, 1.7, 1, 0.727033702490918},
        {1, 3, 24, 1, 0.685823690797588},
        {1, 3, INFINITY, 1, 0.681822360982719},
        {1, 3, 1.7, 2.5, 0.288185891100472},
        {1, 3, 24, 2.5, 0.0567298578873792},
        {1, 3, INFINITY, 2.5, 0.0367971881879099},
        {1, 3, 1.7, 6, 0.0760941701470148},
        {1, 3, 24, 6, 1.0210719329867e-05},
        {1, 3, INFINITY, 6, 5.91952585854593e-09},
        {1, 3, 1.7, 30, 0.00510953381265107},
        {1, 3, 24, 30, 4.61462993747034e-20},
        {1, 3, INFINITY, 30, 2.94402835628891e-197},
        {1, 45, 1.7, 1, 0.989630875577888},
        {1, 45, 24, 1, 0.999992917270084},
        {1, 45, INFINITY, 1, 0.999999965322736},
        {1, 45, 1.7, 2.5, 0.625549012787886},
        {1, 45, 24, 2.5, 0.481850464544073},
        {1, 45, INFINITY, 2.5, 0.430142687179335},
        {1, 45, 1.7, 6, 0.192832836795583},
        {1, 45, 24, 6, 0.000149979596535325},
        {1, 45, INFINITY, 6, 8.87928841989064e-08},
        {1, 45, 1.7, 30, 0.0134216894537871},
        {1, 45, 24, 30, 6.90979257544379e-19},
        {1, 45, INFINITY, 30, 4.41604253443337e-196},
        {0, 1, 1.7, 1, 0.219051436150321},
        {0, 1, 24, 1, 0.163643440639892},
        {0, 1, INFINITY, 1, 0.158655253931457},
        {0, 1, 1.7, 2.5, 0.0755908871945206},
        {0, 1, 24, 2.5, 0.00982708755828935},
        {0, 1, INFINITY, 2.5, 0.00620966532577613},
        {0, 1, 1.7, 6, 0.0192842056872493},
        {0, 1, 24, 6, 1.70365403582327e-06},
        {0, 1, INFINITY, 6, 9.86587645037698e-10},
        {0, 1, 1.7, 30, 0.00128499382710354},
        {0, 1, 24, 30, 7.69171947527767e-21},
        {0, 1, INFINITY, 30, 4.90671392714819e-198},
        {0, 3, 1.7, 1, 0.489817015568245},
        {0, 3, 24, 1, 0.411929785394031},
        {0, 3, INFINITY, 1, 0.404444882068536},
        {0, 3, 1.7, 2.5, 0.180315812792459},
        {0, 3, 24, 2.5, 0.0289172287090788},
        {0, 3, INFINITY, 2.5, 0.0185135555912978},
        {0, 3, 1.7, 6, 0.0467576497923091},
        {0, 3, 24, 6, 5.10815701015065e-06},
        {0, 3, INFINITY, 6, 2.95976293219303e-09},
        {0, 3, 1.7, 30, 0.00312707876865548},
        {0, 3, 24, 30, 2.30741535408831e-20},
        {0, 3, INFINITY, 30, 1.47201417814446e-197},
        {0, 45, 1.7, 1, 0.971577554037244},
        {0, 45, 24, 1, 0.998708705720055},
        {0, 45, INFINITY, 1, 0.999579438593057},
        {0, 45, 1.7, 2.5, 0.550982063959445},
        {0, 45, 24, 2.5, 0.311387218592719},
        {0, 45, INFINITY, 2.5, 0.244447603951714},
        {0, 45, 1.7, 6, 0.16231062535681},
        {0, 45, 24, 6, 7.57866554155528e-05},
        {0, 45, INFINITY, 6, 4.43964430630748e-08},
        {0, 45, 1.7, 30, 0.0111755492349153},
        {0, 45, 24, 30, 3.458024344029e-19},
        {0, 45, INFINITY, 30, 2.20802126721668e-196},
    };
    double q, p;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(ts_modulus_tail(cases[i].m, cases[i].df, cases[i].q,
                                         cases[i].two, &p, NULL),
                         0);
        near(p, cases[i].p, 1e-11);
        if (p > 1e-15 && p < 0.49) {
            assert_int_equal(ts_modulus_quantile(cases[i].m, cases[i].df, p,
                                                 cases[i].two, &q, NULL),
                             0);
            near(q, cases[i].q, 1e-9);
        }
    }
    static const double alone[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    assert_int_equal(ts_modulus_tail(3, 11, 2.2, true, &p, NULL), 0);
    near(tail(alone, 3, 11, 2.2, true), p, 1e-12);
}

/* Of any correlations: three statistics, and the differences of three means. */
static void general(void **state)
{
    static const double r[] = {1, 0.2, 0.3, 0.2, 1, -0.4, 0.3, -0.4, 1};
    static const struct {
        double df, q, p;
        bool two;
    } cases[] = {
        {INFINITY, 1, 0.652704872808787, true},
        {INFINITY, 2, 0.123633154671968, true},
        {INFINITY, 3, 0.00793728010360417, true},
        {4, 1, 0.431635593294134, false},
        {4, 3, 0.0522559334355228, false},
        {15, 2, 0.0880422675770539, false},
    };
    static const double pairs[] = {
        1, 0.661437827766148, -0.467707173346743, 0.661437827766148,
        1, 0.353553390593274, -0.467707173346743, 0.353553390593274,
        1};
    static const struct {
        double df, q, p;
    } plane[] = {
        {5, 1, 0.606500779740228},
        {27, 1, 0.581189437094506},
        {INFINITY, 1, 0.574772960553545},
        {5, 2.5, 0.115045083675787},
        {27, 2.5, 0.0473108213340345},
        {INFINITY, 2.5, 0.0328415223938086},
        {5, 6, 0.00425117495237046},
        {27, 6, 6.12764106586555e-06},
        {INFINITY, 6, 5.90811933427254e-09},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        near(tail(r, 3, cases[i].df, cases[i].q, cases[i].two), cases[i].p,
             1e-10);
    for (size_t i = 0; i < COUNT(plane); i++)
        near(tail(pairs, 3, plane[i].df, plane[i].q, true), plane[i].p, 1e-10);
    /* all pairs of three equal means have the studentised range */
    static const double equal[] = {1, 0.5, -0.5, 0.5, 1, 0.5, -0.5, 0.5, 1};
    double p;
    assert_int_equal(ts_range_tail(3, 11, 2.2 * sqrt(2), &p, NULL), 0);
    near(tail(equal, 3, 11, 2.2, true), p, 1e-11);
}

/* Between what must lie above and below; copies change nothing. */
static void bounds(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        double r = -0.9 + 0.15 * i, q = 0.5 + 0.4 * i, df = 2 + 3 * i;
        const double two[] = {1, r, r, 1}, one[] = {1};
        const double copied[] = {1, r, -1, r, 1, -r, -1, -r, 1};
        double t = 2 * pt(q, df, 0, 0), p = tail(two, 2, df, q, true);
        near(tail(one, 1, df, q, true), t, 1e-14);
        near(tail(copied, 3, df, q, true), p, 1e-12);
        assert_true(p >= t && p <= fmin(1, 2 * t) * (1 + 1e-12));
        assert_true(tail(two, 2, df, q, false) >= t / 2 &&
                    tail(two, 2, df, q, false) <= t * (1 + 1e-12));
        /* both sides: either one is above */
        const double lower[] = {1, 0, 0, 1};
        if (r >= 0)
            assert_true(p <= tail(lower, 2, df, q, true) * (1 + 1e-10));
    }
    const double zero[] = {1, 0, 0, 1};
    near(tail(zero, 2, INFINITY, 2, true),
         1 - pow(1 - 2 * pnorm(2, 0, 1, 0, 0), 2), 1e-13);
    /* one-sided below zero */
    near(tail(zero, 2, INFINITY, -1, false), 1 - pow(pnorm(-1, 0, 1, 1, 0), 2),
         1e-13);
}

/* The lattice is near what it stands for, and the same each time. */
static void lattice(void **state)
{
    double r[25], p, again, error, three[9], exact;
    (void)state;
    /* two independent blocks: three of any kind, and two */
    static const double block[] = {1, 0.2, 0.3, 0.2, 1, -0.4, 0.3, -0.4, 1};
    memcpy(three, block, sizeof three);
    memset(r, 0, sizeof r);
    for (int i = 0; i < 3; i++)
        memcpy(r + 5 * i, block + 3 * i, 3 * sizeof *r);
    r[18] = r[24] = 1;
    r[19] = r[23] = 0.6;
    assert_int_equal(ts_max_t_tail(r, 5, INFINITY, 2.2, true, &p, &error, NULL),
                     0);
    const double two[] = {1, 0.6, 0.6, 1};
    exact = 1 - (1 - tail(three, 3, INFINITY, 2.2, true)) *
                    (1 - tail(two, 2, INFINITY, 2.2, true));
    assert_true(error > 0 && error < 2e-4);
    assert_true(fabs(p / exact - 1) <= error);
    assert_int_equal(
        ts_max_t_tail(r, 5, INFINITY, 2.2, true, &again, &error, NULL), 0);
    assert_true(p == again);
}

/* All pairs of equal means have the studentised range: as far as is said and
 * no farther off, in the middle and where 1 - P has no digits left. */
static void lattice_far(void **state)
{
    static const double limits[] = {0.05, 0.8, 2.5, 12, 30};
    static const double degrees[] = {5, 2134};
    enum { MEANS = 4, PAIRS = 6 };
    double r[PAIRS * PAIRS], v[PAIRS][MEANS] = {{0}}, p, error, exact;
    (void)state;
    for (int i = 0, at = 0; i < MEANS; i++)
        for (int j = i + 1; j < MEANS; j++, at++) {
            v[at][i] = sqrt(0.5);
            v[at][j] = -v[at][i];
        }
    for (int a = 0; a < PAIRS; a++)
        for (int b = 0; b < PAIRS; b++) {
            r[a * PAIRS + b] = 0;
            for (int i = 0; i < MEANS; i++)
                r[a * PAIRS + b] += v[a][i] * v[b][i];
        }
    for (size_t d = 0; d < COUNT(degrees); d++)
        for (size_t i = 0; i < COUNT(limits); i++) {
            double q = limits[i], df = degrees[d];
            double one = 2 * pt(q, df, 0, 0);
            assert_int_equal(
                ts_max_t_tail(r, PAIRS, df, q, true, &p, &error, NULL), 0);
            assert_int_equal(
                ts_range_tail(MEANS, df, q * sqrt(2), &exact, NULL), 0);
            assert_true(error > 0 && error < 3e-4);
            assert_true(fabs(p / exact - 1) <= error);
            assert_true(p >= one && p <= fmin(1, PAIRS * one));
            assert_int_equal(
                ts_max_t_tail(r, PAIRS, df, q, false, &p, &error, NULL), 0);
            assert_true(p >= one / 2 && p <= fmin(1, PAIRS * one / 2));
        }
    /* where the chance itself is no number any more */
    assert_int_equal(
        ts_max_t_tail(r, PAIRS, INFINITY, 60, true, &p, &error, NULL), 0);
    assert_true(p == 0);
    assert_int_equal(ts_max_t_quantile(r, PAIRS, 60, exact = 0.05, true, &p,
                                       &error, NULL),
                     0);
    double q;
    assert_int_equal(ts_range_quantile(MEANS, 60, exact, &q, NULL), 0);
    assert_true(fabs(p / (q / sqrt(2)) - 1) <= error);
}

static void refused(void **state)
{
    ts_error err = {0};
    double p;
    const double wrong[] = {1, 0.5, 0.4, 1}, big[] = {1, 2, 2, 1};
    const double together[] = {1, 0.9, -0.9, 0.9, 1, 0.9, -0.9, 0.9, 1};
    (void)state;
    assert_int_equal(ts_max_t_tail(wrong, 2, 5, 2, true, &p, NULL, &err),
                     TS_EINVALID);
    assert_non_null(strstr(err.text, "no correlations"));
    assert_true(isnan(p));
    assert_int_equal(ts_max_t_tail(big, 2, 5, 2, true, &p, NULL, &err),
                     TS_EINVALID);
    assert_int_equal(ts_max_t_tail(together, 3, 5, 2, true, &p, NULL, &err),
                     TS_EINVALID);
    assert_non_null(strstr(err.text, "cannot be correlations"));
    assert_int_equal(ts_max_t_tail(big, 50, 5, 2, true, &p, NULL, &err),
                     TS_ELIMIT);
    assert_int_equal(ts_max_t_quantile(big, 1, 5, 0, true, &p, NULL, &err),
                     TS_EINVALID);
    assert_int_equal(ts_range_tail(1, 5, 2, &p, &err), TS_EINVALID);
    assert_int_equal(ts_range_tail(3, 0, 2, &p, &err), TS_EINVALID);
    assert_int_equal(ts_modulus_tail(0, 5, 2, true, &p, &err), TS_EINVALID);
    assert_int_equal(ts_modulus_tail(3, 0, 2, true, &p, &err), TS_EINVALID);
    assert_int_equal(ts_modulus_tail(3, 5, -1, true, &p, &err), TS_EINVALID);
    assert_int_equal(ts_modulus_quantile(3, 5, 0.6, false, &p, &err),
                     TS_EINVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control), cmocka_unit_test(range),
        cmocka_unit_test(modulus),
        cmocka_unit_test(general), cmocka_unit_test(bounds),
        cmocka_unit_test(lattice),
        cmocka_unit_test(lattice_far), cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
