/*
 * ts.allocation: allocations that a randomisation could have dealt, as a
 * userdata that holds all of them, or as many as were drawn.
 */
#include "bind.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "options.h"
#include "ts/allocation.h"
#include "ts/interrupt.h"
#include "ts/location.h"

#define SCHEME "ts.allocation"
#define DEALT "ts.dealt"

static int scheme_gc(lua_State *L)
{
    ts_allocation **box = luaL_checkudata(L, 1, SCHEME);
    ts_allocation_free(*box);
    *box = NULL;
    return 0;
}

static ts_allocation *check_scheme(lua_State *L, int index)
{
    ts_allocation **box = luaL_checkudata(L, index, SCHEME);
    luaL_argcheck(L, *box, index, "an empty scheme");
    return *box;
}

/* A list of whole numbers from 0, or NULL of nil; the copy belongs to Lua. */
static size_t *list_at(lua_State *L, int index, size_t *n)
{
    if (lua_isnoneornil(L, index))
        return NULL;
    luaL_checktype(L, index, LUA_TTABLE);
    *n = (size_t)luaL_len(L, index);
    size_t *x = lua_newuserdatauv(L, (*n + 1) * sizeof *x, 0);
    for (size_t i = 0; i < *n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        lua_Integer value = luaL_checkinteger(L, -1);
        luaL_argcheck(L, value >= 0, index, "a number below 0");
        x[i] = (size_t)value;
        lua_pop(L, 1);
    }
    return x;
}

/* That in a field of the table at index 1; it stays on the stack. */
static size_t *numbers(lua_State *L, const char *name, size_t *n)
{
    lua_getfield(L, 1, name);
    return list_at(L, lua_gettop(L), n);
}

/* new({ arm, ratio, stratum, block, sizes }, { kept, by arm }) -> scheme; arm:
 * codes from 1, by subject in the order of randomisation */
static int new_scheme(lua_State *L)
{
    ts_error err;
    size_t n = 0, n_stratum = 0, n_block = 0, n_kept;
    bool kept[TS_ARMS] = {false};
    ts_scheme s = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    size_t *arm = numbers(L, "arm", &n);
    s.ratio = numbers(L, "ratio", &s.n_arm);
    s.stratum = numbers(L, "stratum", &n_stratum);
    s.block = numbers(L, "block", &n_block);
    s.size = numbers(L, "sizes", &s.n_size);
    luaL_argcheck(L, arm && s.ratio, 1, "arm and ratio are needed");
    luaL_argcheck(L, !s.stratum || n_stratum == n, 1, "as many strata");
    luaL_argcheck(L, !s.block || n_block == n, 1, "as many blocks");
    unsigned char *codes = lua_newuserdatauv(L, n + 1, 0);
    for (size_t i = 0; i < n; i++) {
        luaL_argcheck(L, arm[i] >= 1 && arm[i] <= s.n_arm, 1, "no such arm");
        codes[i] = (unsigned char)(arm[i] - 1);
    }
    n_kept = (size_t)luaL_len(L, 2);
    for (size_t k = 0; k < n_kept && k < TS_ARMS; k++) {
        lua_rawgeti(L, 2, (lua_Integer)k + 1);
        kept[k] = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    s.n = n;
    s.arm = codes;
    ts_allocation **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, SCHEME);
    tsl_try_named(L, "randomisation", ts_allocation_new(&s, kept, box, &err),
                  &err);
    return 1;
}

/* scheme:number() -> how many allocations there are */
static int scheme_number(lua_State *L)
{
    lua_pushnumber(L, ts_allocation_number(check_scheme(L, 1)));
    return 1;
}

/* scheme:odd() -> blocks that it cannot have dealt, the first subject of one */
static int scheme_odd(lua_State *L)
{
    size_t first;
    lua_pushinteger(L,
                    (lua_Integer)ts_allocation_odd(check_scheme(L, 1), &first));
    lua_pushinteger(L, (lua_Integer)first + 1);
    return 2;
}

/* Allocations, one after another, and how likely each of them is. */
typedef struct {
    size_t n, n_row;
    bool exact;
    double *weight;
    unsigned char *arm;
} dealt;

