/*
 * ts.survival: Kaplan-Meier curves as userdata, the log-rank test and
 * restricted means as tables. They take a model frame whose response is
 * Surv(time, event).
 */
#include "bind.h"

#include <math.h>
#include <string.h>
#include "model.h"
#include "options.h"
#include "ts/survival.h"

#define KM "ts.km"

static ts_survival check_survival(lua_State *L, const ts_model_frame *m)
{
    size_t late = m->n_response == 3; /* Surv(start, stop, event) */
    luaL_argcheck(L, m->survival, 1, "the response is not Surv(time, event)");
    return (ts_survival){.time = m->response[late].value,
                         .event = m->response[late + 1].value,
                         .entry = late ? m->response[0].value : NULL,
                         .case_weight = m->weight.name ? m->weight.value : NULL,
                         .n = m->n,
                         .group = m->group.code,
                         .n_group = m->group.n_level,
                         .stratum = m->stratum.code,
                         .n_stratum = m->stratum.n_level};
}

/* Frames ------------------------------------------------------------------ */

/* A column of n values in the frame, NA all of them; returns the values. */
static double *add_real(lua_State *L, ts_frame *frame, const char *name)
{
    ts_error err;
    ts_column *column;
    tsl_try(L, ts_column_new_real(name, frame->n_row, &column, &err), &err);
    double *values = column->real;
    tsl_try(L, ts_frame_add(frame, column, &err), &err);
    return values;
}

/* Part j of "F\x1f65 and over". */
static const char *part(const char *parts, size_t j, size_t *length)
{
    const char *end;
    while (j-- > 0 && (end = strchr(parts, TS_PART_SEPARATOR)))
        parts = end + 1;
    end = strchr(parts, TS_PART_SEPARATOR);
    *length = end ? (size_t)(end - parts) : strlen(parts);
    return parts;
}

/* Builds the column of variable j; nothing here can raise. */
static ts_status build_group(const ts_model_frame *m, size_t j,
                             const char **levels, const size_t *group, size_t n,
                             ts_column **out, ts_error *err)
{
    const ts_model_variable *x = &m->x[j];
    ts_builder *b;
    ts_status status = ts_builder_new(x->name, &b, err);
    if (status)
        return status;
    for (size_t i = 0; i < x->n_level; i++)
        levels[i] = x->level[i].name;
    ts_builder_type(b, TS_TEXT);
    status = ts_builder_levels(b, levels, x->n_level, err);
    for (size_t i = 0; i < n && !status; i++) {
        size_t length;
        const char *text = part(m->group.level[group[i]].parts, j, &length);
        status = ts_builder_text(b, text, length, err);
    }
    if (!status)
        return ts_builder_end(b, out, err);
    ts_builder_free(b);
    return status;
}

/* A frame on the stack that starts with the variables of the groups; group:
 * that of each of its n rows. */
static ts_frame *new_frame(lua_State *L, const ts_model_frame *m,
                           const size_t *group, size_t n)
{
    ts_error err;
    ts_frame **box = tsl_new_frame(L);
    tsl_try(L, ts_frame_new(n, box, &err), &err);
    for (size_t j = 0; j < m->n_x; j++) {
        ts_column *column = NULL;
        const char **levels =
            lua_newuserdatauv(L, (m->x[j].n_level + 1) * sizeof *levels, 0);
        tsl_try(L, build_group(m, j, levels, group, n, &column, &err), &err);
        tsl_try(L, ts_frame_add(*box, column, &err), &err);
        lua_pop(L, 1);
    }
    return *box;
}

/* Curves ------------------------------------------------------------------ */

/* Room for curves, which keep the model at index 1. */
static ts_km **new_box(lua_State *L)
{
    ts_km **box = lua_newuserdatauv(L, sizeof *box, 1);
    *box = NULL;
    luaL_setmetatable(L, KM);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return box;
}

/* km(model, scale, conf_level) -> curves */
static int new_km(lua_State *L)
{
    static const char *const scales[] = {"log-log", "log", "plain", NULL};
    ts_error err;
    ts_survival data = check_survival(L, tsl_check_model(L, 1));
    int scale = luaL_checkoption(L, 2, NULL, scales);
    double level = luaL_checknumber(L, 3);
    ts_km **box = new_box(L);
    tsl_try(L, ts_km_new(&data, (ts_km_scale)scale, level, box, &err), &err);
    return 1;
}

