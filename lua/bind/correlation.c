/* ts.correlation: correlations of two columns without NA. */
#include "bind.h"

#include "options.h"
#include "ts/correlation.h"

/* correlate(x, y, { kind, alternative, two_sided, exact, conf_level }) ->
 * fields of ts_correlation */
static int correlate(lua_State *L)
{
    static const char *const kinds[] = {"pearson", "spearman", "kendall", NULL};
    static const char *const rules[] = {"absdev", "central", NULL};
    static const ts_two_sided rule[] = {TS_ABSDEV, TS_CENTRAL};
    ts_correlation c;
    ts_error err;
    const ts_column *x = tsl_check_column(L, 1), *y = tsl_check_column(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    ts_correlation_options opt = {
        .kind = (ts_correlation_kind)tsl_option(L, 3, "kind", kinds),
        .alternative = tsl_alternative(L, 3),
        .two_sided = rule[tsl_option(L, 3, "two_sided", rules)],
        .exact = tsl_exactness(L, 3),
        .conf_level = tsl_number(L, 3, "conf_level", 0.95),
    };
    if (x->type != TS_REAL || y->type != TS_REAL || x->n != y->n)
        return tsl_failf(L, TS_ETYPE, "two columns of numbers are needed");
    tsl_try_named(L, "cor", ts_correlate(x->real, y->real, x->n, &opt, &c, &err),
                  &err);
    lua_createtable(L, 0, 14);
    tsl_set_real(L, "estimate", c.estimate);
    tsl_set_real(L, "conf_low", c.conf_low);
    tsl_set_real(L, "conf_high", c.conf_high);
    tsl_set_real(L, "statistic", c.statistic);
    tsl_set_real(L, "df", c.df);
    tsl_set_real(L, "z", c.z);
    tsl_set_real(L, "p_value", c.p_value);
    tsl_set_real(L, "p_smallest", c.p_smallest);
    tsl_set_flag(L, "exact", c.exact);
    tsl_set_flag(L, "tied", c.tied);
    tsl_set_flag(L, "constant", c.constant);
    tsl_set_flag(L, "line", c.line);
    tsl_set_flag(L, "inconsistent", c.inconsistent);
    return 1;
}

static const luaL_Reg functions[] = {
    {"correlate", correlate},
    {NULL, NULL},
};

int luaopen_ts_correlation(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
