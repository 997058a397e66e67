/* ts.tobit: a censored linear model as a userdata that owns its design and its
 * fit and keeps the model frame. */
#include "bind.h"

#include <math.h>
#include "design.h"
#include "model.h"
#include "options.h"
#include "ts/tobit.h"

#define TOBIT "ts.tobit"

typedef struct {
    ts_design *design;
    ts_tobit *fit;
} tobit;

static int tobit_gc(lua_State *L)
{
    tobit *m = luaL_checkudata(L, 1, TOBIT);
    ts_tobit_free(m->fit);
    ts_design_free(m->design);
    *m = (tobit){0};
    return 0;
}

static const ts_tobit *check_tobit(lua_State *L)
{
    tobit *m = luaL_checkudata(L, 1, TOBIT);
    luaL_argcheck(L, m->fit, 1, "an empty model");
    return m->fit;
}

/* Bounds of the rows used, from columns that are -1 below a limit, 1 above one,
 * else 0, in all rows of the frame. */
static void take_bounds(lua_State *L, int index, const ts_model_frame *m,
                        double *low, double *high)
{
    const ts_column *side = tsl_check_column(L, index);
    luaL_argcheck(L, side->type == TS_REAL && side->n == m->n_row, index,
                  "a side for each row");
    for (size_t i = 0; i < m->n; i++) {
        double s = side->real[m->row[i]], y = m->response[0].value[i];
        low[i] = s < 0 ? -INFINITY : y;
        high[i] = s > 0 ? INFINITY : y;
    }
}

/* fit(model, contrasts, side, tolerance, small_sample) -> censored model */
static int fit(lua_State *L)
{
    ts_error err;
    size_t n;
    lua_settop(L, 5);
    const ts_model_frame *frame = tsl_check_model(L, 1);
    const ts_contrast *contrasts = tsl_check_contrasts(L, 2, &n);
    luaL_argcheck(L, frame->n_response == 1 && frame->response[0].value, 1,
                  "no numeric response");
    double *low = tsl_new_numbers(L, frame->n + 1);
    double *high = tsl_new_numbers(L, frame->n + 1);
    take_bounds(L, 3, frame, low, high);
    tobit *m = lua_newuserdatauv(L, sizeof *m, 1);
    *m = (tobit){0};
    luaL_setmetatable(L, TOBIT);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    tsl_try(L, ts_design_new(frame, contrasts, n, 0, &m->design, &err), &err);
    tsl_try(L,
            ts_tobit_fit(m->design, low, high, luaL_checknumber(L, 4), &m->fit,
                         &err),
            &err);
    if (lua_toboolean(L, 5) && m->fit->n > m->fit->rank)
        tsl_try(L, ts_tobit_small_sample(m->fit, &err), &err);
    return 1;
}

/* m:info() -> n, rank, df, sigma, log_lik, n_measured, n_below, n_above,
 * columns, aliases, terms, nearest, nearest_column */
static int tobit_info(lua_State *L)
{
    const ts_tobit *f = check_tobit(L);
    const ts_linear *s = f->start;
    lua_createtable(L, 0, 16);
    tsl_set_real(L, "n", (double)f->n);
    tsl_set_real(L, "rank", (double)f->rank);
    lua_pushnumber(L, f->df);
    lua_setfield(L, -2, "df");
    tsl_set_real(L, "sigma", f->sigma);
    tsl_set_real(L, "log_lik", f->log_lik);
    tsl_set_real(L, "n_measured", (double)f->n_measured);
    tsl_set_real(L, "n_below", (double)f->n_below);
    tsl_set_real(L, "n_above", (double)f->n_above);
    tsl_set_real(L, "nearest", s->qr->nearest);
    tsl_set_real(L, "nearest_column", (double)s->qr->nearest_column + 1);
    tsl_push_columns(L, s);
    lua_setfield(L, -2, "columns");
    tsl_push_aliases(L, s);
    lua_setfield(L, -2, "aliases");
    tsl_push_terms(L, f->design);
    lua_setfield(L, -2, "terms");
    return 1;
}

