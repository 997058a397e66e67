/* ts.rate: events and person-time, from lists of numbers or a model frame. */
#include "bind.h"

#include <math.h>
#include "model.h"
#include "options.h"
#include "ts/rate.h"
#include "ts/sum.h"

/* rate(events, time, { alternative, null, conf_level }) -> fields of ts_rate */
static int rate(lua_State *L)
{
    ts_error err;
    ts_rate r;
    luaL_checktype(L, 3, LUA_TTABLE);
    ts_rate_options opt = {.alternative = tsl_alternative(L, 3),
                           .null = tsl_number(L, 3, "null", NAN),
                           .conf_level = tsl_number(L, 3, "conf_level", 0.95)};
    tsl_try_named(L, "rate",
                  ts_rate_of(luaL_checknumber(L, 1), luaL_checknumber(L, 2),
                             &opt, &r, &err),
                  &err);
    lua_createtable(L, 0, 5);
    tsl_set_real(L, "estimate", r.estimate);
    tsl_set_real(L, "std_error", r.std_error);
    tsl_set_real(L, "conf_low", r.conf_low);
    tsl_set_real(L, "conf_high", r.conf_high);
    tsl_set_real(L, "p_value", r.p_value);
    return 1;
}

/* Strata { events_1, time_1, events_2, time_2, ... } behind one another. */
static const ts_two_rates *check_strata(lua_State *L, int index, size_t *n)
{
    size_t count;
    const double *x = tsl_check_list(L, index, &count);
    luaL_argcheck(L, count > 0 && count % 4 == 0, index,
                  "four numbers a stratum");
    *n = count / 4;
    ts_two_rates *r = lua_newuserdatauv(L, *n * sizeof *r, 0);
    for (size_t h = 0; h < *n; h++)
        r[h] =
            (ts_two_rates){x[4 * h], x[4 * h + 1], x[4 * h + 2], x[4 * h + 3]};
    return r;
}

/* ratio(strata, { alternative, two_sided, null, conf_level, mid_p }) -> fields
 * of ts_exact_odds */
static int ratio(lua_State *L)
{
    size_t n;
    ts_error err;
    ts_exact_odds r;
    lua_settop(L, 2);
    ts_odds_options opt = tsl_odds_options(L, 2);
    const ts_two_rates *strata = check_strata(L, 1, &n);
    tsl_try_named(L, "rateratio", ts_rate_ratio(strata, n, &opt, &r, &err),
                  &err);
    tsl_push_odds(L, &r);
    return 1;
}

/* difference(rates, { alternative, null, conf_level }) -> estimate, z, p_value,
 * conf_low, conf_high */
