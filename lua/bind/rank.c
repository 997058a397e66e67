/* ts.rank: rank tests, of columns without NA and of model frames. */
#include "bind.h"

#include <string.h>
#include "model.h"
#include "options.h"
#include "ts/rank.h"

static const ts_column *check_sample(lua_State *L, int index)
{
    const ts_column *column = tsl_check_column(L, index);
    if (column->type != TS_REAL)
        tsl_failf(L, TS_ETYPE, "%s is text, numbers are needed", column->name);
    return column;
}

static ts_rank_options read_options(lua_State *L, int index)
{
    static const char *const rules[] = {"central", "absdev", NULL};
    luaL_checktype(L, index, LUA_TTABLE);
    ts_rank_options opt = {
        .alternative = tsl_alternative(L, index),
        .two_sided = tsl_option(L, index, "two_sided", rules),
        .exact = tsl_exactness(L, index),
        .no_continuity = tsl_flag(L, index, "no_continuity"),
        .pratt = tsl_flag(L, index, "pratt"),
        .mu = tsl_number(L, index, "mu", 0),
        .conf_level = tsl_number(L, index, "conf_level", 0.95),
    };
    return opt;
}

static void push_test(lua_State *L, const ts_rank_test *t)
{
    lua_createtable(L, 0, 20);
    tsl_set_real(L, "estimate", t->estimate);
    tsl_set_real(L, "conf_low", t->conf_low);
    tsl_set_real(L, "conf_high", t->conf_high);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "z", t->z);
    tsl_set_real(L, "p_value", t->p_value);
    tsl_set_real(L, "p_smallest", t->p_smallest);
    tsl_set_real(L, "superiority", t->superiority);
    tsl_set_real(L, "n_1", (double)t->n_1);
    tsl_set_real(L, "n_2", (double)t->n_2);
    tsl_set_real(L, "n_zero", (double)t->n_zero);
    tsl_set_flag(L, "low_open", t->low_open);
    tsl_set_flag(L, "high_open", t->high_open);
    tsl_set_flag(L, "exact", t->exact);
    tsl_set_flag(L, "tied", t->tied);
    tsl_set_flag(L, "inconsistent", t->inconsistent);
}

/* wilcoxon(x, y, { alternative, two_sided, exact, mu, conf_level,
 * no_continuity }) -> fields of ts_rank_test */
static int wilcoxon(lua_State *L)
{
    ts_rank_test t;
    ts_error err;
    const ts_column *x = check_sample(L, 1), *y = check_sample(L, 2);
    ts_rank_options opt = read_options(L, 3);
    tsl_try_named(L, "wilcoxon",
                  ts_wilcoxon(x->real, x->n, y->real, y->n, &opt, &t, &err),
                  &err);
    push_test(L, &t);
    return 1;
}

/* signed_rank(x, { pratt, ... as for wilcoxon }) */
static int signed_rank(lua_State *L)
{
    ts_rank_test t;
    ts_error err;
    const ts_column *x = check_sample(L, 1);
    ts_rank_options opt = read_options(L, 2);
    tsl_try_named(L, "signed_rank",
                  ts_signed_rank(x->real, x->n, &opt, &t, &err), &err);
    push_test(L, &t);
    return 1;
}

/* sign_test(x, { alternative, mu, conf_level }) */
static int sign_test(lua_State *L)
{
    ts_rank_test t;
    ts_error err;
    const ts_column *x = check_sample(L, 1);
    ts_rank_options opt = read_options(L, 2);
    tsl_try_named(L, "sign_test", ts_sign_test(x->real, x->n, &opt, &t, &err),
                  &err);
    push_test(L, &t);
    return 1;
}

/* Several groups ---------------------------------------------------------- */

static void push_group_test(lua_State *L, const ts_group_test *t)
{
    lua_createtable(L, 0, 12);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "df", t->df);
    tsl_set_real(L, "z", t->z);
    tsl_set_real(L, "p_value", t->p_value);
    tsl_set_real(L, "p_smallest", t->p_smallest);
    tsl_set_real(L, "n_used", (double)t->n_used);
    tsl_set_real(L, "n_stratum", (double)t->n_stratum);
    tsl_set_flag(L, "exact", t->exact);
    tsl_set_flag(L, "tied", t->tied);
}

/* The columns of the list at index 1 as one sample with groups; the copies
 * belong to Lua. */
