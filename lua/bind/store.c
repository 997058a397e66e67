/* ts.store: a store as userdata. lua/lib/study.lua is what users see. */
#include "bind.h"

#include <string.h>
#include "ts/interrupt.h"
#include "ts/store.h"

#define STORE "ts.store"

static ts_store **new_store(lua_State *L)
{
    ts_store **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, STORE);
    return box;
}

static ts_store *check_store(lua_State *L, int index)
{
    ts_store **box = luaL_checkudata(L, index, STORE);
    if (!*box)
        tsl_failf(L, TS_EINVALID, "the study is closed");
    return *box;
}

static int store_close(lua_State *L)
{
    ts_store **box = luaL_checkudata(L, 1, STORE);
    ts_store_close(*box);
    *box = NULL;
    return 0;
}

static int create(lua_State *L)
{
    ts_error err;
    const char *path = tsl_check_out(L, 1);
    ts_store **box = new_store(L);
    tsl_try(L, ts_store_create(path, box, &err), &err);
    return 1;
}

/* open(path [, altered]) */
static int open(lua_State *L)
{
    ts_error err;
    const char *path = tsl_check_out(L, 1);
    int even_altered = lua_toboolean(L, 2);
    ts_store **box = new_store(L);
    tsl_try(L,
            even_altered ? ts_store_open_altered(path, box, &err)
                         : ts_store_open(path, box, &err),
            &err);
    return 1;
}

static int memory(lua_State *L)
{
    ts_error err;
    ts_store **box = new_store(L);
    tsl_try(L, ts_store_memory(box, &err), &err);
    return 1;
}

/* The array at index as values, in a userdata pushed on the stack; the texts
 * stay alive in the array. */
static ts_value *check_values(lua_State *L, int index, size_t *n)
{
    *n = 0;
    if (lua_isnoneornil(L, index))
        return NULL;
    luaL_checktype(L, index, LUA_TTABLE);
    *n = (size_t)luaL_len(L, index);
    ts_value *values = lua_newuserdatauv(L, sizeof(ts_value) * (*n + 1), 0);
    for (size_t i = 0; i < *n; i++) {
        values[i] = (ts_value){0};
        int type = lua_rawgeti(L, index, (lua_Integer)i + 1);
        if (type == LUA_TNUMBER) {
            values[i].type = TS_REAL;
            values[i].real = lua_tonumber(L, -1);
        } else if (type == LUA_TSTRING) {
            values[i].type = TS_TEXT;
            values[i].text = lua_tolstring(L, -1, &values[i].length);
        } else if (type == LUA_TBOOLEAN) {
            values[i].type = TS_REAL;
            values[i].real = lua_toboolean(L, -1);
        } else if (!tsl_is_na(L, -1)) {
            tsl_failf(L, TS_ETYPE,
                      "value %d is a %s: numbers, text and NA can be asked for",
                      (int)i + 1, lua_typename(L, type));
        }
        lua_pop(L, 1);
    }
    return values;
}

/* A field of the table on top that is text, or NULL; it stays alive there. */
static const char *text_field(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    const char *text =
        lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1);
    return text;
}

/* { { name =, type = "real", levels = { ... }, label = ... }, ... } */
static ts_field *check_variables(lua_State *L, int index, size_t *n)
{
    *n = 0;
    if (lua_isnoneornil(L, index))
        return NULL;
    luaL_checktype(L, index, LUA_TTABLE);
    *n = (size_t)luaL_len(L, index);
    ts_field *v = lua_newuserdatauv(L, sizeof(ts_field) * (*n + 1), 0);
    int holder = lua_gettop(L) + 1;
    lua_newtable(L); /* keeps the arrays of levels alive */
    for (size_t i = 0; i < *n; i++) {
        v[i] = (ts_field){0};
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        v[i].name = text_field(L, "name");
        v[i].label = text_field(L, "label");
        v[i].unit = text_field(L, "unit");
        v[i].format = text_field(L, "format");
        v[i].informat = text_field(L, "informat");
        const char *type = text_field(L, "type");
        if (type)
            v[i].type = strcmp(type, "real") == 0   ? TS_REAL
                        : strcmp(type, "text") == 0 ? TS_TEXT
                                                    : 0;
        if (lua_getfield(L, -1, "levels") == LUA_TTABLE) {
            v[i].n_level = (size_t)lua_rawlen(L, -1);
            const char **levels =
                lua_newuserdatauv(L, sizeof(char *) * (v[i].n_level + 1), 0);
            lua_rawseti(L, holder, (lua_Integer)i + 1);
            for (size_t k = 0; k < v[i].n_level; k++) {
                lua_rawgeti(L, -1, (lua_Integer)k + 1);
                levels[k] = luaL_checkstring(L, -1);
                lua_pop(L, 1);
            }
            v[i].levels = levels;
        }
        lua_pop(L, 2);
    }
    return v;
}

