/*
 * ts.competing: cumulative incidence and Gray's test, of a model frame whose
 * response is Surv(time, event) and whose offset is the competing event.
 */
#include "bind.h"

#include <math.h>
#include "model.h"
#include "options.h"
#include "ts/competing.h"

static ts_survival check_data(lua_State *L, const ts_model_frame *m)
{
    luaL_argcheck(L, m->survival && m->n_response == 2 && m->n_offset == 1, 1,
                  "not Surv(time, event) with a competing event");
    return (ts_survival){.time = m->response[0].value,
                         .event = m->response[1].value,
                         .n = m->n,
                         .group = m->group.code,
                         .n_group = m->group.n_level,
                         .stratum = m->stratum.code,
                         .n_stratum = m->stratum.n_level};
}

static int cuminc_gc(lua_State *L)
{
    ts_cuminc **box = lua_touserdata(L, 1);
    ts_cuminc_free(*box);
    *box = NULL;
    return 0;
}

/* A box that frees what it holds, at the end or after an error. */
static ts_cuminc **new_box(lua_State *L)
{
    ts_cuminc **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, cuminc_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    return box;
}

/* cuminc(model, scale, conf_level) -> by group { n, n_event, n_competing, last;
 * lists time, n_risk, n_events, n_competed, n_censor, estimate, survival,
 * std_error, conf_low, conf_high } */
static int cuminc(lua_State *L)
{
    static const char *const scales[] = {"log-log", "log", "plain", NULL};
    ts_error err;
    const ts_model_frame *m = tsl_check_model(L, 1);
    ts_survival data = check_data(L, m);
    int scale = luaL_checkoption(L, 2, NULL, scales);
    double level = luaL_checknumber(L, 3);
    ts_cuminc **box = new_box(L);
    tsl_try_named(L, "cuminc",
                  ts_cuminc_new(&data, m->offset[0].value, (ts_km_scale)scale,
                                level, box, &err),
                  &err);
    const ts_cuminc *all = *box;
    lua_createtable(L, (int)all->n_group, 0);
    for (size_t g = 0; g < all->n_group; g++) {
        const ts_cuminc_curve *c = &all->curve[g];
        lua_createtable(L, 0, 14);
        tsl_set_real(L, "n", (double)c->n);
        tsl_set_real(L, "n_event", (double)c->n_event);
        tsl_set_real(L, "n_competing", (double)c->n_competing);
        tsl_set_real(L, "last", c->n_time ? c->time[c->n_time - 1] : NAN);
        tsl_set_list(L, "time", c->time, c->n_time);
        tsl_set_list(L, "n_risk", c->n_risk, c->n_time);
        tsl_set_list(L, "n_events", c->n_events, c->n_time);
        tsl_set_list(L, "n_competed", c->n_competed, c->n_time);
        tsl_set_list(L, "n_censor", c->n_censor, c->n_time);
        tsl_set_list(L, "estimate", c->incidence, c->n_time);
        tsl_set_list(L, "survival", c->survival, c->n_time);
        tsl_set_list(L, "std_error", c->std_error, c->n_time);
        tsl_set_list(L, "conf_low", c->conf_low, c->n_time);
        tsl_set_list(L, "conf_high", c->conf_high, c->n_time);
        lua_rawseti(L, -2, (lua_Integer)g + 1);
    }
    return 1;
}

/* gray(model) -> { statistic, df, p_value, z, n_event, n_competing; by group:
 * n, observed, expected } */
static int gray(lua_State *L)
{
    ts_error err;
    ts_gray_result r;
    lua_settop(L, 1);
    const ts_model_frame *m = tsl_check_model(L, 1);
    ts_survival data = check_data(L, m);
    luaL_argcheck(L, data.group, 1, "no groups");
    size_t k = data.n_group;
    double *n = lua_newuserdatauv(L, (3 * k + 1) * sizeof *n, 0);
    double *observed = n + k, *expected = observed + k;
    for (size_t g = 0; g < k; g++)
        n[g] = 0;
    for (size_t i = 0; i < data.n; i++)
        n[data.group[i]]++;
    tsl_try_named(
        L, "cuminc",
        ts_gray(&data, m->offset[0].value, &r, observed, expected, &err), &err);
    lua_createtable(L, 0, 9);
    tsl_set_real(L, "statistic", r.statistic);
    tsl_set_real(L, "df", (double)r.df);
    tsl_set_real(L, "p_value", r.p_value);
    tsl_set_real(L, "z", r.z);
    tsl_set_real(L, "n_event", (double)r.n_event);
    tsl_set_real(L, "n_competing", (double)r.n_competing);
    tsl_set_list(L, "n", n, k);
    tsl_set_list(L, "observed", observed, k);
    tsl_set_list(L, "expected", expected, k);
    return 1;
}

static const luaL_Reg functions[] = {
    {"cuminc", cuminc},
    {"gray", gray},
    {NULL, NULL},
};

int luaopen_ts_competing(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
