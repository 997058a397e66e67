/*
 * Arithmetic and functions of columns, value by value. What has no finite value
 * is NA.
 */
#include "bind.h"

#include <math.h>
#include "ts/text.h"

enum { ADD, SUB, MUL, DIV, POW, MOD };

static double apply(int op, double a, double b)
{
    switch (op) {
    case ADD:
        return a + b;
    case SUB:
        return a - b;
    case MUL:
        return a * b;
    case DIV:
        return a / b;
    case POW:
        return pow(a, b);
    default:
        return a - floor(a / b) * b;
    }
}

/* A number, NA or a real column as operand; the length it asks for, or 0. */
static size_t operand(lua_State *L, int index, const double **values,
                      double *scalar)
{
    if (lua_isnumber(L, index) || tsl_is_na(L, index)) {
        *scalar = lua_isnumber(L, index) ? lua_tonumber(L, index) : NAN;
        *values = NULL;
        return 0;
    }
    const ts_column *column = tsl_check_column(L, index);
    if (column->type != TS_REAL)
        tsl_failf(L, TS_ETYPE, "%s is text: there is no arithmetic on it",
                  column->name);
    *values = column->real;
    return column->n;
}

/* The rows that a column's values are of go on to what is computed from it; of
 * two that differ, Lua's function `paired` is told. */
static void pass_rows(lua_State *L, int n_operand, int result)
{
    int known = 0;
    for (int i = 1; i <= n_operand; i++) {
        if (!lua_isuserdata(L, i) || tsl_is_na(L, i) ||
            lua_getiuservalue(L, i, 1) != LUA_TSTRING)
            continue;
        if (!known) {
            known = lua_gettop(L);
        } else if (!lua_rawequal(L, known, -1) &&
                   luaL_getmetafield(L, result, "paired") == LUA_TFUNCTION) {
            lua_pushvalue(L, 1);
            lua_pushvalue(L, 2);
            lua_call(L, 2, 0);
        }
    }
    if (known) {
        lua_pushvalue(L, known);
        lua_setiuservalue(L, result, 1);
    }
    lua_settop(L, result);
}

static int arithmetic(lua_State *L, int op)
{
    const double *a, *b;
    double x, y;
    size_t n = operand(L, 1, &a, &x), m = operand(L, 2, &b, &y);
    ts_error err;
    if (a && b && n != m)
        return tsl_failf(L, TS_EINVALID, "columns of %d and %d values", (int)n,
                         (int)m);
    n = a ? n : m;
    ts_column **box = tsl_new_column(L);
    const char *name =
        a ? tsl_check_column(L, 1)->name : tsl_check_column(L, 2)->name;
    tsl_try(L, ts_column_new_real(name, n, box, &err), &err);
    double *out = (*box)->real;
    for (size_t i = 0; i < n; i++) {
        double r = apply(op, a ? a[i] : x, b ? b[i] : y);
        out[i] = isfinite(r) ? r : NAN;
    }
    pass_rows(L, 2, lua_gettop(L));
    return 1;
}

static int column_add(lua_State *L)
{
    return arithmetic(L, ADD);
}

static int column_sub(lua_State *L)
{
    return arithmetic(L, SUB);
}

static int column_mul(lua_State *L)
{
    return arithmetic(L, MUL);
}

static int column_div(lua_State *L)
{
    return arithmetic(L, DIV);
}

static int column_pow(lua_State *L)
{
    return arithmetic(L, POW);
}

static int column_mod(lua_State *L)
{
    return arithmetic(L, MOD);
}

static int column_unm(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushnumber(L, -1);
    return arithmetic(L, MUL);
}

void tsl_column_arithmetic(lua_State *L)
{
    static const luaL_Reg metas[] = {
        {"__add", column_add}, {"__sub", column_sub}, {"__mul", column_mul},
        {"__div", column_div}, {"__pow", column_pow}, {"__mod", column_mod},
        {"__unm", column_unm}, {NULL, NULL},
    };
    luaL_setfuncs(L, metas, 0);
}

/* map(column, "log" | "exp" | "sqrt" | "abs" | "round" [, digits]) */
int tsl_column_map(lua_State *L)
{
    static const char *const names[] = {"log",   "exp",   "sqrt", "abs",
                                        "round", "log10", NULL};
    const ts_column *column = tsl_check_column(L, 1);
    int which = luaL_checkoption(L, 2, NULL, names);
    int digits = (int)luaL_optinteger(L, 3, 0);
    ts_error err;
    if (column->type != TS_REAL)
        return tsl_failf(L, TS_ETYPE, "%s is text: it has no %s", column->name,
                         names[which]);
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_new_real(column->name, column->n, box, &err), &err);
    for (size_t i = 0; i < column->n; i++) {
        double x = column->real[i], r;
        switch (which) {
        case 0:
            r = x > 0 ? log(x) : NAN;
            break;
        case 1:
            r = exp(x);
            break;
        case 2:
            r = x >= 0 ? sqrt(x) : NAN;
            break;
        case 3:
            r = fabs(x);
            break;
        case 4:
            r = ts_number_round(x, digits);
            break;
        default:
            r = x > 0 ? log10(x) : NAN;
        }
        (*box)->real[i] = isfinite(r) ? r : NAN;
    }
    pass_rows(L, 1, lua_gettop(L));
    return 1;
}