static void set_count(lua_State *L, const char *name, double n)
{
    if (n > 0)
        tsl_set_real(L, name, n);
}

/* store:query(sql [, values [, variables]]) -> frame, counts */
static int query(lua_State *L)
{
    ts_error err;
    size_t n_value, n_variable;
    ts_store *store = check_store(L, 1);
    const char *sql = luaL_checkstring(L, 2);
    lua_settop(L, 4);
    const ts_value *values = check_values(L, 3, &n_value);
    const ts_field *variables = check_variables(L, 4, &n_variable);
    ts_frame **box = tsl_new_frame(L);
    tsl_try(L,
            ts_store_query(store, sql, values, n_value, variables, n_variable,
                           box, &err),
            &err);
    const double *count = ts_store_counts(store);
    lua_newtable(L);
    set_count(L, "ln", count[TS_COUNT_LN]);
    set_count(L, "log10", count[TS_COUNT_LOG10]);
    set_count(L, "sqrt", count[TS_COUNT_SQRT]);
    set_count(L, "/", count[TS_COUNT_DIVIDE]);
    set_count(L, "power", count[TS_COUNT_POWER]);
    set_count(L, "overflow", count[TS_COUNT_OVERFLOW]);
    set_count(L, "cast", count[TS_COUNT_CAST]);
    set_count(L, "date", count[TS_COUNT_DATE]);
    set_count(L, "undated", count[TS_COUNT_UNDATED]);
    if (count[TS_COUNT_UNDATED] > 0) {
        lua_pushstring(L, ts_store_undated(store));
        lua_setfield(L, -2, "no_date");
    }
    for (int i = TS_COUNT_UNDECIDED; i < TS_COUNT_MAX; i++)
        if (count[i] > 0) {
            lua_pushnumber(L, count[i]);
            lua_rawseti(L, -2, i - TS_COUNT_UNDECIDED);
        }
    return 2;
}

/* store:origins(sql, values) -> { { name =, table =, column = }, ... }, the last
 * two where the column is taken as it is */
static int origins(lua_State *L)
{
    ts_error err;
    size_t n;
    ts_buffer found = {0};
    ts_store *store = check_store(L, 1);
    const char *sql = luaL_checkstring(L, 2);
    lua_settop(L, 3);
    const ts_value *values = check_values(L, 3, &n);
    ts_status status = ts_store_origins(store, sql, values, n, &found, &err);
    if (!status) /* one copy that Lua owns: what follows may raise */
        lua_pushlstring(L, found.length ? found.data : "", found.length);
    size_t length = found.length;
    ts_buffer_free(&found);
    tsl_try(L, status, &err);
    const char *at = lua_tostring(L, -1), *end = at + length;
    lua_newtable(L);
    for (lua_Integer i = 1; at < end; i++) {
        static const char *const keys[] = {"name", "table", "column"};
        lua_createtable(L, 0, 3);
        for (int k = 0; k < 3; k++) {
            if (*at)
                tsl_set_text(L, keys[k], at);
            at += strlen(at) + 1;
        }
        lua_rawseti(L, -2, i);
    }
    return 1;
}

/* store:execute(sql [, values]): a statement of the library's own */
static int execute(lua_State *L)
{
    ts_error err;
    size_t n;
    ts_store *store = check_store(L, 1);
    const char *sql = luaL_checkstring(L, 2);
    lua_settop(L, 3);
    const ts_value *values = check_values(L, 3, &n);
    tsl_try(L, ts_store_execute(store, sql, values, n, &err), &err);
    return 0;
}

/* The error of what Ctrl-C stopped, on top of the stack, with what became of
 * the study. */
static int fail_undone(lua_State *L)
{
    const char *message = NULL;
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "message");
        message = lua_tostring(L, -1);
    }
    return tsl_failf(L, TS_EINTERRUPT,
                     "%s; rolled back, the study is as it was",
                     message ? message : "interrupted");
}

/* store:transaction(f): what f does, all of it or nothing. In C, for after
 * Ctrl-C no line of Lua runs any more that could roll back. */
