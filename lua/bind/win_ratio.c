/* ts.win_ratio: pairs of two groups compared by a hierarchy of outcomes, each a
 * model frame of its own, since a missing value only ties. */
#include "bind.h"

#include <math.h>
#include "model.h"
#include "options.h"
#include "ts/win_ratio.h"

/* The numbers of a variable in all n_row rows of its frame, NaN where the model
 * has none. */
static const double *spread(lua_State *L, const ts_model_frame *m,
                            const ts_model_variable *v)
{
    if (!v->value)
        tsl_failf(L, TS_ETYPE, "winratio: %s is text, numbers are needed",
                  v->name);
    double *x = lua_newuserdatauv(L, (m->n_row + 1) * sizeof *x, 0);
    for (size_t i = 0; i < m->n_row; i++)
        x[i] = NAN;
    for (size_t i = 0; i < m->n; i++)
        x[m->row[i]] = v->value[i];
    return x;
}

/* The outcome { model, margin, horizon, lower } on top of the stack, which
 * keeps what it needs. */
static ts_win_level check_level(lua_State *L, size_t n_row)
{
    int index = lua_gettop(L);
    luaL_checktype(L, index, LUA_TTABLE);
    ts_win_level level = {.margin = tsl_number(L, index, "margin", 0),
                          .horizon = tsl_number(L, index, "horizon", INFINITY),
                          .lower = tsl_flag(L, index, "lower")};
    lua_getfield(L, index, "model");
    const ts_model_frame *m = tsl_check_model(L, -1);
    luaL_argcheck(L, m->n_row == n_row && m->n_response >= 1, 2,
                  "an outcome of other rows");
    level.value = spread(L, m, &m->response[0]);
    if (m->survival)
        level.event = spread(L, m, &m->response[1]);
    return level;
}

/* 1 for the levels listed at index 3, 0 for those at 4, -1 for the others; a
 * code per row of the frame. */
static int *check_groups(lua_State *L, const ts_model_frame *m)
{
    size_t n_level = m->group.n_level_all;
    int *side = lua_newuserdatauv(L, (n_level + 1) * sizeof *side, 0);
    for (size_t g = 0; g < n_level; g++)
        side[g] = -1;
    for (int index = 3; index <= 4; index++) {
        luaL_checktype(L, index, LUA_TTABLE);
        for (lua_Integer i = 1; i <= luaL_len(L, index); i++) {
            lua_geti(L, index, i);
            lua_Integer level = luaL_checkinteger(L, -1);
            luaL_argcheck(L, level >= 1 && (size_t)level <= n_level, index,
                          "no such level");
            side[level - 1] = index == 3;
            lua_pop(L, 1);
        }
    }
    int *group = lua_newuserdatauv(L, (m->n_row + 1) * sizeof *group, 0);
    for (size_t i = 0; i < m->n_row; i++)
        group[i] = -1;
    for (size_t i = 0; i < m->n; i++)
        group[m->row[i]] = side[m->group.code[i]];
    return group;
}

static int *check_strata(lua_State *L, const ts_model_frame *m)
{
    if (!m->stratum.code)
        return NULL;
    int *stratum = lua_newuserdatauv(L, (m->n_row + 1) * sizeof *stratum, 0);
    for (size_t i = 0; i < m->n_row; i++)
        stratum[i] = 0;
    for (size_t i = 0; i < m->n; i++)
        stratum[m->row[i]] = m->stratum.code[i];
    return stratum;
}

static void push_result(lua_State *L, const ts_win_result *r)
{
    const struct {
        const char *name;
        double value;
    } field[] = {
        {"n_pair", r->n_pair},
        {"win", r->win},
        {"loss", r->loss},
        {"tie", r->tie},
        {"win_ratio", r->win_ratio},
        {"net_benefit", r->net_benefit},
        {"win_odds", r->win_odds},
        {"log_se", r->log_se},
        {"net_se", r->net_se},
        {"odds_log_se", r->odds_log_se},
        {"ratio_low", r->ratio_low},
        {"ratio_high", r->ratio_high},
        {"net_low", r->net_low},
        {"net_high", r->net_high},
        {"odds_low", r->odds_low},
        {"odds_high", r->odds_high},
        {"z", r->z},
        {"p_value", r->p_value},
        {"p_smallest", r->p_smallest},
        {"n_stratum", (double)r->n_stratum},
    };
    lua_createtable(L, 0, 24);
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        tsl_set_real(L, field[i].name, field[i].value);
    tsl_set_flag(L, "exact", r->exact);
    tsl_set_flag(L, "lone", r->lone);
}

/* compare(groups model, { outcome, ... }, levels of A, levels of B,
 * { alternative, two_sided, exact, conf_level }) -> fields of ts_win_result,
 * wins and losses of A by outcome */
static int compare(lua_State *L)
{
    static const char *const rules[] = {"central", "absdev", NULL};
    ts_error err;
    ts_win_result r;
    lua_settop(L, 5);
    const ts_model_frame *m = tsl_check_model(L, 1);
    luaL_argcheck(L, m->group.code, 1, "no groups");
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 5, LUA_TTABLE);
    ts_rank_options opt = {.alternative = tsl_alternative(L, 5),
                           .two_sided = tsl_option(L, 5, "two_sided", rules)
                                            ? TS_ABSDEV
                                            : TS_CENTRAL,
                           .exact = tsl_exactness(L, 5),
                           .conf_level = tsl_number(L, 5, "conf_level", 0.95)};
    size_t n_level = (size_t)luaL_len(L, 2);
    luaL_argcheck(L, n_level < 100, 2, "too many outcomes");
    luaL_checkstack(L, (int)(5 * n_level) + 20, "outcomes");
    ts_win_level *level =
        lua_newuserdatauv(L, (n_level + 1) * sizeof *level, 0);
    ts_win_count *count =
        lua_newuserdatauv(L, (n_level + 1) * sizeof *count, 0);
    const int *group = check_groups(L, m), *stratum = check_strata(L, m);
    for (size_t k = 0; k < n_level; k++) {
        lua_geti(L, 2, (lua_Integer)k + 1);
        level[k] = check_level(L, m->n_row);
    }
    tsl_try_named(L, "winratio",
                  ts_win_ratio(level, n_level, group, stratum, m->n_row, &opt,
                               count, &r, &err),
                  &err);
    push_result(L, &r);
    for (int losses = 0; losses < 2; losses++) {
        lua_createtable(L, (int)n_level, 0);
        for (size_t k = 0; k < n_level; k++) {
            tsl_push_real(L, losses ? count[k].loss : count[k].win);
            lua_rawseti(L, -2, (lua_Integer)k + 1);
        }
    }
    return 3;
}

static const luaL_Reg functions[] = {
    {"compare", compare},
    {NULL, NULL},
};

int luaopen_ts_win_ratio(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
