/* Standardised differences and the non-central t against R
 * (tests/reference/standardised.R), and what must hold. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/standardised.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const double drug_1[] = {0.7, -1.6, -0.2, -1.2, -0.1,
                                3.4, 3.7,  0.8,  0,    2};
static const double drug_2[] = {1.9, 0.8, 1.1, 0.1, -0.1,
                                4.4, 5.5, 1.6, 4.6, 3.4};

static void near(double x, double wanted, double tolerance)
{
    if (!(fabs(x - wanted) <= tolerance * fabs(wanted)))
        fail_msg("%.15g, not %.15g", x, wanted);
}

static void noncentral(void **state)
{
    static const struct {
        double t, df, ncp, below, above;
    } cases[] = {
        {-2.5, 1.4, -1, 0.264740068301909, 0.735259931698091},
        {-2.5, 1.4, 0, 0.090416843037476, 0.909583156962524},
        {-2.5, 1.4, 2, 0.00158602574242836, 0.998413974257572},
        {-2.5, 1.4, 50, 0, 1},
        {-2.5, 7, -1, 0.118057659957586, 0.881942340042414},
        {-2.5, 7, 0, 0.0204961092928765, 0.979503890707124},
        {-2.5, 7, 2, 7.31936129877674e-05, 0.999926806387012},
        {-2.5, 7, 50, 0, 1},
        {-2.5, 120, -1, 0.0699992977071421, 0.930000702292866},
        {-2.5, 120, 0, 0.00688476746251527, 0.993115232537493},
        {-2.5, 120, 2, 4.53312631064086e-06, 0.999995466873698},
        {-2.5, 120, 50, 0, 1},
        {0, 1.4, -1, 0.841344746068543, 0.158655253931457},
        {0, 1.4, 0, 0.5, 0.5},
        {0, 1.4, 2, 0.0227501319481792, 0.977249868051821},
        {0, 1.4, 50, 0, 1},
        {0, 7, -1, 0.841344746068543, 0.158655253931457},
        {0, 7, 0, 0.5, 0.5},
        {0, 7, 2, 0.0227501319481792, 0.977249868051821},
        {0, 7, 50, 0, 1},
        {0, 120, -1, 0.84134474606855, 0.158655253931458},
        {0, 120, 0, 0.500000000000004, 0.500000000000004},
        {0, 120, 2, 0.0227501319481794, 0.977249868051829},
        {0, 120, 50, 0, 1},
        {1.3, 1.4, -1, 0.962419072333693, 0.0375809276663073},
        {1.3, 1.4, 0, 0.816351430688985, 0.183648569311015},
        {1.3, 1.4, 2, 0.225635752068205, 0.774364247931795},
        {1.3, 1.4, 50, 0, 1},
        {1.3, 7, -1, 0.983816530389672, 0.0161834696103284},
        {1.3, 7, 0, 0.882616082303811, 0.117383917696189},
        {1.3, 7, 2, 0.239958569577183, 0.760041430422817},
        {1.3, 7, 50, 0, 1},
        {1.3, 120, -1, 0.988968805922589, 0.0110311940774194},
        {1.3, 120, 0, 0.901953761120464, 0.098046238879544},
        {1.3, 120, 2, 0.241884753126766, 0.758115246873243},
        {1.3, 120, 50, 0, 1},
        {8, 1.4, -1, 0.996452578444104, 0.00354742155589555},
        {8, 1.4, 0, 0.9805803726636, 0.0194196273364003},
        {8, 1.4, 2, 0.871833470220011, 0.128166529779989},
        {8, 1.4, 50, 6.77427943031471e-13, 0.999999999999322},
        {8, 7, -1, 0.999997551532365, 2.44846763519399e-06},
        {8, 7, 0, 0.999954425394146, 4.55746058543768e-05},
        {8, 7, 2, 0.9967397910568, 0.00326020894319994},
        {8, 7, 50, 1.13287669047244e-89, 1},
        {8, 120, -1, 1, 4.11619039260707e-16},
        {8, 120, 0, 0.999999999999567, 4.41671283141282e-13},
        {8, 120, 2, 0.999999955155771, 4.48442370651998e-08},
        {8, 120, 50, 3.39015716864658e-316, 1},
        {60, 1.4, -1, 0.999787463194501, 0.000212536805498419},
        {60, 1.4, 0, 0.998831252318532, 0.00116874768146791},
        {60, 1.4, 2, 0.992109832102155, 0.00789016789784511},
        {60, 1.4, 50, 0.450629683833941, 0.549370316166059},
        {60, 7, -1, 0.999999999997696, 2.30421295591309e-12},
        {60, 7, 0, 0.999999999953112, 4.68880032887868e-11},
        {60, 7, 2, 0.999999995496616, 4.50338407050591e-09},
        {60, 7, 50, 0.676638479094766, 0.323361520905234},
        {60, 120, -1, 1, 4.89047638361022e-205},
        {60, 120, 0, 1, 1.09117621299881e-192},
        {60, 120, 2, 1, 2.72895255286595e-169},
        {60, 120, 50, 0.99423098936847, 0.00576901063153789},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        double t = cases[i].t, df = cases[i].df, d = cases[i].ncp;
        double below = ts_noncentral_t(t, df, d, false);
        double above = ts_noncentral_t(t, df, d, true);
        assert_true(fabs(below - cases[i].below) <=
                    1e-11 * cases[i].below + 1e-17);
        assert_true(fabs(above - cases[i].above) <=
                    1e-11 * cases[i].above + 1e-17);
        near(below + above, 1, 1e-13);
        /* the other way round */
        assert_true(fabs(ts_noncentral_t(-t, df, -d, true) - below) <=
                    1e-12 * below + 1e-17);
    }
    near(ts_noncentral_t(2.5, 9, 0, true), pt(2.5, 9, 0, 0), 1e-13);
    near(ts_noncentral_t(8, 9, 0, true), pt(8, 9, 0, 0), 1e-12);
    near(ts_noncentral_t(2.5, INFINITY, 1, true), pnorm(1.5, 0, 1, 0, 0),
         1e-14);
    assert_true(isnan(ts_noncentral_t(2, 0, 1, true)));
    assert_true(isnan(ts_noncentral_t(NAN, 3, 1, true)));
}

