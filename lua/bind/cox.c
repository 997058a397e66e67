/* ts.cox: Cox's regression as a userdata that owns its design and its fit and
 * keeps the model frame. */
#include "bind.h"

#include <math.h>
#include <string.h>
#include "design.h"
#include "model.h"
#include "options.h"
#include "ts/cox.h"

#define COX "ts.cox"

typedef struct {
    ts_design *design;
    ts_cox *fit;
} cox;

static int cox_gc(lua_State *L)
{
    cox *m = luaL_checkudata(L, 1, COX);
    ts_cox_free(m->fit);
    ts_design_free(m->design);
    *m = (cox){0};
    return 0;
}

static const ts_cox *check_cox(lua_State *L)
{
    cox *m = luaL_checkudata(L, 1, COX);
    luaL_argcheck(L, m->fit, 1, "an empty model");
    return m->fit;
}

/* fit(model, contrasts, ties, tolerance) -> Cox model */
static int fit(lua_State *L)
{
    static const char *const ties[] = {"Efron", "Breslow", "exact", NULL};
    ts_error err;
    size_t n;
    lua_settop(L, 4);
    const ts_model_frame *frame = tsl_check_model(L, 1);
    const ts_contrast *contrasts = tsl_check_contrasts(L, 2, &n);
    luaL_argcheck(L, frame->survival && frame->n_response == 2, 1,
                  "the response is not Surv(time, event)");
    cox *m = lua_newuserdatauv(L, sizeof *m, 1);
    *m = (cox){0};
    luaL_setmetatable(L, COX);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    tsl_try(L, ts_design_new(frame, contrasts, n, 0, &m->design, &err), &err);
    tsl_try(L,
            ts_cox_fit(m->design,
                       (ts_cox_ties)luaL_checkoption(L, 3, NULL, ties),
                       luaL_checknumber(L, 4), &m->fit, &err),
            &err);
    return 1;
}

/* The field name: { statistic, p_value }. */
static void push_whole(lua_State *L, const char *name, const ts_cox_test *t)
{
    lua_createtable(L, 0, 2);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "p_value", t->p_value);
    lua_setfield(L, -2, name);
}

/* m:info() -> n, n_event, rank, infinite, log_lik, log_lik_null, ratio, score,
 * wald, columns, aliases, terms, nearest, nearest_column */
static int cox_info(lua_State *L)
{
    const ts_cox *f = check_cox(L);
    const ts_linear *s = f->start;
    lua_createtable(L, 0, 16);
    tsl_set_real(L, "n", (double)f->n);
    tsl_set_real(L, "n_event", (double)f->n_event);
    tsl_set_real(L, "rank", (double)f->rank);
    lua_pushboolean(L, f->infinite);
    lua_setfield(L, -2, "infinite");
    tsl_set_real(L, "log_lik", f->log_lik);
    tsl_set_real(L, "log_lik_null", f->log_lik_null);
    push_whole(L, "ratio", &f->ratio_test);
    push_whole(L, "score", &f->score_test);
    push_whole(L, "wald", &f->wald_test);
    tsl_set_real(L, "nearest", s->qr->nearest);
    tsl_set_real(L, "nearest_column", (double)s->qr->nearest_column + 1);
    tsl_push_columns(L, s);
    for (size_t j = 0; j < f->p; j++) {
        lua_rawgeti(L, -1, (lua_Integer)j + 1);
        lua_pushboolean(L, f->aliased[j]);
        lua_setfield(L, -2, "aliased");
        lua_pop(L, 1);
    }
    lua_setfield(L, -2, "columns");
    tsl_push_aliases(L, s);
    lua_setfield(L, -2, "aliases");
    tsl_push_terms(L, f->design);
    lua_setfield(L, -2, "terms");
    return 1;
}

/* m:estimate(row) -> estimate, std_error, estimable */
static int cox_estimate(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_cox *f = check_cox(L);
    double *row = tsl_new_numbers(L, f->p);
    tsl_check_row(L, 2, f->p, row);
    tsl_try(L, ts_cox_estimate(f, row, &v, &err), &err);
    tsl_push_value(L, &v);
    lua_pushboolean(L, v.estimable);
    return 3;
}

/* m:coefficient(j) -> estimate, std_error; NA of an aliased column */
static int cox_coefficient(lua_State *L)
{
    ts_error err;
    ts_linear_value v;
    const ts_cox *f = check_cox(L);
    tsl_try(L, ts_cox_coefficient(f, tsl_check_place(L, 2, f->p), &v, &err),
            &err);
    return tsl_push_value(L, &v);
}

