/* ts.standardised: differences of means in standard deviations, of columns
 * without NA. */
#include "bind.h"

#include "options.h"
#include "ts/standardised.h"

/* smd(x, y, { pooled, hedges, conf_level }) -> fields of ts_smd */
static int smd(lua_State *L)
{
    ts_smd d;
    ts_error err;
    const ts_column *x = tsl_check_column(L, 1), *y = tsl_check_column(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    ts_smd_options opt = {
        .pooled = tsl_flag(L, 3, "pooled"),
        .hedges = tsl_flag(L, 3, "hedges"),
        .conf_level = tsl_number(L, 3, "conf_level", 0.95),
    };
    if (x->type != TS_REAL || y->type != TS_REAL)
        return tsl_failf(L, TS_ETYPE, "two columns of numbers are needed");
    tsl_try_named(L, "smd",
                  ts_smd_two(x->real, x->n, y->real, y->n, &opt, &d, &err),
                  &err);
    lua_createtable(L, 0, 10);
    tsl_set_real(L, "estimate", d.estimate);
    tsl_set_real(L, "conf_low", d.conf_low);
    tsl_set_real(L, "conf_high", d.conf_high);
    tsl_set_real(L, "sd", d.sd);
    tsl_set_real(L, "df", d.df);
    tsl_set_real(L, "estimate_1", d.estimate_1);
    tsl_set_real(L, "estimate_2", d.estimate_2);
    tsl_set_real(L, "sd_1", d.sd_1);
    tsl_set_real(L, "sd_2", d.sd_2);
    return 1;
}

static const luaL_Reg functions[] = {
    {"smd", smd},
    {NULL, NULL},
};

int luaopen_ts_standardised(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