static int km_gc(lua_State *L)
{
    ts_km **box = luaL_checkudata(L, 1, KM);
    ts_km_free(*box);
    *box = NULL;
    return 0;
}

/* The curves at index 1 and their model, which stays on the stack. */
static const ts_km *check_km(lua_State *L, const ts_model_frame **model)
{
    ts_km **box = luaL_checkudata(L, 1, KM);
    luaL_argcheck(L, *box, 1, "no curves");
    lua_getiuservalue(L, 1, 1);
    *model = tsl_check_model(L, -1);
    return *box;
}

/* The groups listed at an index, from 1, as places from 0; all without. */
static size_t *check_groups(lua_State *L, int index, const ts_km *km, size_t *n)
{
    int all = lua_isnoneornil(L, index);
    *n = all ? km->n_group : (size_t)luaL_len(L, index);
    size_t *group = lua_newuserdatauv(L, (*n + 1) * sizeof *group, 0);
    for (size_t i = 0; i < *n; i++) {
        group[i] = i;
        if (all)
            continue;
        lua_geti(L, index, (lua_Integer)i + 1);
        lua_Integer g = luaL_checkinteger(L, -1);
        luaL_argcheck(L, g >= 1 && (size_t)g <= km->n_group, index,
                      "no such group");
        group[i] = (size_t)g - 1;
        lua_pop(L, 1);
    }
    return group;
}