/* m:row(j) -> the row whose estimate is coefficient j */
static int cox_row(lua_State *L)
{
    ts_error err;
    const ts_cox *f = check_cox(L);
    double *row = tsl_new_numbers(L, f->p);
    tsl_try(L, ts_cox_row(f, tsl_check_place(L, 2, f->p), row, &err), &err);
    tsl_push_row(L, row, f->p, 1);
    return 1;
}

/* m:covariance({ rows }) -> list of lists */
static int cox_covariance(lua_State *L)
{
    ts_error err;
    size_t k;
    const ts_cox *f = check_cox(L);
    const double *rows = tsl_check_rows(L, 2, f->p, &k);
    double *v = tsl_new_numbers(L, k * k);
    tsl_try(L, ts_cox_covariance(f, rows, k, v, &err), &err);
    tsl_push_matrix(L, v, k);
    return 1;
}

static int push_test(lua_State *L, const ts_linear_test *t)
{
    lua_createtable(L, 0, 3);
    tsl_set_real(L, "df", t->df);
    tsl_set_real(L, "statistic", t->statistic);
    tsl_set_real(L, "p_value", t->p_value);
    return 1;
}

/* m:hypothesis({ rows }) -> { df, statistic, p_value } of all 0 */
static int cox_hypothesis(lua_State *L)
{
    ts_error err;
    size_t q;
    ts_linear_test t;
    const ts_cox *f = check_cox(L);
    const double *rows = tsl_check_rows(L, 2, f->p, &q);
    tsl_try(L, ts_cox_hypothesis(f, rows, q, &t, &err), &err);
    return push_test(L, &t);
}

/* m:term(place) -> the test of a term */
static int cox_term(lua_State *L)
{
    ts_error err;
    ts_linear_test t;
    const ts_cox *f = check_cox(L);
    size_t term = tsl_check_term(L, 2, f->design);
    tsl_try(L, ts_cox_term(f, term, &t, &err), &err);
    return push_test(L, &t);
}

/* m:profile(row, { mu, alternative, conf_level }) -> { statistic, p_value,
 * conf_low, conf_high } */
static int cox_profile(lua_State *L)
{
    ts_error err;
    ts_inference r;
    const ts_cox *f = check_cox(L);
    double *row = tsl_new_numbers(L, f->p);
    tsl_check_row(L, 2, f->p, row);
    luaL_checktype(L, 3, LUA_TTABLE);
    tsl_try(L,
            ts_cox_profile(f, row, tsl_number(L, 3, "mu", 0),
                           tsl_alternative(L, 3),
                           tsl_number(L, 3, "conf_level", 0.95), &r, &err),
            &err);
    tsl_push_profile(L, &r);
    return 1;
}

/* m:events(place) -> the number of events by level of a category */
static int cox_events(lua_State *L)
{
    const ts_model_frame *m = check_cox(L)->design->model;
    lua_Integer j = luaL_checkinteger(L, 2);
    luaL_argcheck(L, j >= 1 && (size_t)j <= m->n_x && m->x[j - 1].code, 2,
                  "no such category");
    const ts_model_variable *x = &m->x[j - 1];
    double *n = tsl_new_numbers(L, x->n_level);
    memset(n, 0, x->n_level * sizeof *n);
    for (size_t i = 0; i < m->n; i++)
        n[x->code[i]] += m->response[1].value[i];
    lua_createtable(L, (int)x->n_level, 0);
    for (size_t k = 0; k < x->n_level; k++) {
        tsl_push_real(L, n[k]);
        lua_rawseti(L, -2, (lua_Integer)k + 1);
    }
    return 1;
}

static int cox_rows(lua_State *L)
{
    return tsl_design_rows(L, check_cox(L)->design);
}

static int cox_average(lua_State *L)
{
    return tsl_design_average(L, check_cox(L)->design);
}

static const luaL_Reg methods[] = {
    {"info", cox_info},
    {"rows", cox_rows},
    {"average", cox_average},
    {"estimate", cox_estimate},
    {"coefficient", cox_coefficient},
    {"row", cox_row},
    {"covariance", cox_covariance},
    {"hypothesis", cox_hypothesis},
    {"term", cox_term},
    {"profile", cox_profile},
    {"events", cox_events},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"fit", fit},
    {NULL, NULL},
};

int luaopen_ts_cox(lua_State *L)
{
    tsl_open_model(L, COX, cox_gc, methods);
    luaL_newlib(L, functions);
    return 1;
}
