/* ts.counts: tables of counts, from lists of numbers or from a model frame. */
#include "bind.h"

#include <math.h>
#include <stdlib.h>
#include "model.h"
#include "options.h"
#include "ts/counts.h"

/* Arguments -----------------------------------------------------------------
 */

/* Tables { events_1, n_1, events_2, n_2, ... } one behind the other. */
static const ts_two_by_two *check_tables(lua_State *L, int index, size_t *n)
{
    size_t count;
    const double *x = tsl_check_list(L, index, &count);
    luaL_argcheck(L, count > 0 && count % 4 == 0, index,
                  "four numbers a table");
    *n = count / 4;
    ts_two_by_two *t = lua_newuserdatauv(L, *n * sizeof *t, 0);
    for (size_t h = 0; h < *n; h++)
        t[h] =
            (ts_two_by_two){x[4 * h], x[4 * h + 1], x[4 * h + 2], x[4 * h + 3]};
    return t;
}

/* Two by two ----------------------------------------------------------------
 */

/* fisher(tables, { alternative, two_sided, null, conf_level, mid_p }) ->
 * fields of ts_exact_odds */
static int fisher(lua_State *L)
{
    size_t n;
    ts_error err;
    ts_exact_odds r;
    lua_settop(L, 2);
    ts_odds_options opt = tsl_odds_options(L, 2);
    const ts_two_by_two *t = check_tables(L, 1, &n);
    tsl_try_named(L, "fisher", ts_fisher(t, n, &opt, &r, &err), &err);
    tsl_push_odds(L, &r);
    return 1;
}

/* mcnemar(b, c, { ... as for fisher }) */
static int mcnemar(lua_State *L)
{
    ts_error err;
    ts_exact_odds r;
    ts_odds_options opt = tsl_odds_options(L, 3);
    tsl_try_named(L, "mcnemar",
                  ts_mcnemar(luaL_checknumber(L, 1), luaL_checknumber(L, 2),
                             &opt, &r, &err),
                  &err);
    tsl_push_odds(L, &r);
    return 1;
}

/* two(tables, { effect, ci, alternative, null, conf_level }) -> fields of
 * ts_two_result */
