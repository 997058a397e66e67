/* ts.json: Lua values to and from JSON, by cJSON. NA is null. */
#include "bind.h"

#include <math.h>
#include <stdlib.h>
#include <cjson/cJSON.h>
#include "ts/text.h"

#define DEPTH 200

/* What is wrong where there is no memory for a value. */
static const char no_memory[] = "";

static cJSON *to_json(lua_State *L, int index, int depth, const char **wrong);

/* Every bit of it: cJSON's own writing gives up the last digits. Infinity is
 * a number that reads as one. */
static cJSON *number_to_json(double x)
{
    char text[32];
    if (isnan(x))
        return cJSON_CreateNull();
    if (isinf(x))
        return cJSON_CreateRaw(x > 0 ? "1e999" : "-1e999");
    ts_number_format(x, text);
    return cJSON_CreateRaw(text);
}

/* A sequence becomes an array, anything else an object by sorted keys, so
 * that equal tables give equal bytes. */
static cJSON *table_to_json(lua_State *L, int index, int depth,
                            const char **wrong)
{
    lua_Integer n = (lua_Integer)lua_rawlen(L, index);
    lua_pushnil(L);
    int empty = !lua_next(L, index);
    if (!empty)
        lua_pop(L, 2);
    if (n > 0 || empty) {
        cJSON *array = cJSON_CreateArray();
        for (lua_Integer i = 1; i <= n && !*wrong; i++) {
            lua_rawgeti(L, index, i);
            cJSON *item = to_json(L, lua_gettop(L), depth + 1, wrong);
            if (!cJSON_AddItemToArray(array, item)) {
                cJSON_Delete(item);
                if (!*wrong)
                    *wrong = no_memory;
            }
            lua_pop(L, 1);
        }
        return array;
    }
    cJSON *object = cJSON_CreateObject();
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            *wrong = "a key that is no text";
            lua_pop(L, 2);
            break;
        }
        cJSON *item = to_json(L, lua_gettop(L), depth + 1, wrong);
        if (!cJSON_AddItemToObject(object, lua_tostring(L, -2), item)) {
            cJSON_Delete(item);
            if (!*wrong)
                *wrong = no_memory;
        }
        if (*wrong) {
            lua_pop(L, 2);
            break;
        }
    }
    return object;
}

static cJSON *to_json(lua_State *L, int index, int depth, const char **wrong)
{
    if (depth > DEPTH || !lua_checkstack(L, 6)) {
        *wrong = "too deep a table";
        return NULL;
    }
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return cJSON_CreateBool(lua_toboolean(L, index));
    case LUA_TNUMBER:
        return number_to_json(lua_tonumber(L, index));
    case LUA_TSTRING:
        return cJSON_CreateString(lua_tostring(L, index));
    case LUA_TTABLE:
        return table_to_json(L, index, depth, wrong);
    default:
        if (tsl_is_na(L, index))
            return cJSON_CreateNull();
        *wrong = lua_typename(L, lua_type(L, index));
        return NULL;
    }
}

static int fail_memory(lua_State *L)
{
    ts_error err;
    ts_fail_memory(&err);
    return tsl_fail(L, &err);
}

static int by_key(const void *a, const void *b);

/* cJSON keeps members in the order they came, which for Lua is none. */
static void sort_members(cJSON *value)
{
    for (cJSON *item = value->child; item; item = item->next)
        sort_members(item);
    if (!cJSON_IsObject(value))
        return;
    /* members are few: an insertion sort on the list of keys */
    cJSON *sorted = NULL;
    while (value->child) {
        cJSON *item = cJSON_DetachItemViaPointer(value, value->child);
        cJSON **link = &sorted;
        while (*link && by_key(*link, item) < 0)
            link = &(*link)->next;
        item->next = *link;
        *link = item;
    }
    while (sorted) {
        cJSON *item = sorted;
        sorted = item->next;
        item->next = item->prev = NULL;
        cJSON_AddItemToArray(value, item);
    }
}

static int by_key(const void *a, const void *b)
{
    const unsigned char *s = (const unsigned char *)((const cJSON *)a)->string;
    const unsigned char *t = (const unsigned char *)((const cJSON *)b)->string;
    while (*s && *s == *t)
        s++, t++;
    return *s - *t;
}

/* encode(value) -> text */
static int encode(lua_State *L)
{
    const char *wrong = NULL;
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    cJSON *json = to_json(L, 1, 0, &wrong);
    char *text = NULL;
    if (json && !wrong) {
        sort_members(json);
        text = cJSON_PrintUnformatted(json);
    }
    cJSON_Delete(json);
    if (!text && (!wrong || wrong == no_memory))
        return fail_memory(L);
    if (!text)
        return tsl_failf(L, TS_EINVALID, "no JSON for %s", wrong);
    lua_pushstring(L, text);
    cJSON_free(text);
    return 1;
}

static void push_json(lua_State *L, const cJSON *json)
{
    luaL_checkstack(L, 6, "too deep a JSON text");
    if (cJSON_IsBool(json)) {
        lua_pushboolean(L, cJSON_IsTrue(json));
    } else if (cJSON_IsNumber(json)) {
        tsl_push_real(L, json->valuedouble);
    } else if (cJSON_IsString(json)) {
        lua_pushstring(L, json->valuestring);
    } else if (cJSON_IsArray(json) || cJSON_IsObject(json)) {
        lua_newtable(L);
        lua_Integer i = 0;
        for (const cJSON *item = json->child; item; item = item->next) {
            push_json(L, item);
            if (cJSON_IsObject(json))
                lua_setfield(L, -2, item->string);
            else
                lua_rawseti(L, -2, ++i);
        }
    } else {
        tsl_push_na(L);
    }
}

static int push_all(lua_State *L)
{
    push_json(L, lua_touserdata(L, 1));
    return 1;
}

/* decode(text) -> value */
static int decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    cJSON *json = cJSON_ParseWithLength(text, length);
    /* no memory looks like no JSON, but not twice */
    if (!json && !(json = cJSON_ParseWithLength(text, length))) {
        void *probe = malloc(length + 1000);
        if (!probe)
            return fail_memory(L);
        free(probe);
        return tsl_failf(L, TS_EFORMAT, "a text that is no JSON");
    }
    lua_pushcfunction(L, push_all);
    lua_pushlightuserdata(L, json);
    int status = lua_pcall(L, 1, 1, 0);
    cJSON_Delete(json);
    return status ? lua_error(L) : 1;
}

static const luaL_Reg functions[] = {
    {"encode", encode}, {"decode", decode}, {NULL, NULL}};

int luaopen_ts_json(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
