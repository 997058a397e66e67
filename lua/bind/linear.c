/*
 * ts.linear: a linear model as a userdata that owns its design and its fit and
 * keeps the model frame. Rows of the design pass through Lua as lists of p
 * numbers, so that Lua can average and subtract them.
 */
#include "bind.h"

#include <math.h>
#include <string.h>
#include "design.h"
#include "model.h"
#include "options.h"
#include "ts/inference.h"
#include "ts/linear.h"

#define LINEAR "ts.linear"

typedef struct {
    ts_design *design;
    ts_linear *fit;
} linear;

static int linear_gc(lua_State *L)
{
    linear *m = luaL_checkudata(L, 1, LINEAR);
    ts_linear_free(m->fit);
    ts_design_free(m->design);
    *m = (linear){0};
    return 0;
}

static linear *check_linear(lua_State *L, int index)
{
    linear *m = luaL_checkudata(L, index, LINEAR);
    luaL_argcheck(L, m->fit, index, "an empty model");
    return m;
}

/* fit(model [, contrasts [, tolerance]]) -> linear model */
static int fit(lua_State *L)
{
    ts_error err;
    size_t n;
    lua_settop(L, 3);
    const ts_model_frame *frame = tsl_check_model(L, 1);
    double tolerance = luaL_optnumber(L, 3, 1e-11);
    const ts_contrast *contrasts = tsl_check_contrasts(L, 2, &n);
    linear *m = lua_newuserdatauv(L, sizeof *m, 1);
    *m = (linear){0};
    luaL_setmetatable(L, LINEAR);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    tsl_try(L, ts_design_new(frame, contrasts, n, 0, &m->design, &err), &err);
    tsl_try(L, ts_linear_fit(m->design, tolerance, &m->fit, &err), &err);
    return 1;
}

/* What it is -------------------------------------------------------------- */

/* m:info() -> n, rank, df, rss, tss, unexplained (rss / tss), sigma, log_lik,
 * perfect, intercept, columns, aliases, terms, nearest (a share),
 * nearest_column */
static int linear_info(lua_State *L)
{
    const ts_linear *f = check_linear(L, 1)->fit;
    lua_createtable(L, 0, 16);
    tsl_set_real(L, "n", (double)f->n);
    tsl_set_real(L, "rank", (double)f->rank);
    tsl_set_real(L, "df", f->df);
    tsl_set_real(L, "rss", f->rss);
    tsl_set_real(L, "tss", f->tss);
    tsl_set_real(L, "unexplained", f->unexplained);
    tsl_set_real(L, "sigma", f->sigma);
    tsl_set_real(L, "log_lik", f->log_lik);
    tsl_set_flag(L, "perfect", f->perfect);
    tsl_set_flag(L, "intercept", f->design->intercept);
    tsl_set_real(L, "nearest", f->qr->nearest);
    tsl_set_real(L, "nearest_column", (double)f->qr->nearest_column + 1);
    tsl_push_columns(L, f);
    lua_setfield(L, -2, "columns");
    tsl_push_aliases(L, f);
    lua_setfield(L, -2, "aliases");
    tsl_push_terms(L, f->design);
    lua_setfield(L, -2, "terms");
    return 1;
}

/* m:robust("HC3"): the variance from now on */
static int linear_robust(lua_State *L)
{
    static const char *const kinds[] = {
        "classical", "HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5", NULL};
    ts_error err;
    linear *m = check_linear(L, 1);
    int kind = luaL_checkoption(L, 2, NULL, kinds);
    tsl_try(L, ts_linear_robust(m->fit, (ts_variance)kind, &err), &err);
    return 0;
}

/* Estimates --------------------------------------------------------------- */

/* m:estimate(row) -> estimate, std_error, estimable */
static int linear_estimate(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_linear *f = check_linear(L, 1)->fit;
    double *row = tsl_new_numbers(L, f->p);
    tsl_check_row(L, 2, f->p, row);
    tsl_try(L, ts_linear_estimate(f, row, &v, &err), &err);
    tsl_push_value(L, &v);
    lua_pushboolean(L, v.estimable);
    return 3;
}

/* m:coefficient(j) -> estimate, std_error; NA of an aliased column */
static int linear_coefficient(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_linear *f = check_linear(L, 1)->fit;
    size_t j = tsl_check_place(L, 2, f->p);
    tsl_try(L, ts_linear_coefficient(f, j, &v, &err), &err);
    return tsl_push_value(L, &v);
}

/* m:covariance({ rows }) -> list of lists */
static int linear_covariance(lua_State *L)
{
    ts_error err;
    size_t k;
    const ts_linear *f = check_linear(L, 1)->fit;
    const double *rows = tsl_check_rows(L, 2, f->p, &k);
    double *v = tsl_new_numbers(L, k * k);
    tsl_try(L, ts_linear_covariance(f, rows, k, v, &err), &err);
    tsl_push_matrix(L, v, k);
    return 1;
}

static int push_test(lua_State *L, const ts_linear_test *t)
{
    lua_createtable(L, 0, 4);
    tsl_set_real(L, "df", t->df);
    tsl_set_real(L, "sum_sq", t->sum_sq);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "p_value", t->p_value);
    return 1;
}

