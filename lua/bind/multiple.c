/* ts.multiple: tails and quantiles of the largest of several t statistics. */
#include "bind.h"

#include <math.h>
#include "ts/multiple.h"

/* { { 1, r }, { r, 1 } } at index 1, as a userdata on the stack. */
static const double *check_correlation(lua_State *L, size_t *k)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    *k = (size_t)luaL_len(L, 1);
    double *r = lua_newuserdatauv(L, (*k * *k + 1) * sizeof *r, 0);
    for (size_t i = 0; i < *k; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        luaL_checktype(L, -1, LUA_TTABLE);
        for (size_t j = 0; j < *k; j++) {
            lua_rawgeti(L, -1, (lua_Integer)j + 1);
            r[i * *k + j] = luaL_checknumber(L, -1);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return r;
}

static int push_both(lua_State *L, double value, double error)
{
    tsl_push_real(L, value);
    lua_pushnumber(L, error);
    return 2;
}

/* max_t_tail(correlation, df, q, two_sided) -> p, error (0: by quadrature) */
static int max_t_tail(lua_State *L)
{
    ts_error err;
    size_t k;
    double p, error;
    const double *r = check_correlation(L, &k);
    double df = luaL_checknumber(L, 2), q = luaL_checknumber(L, 3);
    tsl_try(L,
            ts_max_t_tail(r, k, df, q, lua_toboolean(L, 4), &p, &error, &err),
            &err);
    return push_both(L, p, error);
}

/* max_t_quantile(correlation, df, p, two_sided) -> q, error */
static int max_t_quantile(lua_State *L)
{
    ts_error err;
    size_t k;
    double q, error;
    const double *r = check_correlation(L, &k);
    double df = luaL_checknumber(L, 2), p = luaL_checknumber(L, 3);
    tsl_try(
        L,
        ts_max_t_quantile(r, k, df, p, lua_toboolean(L, 4), &q, &error, &err),
        &err);
    return push_both(L, q, error);
}

/* range_tail(k, df, q) -> p */
static int range_tail(lua_State *L)
{
    ts_error err;
    double p;
    lua_Integer k = luaL_checkinteger(L, 1);
    luaL_argcheck(L, k > 1, 1, "two means or more");
    tsl_try(L,
            ts_range_tail((size_t)k, luaL_checknumber(L, 2),
                          luaL_checknumber(L, 3), &p, &err),
            &err);
    tsl_push_real(L, p);
    return 1;
}

/* range_quantile(k, df, p) -> q */
static int range_quantile(lua_State *L)
{
    ts_error err;
    double q;
    lua_Integer k = luaL_checkinteger(L, 1);
    luaL_argcheck(L, k > 1, 1, "two means or more");
    tsl_try(L,
            ts_range_quantile((size_t)k, luaL_checknumber(L, 2),
                              luaL_checknumber(L, 3), &q, &err),
            &err);
    tsl_push_real(L, q);
    return 1;
}

/* modulus_tail(m, df, q, two_sided) -> p */
static int modulus_tail(lua_State *L)
{
    ts_error err;
    double p;
    tsl_try(L,
            ts_modulus_tail(luaL_checknumber(L, 1), luaL_checknumber(L, 2),
                            luaL_checknumber(L, 3), lua_toboolean(L, 4), &p,
                            &err),
            &err);
    tsl_push_real(L, p);
    return 1;
}

/* modulus_quantile(m, df, p, two_sided) -> q */
static int modulus_quantile(lua_State *L)
{
    ts_error err;
    double q;
    tsl_try(L,
            ts_modulus_quantile(luaL_checknumber(L, 1), luaL_checknumber(L, 2),
                                luaL_checknumber(L, 3), lua_toboolean(L, 4), &q,
                                &err),
            &err);
    tsl_push_real(L, q);
    return 1;
}

/* scheffe_tail(rank, df, q) -> p */
static int scheffe_tail(lua_State *L)
{
    tsl_push_real(L, ts_scheffe_tail(luaL_checknumber(L, 1),
                                     luaL_checknumber(L, 2),
                                     luaL_checknumber(L, 3)));
    return 1;
}

/* scheffe_quantile(rank, df, p) -> q */
static int scheffe_quantile(lua_State *L)
{
    tsl_push_real(L, ts_scheffe_quantile(luaL_checknumber(L, 1),
                                         luaL_checknumber(L, 2),
                                         luaL_checknumber(L, 3)));
    return 1;
}

/* sidak_level(alpha, m) -> 1 - (1 - alpha)^(1 / m) */
static int sidak_level(lua_State *L)
{
    double alpha = luaL_checknumber(L, 1), m = luaL_checknumber(L, 2);
    tsl_push_real(L, -expm1(log1p(-alpha) / m));
    return 1;
}

static const luaL_Reg functions[] = {
    {"max_t_tail", max_t_tail},
    {"max_t_quantile", max_t_quantile},
    {"range_tail", range_tail},
    {"range_quantile", range_quantile},
    {"sidak_level", sidak_level},
    {"modulus_tail", modulus_tail},
    {"modulus_quantile", modulus_quantile},
    {"scheffe_tail", scheffe_tail},
    {"scheffe_quantile", scheffe_quantile},
    {NULL, NULL},
};

int luaopen_ts_multiple(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
