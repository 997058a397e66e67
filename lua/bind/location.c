/* ts.location: tests for means, of columns without NA. */
#include "bind.h"

#include <string.h>
#include "ts/location.h"

static const ts_column *check_sample(lua_State *L, int index)
{
    const ts_column *column = tsl_check_column(L, index);
    if (column->type != TS_REAL)
        tsl_failf(L, TS_ETYPE, "%s is text, numbers are needed", column->name);
    return column;
}

static void read_options(lua_State *L, int index, ts_ttest_options *opt)
{
    static const char *const alternatives[] = {"two-sided", "less", "greater",
                                               NULL};
    luaL_checktype(L, index, LUA_TTABLE);
    lua_getfield(L, index, "alternative");
    opt->alternative = luaL_checkoption(L, -1, "two-sided", alternatives);
    lua_getfield(L, index, "pooled");
    opt->pooled = lua_toboolean(L, -1);
    lua_getfield(L, index, "mu");
    opt->mu = luaL_optnumber(L, -1, 0);
    lua_getfield(L, index, "conf_level");
    opt->conf_level = luaL_optnumber(L, -1, 0.95);
    lua_pop(L, 4);
}

static void push_result(lua_State *L, const ts_ttest *t)
{
    static const char *const reasons[] = {NULL, "one", "constant"};
    lua_createtable(L, 0, 16);
    tsl_set_real(L, "estimate", t->estimate);
    tsl_set_real(L, "std_error", t->std_error);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "df", t->df);
    tsl_set_real(L, "p_value", t->p_value);
    tsl_set_real(L, "conf_low", t->conf_low);
    tsl_set_real(L, "conf_high", t->conf_high);
    tsl_set_real(L, "half_width", t->half_width);
    tsl_set_real(L, "estimate_1", t->estimate_1);
    tsl_set_real(L, "estimate_2", t->estimate_2);
    tsl_set_real(L, "sd_1", t->sd_1);
    tsl_set_real(L, "sd_2", t->sd_2);
    tsl_set_real(L, "n_1", (double)t->n_1);
    tsl_set_real(L, "n_2", (double)t->n_2);
    tsl_set_text(L, "reason", reasons[t->reason]);
}

/* ttest(x, y or nil, { alternative, pooled, paired, mu, conf_level }) ->
 * fields of ts_ttest; reason is "one" or "constant" where fields are NA */
static int ttest(lua_State *L)
{
    ts_ttest_options opt;
    ts_ttest t;
    ts_error err;
    const ts_column *x = check_sample(L, 1), *y = NULL;
    if (!lua_isnoneornil(L, 2))
        y = check_sample(L, 2);
    read_options(L, 3, &opt);
    lua_getfield(L, 3, "paired");
    if (!y)
        tsl_try(L, ts_ttest_one(x->real, x->n, &opt, &t, &err), &err);
    else if (!lua_toboolean(L, -1))
        tsl_try(L, ts_ttest_two(x->real, x->n, y->real, y->n, &opt, &t, &err),
                &err);
    else if (x->n != y->n)
        return tsl_failf(L, TS_EINVALID, "%d values cannot be paired with %d",
                         (int)x->n, (int)y->n);
    else
        tsl_try(L, ts_ttest_paired(x->real, y->real, x->n, &opt, &t, &err),
                &err);
    push_result(L, &t);
    return 1;
}

static const luaL_Reg functions[] = {
    {"ttest", ttest},
    {NULL, NULL},
};

int luaopen_ts_location(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
