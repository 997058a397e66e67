/*
 * ts.linear: a linear model as a userdata that owns its design and its fit and
 * keeps the model frame. Rows of the design pass through Lua as lists of p
 * numbers, so that Lua can average and subtract them.
 */
#include "bind.h"

#include <math.h>
#include <string.h>
#include "model.h"
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

static double *new_numbers(lua_State *L, size_t n)
{
    return lua_newuserdatauv(L, (n + 1) * sizeof(double), 0);
}

/* Contrasts --------------------------------------------------------------- */

/* { { 1, 0 }, { 0, 1 }, ... } in field "matrix" of the table on top. */
static void read_matrix(lua_State *L, ts_contrast *c)
{
    lua_getfield(L, -1, "matrix");
    luaL_checktype(L, -1, LUA_TTABLE);
    c->n_level = (size_t)luaL_len(L, -1);
    lua_rawgeti(L, -1, 1);
    c->n_column = lua_istable(L, -1) ? (size_t)luaL_len(L, -1) : 0;
    lua_pop(L, 1);
    double *x = new_numbers(L, c->n_level * c->n_column);
    lua_insert(L, -2); /* the numbers stay below */
    for (size_t i = 0; i < c->n_level; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        luaL_checktype(L, -1, LUA_TTABLE);
        if ((size_t)luaL_len(L, -1) != c->n_column)
            tsl_failf(L, TS_EINVALID,
                      "%s: the rows of the contrast matrix "
                      "have different lengths",
                      c->variable);
        for (size_t j = 0; j < c->n_column; j++) {
            lua_rawgeti(L, -1, (lua_Integer)j + 1);
            x[i * c->n_column + j] = luaL_checknumber(L, -1);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    c->matrix = x;
}

/* The list at index; what it points to stays on the stack. */
static ts_contrast *read_contrasts(lua_State *L, int index, size_t *n)
{
    static const char *const kinds[] = {"treatment", "sum", "helmert", "user",
                                        NULL};
    *n = lua_isnoneornil(L, index) ? 0 : (size_t)luaL_len(L, index);
    luaL_checkstack(L, (int)(4 * *n + 20), "too many contrasts");
    ts_contrast *list = lua_newuserdatauv(L, (*n + 1) * sizeof *list, 0);
    memset(list, 0, (*n + 1) * sizeof *list);
    for (size_t i = 0; i < *n; i++) {
        ts_contrast *c = &list[i];
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        int at = lua_gettop(L);
        lua_getfield(L, at, "variable");
        c->variable = luaL_checkstring(L, -1);
        lua_getfield(L, at, "kind");
        c->kind = (ts_contrast_kind)luaL_checkoption(L, -1, NULL, kinds);
        lua_getfield(L, at, "base");
        c->base = luaL_optstring(L, -1, NULL);
        if (c->kind == TS_CONTRAST_USER) {
            lua_pushvalue(L, at);
            read_matrix(L, c);
            lua_pop(L, 1);
        }
    }
    return list;
}

/* fit(model [, contrasts [, tolerance]]) -> linear model */
static int fit(lua_State *L)
{
    ts_error err;
    size_t n;
    lua_settop(L, 3);
    const ts_model_frame *frame = tsl_check_model(L, 1);
    double tolerance = luaL_optnumber(L, 3, 1e-11);
    const ts_contrast *contrasts = read_contrasts(L, 2, &n);
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

static void push_columns(lua_State *L, const ts_linear *f)
{
    const ts_design *d = f->design;
    lua_createtable(L, (int)f->p, 0);
    for (size_t j = 0; j < f->p; j++) {
        lua_createtable(L, 0, 4);
        tsl_set_text(L, "name", d->column[j].name);
        tsl_set_real(L, "term", (double)d->column[j].term);
        tsl_set_real(L, "estimate", f->coef[j]);
        lua_pushboolean(L, f->aliased[j]);
        lua_setfield(L, -2, "aliased");
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
}

/* Which columns make an aliased one: { { column, { others } }, ... } */
static void push_aliases(lua_State *L, const ts_linear *f)
{
    size_t rank = f->rank;
    lua_newtable(L);
    for (size_t a = 0; a < f->p - rank; a++) {
        lua_Integer n = 0;
        lua_createtable(L, 0, 2);
        tsl_set_real(L, "column", (double)f->qr->kept[rank + a] + 1);
        lua_newtable(L);
        for (size_t k = 0; k < rank; k++)
            if (fabs(f->qr->alias[a * rank + k]) *
                    f->unit[f->qr->kept[rank + a]] >
                1e-9 * f->unit[f->qr->kept[k]]) {
                lua_pushinteger(L, (lua_Integer)f->qr->kept[k] + 1);
                lua_rawseti(L, -2, ++n);
            }
        lua_setfield(L, -2, "others");
        lua_rawseti(L, -2, (lua_Integer)a + 1);
    }
}

static void push_terms(lua_State *L, const ts_design *d)
{
    const ts_terms *t = &d->model->terms;
    lua_createtable(L, (int)t->n_term, 0);
    for (size_t i = 0; i < t->n_term; i++) {
        lua_Integer n = 0;
        luaL_Buffer name;
        lua_createtable(L, 0, 2);
        lua_newtable(L);
        for (size_t j = 0; j < d->n_variable; j++)
            if (t->term[i] >> j & 1) {
                lua_pushinteger(L, (lua_Integer)j + 1);
                lua_rawseti(L, -2, ++n);
            }
        lua_setfield(L, -2, "variables");
        luaL_buffinit(L, &name);
        for (size_t j = 0, k = 0; j < d->n_variable; j++)
            if (t->term[i] >> j & 1) {
                if (k++)
                    luaL_addchar(&name, ':');
                luaL_addstring(&name, d->variable[j].name);
            }
        luaL_pushresult(&name);
        lua_setfield(L, -2, "name");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void set_flag(lua_State *L, const char *name, int value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

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
    set_flag(L, "perfect", f->perfect);
    set_flag(L, "intercept", f->design->intercept);
    tsl_set_real(L, "nearest", f->qr->nearest);
    tsl_set_real(L, "nearest_column", (double)f->qr->nearest_column + 1);
    push_columns(L, f);
    lua_setfield(L, -2, "columns");
    push_aliases(L, f);
    lua_setfield(L, -2, "aliases");
    push_terms(L, f->design);
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

/* Rows -------------------------------------------------------------------- */

static void push_row(lua_State *L, const double *x, size_t p, size_t step)
{
    lua_createtable(L, (int)p, 0);
    for (size_t j = 0; j < p; j++) {
        lua_pushnumber(L, x[j * step]);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
}

/* A list of p numbers at an index into x. */
static void read_row(lua_State *L, int index, size_t p, double *x)
{
    luaL_checktype(L, index, LUA_TTABLE);
    luaL_argcheck(L, (size_t)luaL_len(L, index) == p, index,
                  "a row of another length");
    for (size_t j = 0; j < p; j++) {
        lua_rawgeti(L, index, (lua_Integer)j + 1);
        x[j] = luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
}

static double *read_rows(lua_State *L, int index, size_t p, size_t *n)
{
    luaL_checktype(L, index, LUA_TTABLE);
    *n = (size_t)luaL_len(L, index);
    double *x = new_numbers(L, *n * p);
    for (size_t i = 0; i < *n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        read_row(L, lua_gettop(L), p, x + i * p);
        lua_pop(L, 1);
    }
    return x;
}

/* Rows whose arrays belong to a userdata, so that a raise frees them. */
static int rows_gc(lua_State *L)
{
    ts_design_rows_free(lua_touserdata(L, 1));
    return 0;
}

static ts_design_rows *new_rows(lua_State *L)
{
    ts_design_rows *rows = lua_newuserdatauv(L, sizeof *rows, 0);
    *rows = (ts_design_rows){0};
    luaL_setmetatable(L, "ts.design_rows");
    return rows;
}

static void read_values(lua_State *L, const ts_design *d,
                        const ts_design_rows *rows, size_t j)
{
    luaL_checktype(L, -1, LUA_TTABLE);
    luaL_argcheck(L, (size_t)luaL_len(L, -1) == rows->n, 2,
                  "arrays of different lengths");
    for (size_t i = 0; i < rows->n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        if (d->variable[j].n_level) {
            lua_Integer code = luaL_checkinteger(L, -1);
            luaL_argcheck(L,
                          code >= 1 && (size_t)code <= d->variable[j].n_level,
                          2, "no such level");
            rows->code[j][i] = (int)code - 1;
        } else {
            rows->value[j][i] = luaL_checknumber(L, -1);
        }
        lua_pop(L, 1);
    }
}

/* m:rows({ array by variable }, n) -> n rows of the design; arrays hold
 * numbers, or places of levels */
static int linear_rows(lua_State *L)
{
    ts_error err;
    const ts_design *d = check_linear(L, 1)->design;
    lua_Integer n = luaL_checkinteger(L, 3);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, n >= 0, 3, "a negative count");
    ts_design_rows *rows = new_rows(L);
    tsl_try(L, ts_design_rows_new(d, (size_t)n, rows, &err), &err);
    for (size_t j = 0; j < d->n_variable; j++) {
        lua_rawgeti(L, 2, (lua_Integer)j + 1);
        read_values(L, d, rows, j);
        lua_pop(L, 1);
    }
    double *x = new_numbers(L, rows->n * d->n_column);
    ts_design_block(d, rows, 0, rows->n, x, rows->n);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < rows->n; i++) {
        push_row(L, x + i, d->n_column, rows->n);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* m:average({ [variable] = number or place of level }): the mean of all rows
 * of the data, these variables changed */
static int linear_average(lua_State *L)
{
    ts_error err;
    linear *m = check_linear(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    double *mean = new_numbers(L, m->design->n_column);
    int *code =
        lua_newuserdatauv(L, (m->design->n_variable + 1) * sizeof *code, 0);
    double *value = new_numbers(L, m->design->n_variable);
    for (size_t j = 0; j < m->design->n_variable; j++) {
        lua_rawgeti(L, 2, (lua_Integer)j + 1);
        int given = lua_isnumber(L, -1);
        value[j] = given ? lua_tonumber(L, -1) : NAN;
        code[j] = given ? (int)value[j] - 1 : -1;
        luaL_argcheck(L,
                      !given || !m->design->variable[j].n_level ||
                          (code[j] >= 0 &&
                           (size_t)code[j] < m->design->variable[j].n_level),
                      2, "no such level");
        lua_pop(L, 1);
    }
    tsl_try(L, ts_design_average(m->design, value, code, mean, &err), &err);
    push_row(L, mean, m->design->n_column, 1);
    return 1;
}

/* Estimates --------------------------------------------------------------- */

/* m:estimate(row) -> estimate, std_error, estimable */
static int linear_estimate(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_linear *f = check_linear(L, 1)->fit;
    double *row = new_numbers(L, f->p);
    read_row(L, 2, f->p, row);
    tsl_try(L, ts_linear_estimate(f, row, &v, &err), &err);
    tsl_push_real(L, v.estimate);
    tsl_push_real(L, v.std_error);
    lua_pushboolean(L, v.estimable);
    return 3;
}

/* m:coefficient(j) -> estimate, std_error; NA of an aliased column */
static int linear_coefficient(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_linear *f = check_linear(L, 1)->fit;
    lua_Integer j = luaL_checkinteger(L, 2);
    luaL_argcheck(L, j >= 1 && (size_t)j <= f->p, 2, "no such column");
    tsl_try(L, ts_linear_coefficient(f, (size_t)j - 1, &v, &err), &err);
    tsl_push_real(L, v.estimate);
    tsl_push_real(L, v.std_error);
    return 2;
}

/* m:covariance({ rows }) -> list of lists */
static int linear_covariance(lua_State *L)
{
    ts_error err;
    size_t k;
    const ts_linear *f = check_linear(L, 1)->fit;
    const double *rows = read_rows(L, 2, f->p, &k);
    double *v = new_numbers(L, k * k);
    tsl_try(L, ts_linear_covariance(f, rows, k, v, &err), &err);
    lua_createtable(L, (int)k, 0);
    for (size_t i = 0; i < k; i++) {
        lua_createtable(L, (int)k, 0);
        for (size_t j = 0; j < k; j++) {
            tsl_push_real(L, v[i * k + j]);
            lua_rawseti(L, -2, (lua_Integer)j + 1);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
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
    const double *rows = read_rows(L, 2, f->p, &q);
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
    lua_Integer type = luaL_checkinteger(L, 2), term = luaL_checkinteger(L, 3);
    luaL_argcheck(L, type >= 1 && type <= 3, 2, "1, 2 or 3");
    luaL_argcheck(L,
                  term >= 1 && (size_t)term <= f->design->model->terms.n_term,
                  3, "no such term");
    tsl_try(L, ts_linear_term(f, (int)type, (size_t)term - 1, &t, &err), &err);
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

static double *push_column(lua_State *L, const char *name, size_t n)
{
    ts_error err;
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_new_real(name, n, box, &err), &err);
    return (*box)->real;
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
    d.field = push_column(L, #field, n);                                       \
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

/* m:design() -> a list of its columns, in the rows used */
static int linear_design(lua_State *L)
{
    ts_error err;
    enum { BLOCK = 256 };
    linear *m = check_linear(L, 1);
    size_t n = m->fit->n, p = m->fit->p;
    double *x = new_numbers(L, BLOCK * p);
    double **to = lua_newuserdatauv(L, (p + 1) * sizeof *to, 0);
    ts_design_rows *rows = new_rows(L);
    tsl_try(L, ts_design_rows_of(m->design, m->design->model, rows, &err),
            &err);
    lua_createtable(L, (int)p, 0);
    for (size_t j = 0; j < p; j++) {
        to[j] = push_column(L, m->design->column[j].name, n);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t k = n - from < BLOCK ? n - from : BLOCK;
        ts_design_block(m->design, rows, from, k, x, BLOCK);
        for (size_t j = 0; j < p; j++)
            memcpy(to[j] + from, x + j * BLOCK, k * sizeof *x);
    }
    return 1;
}

/* m:predict(model) -> columns estimate and std_error, for the rows of another
 * model frame that are complete; NA where not estimable */
static int linear_predict(lua_State *L)
{
    ts_error err;
    linear *m = check_linear(L, 1);
    const ts_model_frame *rows = tsl_check_model(L, 2);
    double *estimate = push_column(L, "estimate", rows->n);
    double *std_error = push_column(L, "std_error", rows->n);
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
    if (luaL_newmetatable(L, LINEAR)) {
        lua_pushcfunction(L, linear_gc);
        lua_setfield(L, -2, "__gc");
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    if (luaL_newmetatable(L, "ts.design_rows")) {
        lua_pushcfunction(L, rows_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 2);
    luaL_newlib(L, functions);
    return 1;
}