static int transaction(lua_State *L)
{
    ts_error err;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    tsl_try(L, ts_store_begin(check_store(L, 1), &err), &err);
    int failed = lua_pcall(L, 0, 0, 0);
    ts_store *store = check_store(L, 1);
    ts_status status = failed ? TS_OK : ts_interrupt_check(&err);
    if (failed || status)
        ts_store_rollback(store);
    else
        status = ts_store_commit(store, &err);
    if (ts_interrupted() && (failed || status))
        return fail_undone(L);
    tsl_try(L, status, &err);
    return failed ? lua_error(L) : 0;
}

/* store:hold(f): what f does reads one state, whatever others change; in it, or
 * in a transaction, f is just called. */
static int hold(lua_State *L)
{
    ts_error err;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    ts_store *store = check_store(L, 1);
    int nested = ts_store_is_held(store) || ts_store_in_transaction(store);
    if (!nested)
        tsl_try(L, ts_store_hold(store, &err), &err);
    int failed = lua_pcall(L, 0, 0, 0);
    if (!nested)
        ts_store_release(check_store(L, 1));
    return failed ? lua_error(L) : 0;
}

#define IMAGE "ts.store.image"

typedef struct {
    unsigned char *bytes;
    size_t n;
} image;

static int image_gc(lua_State *L)
{
    image *i = luaL_checkudata(L, 1, IMAGE);
    ts_store_image_free(i->bytes);
    i->bytes = NULL;
    return 0;
}

/* store:image(most): for store:become(image) in child processes; nil where it
 * has more bytes than most */
static int store_image(lua_State *L)
{
    ts_store *store = check_store(L, 1);
    lua_Integer most = luaL_checkinteger(L, 2);
    image *i = lua_newuserdatauv(L, sizeof *i, 0);
    *i = (image){0};
    luaL_setmetatable(L, IMAGE);
    i->bytes = ts_store_image(store, (size_t)most, &i->n);
    if (!i->bytes)
        lua_pushnil(L);
    return 1;
}

static int become(lua_State *L)
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    image *i = luaL_checkudata(L, 2, IMAGE);
    tsl_try(L, ts_store_become(store, i->bytes, i->n, &err), &err);
    return 0;
}

/* store:version(): another one after each change, whoever made it */
static int version(lua_State *L)
{
    ts_error err;
    double x;
    tsl_try(L, ts_store_version(check_store(L, 1), &x, &err), &err);
    lua_pushnumber(L, x);
    return 1;
}

static int checkpoint(lua_State *L)
{
    ts_store_checkpoint(check_store(L, 1));
    return 0;
}

static int in_transaction(lua_State *L)
{
    lua_pushboolean(L, ts_store_in_transaction(check_store(L, 1)));
    return 1;
}

/* store:write(table, frame) */
static int write(lua_State *L)
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    tsl_try(L,
            ts_store_write(store, luaL_checkstring(L, 2), tsl_check_frame(L, 3),
                           &err),
            &err);
    return 0;
}

/* store:import_csv(table, csv) */
static int import_csv(lua_State *L)
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    tsl_try(L,
            ts_store_import_csv(store, luaL_checkstring(L, 2),
                                tsl_check_csv(L, 3), &err),
            &err);
    return 0;
}

/* store:import_xpt(table, xpt) */
static int import_xpt(lua_State *L)
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    tsl_try(L,
            ts_store_import_xpt(store, luaL_checkstring(L, 2),
                                tsl_check_xpt(L, 3), &err),
            &err);
    return 0;
}

/* store:move_missing(table [, to]): the codes of missing values go with it */
static int move_missing(lua_State *L)
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    tsl_try(L,
            ts_store_move_missing(store, luaL_checkstring(L, 2),
                                  luaL_optstring(L, 3, NULL), &err),
            &err);
    return 0;
}

/* store:get_missing(table, frame): the codes into a frame of all its rows */
static int get_missing(lua_State *L)
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    tsl_try(L,
            ts_store_get_missing(store, luaL_checkstring(L, 2),
                                 tsl_check_frame(L, 3), &err),
            &err);
    return 0;
}

/* store:audit{ verb =, object =, rows =, sha256 =, detail = } */
static int audit(lua_State *L)
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    tsl_push_where(L);
    lua_pushvalue(L, 2);
    ts_event event = {
        .verb = text_field(L, "verb"),
        .object = text_field(L, "object"),
        .sha256 = text_field(L, "sha256"),
        .detail = text_field(L, "detail"),
        .script = lua_tostring(L, 3),
    };
    luaL_argcheck(L, event.verb, 2, "an event needs a verb");
    lua_getfield(L, 2, "rows");
    event.rows = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : -1;
    tsl_try(L, ts_store_audit(store, &event, &err), &err);
    return 0;
}

