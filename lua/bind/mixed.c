/*
 * ts.mixed: a model for repeated measures as a userdata that owns its design
 * and its fit and keeps the model frames. Rows are those of ts.linear.
 */
#include "bind.h"

#include "design.h"
#include "model.h"
#include "options.h"
#include "ts/mixed.h"

#define MIXED "ts.mixed"

typedef struct {
    ts_design *design, *random[TS_MIXED_EFFECTS];
    ts_mixed *fit;
} mixed;

static int mixed_gc(lua_State *L)
{
    mixed *m = luaL_checkudata(L, 1, MIXED);
    ts_mixed_free(m->fit);
    ts_design_free(m->design);
    for (size_t e = 0; e < TS_MIXED_EFFECTS; e++)
        ts_design_free(m->random[e]);
    *m = (mixed){0};
    return 0;
}

static ts_mixed *check_mixed(lua_State *L, int index)
{
    mixed *m = luaL_checkudata(L, index, MIXED);
    luaL_argcheck(L, m->fit, index, "an empty model");
    return m->fit;
}

/* The model frame in a field of the table at index 3, or NULL; it stays on the
 * stack. */
static const ts_model_frame *frame_of(lua_State *L, const char *name)
{
    lua_getfield(L, 3, name);
    if (lua_isnil(L, -1))
        return NULL;
    const ts_model_frame *m = tsl_check_model(L, lua_gettop(L));
    luaL_argcheck(L, m->n_x == 1, 3, "a model frame of one variable is needed");
    return m;
}

static ts_mixed_spec read_spec(lua_State *L)
{
    static const char *const structures[] = {
        "un",    "cs",    "csh",    "ar1",    "ar1h",   "toep",
        "toeph", "ante1", "sp_pow", "sp_exp", "random", NULL};
    luaL_checktype(L, 3, LUA_TTABLE);
    ts_mixed_spec spec = {
        .structure = (ts_structure)tsl_option(L, 3, "covariance", structures),
        .ml = tsl_flag(L, 3, "ml") != 0};
    spec.subject = frame_of(L, "subject");
    spec.visit = frame_of(L, "visit");
    spec.group = frame_of(L, "group");
    spec.time = frame_of(L, "time");
    return spec;
}

/* Fields of effects: { { design, groups }, ... }, model frames: of a right side
 * and of the variables whose levels have them. */
static void read_effects(lua_State *L, mixed *m, ts_mixed_spec *spec)
{
    ts_error err;
    if (lua_getfield(L, 3, "effects") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    int list = lua_gettop(L);
    luaL_checktype(L, list, LUA_TTABLE);
    spec->n_effect = (size_t)luaL_len(L, list);
    luaL_argcheck(L, spec->n_effect <= TS_MIXED_EFFECTS, 3,
                  "too many terms of random effects: 8 are the most");
    for (size_t e = 0; e < spec->n_effect; e++) {
        lua_rawgeti(L, list, (lua_Integer)e + 1);
        lua_getfield(L, -1, "design");
        lua_getfield(L, -2, "groups");
        const ts_model_frame *design = tsl_check_model(L, list + 2);
        spec->effect[e].groups = tsl_check_model(L, list + 3);
        tsl_try(L, ts_design_new(design, NULL, 0, 0, &m->random[e], &err),
                &err);
        spec->effect[e].design = m->random[e];
        lua_settop(L, list);
    }
    lua_pop(L, 1);
}

/* The covariance parameters in the field hold, a list, are known. */
static void read_held(lua_State *L, ts_mixed_spec *spec)
{
    if (lua_getfield(L, 3, "hold") != LUA_TNIL)
        spec->hold = tsl_check_list(L, lua_gettop(L), &spec->n_hold);
}

/* fit(model, contrasts, { covariance, ml, subject, visit, group, time,
 * effects, hold, tolerance }) -> model; four are model frames of one variable
 */
static int fit(lua_State *L)
{
    ts_error err;
    size_t n;
    lua_settop(L, 3);
    const ts_model_frame *frame = tsl_check_model(L, 1);
    ts_mixed_spec spec = read_spec(L);
    double tolerance = tsl_number(L, 3, "tolerance", 1e-11);
    const ts_contrast *contrasts = tsl_check_contrasts(L, 2, &n);
    read_held(L, &spec);
    mixed *m = lua_newuserdatauv(L, sizeof *m, 3);
    *m = (mixed){0};
    luaL_setmetatable(L, MIXED);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, -2, 2);
    if (spec.hold) {
        lua_pushvalue(L, -2);
        lua_setiuservalue(L, -2, 3);
    }
    tsl_try(L, ts_design_new(frame, contrasts, n, 0, &m->design, &err), &err);
    read_effects(L, m, &spec);
    tsl_try(L, ts_mixed_fit(m->design, &spec, tolerance, &m->fit, &err), &err);
    return 1;
}