/* m:estimate(row) -> estimate, std_error, estimable */
static int tobit_estimate(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_tobit *f = check_tobit(L);
    double *row = tsl_new_numbers(L, f->p);
    tsl_check_row(L, 2, f->p, row);
    tsl_try(L, ts_tobit_estimate(f, row, &v, &err), &err);
    tsl_push_value(L, &v);
    lua_pushboolean(L, v.estimable);
    return 3;
}

/* m:coefficient(j) -> estimate, std_error; NA of an aliased column */
static int tobit_coefficient(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_tobit *f = check_tobit(L);
    size_t j = tsl_check_place(L, 2, f->p);
    tsl_try(L, ts_tobit_coefficient(f, j, &v, &err), &err);
    return tsl_push_value(L, &v);
}

/* m:covariance({ rows }) -> list of lists */
static int tobit_covariance(lua_State *L)
{
    ts_error err;
    size_t k;
    const ts_tobit *f = check_tobit(L);
    const double *rows = tsl_check_rows(L, 2, f->p, &k);
    double *v = tsl_new_numbers(L, k * k);
    tsl_try(L, ts_tobit_covariance(f, rows, k, v, &err), &err);
    tsl_push_matrix(L, v, k);
    return 1;
}

static int push_test(lua_State *L, const ts_tobit *f, const ts_linear_test *t)
{
    lua_createtable(L, 0, 4);
    tsl_set_real(L, "df", t->df);
    tsl_set_real(L, "df_2", isinf(f->df) ? NAN : f->df);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "p_value", t->p_value);
    return 1;
}

/* m:hypothesis({ rows }) -> { df, df_2, statistic, p_value } of all 0 */
static int tobit_hypothesis(lua_State *L)
{
    ts_error err;
    size_t q;
    ts_linear_test t;
    const ts_tobit *f = check_tobit(L);
    const double *rows = tsl_check_rows(L, 2, f->p, &q);
    tsl_try(L, ts_tobit_hypothesis(f, rows, q, &t, &err), &err);
    return push_test(L, f, &t);
}

/* m:term(3, place) -> the test of a term */
static int tobit_term(lua_State *L)
{
    ts_error err;
    ts_linear_test t;
    const ts_tobit *f = check_tobit(L);
    size_t term = tsl_check_term(L, 3, f->design);
    tsl_try(L, ts_tobit_term(f, term, &t, &err), &err);
    return push_test(L, f, &t);
}

/* m:profile(row, { mu, alternative, conf_level }) -> { statistic, p_value,
 * conf_low, conf_high } */
static int tobit_profile(lua_State *L)
{
    ts_error err;
    ts_inference r;
    const ts_tobit *f = check_tobit(L);
    double *row = tsl_new_numbers(L, f->p);
    tsl_check_row(L, 2, f->p, row);
    luaL_checktype(L, 3, LUA_TTABLE);
    tsl_try(L,
            ts_tobit_profile(f, row, tsl_number(L, 3, "mu", 0),
                             tsl_alternative(L, 3),
                             tsl_number(L, 3, "conf_level", 0.95), &r, &err),
            &err);
    tsl_push_profile(L, &r);
    return 1;
}

static int tobit_rows(lua_State *L)
{
    return tsl_design_rows(L, check_tobit(L)->design);
}

static int tobit_average(lua_State *L)
{
    return tsl_design_average(L, check_tobit(L)->design);
}

static int tobit_design(lua_State *L)
{
    return tsl_design_columns(L, check_tobit(L)->design);
}

static const luaL_Reg methods[] = {
    {"info", tobit_info},
    {"rows", tobit_rows},
    {"average", tobit_average},
    {"estimate", tobit_estimate},
    {"coefficient", tobit_coefficient},
    {"covariance", tobit_covariance},
    {"hypothesis", tobit_hypothesis},
    {"term", tobit_term},
    {"profile", tobit_profile},
    {"design", tobit_design},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"fit", fit},
    {NULL, NULL},
};

int luaopen_ts_tobit(lua_State *L)
{
    tsl_open_model(L, TOBIT, tobit_gc, methods);
    luaL_newlib(L, functions);
    return 1;
}
