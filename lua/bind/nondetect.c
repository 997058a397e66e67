/* ts.nondetect: values below limits by their order, of a model frame and a
 * column that is -1 in rows below a limit. */
#include "bind.h"

#include <math.h>
#include "design.h"
#include "model.h"
#include "options.h"
#include "ts/nondetect.h"

/* The rows of the groups listed at index, { { level, ... }, ... }, as groups 0,
 * 1, ...; without groups in the model all rows. The copies belong to Lua. */
static ts_nondetect check_data(lua_State *L, int index)
{
    const ts_model_frame *m = tsl_check_model(L, 1);
    const ts_column *side = tsl_check_column(L, 2);
    luaL_argcheck(L, m->n_response == 1 && m->response[0].value, 1,
                  "no numeric response");
    luaL_argcheck(L, side->type == TS_REAL && side->n == m->n_row, 2,
                  "a side for each row");
    size_t k, n = 0;
    const size_t *target = tsl_new_targets(L, index, &m->group, &k);
    double *value = lua_newuserdatauv(L, (m->n + 1) * sizeof *value, 0);
    bool *below = lua_newuserdatauv(L, (m->n + 1) * sizeof *below, 0);
    int *group = lua_newuserdatauv(L, (m->n + 1) * sizeof *group, 0);
    int *stratum = lua_newuserdatauv(L, (m->n + 1) * sizeof *stratum, 0);
    for (size_t i = 0; i < m->n; i++) {
        size_t g = m->group.code ? target[m->group.code[i]] : 1;
        if (g == 0)
            continue;
        value[n] = m->response[0].value[i];
        below[n] = side->real[m->row[i]] < 0;
        stratum[n] = m->stratum.code ? m->stratum.code[i] : 0;
        group[n++] = (int)g - 1;
    }
    return (ts_nondetect){.value = value,
                          .below = below,
                          .n = n,
                          .group = group,
                          .n_group = k > 0 ? k : 1,
                          .stratum = m->stratum.code ? stratum : NULL,
                          .n_stratum = m->stratum.n_level};
}

/* By group: how many there are, and how many below a limit. */
static void set_counts(lua_State *L, const ts_nondetect *d)
{
    double *n = lua_newuserdatauv(L, (2 * d->n_group) * sizeof *n, 0);
    double *below = n + d->n_group;
    for (size_t g = 0; g < d->n_group; g++)
        n[g] = below[g] = 0;
    for (size_t i = 0; i < d->n; i++) {
        n[d->group[i]]++;
        below[d->group[i]] += d->below[i];
    }
    lua_insert(L, -2);
    tsl_set_list(L, "n", n, d->n_group);
    tsl_set_list(L, "n_below", below, d->n_group);
}

/* peto_prentice(model, side, { { level, ... }, ... }, { weights, alternative,
 * two_sided, exact }) -> fields of ts_peto_result, n_idle_stratum; by group n,
 * n_below, observed, expected */
static int peto_prentice(lua_State *L)
{
    static const char *const rules[] = {"absdev", "central", NULL};
    static const char *const kinds[] = {"Peto-Prentice", "Fleming-Harrington",
                                        NULL};
    ts_error err;
    ts_peto_result r;
    lua_settop(L, 4);
    luaL_checktype(L, 4, LUA_TTABLE);
    ts_rank_options opt = {.alternative = tsl_alternative(L, 4),
                           .two_sided = tsl_option(L, 4, "two_sided", rules)
                                            ? TS_CENTRAL
                                            : TS_ABSDEV,
                           .exact = tsl_exactness(L, 4)};
    ts_logrank_weight weight = tsl_option(L, 4, "weights", kinds)
                                   ? TS_FLEMING_HARRINGTON
                                   : TS_PETO_PRENTICE;
    ts_nondetect data = check_data(L, 3);
    double *observed =
        lua_newuserdatauv(L, 2 * data.n_group * sizeof *observed, 0);
    double *expected = observed + data.n_group;
    tsl_try_named(
        L, "peto_prentice",
        ts_peto_prentice(&data, weight, &opt, &r, observed, expected, &err),
        &err);
    lua_createtable(L, 0, 13);
    tsl_set_real(L, "statistic", r.asymptotic.statistic);
    tsl_set_real(L, "df", (double)r.asymptotic.df);
    tsl_set_real(L, "z", r.asymptotic.z);
    tsl_set_real(L, "p_asymptotic", r.asymptotic.p_value);
    tsl_set_real(L, "n_idle_stratum", (double)r.asymptotic.n_idle_stratum);
    tsl_set_real(L, "n_measured", (double)r.asymptotic.n_event);
    tsl_set_real(L, "p_value", r.p_value);
    tsl_set_real(L, "p_smallest", r.p_smallest);
    tsl_set_flag(L, "exact", r.exact);
    tsl_set_list(L, "observed", observed, data.n_group);
    tsl_set_list(L, "expected", expected, data.n_group);
    set_counts(L, &data);
    return 1;
}

static int km_gc(lua_State *L)
{
    ts_km **km = lua_touserdata(L, 1);
    ts_km_free(*km);
    *km = NULL;
    return 0;
}

/* t[name], t[name_low], t[name_high]: the quantile p of a group's values. */
static void set_quantile(lua_State *L, const ts_km *km, size_t g,
                         const char *name, double p)
{
    ts_km_quantile q;
    ts_km_quantile_at(km, g, 1 - p, &q);
    tsl_set_real(L, name, -q.estimate);
    if (p == 0.5) {
        tsl_set_real(L, "median_low", -q.conf_high);
        tsl_set_real(L, "median_high", -q.conf_low);
    }
}

/* t.values and t.side: the columns of a group. */
static void set_columns(lua_State *L, const ts_nondetect *d, size_t g)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        n += d->group[i] == (int)g;
    double *value = tsl_push_column(L, "y", n);
    lua_setfield(L, -2, "values");
    double *side = tsl_push_column(L, "side", n);
    lua_setfield(L, -2, "side");
    n = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->group[i] == (int)g) {
            value[n] = d->value[i];
            side[n++] = d->below[i] ? -1 : 0;
        }
}

/* quantiles(model, side, groups, conf_level) -> { n, n_below, group, ... },
 * where each of the list has values, side, q1, median, q3, median_low and
 * median_high */
static int quantiles(lua_State *L)
{
    ts_error err;
    double level = luaL_checknumber(L, 4);
    lua_settop(L, 4);
    ts_nondetect data = check_data(L, 3);
    ts_km **km = lua_newuserdatauv(L, sizeof *km, 0);
    *km = NULL;
    if (luaL_newmetatable(L, "ts.nondetect_km")) {
        lua_pushcfunction(L, km_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    tsl_try(L, ts_nondetect_km(&data, level, km, &err), &err);
    lua_createtable(L, (int)data.n_group, 2);
    for (size_t g = 0; g < data.n_group; g++) {
        lua_createtable(L, 0, 8);
        set_columns(L, &data, g);
        set_quantile(L, *km, g, "q1", 0.25);
        set_quantile(L, *km, g, "median", 0.5);
        set_quantile(L, *km, g, "q3", 0.75);
        lua_rawseti(L, -2, (lua_Integer)g + 1);
    }
    set_counts(L, &data);
    return 1;
}

static const luaL_Reg functions[] = {
    {"peto_prentice", peto_prentice},
    {"quantiles", quantiles},
    {NULL, NULL},
};

int luaopen_ts_nondetect(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