static int two(lua_State *L)
{
    static const char *const effects[] = {"difference", "ratio", "odds", NULL};
    static const char *const intervals[] = {"score", "newcombe", "wald", NULL};
    static const char *const names[] = {"riskdiff", "riskratio", "oddsratio"};
    size_t n;
    ts_error err;
    ts_two_result r;
    lua_settop(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    ts_two_options opt = {.effect = tsl_option(L, 2, "effect", effects),
                          .interval = tsl_option(L, 2, "interval", intervals),
                          .alternative = tsl_alternative(L, 2),
                          .conf_level = tsl_number(L, 2, "conf_level", 0.95)};
    opt.null = tsl_number(L, 2, "null", opt.effect == TS_DIFFERENCE ? 0 : 1);
    const ts_two_by_two *t = check_tables(L, 1, &n);
    tsl_try_named(L, names[opt.effect],
                  ts_two_proportions(t, n, &opt, &r, &err), &err);
    lua_createtable(L, 0, 12);
    tsl_set_real(L, "estimate", r.estimate);
    tsl_set_real(L, "std_error", r.std_error);
    tsl_set_real(L, "z", r.z);
    tsl_set_real(L, "p_value", r.p_value);
    tsl_set_real(L, "conf_low", r.conf_low);
    tsl_set_real(L, "conf_high", r.conf_high);
    tsl_set_real(L, "estimate_1", r.estimate_1);
    tsl_set_real(L, "estimate_2", r.estimate_2);
    tsl_set_real(L, "n_used", (double)r.n_used);
    tsl_set_real(L, "homogeneity", r.homogeneity);
    tsl_set_real(L, "homogeneity_df", r.homogeneity_df);
    tsl_set_real(L, "homogeneity_p", r.homogeneity_p);
    return 1;
}

/* unconditional(table, { kind, alternative, two_sided }) -> p_value, nuisance,
 * statistic */
static int unconditional(lua_State *L)
{
    static const char *const kinds[] = {"boschloo", "barnard", NULL};
    static const char *const rules[] = {"central", "absdev", "minlike", NULL};
    size_t n;
    ts_error err;
    ts_unconditional_test r;
    lua_settop(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    int kind = tsl_option(L, 2, "kind", kinds);
    int rule = tsl_option(L, 2, "two_sided", rules);
    ts_alternative side = tsl_alternative(L, 2);
    const ts_two_by_two *t = check_tables(L, 1, &n);
    tsl_try_named(L, kinds[kind],
                  ts_exact_unconditional(t, kind, side, rule, &r, &err), &err);
    lua_pushnumber(L, r.p_value);
    lua_pushnumber(L, r.nuisance);
    lua_pushnumber(L, r.statistic);
    return 3;
}

/* proportion(events, n, { interval, alternative, null, conf_level }) -> fields
 * of ts_proportion */
static int proportion(lua_State *L)
{
    static const char *const intervals[] = {
        "wilson",   "clopper-pearson", "mid-p",
        "jeffreys", "agresti-coull",   "wald",
        NULL};
    ts_error err;
    ts_proportion r;
    luaL_checktype(L, 3, LUA_TTABLE);
    ts_proportion_options opt = {
        .interval = tsl_option(L, 3, "interval", intervals),
        .alternative = tsl_alternative(L, 3),
        .null = tsl_number(L, 3, "null", NAN),
        .conf_level = tsl_number(L, 3, "conf_level", 0.95)};
    tsl_try_named(L, "proportion",
                  ts_proportion_of(luaL_checknumber(L, 1),
                                   luaL_checknumber(L, 2), &opt, &r, &err),
                  &err);
    lua_createtable(L, 0, 5);
    tsl_set_real(L, "estimate", r.estimate);
    tsl_set_real(L, "std_error", r.std_error);
    tsl_set_real(L, "conf_low", r.conf_low);
    tsl_set_real(L, "conf_high", r.conf_high);
    tsl_set_real(L, "p_value", r.p_value);
    return 1;
}

/* Tables --------------------------------------------------------------------
 */

/* The counts at index 1, r and c at 2 and 3; n tables of r c numbers. */
static const double *check_cells(lua_State *L, size_t *r, size_t *c, size_t *n)
{
    size_t count;
    lua_Integer rows = luaL_checkinteger(L, 2),
                columns = luaL_checkinteger(L, 3);
    luaL_argcheck(L, rows > 0 && rows < 100000, 2, "no number of rows");
    luaL_argcheck(L, columns > 0 && columns < 100000, 3,
                  "no number of columns");
    const double *x = tsl_check_list(L, 1, &count);
    *r = (size_t)rows;
    *c = (size_t)columns;
    luaL_argcheck(L, count > 0 && count % (*r * *c) == 0, 1,
                  "not r c numbers a table");
    *n = count / (*r * *c);
    return x;
}

/* chisq(counts, r, c, form) -> fields of ts_chisq_result, expected, residual,
 * adjusted: lists */
static int chisq(lua_State *L)
{
    static const char *const forms[] = {"none", "yates", "n-1", NULL};
    size_t r, c, n;
    ts_error err;
    ts_chisq_result t;
    lua_settop(L, 4);
    int form = luaL_checkoption(L, 4, "none", forms);
    const double *x = check_cells(L, &r, &c, &n);
    double *more = lua_newuserdatauv(L, 3 * r * c * sizeof *more, 0);
    tsl_try_named(
        L, "chisq",
        ts_chisq(x, r, c, form, &t, more, more + r * c, more + 2 * r * c, &err),
        &err);
    lua_createtable(L, 0, 12);
    tsl_set_real(L, "statistic", t.statistic);
    tsl_set_real(L, "df", t.df);
    tsl_set_real(L, "p_value", t.p_value);
    tsl_set_real(L, "least_expected", t.least_expected);
    tsl_set_real(L, "n_small", (double)t.n_small);
    tsl_set_real(L, "n_cell", (double)t.n_cell);
    tsl_set_real(L, "n_row", (double)t.n_row);
    tsl_set_real(L, "n_column", (double)t.n_column);
    tsl_set_list(L, "expected", more, r * c);
    tsl_set_list(L, "residual", more + r * c, r * c);
    tsl_set_list(L, "adjusted", more + 2 * r * c, r * c);
    return 1;
}

/* fisher_rxc(counts, r, c, { exact }) -> p_value, exact */
static int fisher_rxc(lua_State *L)
{
    size_t r, c, n;
    ts_error err;
    ts_table_test t;
    lua_settop(L, 4);
    luaL_checktype(L, 4, LUA_TTABLE);
    ts_exact exact = tsl_exactness(L, 4);
    const double *x = check_cells(L, &r, &c, &n);
    tsl_try_named(L, "fisher", ts_fisher_rxc(x, r, c, exact, &t, &err), &err);
    lua_pushnumber(L, t.p_value);
    lua_pushboolean(L, t.exact);
    return 2;
}

static void set_chi(lua_State *L, const char *name, const ts_chi *chi)
{
    lua_createtable(L, 0, 3);
    tsl_set_real(L, "statistic", chi->statistic);
    tsl_set_real(L, "df", chi->df);
    tsl_set_real(L, "p_value", chi->p_value);
    lua_setfield(L, -2, name);
}

/* cmh(counts, r, c, { row_score, column_score, scores, conf_level }) -> fields
 * of ts_cmh_result */
static int cmh(lua_State *L)
{
    static const char *const kinds[] = {"table", "rank", "ridit", "modridit",
                                        NULL};
    size_t r, c, n, n_row, n_column;
    ts_error err;
    ts_cmh_result t;
    lua_settop(L, 4);
    luaL_checktype(L, 4, LUA_TTABLE);
    int kind = tsl_option(L, 4, "scores", kinds);
    double level = tsl_number(L, 4, "conf_level", 0.95);
    const double *x = check_cells(L, &r, &c, &n);
    lua_getfield(L, 4, "row_score");
    const double *row = tsl_check_list(L, lua_gettop(L), &n_row);
    lua_getfield(L, 4, "column_score");
    const double *column = tsl_check_list(L, lua_gettop(L), &n_column);
    luaL_argcheck(L, n_row == r && n_column == c, 4, "a score per row, column");
    tsl_try_named(L, "cmh",
                  ts_cmh(x, n, r, c, row, column, kind, level, &t, &err), &err);
    lua_createtable(L, 0, 12);
    set_chi(L, "correlation", &t.correlation);
    set_chi(L, "row_means", &t.row_means);
    set_chi(L, "association", &t.association);
    set_chi(L, "breslow_day", &t.breslow_day);
    set_chi(L, "tarone", &t.tarone);
    tsl_set_real(L, "n_used", (double)t.n_used);
    tsl_set_real(L, "n", t.n);
    tsl_set_real(L, "odds_ratio", t.odds_ratio);
    tsl_set_real(L, "conf_low", t.conf_low);
    tsl_set_real(L, "conf_high", t.conf_high);
    tsl_set_real(L, "std_error_log", t.std_error_log);
    return 1;
}

/* chi_tail(x, df): P(chi-square >= x) */
static int chi_tail(lua_State *L)
{
    double x = luaL_checknumber(L, 1), df = luaL_checknumber(L, 2);
    luaL_argcheck(L, df > 0, 2, "df is above 0");
    lua_pushnumber(L, ts_chi_tail(x, df));
    return 1;
}

/* From a model frame --------------------------------------------------------
 */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distinct values of the n numbers x, at most `most`; in memory of Lua's. */
static double *distinct(lua_State *L, const double *x, size_t n, size_t most,
                        const char *name, size_t *n_value)
{
    double *v = lua_newuserdatauv(L, (n + 1) * sizeof *v, 0);
    for (size_t i = 0; i < n; i++)
        v[i] = x[i];
    if (n)
        qsort(v, n, sizeof *v, by_value);
    *n_value = 0;
    for (size_t i = 0; i < n; i++)
        if (*n_value == 0 || v[i] != v[*n_value - 1])
            v[(*n_value)++] = v[i];
    if (*n_value > most)
        tsl_failf(L, TS_EINVALID,
                  "%s has %d values, too many to count; a condition such as "
                  "\"%s > 0\" makes two of them",
                  name, (int)*n_value, name);
    return v;
}

/* tabulate(model) -> counts, n_value, values: counts[stratum][group][value]
 * in one list, in the order of the model's levels; values: the distinct
 * numbers of a response that is no text, else nil */
static int tabulate(lua_State *L)
{
    enum { MOST = 200 };
    const ts_model_frame *m = tsl_check_model(L, 1);
    luaL_argcheck(L, m->n_response == 1, 1, "no response");
    const ts_model_variable *y = &m->response[0];
    size_t n_value = y->n_level, k = m->group.code ? m->group.n_level : 1;
    size_t n_stratum = m->stratum.code ? m->stratum.n_level : 1;
    double *value = NULL;
    if (y->value)
        value = distinct(L, y->value, m->n, MOST, y->name, &n_value);
    if ((double)n_value * (double)k * (double)n_stratum > 1e6)
        return tsl_failf(L, TS_ELIMIT, "more than a million cells to count");
    size_t n = n_stratum * k * n_value;
    double *count = lua_newuserdatauv(L, (n + 1) * sizeof *count, 0);
    for (size_t i = 0; i < n; i++)
        count[i] = 0;
    for (size_t i = 0; i < m->n; i++) {
        size_t h = m->stratum.code ? (size_t)m->stratum.code[i] : 0;
        size_t g = m->group.code ? (size_t)m->group.code[i] : 0;
        size_t j = y->code ? (size_t)y->code[i] : 0;
        if (value)
            j = (size_t)((double *)bsearch(&y->value[i], value, n_value,
                                           sizeof *value, by_value) -
                         value);
        count[(h * k + g) * n_value + j]++;
    }
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushinteger(L, (lua_Integer)count[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushinteger(L, (lua_Integer)n_value);
    if (!value)
        return 2;
    lua_createtable(L, (int)n_value, 0);
    for (size_t j = 0; j < n_value; j++) {
        tsl_push_real(L, value[j]);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    return 3;
}

static const luaL_Reg functions[] = {
    {"fisher", fisher},
    {"mcnemar", mcnemar},
    {"two", two},
    {"unconditional", unconditional},
    {"proportion", proportion},
    {"chisq", chisq},
    {"fisher_rxc", fisher_rxc},
    {"cmh", cmh},
    {"chi_tail", chi_tail},
    {"tabulate", tabulate},
    {NULL, NULL},
};

int luaopen_ts_counts(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