/* store:verify([hash]) -> number of events, events after that hash */
static int verify(lua_State *L)
{
    ts_error err;
    size_t n, n_since;
    ts_store *store = check_store(L, 1);
    const char *hash = luaL_optstring(L, 2, NULL);
    tsl_try(L, ts_store_verify(store, &n, &err), &err);
    lua_pushinteger(L, (lua_Integer)n);
    if (!hash)
        return 1;
    tsl_try(L, ts_store_expect(store, hash, &n_since, &err), &err);
    lua_pushinteger(L, (lua_Integer)n_since);
    return 2;
}

/* store:expect(hash) -> events after it; without a look at the tables */
static int expect(lua_State *L)
{
    ts_error err;
    size_t n;
    ts_store *store = check_store(L, 1);
    tsl_try(L, ts_store_expect(store, luaL_checkstring(L, 2), &n, &err), &err);
    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* store:lock(reason), store:unlock(reason) */
static int change_lock(lua_State *L,
                       ts_status (*change)(ts_store *, const char *,
                                           const char *, ts_error *))
{
    ts_error err;
    ts_store *store = check_store(L, 1);
    const char *reason = luaL_checkstring(L, 2);
    tsl_push_where(L);
    tsl_try(L, change(store, reason, lua_tostring(L, -1), &err), &err);
    return 0;
}

static int lock(lua_State *L)
{
    return change_lock(L, ts_store_lock);
}

static int unlock(lua_State *L)
{
    return change_lock(L, ts_store_unlock);
}

/* store:get_lock() -> { who, utc, reason, content, head, event }, or nil */
static int get_lock(lua_State *L)
{
    const ts_lock *facts = ts_store_get_lock(check_store(L, 1));
    if (!facts)
        return 0;
    lua_createtable(L, 0, 6);
    tsl_set_text(L, "who", facts->who);
    tsl_set_text(L, "utc", facts->utc);
    tsl_set_text(L, "reason", facts->reason);
    tsl_set_text(L, "content", facts->content);
    tsl_set_text(L, "head", facts->head);
    tsl_set_real(L, "event", facts->event);
    return 1;
}

/* store:altered() -> how it differs from what was locked, or nil */
static int altered(lua_State *L)
{
    lua_pushstring(L, ts_store_altered(check_store(L, 1)));
    return 1;
}

/* store:attach(frame) -> name of the table that reads it */
static int attach(lua_State *L)
{
    ts_error err;
    char name[32];
    ts_store *store = check_store(L, 1);
    tsl_try(L, ts_store_attach(store, tsl_check_frame(L, 2), name, &err), &err);
    lua_pushstring(L, name);
    return 1;
}

static int detach(lua_State *L)
{
    ts_store_detach(check_store(L, 1), luaL_checkstring(L, 2));
    return 0;
}

static int path(lua_State *L)
{
    lua_pushstring(L, ts_store_path(check_store(L, 1)));
    return 1;
}

static int read_only(lua_State *L)
{
    lua_pushboolean(L, ts_store_read_only(check_store(L, 1)));
    return 1;
}

static int is_public(lua_State *L)
{
    lua_pushboolean(L, ts_store_is_public(check_store(L, 1)));
    return 1;
}

static int is_open(lua_State *L)
{
    ts_store **box = luaL_checkudata(L, 1, STORE);
    lua_pushboolean(L, *box != NULL);
    return 1;
}

static const luaL_Reg methods[] = {
    {"query", query},
    {"origins", origins},
    {"execute", execute},
    {"transaction", transaction},
    {"hold", hold},
    {"image", store_image},
    {"become", become},
    {"version", version},
    {"checkpoint", checkpoint},
    {"in_transaction", in_transaction},
    {"write", write},
    {"import_csv", import_csv},
    {"import_xpt", import_xpt},
    {"move_missing", move_missing},
    {"get_missing", get_missing},
    {"audit", audit},
    {"verify", verify},
    {"expect", expect},
    {"lock", lock},
    {"unlock", unlock},
    {"get_lock", get_lock},
    {"altered", altered},
    {"attach", attach},
    {"detach", detach},
    {"path", path},
    {"read_only", read_only},
    {"is_public", is_public},
    {"is_open", is_open},
    {"close", store_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"create", create}, {"open", open}, {"memory", memory}, {NULL, NULL}};

int luaopen_ts_store(lua_State *L)
{
    if (luaL_newmetatable(L, IMAGE)) {
        lua_pushcfunction(L, image_gc);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, image_gc);
        lua_setfield(L, -2, "__close");
    }
    lua_pop(L, 1);
    if (luaL_newmetatable(L, STORE)) {
        lua_pushcfunction(L, store_close);
        lua_setfield(L, -2, "__gc");
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