static dealt *new_dealt(lua_State *L, size_t n, size_t n_row)
{
    dealt *d =
        lua_newuserdatauv(L, sizeof *d + n_row * (sizeof *d->weight + n), 0);
    *d = (dealt){.n = n, .n_row = n_row};
    d->weight = (double *)(d + 1);
    d->arm = (unsigned char *)(d->weight + n_row);
    luaL_setmetatable(L, DEALT);
    return d;
}

/* scheme:all(n, most) -> dealt; n subjects */
static int scheme_all(lua_State *L)
{
    ts_error err;
    ts_allocation *a = check_scheme(L, 1);
    size_t n = (size_t)luaL_checkinteger(L, 2), row = 0;
    tsl_try(L, ts_allocation_start(a, luaL_checknumber(L, 3), &err), &err);
    dealt *d = new_dealt(L, n, (size_t)ts_allocation_number(a));
    d->exact = true;
    while (row < d->n_row &&
           ts_allocation_next(a, d->arm + row * n, &d->weight[row]))
        row++;
    return 1;
}

/* scheme:draw(n, replicates, seed, scenario) -> dealt; a stream for each */
static int scheme_draw(lua_State *L)
{
    ts_error err;
    ts_random stream;
    const ts_allocation *a = check_scheme(L, 1);
    size_t n = (size_t)luaL_checkinteger(L, 2);
    lua_Integer rows = luaL_checkinteger(L, 3), seed = luaL_checkinteger(L, 4);
    uint32_t scenario = (uint32_t)luaL_checkinteger(L, 5);
    luaL_argcheck(L, rows >= 1, 3, "at least one");
    dealt *d = new_dealt(L, n, (size_t)rows);
    for (size_t row = 0; row < d->n_row; row++) {
        ts_random_start(&stream, (uint64_t)seed, scenario, row + 1);
        ts_allocation_draw(a, &stream, d->arm + row * n);
        d->weight[row] = 1;
        tsl_try(L, ts_interrupt_check(&err), &err);
    }
    return 1;
}

static dealt *check_dealt(lua_State *L)
{
    return luaL_checkudata(L, 1, DEALT);
}

static size_t check_row(lua_State *L, const dealt *d)
{
    lua_Integer row = luaL_checkinteger(L, 2);
    luaL_argcheck(L, row >= 1 && (size_t)row <= d->n_row, 2, "no such row");
    return (size_t)row - 1;
}

static int dealt_length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_dealt(L)->n_row);
    return 1;
}

/* d:arms(row, list): the codes from 1 into the list, which it gives back */
static int dealt_arms(lua_State *L)
{
    const dealt *d = check_dealt(L);
    const unsigned char *arm = d->arm + check_row(L, d) * d->n;
    luaL_checktype(L, 3, LUA_TTABLE);
    for (size_t i = 0; i < d->n; i++) {
        lua_pushinteger(L, arm[i] + 1);
        lua_rawseti(L, 3, (lua_Integer)i + 1);
    }
    lua_settop(L, 3);
    return 1;
}

/* d:weight(row) */
static int dealt_weight(lua_State *L)
{
    const dealt *d = check_dealt(L);
    lua_pushnumber(L, d->weight[check_row(L, d)]);
    return 1;
}

typedef struct {
    size_t n, n_stratum;
    const double *score;
    const size_t *stratum;
    unsigned char *side;
    double *x, *y; /* room */
    int how, alternative;
} scored;

static ts_status score_p(const scored *s, double *p, ts_error *err)
{
    double z;
    *p = NAN;
    if (s->how > 0) {
        ts_ttest_options opt = {.alternative = (ts_alternative)s->alternative,
                                .pooled = s->how == 2,
                                .conf_level = 0.95};
        ts_ttest t;
        size_t n_1 = 0, n_2 = 0;
        for (size_t i = 0; i < s->n; i++) {
            if (s->side[i] == 1)
                s->x[n_1++] = s->score[i];
            else if (s->side[i] == 2)
                s->y[n_2++] = s->score[i];
        }
        if (n_1 == 0 || n_2 == 0)
            return TS_OK;
        ts_status status = ts_ttest_two(s->x, n_1, s->y, n_2, &opt, &t, err);
        *p = t.p_value;
        return status;
    }
    ts_status status =
        ts_score_z(s->score, s->side, s->stratum, s->n, s->n_stratum, &z, err);
    *p = s->alternative == 0   ? 2 * pnorm5(-fabs(z), 0, 1, 1, 0)
         : s->alternative == 1 ? pnorm5(z, 0, 1, 1, 0)
                               : pnorm5(z, 0, 1, 0, 0);
    return status;
}