static ts_groups join_columns(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t k = (size_t)luaL_len(L, 1), n = 0, at = 0;
    for (size_t g = 0; g < k; g++) {
        lua_rawgeti(L, 1, (lua_Integer)g + 1);
        n += check_sample(L, -1)->n;
        lua_pop(L, 1);
    }
    double *x = lua_newuserdatauv(L, (n + 1) * sizeof *x, 0);
    int *group = lua_newuserdatauv(L, (n + 1) * sizeof *group, 0);
    for (size_t g = 0; g < k; g++) {
        lua_rawgeti(L, 1, (lua_Integer)g + 1);
        const ts_column *column = check_sample(L, -1);
        memcpy(x + at, column->real, column->n * sizeof *x);
        for (size_t i = 0; i < column->n; i++)
            group[at++] = (int)g;
        lua_pop(L, 1);
    }
    return (ts_groups){.x = x, .group = group, .n = n, .n_group = k};
}

/* kruskal({ column, ... }, { exact }) -> fields of ts_group_test, rank_sum: a
 * list */
static int kruskal(lua_State *L)
{
    ts_group_test t;
    ts_error err;
    lua_settop(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    ts_groups data = join_columns(L);
    double *sums = lua_newuserdatauv(L, (data.n_group + 1) * sizeof *sums, 0);
    tsl_try_named(L, "kruskal",
                  ts_kruskal(&data, tsl_exactness(L, 2), sums, &t, &err), &err);
    push_group_test(L, &t);
    tsl_set_list(L, "rank_sum", sums, data.n_group);
    return 1;
}

/* jonckheere({ column, ... in order }, { alternative, two_sided, exact }) */
static int jonckheere(lua_State *L)
{
    ts_group_test t;
    ts_error err;
    lua_settop(L, 2);
    ts_rank_options opt = read_options(L, 2);
    ts_groups data = join_columns(L);
    tsl_try_named(L, "jonckheere", ts_jonckheere(&data, &opt, &t, &err), &err);
    push_group_test(L, &t);
    return 1;
}

/* side[level] = 1 for a level of the first list at index 2, { { level, ... },
 * { level, ... } }, 0 for one of the second, -1 for others. */
static int *read_sides(lua_State *L, const ts_model_variable *g)
{
    int *side = lua_newuserdatauv(L, (g->n_level_all + 1) * sizeof *side, 0);
    for (size_t i = 0; i < g->n_level_all; i++)
        side[i] = -1;
    luaL_checktype(L, 2, LUA_TTABLE);
    for (int j = 1; j <= 2; j++) {
        lua_rawgeti(L, 2, j);
        luaL_checktype(L, -1, LUA_TTABLE);
        lua_Integer n = luaL_len(L, -1);
        for (lua_Integer i = 1; i <= n; i++) {
            lua_rawgeti(L, -1, i);
            lua_Integer level = luaL_checkinteger(L, -1);
            luaL_argcheck(L, level >= 1 && (size_t)level <= g->n_level_all, 2,
                          "no such level");
            side[level - 1] = 2 - j;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return side;
}

/* van_elteren(model, { levels of A, levels of B }, { ... as for jonckheere })
 * within the strata of the model */
static int van_elteren(lua_State *L)
{
    ts_group_test t;
    ts_error err;
    lua_settop(L, 3);
    const ts_model_frame *m = tsl_check_model(L, 1);
    luaL_argcheck(L, m->n_response == 1 && m->response[0].value, 1,
                  "the response is no number");
    luaL_argcheck(L, m->group.code && m->stratum.code, 1,
                  "no groups or no strata");
    ts_rank_options opt = read_options(L, 3);
    const int *side = read_sides(L, &m->group);
    double *x = lua_newuserdatauv(L, (m->n + 1) * sizeof *x, 0);
    int *group = lua_newuserdatauv(L, (m->n + 1) * sizeof *group, 0);
    int *stratum = lua_newuserdatauv(L, (m->n + 1) * sizeof *stratum, 0);
    ts_groups data = {.x = x, .group = group, .n_group = 2};
    for (size_t i = 0; i < m->n; i++)
        if (side[m->group.code[i]] >= 0) {
            x[data.n] = m->response[0].value[i];
            stratum[data.n] = m->stratum.code[i];
            group[data.n++] = side[m->group.code[i]];
        }
    tsl_try_named(
        L, "van_elteren",
        ts_van_elteren(&data, stratum, m->stratum.n_level, &opt, &t, &err),
        &err);
    push_group_test(L, &t);
    return 1;
}

static const luaL_Reg functions[] = {
    {"wilcoxon", wilcoxon},
    {"signed_rank", signed_rank},
    {"sign_test", sign_test},
    {"kruskal", kruskal},
    {"jonckheere", jonckheere},
    {"van_elteren", van_elteren},
    {NULL, NULL},
};

int luaopen_ts_rank(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