static void sleep(void **state)
{
    static const struct {
        ts_smd_options opt;
        double estimate, low, high;
    } cases[] = {
        {{true, false, 0.95},
         -0.83218108134954,
         -1.73881689910673,
         0.0954503982114155},
        {{true, true, 0.95},
         -0.796935239191121,
         -1.66517179067802,
         0.0914077328051532},
        {{false, false, 0.95},
         -0.83218108134954,
         -1.73918924246852,
         0.0960614428400338},
        {{false, true, 0.95},
         -0.796484647153418,
         -1.66458666408774,
         0.0919408841659975},
    };
    ts_smd d, turned;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            ts_smd_two(drug_1, 10, drug_2, 10, &cases[i].opt, &d, NULL), TS_OK);
        near(d.estimate, cases[i].estimate, 1e-13);
        near(d.conf_low, cases[i].low, 1e-11);
        near(d.conf_high, cases[i].high, 1e-10);
        assert_int_equal(
            ts_smd_two(drug_2, 10, drug_1, 10, &cases[i].opt, &turned, NULL),
            TS_OK);
        near(turned.conf_high, -d.conf_low, 1e-12);
    }
}

/* An interval of what is far out, where R's pt() has no digits: the tails at
 * its ends are those of the level. */
static void far(void **state)
{
    double x[40], y[40];
    ts_smd_options opt = {.pooled = true, .conf_level = 0.9};
    ts_smd d;
    (void)state;
    for (int i = 0; i < 40; i++) {
        x[i] = 1000 + i % 7;
        y[i] = i % 5;
    }
    assert_int_equal(ts_smd_two(x, 40, y, 40, &opt, &d, NULL), TS_OK);
    double root = sqrt(20), t = d.estimate * root;
    assert_true(t > 1000 && d.conf_low < d.estimate &&
                d.conf_high > d.estimate);
    near(ts_noncentral_t(t, 78, d.conf_low * root, true), 0.05, 1e-8);
    near(ts_noncentral_t(t, 78, d.conf_high * root, false), 0.05, 1e-8);
}

static void degenerate(void **state)
{
    static const double one[] = {3}, same[] = {4, 4, 4}, bad[] = {1, NAN};
    ts_smd_options opt = {.conf_level = 0.95};
    ts_smd d;
    ts_error err;
    (void)state;
    assert_int_equal(ts_smd_two(one, 1, drug_2, 10, &opt, &d, &err), TS_OK);
    assert_true(isnan(d.estimate) && isnan(d.conf_low));
    assert_int_equal(ts_smd_two(same, 3, same, 3, &opt, &d, &err), TS_OK);
    assert_true(isnan(d.estimate));
    assert_int_equal(ts_smd_two(one, 0, drug_2, 10, &opt, &d, &err),
                     TS_EDEGENERATE);
    assert_int_equal(ts_smd_two(bad, 2, drug_2, 10, &opt, &d, &err),
                     TS_EINVALID);
    opt.conf_level = 1;
    assert_int_equal(ts_smd_two(same, 3, drug_2, 10, &opt, &d, &err),
                     TS_EINVALID);
    /* the factor needs two degrees of freedom */
    opt = (ts_smd_options){.pooled = true, .hedges = true, .conf_level = 0.95};
    assert_int_equal(ts_smd_two(one, 1, drug_2, 2, &opt, &d, &err), TS_OK);
    assert_true(isnan(d.estimate) && isnan(d.conf_low));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noncentral),
        cmocka_unit_test(sleep),
        cmocka_unit_test(far),
        cmocka_unit_test(degenerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