/* A list of numbers at an index. */
static double *check_numbers(lua_State *L, int index, size_t *n)
{
    luaL_checktype(L, index, LUA_TTABLE);
    *n = (size_t)luaL_len(L, index);
    double *x = lua_newuserdatauv(L, (*n + 1) * sizeof *x, 0);
    for (size_t i = 0; i < *n; i++) {
        lua_geti(L, index, (lua_Integer)i + 1);
        x[i] = luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
    return x;
}

/* The group of every row when each has `times` of them. */
static size_t *repeat(lua_State *L, const size_t *group, size_t n, size_t times)
{
    size_t *out = lua_newuserdatauv(L, (n * times + 1) * sizeof *out, 0);
    for (size_t i = 0; i < n * times; i++)
        out[i] = group[i / times];
    return out;
}

/* km:groups() -> list of { n, n_event, last, empty }: the last time observed;
 * the first at which all at risk had the event, before that, else NaN */
static int km_groups(lua_State *L)
{
    const ts_model_frame *m;
    const ts_km *km = check_km(L, &m);
    lua_createtable(L, (int)km->n_group, 0);
    for (size_t g = 0; g < km->n_group; g++) {
        const ts_km_curve *c = &km->curve[g];
        lua_createtable(L, 0, 4);
        tsl_set_real(L, "n", (double)c->n);
        tsl_set_real(L, "n_event", (double)c->n_event);
        tsl_set_real(L, "last", c->n_time ? c->time[c->n_time - 1] : NAN);
        size_t j = 0;
        while (j < c->n_time && c->survival[j] > 0)
            j++;
        tsl_set_real(L, "empty", j + 1 < c->n_time ? c->time[j] : NAN);
        lua_rawseti(L, -2, (lua_Integer)g + 1);
    }
    return 1;
}

/* km:is_robust(): whether the variance is that of the infinitesimal jackknife
 */
static int km_is_robust(lua_State *L)
{
    const ts_model_frame *m;
    lua_pushboolean(L, check_km(L, &m)->robust);
    return 1;
}

/* km:tidy([groups]) -> frame: a row per group and time */
static int km_tidy(lua_State *L)
{
    const ts_model_frame *m;
    size_t n_group, n = 0;
    lua_settop(L, 2);
    const ts_km *km = check_km(L, &m);
    const size_t *group = check_groups(L, 2, km, &n_group);
    for (size_t i = 0; i < n_group; i++)
        n += km->curve[group[i]].n_time;
    size_t *of_row = lua_newuserdatauv(L, (n + 1) * sizeof *of_row, 0), at = 0;
    for (size_t i = 0; i < n_group; i++)
        for (size_t j = 0; j < km->curve[group[i]].n_time; j++)
            of_row[at++] = group[i];
    ts_frame *frame = new_frame(L, m, of_row, n);
    static const char *const names[] = {"time",     "n_risk",   "n_event",
                                        "n_censor", "estimate", "std_error",
                                        "conf_low", "conf_high"};
    for (int c = 0; c < 8; c++) {
        double *out = add_real(L, frame, names[c]);
        for (size_t i = 0; i < n_group; i++) {
            const ts_km_curve *k = &km->curve[group[i]];
            const double *from[] = {k->time,     k->n_risk,   k->n_events,
                                    k->n_censor, k->survival, k->std_error,
                                    k->conf_low, k->conf_high};
            if (k->n_time)
                memcpy(out, from[c], k->n_time * sizeof *out);
            out += k->n_time;
        }
    }
    return 1;
}

/* km:at({ time, ... } [, groups]) -> frame: a row per group and time */
static int km_at(lua_State *L)
{
    const ts_model_frame *m;
    size_t n_group, n_time;
    lua_settop(L, 3);
    const ts_km *km = check_km(L, &m);
    const double *time = check_numbers(L, 2, &n_time);
    const size_t *group = check_groups(L, 3, km, &n_group);
    size_t n = n_group * n_time;
    const size_t *of_row = repeat(L, group, n_group, n_time);
    ts_frame *frame = new_frame(L, m, of_row, n);
    double *t = add_real(L, frame, "time");
    double *n_risk = add_real(L, frame, "n_risk");
    double *survival = add_real(L, frame, "survival");
    double *low = add_real(L, frame, "conf_low");
    double *high = add_real(L, frame, "conf_high");
    for (size_t i = 0; i < n; i++) {
        ts_km_point p;
        t[i] = time[i % n_time];
        ts_km_point_at(km, of_row[i], t[i], &p);
        n_risk[i] = p.n_risk;
        survival[i] = p.survival;
        low[i] = p.conf_low;
        high[i] = p.conf_high;
    }
    return 1;
}

/* km:quantile({ p, ... } [, groups]) -> frame: a row per group and p; and the
 * list of its rows in which S stays at 1 - p */
static int km_quantile(lua_State *L)
{
    const ts_model_frame *m;
    size_t n_group, n_p;
    lua_settop(L, 3);
    const ts_km *km = check_km(L, &m);
    const double *p = check_numbers(L, 2, &n_p);
    const size_t *group = check_groups(L, 3, km, &n_group);
    size_t n = n_group * n_p;
    const size_t *of_row = repeat(L, group, n_group, n_p);
    ts_frame *frame = new_frame(L, m, of_row, n);
    double *p_out = add_real(L, frame, "p");
    double *estimate = add_real(L, frame, "estimate");
    double *low = add_real(L, frame, "conf_low");
    double *high = add_real(L, frame, "conf_high");
    lua_newtable(L);
    lua_Integer n_plateau = 0;
    for (size_t i = 0; i < n; i++) {
        ts_km_quantile q;
        p_out[i] = p[i % n_p];
        ts_km_quantile_at(km, of_row[i], p_out[i], &q);
        estimate[i] = q.estimate;
        low[i] = q.conf_low;
        high[i] = q.conf_high;
        if (q.plateau) {
            lua_pushinteger(L, (lua_Integer)i + 1);
            lua_rawseti(L, -2, ++n_plateau);
        }
    }
    return 2;
}

/* Log-rank ---------------------------------------------------------------- */

/* Keeps the rows of the groups listed at an index, { { level, ... }, ... }, as
 * groups 0, 1, ...; the copies belong to Lua. */
static ts_survival choose_groups(lua_State *L, const ts_model_frame *m,
                                 int index, ts_survival data)
{
    const ts_model_variable *g = &m->group;
    size_t k, n = 0;
    const size_t *target = tsl_new_targets(L, index, g, &k);
    double *time = lua_newuserdatauv(L, (data.n + 1) * sizeof *time, 0);
    double *event = lua_newuserdatauv(L, (data.n + 1) * sizeof *event, 0);
    int *group = lua_newuserdatauv(L, (data.n + 1) * sizeof *group, 0);
    int *stratum = lua_newuserdatauv(L, (data.n + 1) * sizeof *stratum, 0);
    for (size_t i = 0; i < data.n; i++)
        if (target[data.group[i]] > 0) {
            time[n] = data.time[i];
            event[n] = data.event[i];
            stratum[n] = data.stratum ? data.stratum[i] : 0;
            group[n++] = (int)target[data.group[i]] - 1;
        }
    return (ts_survival){.time = time,
                         .event = event,
                         .n = n,
                         .group = group,
                         .n_group = k,
                         .stratum = data.stratum ? stratum : NULL,
                         .n_stratum = data.n_stratum};
}

/* logrank(model [, { { level, ... }, ... }]) -> { statistic, df, p_value, z,
 * n_event, n_idle_stratum; by group: n, observed, expected } */
static int logrank(lua_State *L)
{
    ts_error err;
    ts_logrank_result r;
    lua_settop(L, 2);
    const ts_model_frame *m = tsl_check_model(L, 1);
    ts_survival data = check_survival(L, m);
    luaL_argcheck(L, data.group, 1, "no groups");
    if (!lua_isnil(L, 2))
        data = choose_groups(L, m, 2, data);
    size_t k = data.n_group;
    double *n = lua_newuserdatauv(L, (3 * k + 1) * sizeof *n, 0);
    double *observed = n + k, *expected = observed + k;
    memset(n, 0, k * sizeof *n);
    for (size_t i = 0; i < data.n; i++)
        n[data.group[i]]++;
    tsl_try(L, ts_logrank(&data, &r, observed, expected, NULL, &err), &err);
    lua_createtable(L, 0, 10);
    tsl_set_real(L, "statistic", r.statistic);
    tsl_set_real(L, "df", (double)r.df);
    tsl_set_real(L, "p_value", r.p_value);
    tsl_set_real(L, "z", r.z);
    tsl_set_real(L, "n_event", (double)r.n_event);
    tsl_set_real(L, "n_idle_stratum", (double)r.n_idle_stratum);
    tsl_set_list(L, "n", n, k);
    tsl_set_list(L, "observed", observed, k);
    tsl_set_list(L, "expected", expected, k);
    return 1;
}

/* restricted_mean(model, horizon [, { { level, ... }, ... }]) -> { n, n_event
 * (up to the horizon), estimate, std_error, last } by group */
static int restricted_mean(lua_State *L)
{
    ts_error err;
    lua_settop(L, 3);
    const ts_model_frame *m = tsl_check_model(L, 1);
    ts_survival data = check_survival(L, m);
    double horizon = luaL_checknumber(L, 2);
    if (!lua_isnil(L, 3))
        data = choose_groups(L, m, 3, data);
    ts_km **box = new_box(L);
    tsl_try(L, ts_km_new(&data, TS_KM_LOG_LOG, 0.95, box, &err), &err);
    size_t k = (*box)->n_group;
    double *x = lua_newuserdatauv(L, (5 * k + 1) * sizeof *x, 0);
    for (size_t g = 0; g < k; g++) {
        const ts_km_curve *c = &(*box)->curve[g];
        ts_km_restricted r;
        ts_km_restricted_mean(*box, g, horizon, &r);
        x[g] = (double)c->n;
        x[k + g] = (double)r.n_event;
        x[2 * k + g] = r.estimate;
        x[3 * k + g] = r.std_error;
        x[4 * k + g] = c->n_time ? c->time[c->n_time - 1] : NAN;
    }
    lua_createtable(L, 0, 5);
    tsl_set_list(L, "n", x, k);
    tsl_set_list(L, "n_event", x + k, k);
    tsl_set_list(L, "estimate", x + 2 * k, k);
    tsl_set_list(L, "std_error", x + 3 * k, k);
    tsl_set_list(L, "last", x + 4 * k, k);
    return 1;
}

static const luaL_Reg methods[] = {
    {"groups", km_groups},     {"tidy", km_tidy},           {"at", km_at},
    {"quantile", km_quantile}, {"is_robust", km_is_robust}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"km", new_km},
    {"logrank", logrank},
    {"restricted_mean", restricted_mean},
    {NULL, NULL},
};

int luaopen_ts_survival(lua_State *L)
{
    if (luaL_newmetatable(L, KM)) {
        lua_pushcfunction(L, km_gc);
        lua_setfield(L, -2, "__gc");
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