/* m:method(df, sandwich): how errors and degrees of freedom are found */
static int mixed_method(lua_State *L)
{
    static const char *const methods[] = {
        "Satterthwaite",  "Kenward-Roger", "Kenward-Roger linear",
        "between-within", "residual",      NULL};
    static const char *const kinds[] = {"model", "CR0", "CR2", "CR3", NULL};
    ts_error err;
    ts_mixed *f = check_mixed(L, 1);
    int df = luaL_checkoption(L, 2, NULL, methods);
    int kind = luaL_checkoption(L, 3, "model", kinds);
    tsl_try(L, ts_mixed_method(f, (ts_df_method)df, (ts_sandwich)kind, &err),
            &err);
    return 0;
}

/* What it is -------------------------------------------------------------- */

static void push_names(lua_State *L, const ts_mixed *f, size_t n,
                       const char *name_of(const ts_mixed *, size_t))
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, name_of(f, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* { { name, group, effect, estimate, std_error }, ... } */
static void push_parameters(lua_State *L, const ts_mixed *f)
{
    lua_createtable(L, (int)f->n_theta, 0);
    for (size_t h = 0; h < f->n_theta; h++) {
        char name[64];
        ts_mixed_parameter_name(f, h % f->n_own, name);
        lua_createtable(L, 0, 4);
        tsl_set_text(L, "name", name);
        tsl_set_real(L, "group", (double)(h / f->n_own) + 1);
        tsl_set_real(L, "effect", (double)ts_mixed_effect_of(f, h) + 1);
        tsl_set_real(L, "estimate", f->theta[h]);
        tsl_set_real(L, "std_error", f->theta_error[h]);
        lua_rawseti(L, -2, (lua_Integer)h + 1);
    }
}

/* m:info() -> n, rank, n_subject, neg2_log_lik, iterations, gradient,
 * determinacy, intercept, columns, aliases, terms, nearest, nearest_column,
 * parameters, visits and groups (names) */
static int mixed_info(lua_State *L)
{
    const ts_mixed *f = check_mixed(L, 1);
    lua_createtable(L, 0, 20);
    tsl_set_real(L, "n", (double)f->n);
    tsl_set_real(L, "rank", (double)f->rank);
    tsl_set_real(L, "n_subject", (double)f->n_subject);
    tsl_set_real(L, "neg2_log_lik", f->neg2_log_lik);
    tsl_set_real(L, "iterations", (double)f->iterations);
    tsl_set_real(L, "gradient", f->gradient);
    tsl_set_real(L, "determinacy", f->determinacy);
    tsl_set_flag(L, "intercept", f->design->intercept);
    tsl_set_real(L, "nearest", f->start->qr->nearest);
    tsl_set_real(L, "nearest_column", (double)f->start->qr->nearest_column + 1);
    tsl_push_columns(L, f->start);
    lua_setfield(L, -2, "columns");
    tsl_push_aliases(L, f->start);
    lua_setfield(L, -2, "aliases");
    tsl_push_terms(L, f->design);
    lua_setfield(L, -2, "terms");
    push_parameters(L, f);
    lua_setfield(L, -2, "parameters");
    push_names(L, f, f->n_visit, ts_mixed_visit_name);
    lua_setfield(L, -2, "visits");
    push_names(L, f, f->n_group, ts_mixed_group_name);
    lua_setfield(L, -2, "groups");
    return 1;
}

/* m:matrix(group) -> the covariance matrix of its visits, a list of lists */
static int mixed_matrix(lua_State *L)
{
    ts_error err;
    const ts_mixed *f = check_mixed(L, 1);
    lua_Integer group = luaL_optinteger(L, 2, 1);
    luaL_argcheck(L, group >= 1 && (size_t)group <= f->n_group, 2,
                  "no such group");
    double *v = tsl_new_numbers(L, f->n_visit * f->n_visit);
    tsl_try(L, ts_mixed_covariance_matrix(f, (size_t)group - 1, v, &err), &err);
    tsl_push_matrix(L, v, f->n_visit);
    return 1;
}

/* The effect at index 2: 1, 2, ... */
static size_t check_effect(lua_State *L, const ts_mixed *f)
{
    lua_Integer e = luaL_checkinteger(L, 2);
    luaL_argcheck(L, e >= 1 && (size_t)e <= f->spec.n_effect, 2,
                  "no such random effects");
    return (size_t)e - 1;
}

/* m:effects_matrix(e) -> their covariance matrix, its rank */
static int mixed_effects_matrix(lua_State *L)
{
    const ts_mixed *f = check_mixed(L, 1);
    size_t e = check_effect(L, f);
    double g[64];
    size_t rank = ts_mixed_effects(f, e, g);
    tsl_push_matrix(L, g, f->spec.effect[e].design->n_column);
    lua_pushinteger(L, (lua_Integer)rank);
    return 2;
}

/* m:effect_names(e) -> names of the effects, number of levels */
static int mixed_effect_names(lua_State *L)
{
    const ts_mixed *f = check_mixed(L, 1);
    size_t e = check_effect(L, f);
    const ts_design *d = f->spec.effect[e].design;
    lua_createtable(L, (int)d->n_column, 0);
    for (size_t j = 0; j < d->n_column; j++) {
        lua_pushstring(L, d->column[j].name);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_pushinteger(L, (lua_Integer)ts_mixed_levels(f, e));
    return 2;
}

static void push_level_name(lua_State *L, const ts_mixed *f, size_t e,
                            size_t level)
{
    luaL_Buffer b;
    size_t size = (size_t)ts_mixed_level_name(f, e, level, NULL, 0) + 1;
    char *text = luaL_buffinitsize(L, &b, size);
    ts_mixed_level_name(f, e, level, text, size);
    luaL_pushresultsize(&b, size - 1);
}

/* m:effects(e) -> names of levels, a list of lists */
static int mixed_effects(lua_State *L)
{
    ts_error err;
    const ts_mixed *f = check_mixed(L, 1);
    size_t e = check_effect(L, f), n = ts_mixed_levels(f, e);
    size_t k = f->spec.effect[e].design->n_column;
    double *effect = tsl_new_numbers(L, n * k);
    tsl_try(L, ts_mixed_random(f, e, effect, &err), &err);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        push_level_name(L, f, e, i);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        tsl_push_row(L, effect + i * k, k, 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 2;
}

/* m:unused(most) -> names of subjects without a row that is used */
static int mixed_unused(lua_State *L)
{
    const ts_mixed *f = check_mixed(L, 1);
    lua_Integer most = luaL_checkinteger(L, 2), n = 0;
    const ts_model_variable *x = &f->spec.subject->x[0];
    bool *used = lua_newuserdatauv(L, x->n_level + 1, 0);
    ts_mixed_subjects(f, used);
    lua_newtable(L);
    for (size_t k = 0; k < x->n_level && n < most; k++)
        if (!used[k]) {
            lua_pushstring(L, x->level[k].name);
            lua_rawseti(L, -2, ++n);
        }
    return 1;
}

/* Rows of the design ------------------------------------------------------ */

static int mixed_rows(lua_State *L)
{
    return tsl_design_rows(L, check_mixed(L, 1)->design);
}

static int mixed_average(lua_State *L)
{
    return tsl_design_average(L, check_mixed(L, 1)->design);
}

static int mixed_design(lua_State *L)
{
    return tsl_design_columns(L, check_mixed(L, 1)->design);
}

/* m:diagnostics() -> columns fitted, residual, std_residual, scaled_residual */
static int mixed_diagnostics(lua_State *L)
{
    ts_error err;
    const ts_mixed *f = check_mixed(L, 1);
    ts_mixed_diagnostics d;
    lua_createtable(L, 0, 4);
#define COLUMN(field)                                                          \
    d.field = tsl_push_column(L, #field, f->n);                                \
    lua_setfield(L, -2, #field)
    COLUMN(fitted);
    COLUMN(residual);
    COLUMN(std_residual);
    COLUMN(scaled_residual);
#undef COLUMN
    tsl_try(L, ts_mixed_diagnose(f, &d, &err), &err);
    return 1;
}

/* m:predict(model) -> columns estimate, std_error and df, for the rows of
 * another model frame that are complete; NA where not estimable */
static int mixed_predict(lua_State *L)
{
    ts_error err;
    const ts_mixed *f = check_mixed(L, 1);
    const ts_model_frame *rows = tsl_check_model(L, 2);
    double *estimate = tsl_push_column(L, "estimate", rows->n);
    double *std_error = tsl_push_column(L, "std_error", rows->n);
    double *df = tsl_push_column(L, "df", rows->n);
    tsl_try(L, ts_mixed_predict(f, rows, estimate, std_error, df, &err), &err);
    return 3;
}

/* Estimates --------------------------------------------------------------- */

/* m:estimate(row) -> estimate, std_error, estimable, df */
static int mixed_estimate(lua_State *L)
{
    ts_error err;
    ts_mixed_value v;
    const ts_mixed *f = check_mixed(L, 1);
    double *row = tsl_new_numbers(L, f->start->p);
    tsl_check_row(L, 2, f->start->p, row);
    tsl_try(L, ts_mixed_estimate(f, row, &v, &err), &err);
    tsl_push_real(L, v.estimate);
    tsl_push_real(L, v.std_error);
    lua_pushboolean(L, v.estimable);
    tsl_push_real(L, v.df);
    return 4;
}

/* m:coefficient(j) -> estimate, std_error, df; NA of an aliased column */
static int mixed_coefficient(lua_State *L)
{
    ts_error err;
    ts_mixed_value v;
    const ts_mixed *f = check_mixed(L, 1);
    size_t j = tsl_check_place(L, 2, f->start->p);
    tsl_try(L, ts_mixed_coefficient(f, j, &v, &err), &err);
    tsl_push_real(L, v.estimate);
    tsl_push_real(L, v.std_error);
    tsl_push_real(L, v.df);
    return 3;
}

/* m:covariance({ rows }) -> list of lists */
static int mixed_covariance(lua_State *L)
{
    ts_error err;
    size_t k;
    const ts_mixed *f = check_mixed(L, 1);
    const double *rows = tsl_check_rows(L, 2, f->start->p, &k);
    double *v = tsl_new_numbers(L, k * k);
    tsl_try(L, ts_mixed_covariance(f, rows, k, v, &err), &err);
    tsl_push_matrix(L, v, k);
    return 1;
}

static int push_test(lua_State *L, const ts_mixed_test *t)
{
    lua_createtable(L, 0, 4);
    tsl_set_real(L, "df", t->df);
    tsl_set_real(L, "df_2", t->df_2);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "p_value", t->p_value);
    return 1;
}

/* m:hypothesis({ rows }) -> { df, df_2, statistic, p_value } of all 0 */
static int mixed_hypothesis(lua_State *L)
{
    ts_error err;
    size_t q;
    ts_mixed_test t;
    const ts_mixed *f = check_mixed(L, 1);
    const double *rows = tsl_check_rows(L, 2, f->start->p, &q);
    tsl_try(L, ts_mixed_hypothesis(f, rows, q, &t, &err), &err);
    return push_test(L, &t);
}

/* m:term(type, place) -> the test of a term; type: 3 */
static int mixed_term(lua_State *L)
{
    ts_error err;
    ts_mixed_test t;
    const ts_mixed *f = check_mixed(L, 1);
    luaL_argcheck(L, luaL_checkinteger(L, 2) == 3, 2, "type 3");
    size_t term = tsl_check_term(L, 3, f->design);
    tsl_try(L, ts_mixed_term(f, term, &t, &err), &err);
    return push_test(L, &t);
}

static const luaL_Reg methods[] = {
    {"info", mixed_info},
    {"method", mixed_method},
    {"matrix", mixed_matrix},
    {"unused", mixed_unused},
    {"effects", mixed_effects},
    {"effects_matrix", mixed_effects_matrix},
    {"effect_names", mixed_effect_names},
    {"rows", mixed_rows},
    {"average", mixed_average},
    {"design", mixed_design},
    {"estimate", mixed_estimate},
    {"coefficient", mixed_coefficient},
    {"covariance", mixed_covariance},
    {"hypothesis", mixed_hypothesis},
    {"term", mixed_term},
    {"diagnostics", mixed_diagnostics},
    {"predict", mixed_predict},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"fit", fit},
    {NULL, NULL},
};

int luaopen_ts_mixed(lua_State *L)
{
    tsl_open_model(L, MIXED, mixed_gc, methods);
    luaL_newlib(L, functions);
    return 1;
}