static int difference(lua_State *L)
{
    size_t n;
    ts_error err;
    ts_two_result r;
    lua_settop(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    ts_two_options opt = {.alternative = tsl_alternative(L, 2),
                          .null = tsl_number(L, 2, "null", 0),
                          .conf_level = tsl_number(L, 2, "conf_level", 0.95)};
    const ts_two_rates *rates = check_strata(L, 1, &n);
    tsl_try_named(L, "rateratio", ts_rate_difference(rates, &opt, &r, &err),
                  &err);
    lua_createtable(L, 0, 5);
    tsl_set_real(L, "estimate", r.estimate);
    tsl_set_real(L, "z", r.z);
    tsl_set_real(L, "p_value", r.p_value);
    tsl_set_real(L, "conf_low", r.conf_low);
    tsl_set_real(L, "conf_high", r.conf_high);
    return 1;
}

/* sums(model) -> events, time: lists by stratum and group, in the order of the
 * model's levels; the time is its only offset() */
static int sums(lua_State *L)
{
    const ts_model_frame *m = tsl_check_model(L, 1);
    luaL_argcheck(L, m->n_response == 1 && m->n_offset == 1, 1,
                  "no response, or no time");
    const ts_model_variable *y = &m->response[0], *time = &m->offset[0];
    if (!y->value)
        return tsl_failf(L, TS_ETYPE, "%s is text, counts of events are needed",
                         y->name);
    size_t k = m->group.code ? m->group.n_level : 1;
    size_t n = (m->stratum.code ? m->stratum.n_level : 1) * k;
    ts_sum *sum = lua_newuserdatauv(L, (2 * n + 1) * sizeof *sum, 0);
    for (size_t i = 0; i < 2 * n; i++)
        sum[i] = (ts_sum){0};
    for (size_t i = 0; i < m->n; i++) {
        size_t h = m->stratum.code ? (size_t)m->stratum.code[i] : 0;
        size_t g = m->group.code ? (size_t)m->group.code[i] : 0;
        double events = y->value[i], t = time->value[i];
        if (!(events >= 0 && events == floor(events)))
            return tsl_failf(L, TS_EINVALID,
                             "row %d: %s = %.17g is no count of events",
                             (int)m->row[i] + 1, y->name, events);
        if (!(t >= 0))
            return tsl_failf(L, TS_EINVALID,
                             "row %d: %s = %.17g is no person-time",
                             (int)m->row[i] + 1, time->name, t);
        if (t == 0 && events > 0)
            return tsl_failf(L, TS_EINVALID,
                             "row %d: %.17g events, and %s is 0",
                             (int)m->row[i] + 1, events, time->name);
        ts_sum_add(&sum[h * k + g], events);
        ts_sum_add(&sum[n + h * k + g], t);
    }
    for (int part = 0; part < 2; part++) {
        lua_createtable(L, (int)n, 0);
        for (size_t i = 0; i < n; i++) {
            tsl_push_real(L, ts_sum_value(&sum[(size_t)part * n + i]));
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
    }
    return 2;
}

/* robust(model, { levels of A, levels of B }, { alternative, null, conf_level
 * })
 * -> fields of ts_robust_rates; of a model that sums() has read */
static int robust(lua_State *L)
{
    ts_error err;
    size_t k;
    ts_robust_rates r;
    lua_settop(L, 3);
    const ts_model_frame *m = tsl_check_model(L, 1);
    luaL_argcheck(L, m->n_response == 1 && m->n_offset == 1 && m->group.code, 1,
                  "no response, no time or no groups");
    luaL_checktype(L, 3, LUA_TTABLE);
    ts_rate_options opt = {.alternative = tsl_alternative(L, 3),
                           .null = tsl_number(L, 3, "null", NAN),
                           .conf_level = tsl_number(L, 3, "conf_level", 0.95)};
    const size_t *target = tsl_new_targets(L, 2, &m->group, &k);
    int *group = lua_newuserdatauv(L, (m->n + 1) * sizeof *group, 0);
    for (size_t i = 0; i < m->n; i++)
        group[i] =
            target[m->group.code[i]] == 0 ? -1 : target[m->group.code[i]] == 1;
    ts_rate_subjects data = {.events = m->response[0].value,
                             .time = m->offset[0].value,
                             .group = group,
                             .n = m->n};
    tsl_try_named(L, "rateratio", ts_rate_robust(&data, &opt, &r, &err), &err);
    lua_createtable(L, 0, 8);
    tsl_set_real(L, "estimate", r.estimate);
    tsl_set_real(L, "std_error", r.std_error);
    tsl_set_real(L, "df", r.df);
    tsl_set_real(L, "statistic", r.statistic);
    tsl_set_real(L, "p_value", r.p_value);
    lua_pushnumber(L, r.conf_low);
    lua_setfield(L, -2, "conf_low");
    lua_pushnumber(L, r.conf_high);
    lua_setfield(L, -2, "conf_high");
    tsl_set_real(L, "dispersion", r.dispersion);
    return 1;
}

static const luaL_Reg functions[] = {
    {"rate", rate}, {"ratio", ratio},   {"difference", difference},
    {"sums", sums}, {"robust", robust}, {NULL, NULL},
};

int luaopen_ts_rate(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