/* d:scores(from, to, { score }, { place }, { own }, { side }, alternative,
 * { stratum }, how) -> list of P, NaN where there is none. Of each score the
 * subject's place, or 0: then own is its side; side: 0, 1 or 2, by arm. how:
 * "scores", in standard deviations of their permutations, or a t test. */
static int dealt_scores(lua_State *L)
{
    static const char *const words[] = {"two-sided", "less", "greater", NULL};
    static const char *const ways[] = {"scores", "welch", "pooled", NULL};
    ts_error err;
    scored s = {0};
    const dealt *d = check_dealt(L);
    lua_settop(L, 10);
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
    luaL_argcheck(L, from >= 1 && to <= (lua_Integer)d->n_row, 2,
                  "no such row");
    s.alternative = luaL_checkoption(L, 8, "two-sided", words);
    s.how = luaL_checkoption(L, 10, "scores", ways);
    s.score = tsl_check_list(L, 4, &s.n);
    size_t n_place = 0, n_own = 0, n_arm = 0, n_code = s.n;
    const size_t *place = list_at(L, 5, &n_place), *own = list_at(L, 6, &n_own);
    const size_t *side = list_at(L, 7, &n_arm);
    s.stratum = list_at(L, 9, &n_code);
    luaL_argcheck(L, n_place == s.n && n_own == s.n && n_code == s.n && side, 4,
                  "as many of each as scores");
    for (size_t i = 0; s.stratum && i < s.n; i++)
        if (s.stratum[i] >= s.n_stratum)
            s.n_stratum = s.stratum[i] + 1;
    s.side = lua_newuserdatauv(L, s.n + 1, 0);
    s.x = lua_newuserdatauv(L, 2 * (s.n + 1) * sizeof *s.x, 0);
    s.y = s.x + s.n + 1;
    lua_createtable(L, (int)(to - from + 1), 0);
    for (lua_Integer row = from; row <= to; row++) {
        const unsigned char *arm = d->arm + (size_t)(row - 1) * d->n;
        double p;
        for (size_t i = 0; i < s.n; i++) {
            luaL_argcheck(L, place[i] <= d->n, 5, "no such subject");
            size_t code = place[i] ? arm[place[i] - 1] : 0;
            luaL_argcheck(L, code < n_arm, 7, "an arm without a side");
            s.side[i] = (unsigned char)(place[i] ? side[code] : own[i]);
        }
        tsl_try(L, score_p(&s, &p, &err), &err);
        lua_pushnumber(L, p);
        lua_rawseti(L, -2, (lua_Integer)(row - from) + 1);
    }
    return 1;
}

/* d:exact() -> whether these are all that there are */
static int dealt_exact(lua_State *L)
{
    lua_pushboolean(L, check_dealt(L)->exact);
    return 1;
}

static const luaL_Reg scheme_methods[] = {
    {"all", scheme_all}, {"draw", scheme_draw}, {"number", scheme_number},
    {"odd", scheme_odd}, {NULL, NULL},
};

static const luaL_Reg dealt_methods[] = {
    {"arms", dealt_arms},     {"exact", dealt_exact}, {"scores", dealt_scores},
    {"weight", dealt_weight}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"new", new_scheme},
    {NULL, NULL},
};

static void add_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
}

int luaopen_ts_allocation(lua_State *L)
{
    add_class(L, SCHEME, scheme_methods);
    lua_pushcfunction(L, scheme_gc);
    lua_setfield(L, -2, "__gc");
    add_class(L, DEALT, dealt_methods);
    lua_pushcfunction(L, dealt_length);
    lua_setfield(L, -2, "__len");
    lua_pop(L, 2);
    luaL_newlib(L, functions);
    return 1;
}