/* m:hypothesis({ rows }) -> { df, sum_sq, statistic, p_value } of all 0 */
static int linear_hypothesis(lua_State *L)
{
    ts_error err;
    size_t q;
    ts_linear_test t;
    const ts_linear *f = check_linear(L, 1)->fit;
    const double *rows = tsl_check_rows(L, 2, f->p, &q);
    tsl_try(L, ts_linear_hypothesis(f, rows, q, &t, &err), &err);
    return push_test(L, &t);
}

/* m:whole() -> the test of all coefficients but the intercept */
static int linear_whole(lua_State *L)
{
    ts_error err;
    ts_linear_test t;
    tsl_try(L, ts_linear_whole(check_linear(L, 1)->fit, &t, &err), &err);
    return push_test(L, &t);
}

/* m:term(type, place) -> the test of a term */
static int linear_term(lua_State *L)
{
    ts_error err;
    ts_linear_test t;
    const ts_linear *f = check_linear(L, 1)->fit;
    lua_Integer type = luaL_checkinteger(L, 2);
    luaL_argcheck(L, type >= 1 && type <= 3, 2, "1, 2 or 3");
    size_t term = tsl_check_term(L, 3, f->design);
    tsl_try(L, ts_linear_term(f, (int)type, term, &t, &err), &err);
    return push_test(L, &t);
}

/* inference(estimate, std_error, df, { mu, alternative, conf_level }) ->
 * { statistic, p_value, conf_low, conf_high } */
static int inference(lua_State *L)
{
    static const char *const alternatives[] = {"two-sided", "less", "greater",
                                               NULL};
    ts_inference r;
    double estimate = luaL_checknumber(L, 1), se = luaL_checknumber(L, 2);
    double df = luaL_checknumber(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    lua_getfield(L, 4, "mu");
    lua_getfield(L, 4, "alternative");
    lua_getfield(L, 4, "conf_level");
    ts_inference_t(
        estimate, se, df, luaL_optnumber(L, -3, 0),
        (ts_alternative)luaL_checkoption(L, -2, "two-sided", alternatives),
        luaL_optnumber(L, -1, 0.95), &r);
    lua_createtable(L, 0, 4);
    tsl_set_real(L, "statistic", r.statistic);
    tsl_set_real(L, "p_value", r.p_value);
    tsl_set_real(L, "conf_low", r.conf_low);
    tsl_set_real(L, "conf_high", r.conf_high);
    return 1;
}

/* Rows of data ------------------------------------------------------------ */

static int linear_rows(lua_State *L)
{
    return tsl_design_rows(L, check_linear(L, 1)->design);
}

static int linear_average(lua_State *L)
{
    return tsl_design_average(L, check_linear(L, 1)->design);
}

static int linear_design(lua_State *L)
{
    return tsl_design_columns(L, check_linear(L, 1)->design);
}

/* m:diagnostics() -> columns fitted, residual, leverage, std_residual,
 * student_residual, cooks_distance */
static int linear_diagnostics(lua_State *L)
{
    ts_error err;
    linear *m = check_linear(L, 1);
    size_t n = m->fit->n;
    ts_linear_diagnostics d;
    lua_createtable(L, 0, 6);
#define COLUMN(field)                                                          \
    d.field = tsl_push_column(L, #field, n);                                   \
    lua_setfield(L, -2, #field)
    COLUMN(fitted);
    COLUMN(residual);
    COLUMN(leverage);
    COLUMN(std_residual);
    COLUMN(student_residual);
    COLUMN(cooks_distance);
#undef COLUMN
    tsl_try(L, ts_linear_diagnose(m->fit, &d, &err), &err);
    return 1;
}

/* m:predict(model) -> columns estimate and std_error, for the rows of another
 * model frame that are complete; NA where not estimable */
static int linear_predict(lua_State *L)
{
    ts_error err;
    linear *m = check_linear(L, 1);
    const ts_model_frame *rows = tsl_check_model(L, 2);
    double *estimate = tsl_push_column(L, "estimate", rows->n);
    double *std_error = tsl_push_column(L, "std_error", rows->n);
    tsl_try(L, ts_linear_predict(m->fit, rows, estimate, std_error, &err),
            &err);
    return 2;
}

static const luaL_Reg methods[] = {
    {"info", linear_info},
    {"robust", linear_robust},
    {"rows", linear_rows},
    {"average", linear_average},
    {"estimate", linear_estimate},
    {"coefficient", linear_coefficient},
    {"covariance", linear_covariance},
    {"hypothesis", linear_hypothesis},
    {"term", linear_term},
    {"whole", linear_whole},
    {"design", linear_design},
    {"diagnostics", linear_diagnostics},
    {"predict", linear_predict},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"fit", fit},
    {"inference", inference},
    {NULL, NULL},
};

int luaopen_ts_linear(lua_State *L)
{
    tsl_open_model(L, LINEAR, linear_gc, methods);
    luaL_newlib(L, functions);
    return 1;
}
