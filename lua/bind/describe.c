/* ts.describe: summaries of columns. NA values are left out. */
#include "bind.h"

#include <math.h>
#include <stdio.h>
#include "ts/describe.h"
#include "ts/profile.h"

static const ts_column *check_real(lua_State *L, int index)
{
    const ts_column *column = tsl_check_column(L, index);
    if (column->type != TS_REAL)
        tsl_failf(L, TS_ETYPE, "%s is text, numbers are needed", column->name);
    return column;
}

/* The values without NA, in memory that Lua owns. */
static double *check_values(lua_State *L, int index, size_t *n)
{
    const ts_column *column = check_real(L, index);
    double *x = lua_newuserdatauv(L, (column->n + 1) * sizeof *x, 0);
    *n = 0;
    for (size_t i = 0; i < column->n; i++) {
        if (isinf(column->real[i]))
            tsl_failf(L, TS_EINVALID, "%s is infinite in row %d", column->name,
                      (int)i + 1);
        if (!isnan(column->real[i]))
            x[(*n)++] = column->real[i];
    }
    return x;
}

/* describe(column [, quantile_type [, conf_level]]) -> table of the fields of
 * ts_description */
static int describe(lua_State *L)
{
    const ts_column *column = check_real(L, 1);
    int type = (int)luaL_optinteger(L, 2, 2);
    double level = luaL_optnumber(L, 3, 0.95);
    ts_description d;
    ts_error err;
    if (ts_describe(column->real, column->n, type, level, &d, &err)) {
        ts_error named = {.code = err.code};
        snprintf(named.text, sizeof named.text, "%.200s: %.1000s", column->name,
                 err.text);
        return tsl_fail(L, err.code == TS_EINVALID ? &named : &err);
    }
    lua_createtable(L, 0, 40);
    tsl_set_real(L, "n", (double)d.n);
    tsl_set_real(L, "n_missing", (double)d.n_missing);
    tsl_set_real(L, "n_not_positive", (double)d.n_not_positive);
    tsl_set_real(L, "sum", d.sum);
    tsl_set_real(L, "mean", d.mean);
    tsl_set_real(L, "sd", d.sd);
    tsl_set_real(L, "se", d.se);
    tsl_set_real(L, "median", d.median);
    tsl_set_real(L, "q1", d.q1);
    tsl_set_real(L, "q3", d.q3);
    tsl_set_real(L, "min", d.min);
    tsl_set_real(L, "max", d.max);
    tsl_set_real(L, "geomean", d.geomean);
    tsl_set_real(L, "geosd", d.geosd);
    tsl_set_real(L, "geocv", d.geocv);
    tsl_set_real(L, "cv", d.cv);
    tsl_set_real(L, "mad", d.mad);
    tsl_set_real(L, "skewness", d.skewness);
    tsl_set_real(L, "kurtosis", d.kurtosis);
    tsl_set_real(L, "shapiro_w", d.shapiro_w);
    tsl_set_real(L, "shapiro_p", d.shapiro_p);
    tsl_set_real(L, "conf_low", d.conf_low);
    tsl_set_real(L, "conf_high", d.conf_high);
    tsl_set_real(L, "geomean_low", d.geomean_low);
    tsl_set_real(L, "geomean_high", d.geomean_high);
    tsl_set_real(L, "median_low", d.median_low);
    tsl_set_real(L, "median_high", d.median_high);
    tsl_set_real(L, "median_level", d.median_level);
    return 1;
}

/* quantile(column, p, type) */
static int quantile(lua_State *L)
{
    size_t n;
    double p = luaL_checknumber(L, 2);
    int type = (int)luaL_optinteger(L, 3, 2);
    if (!(p >= 0 && p <= 1))
        return tsl_failf(L, TS_EINVALID,
                         "quantile: p = %g is not between 0 "
                         "and 1",
                         p);
    if (type < 1 || type > 9)
        return tsl_failf(L, TS_EINVALID,
                         "quantile: type %d, the types are 1 to 9", type);
    double *x = check_values(L, 1, &n);
    ts_sort(x, n);
    tsl_push_real(L, ts_quantile_sorted(x, n, p, type));
    return 1;
}

/* median_error(column) -> the standard error of its median */
static int median_error(lua_State *L)
{
    size_t n;
    double *x = check_values(L, 1, &n);
    ts_sort(x, n);
    tsl_push_real(L, ts_median_error(x, n));
    return 1;
}

static void push_list(lua_State *L, const double *x, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        tsl_push_real(L, x[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* normal(column) -> its values in order, their normal scores */
static int normal(lua_State *L)
{
    size_t n;
    double *x = check_values(L, 1, &n);
    double *score = lua_newuserdatauv(L, (n + 1) * sizeof *score, 0);
    ts_sort(x, n);
    ts_normal_scores(n, score);
    push_list(L, x, n);
    push_list(L, score, n);
    return 2;
}

/* decimals(column, most): with which its values are written */
static int decimals(lua_State *L)
{
    const ts_column *column = check_real(L, 1);
    int most = (int)luaL_optinteger(L, 2, 4);
    lua_pushinteger(L, ts_decimals(column->real, column->n, most));
    return 1;
}

/* mean(column), sd(column): without the sorting that describe needs */
static int mean(lua_State *L)
{
    size_t n;
    const double *x = check_values(L, 1, &n);
    tsl_push_real(L, ts_mean(x, n));
    return 1;
}

static int sd(lua_State *L)
{
    size_t n;
    const double *x = check_values(L, 1, &n);
    tsl_push_real(L, ts_sd(x, n));
    return 1;
}

static int count(lua_State *L)
{
    const ts_column *column = tsl_check_column(L, 1);
    size_t n = 0;
    for (size_t i = 0; i < column->n; i++)
        n += !ts_column_is_na(column, i);
    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* profile(column) -> { n, n_missing, n_distinct, whole, min, max, longest } */
static int profile(lua_State *L)
{
    const ts_column *column = tsl_check_column(L, 1);
    ts_profile p;
    ts_error err;
    tsl_try(L, ts_column_profile(column, &p, &err), &err);
    lua_createtable(L, 0, 8);
    tsl_set_real(L, "n", (double)p.n);
    tsl_set_real(L, "n_missing", (double)p.n_missing);
    tsl_set_real(L, "n_distinct", (double)p.n_distinct);
    lua_pushboolean(L, p.whole);
    lua_setfield(L, -2, "whole");
    if (column->type == TS_REAL) {
        tsl_set_real(L, "min", p.low);
        tsl_set_real(L, "max", p.high);
    } else if (p.n) {
        tsl_set_text(L, "min", p.first);
        tsl_set_text(L, "max", p.last);
        tsl_set_real(L, "longest", (double)p.longest);
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"profile", profile},
    {"describe", describe},
    {"quantile", quantile},
    {"normal", normal},
    {"median_error", median_error},
    {"decimals", decimals},
    {"count", count},
    {"mean", mean},
    {"sd", sd},
    {NULL, NULL},
};

int luaopen_ts_describe(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
