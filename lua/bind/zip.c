/* ts.zip: archives, of which office documents are made. */
#include "bind.h"

#include "ts/file.h"
#include "ts/unzip.h"
#include "ts/zip.h"

#define MOST (1u << 28) /* bytes that an archive may unpack to */

/* write(path, { { name, bytes }, ... }): whole or not at all */
static int write_zip(lua_State *L)
{
    ts_error err;
    ts_zip *zip = NULL;
    const char *path = tsl_check_out(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_Integer n = luaL_len(L, 2);
    for (lua_Integer i = 1; i <= n; i++) { /* before there is a file */
        luaL_argcheck(L,
                      lua_rawgeti(L, 2, i) == LUA_TTABLE &&
                          lua_rawgeti(L, -1, 1) == LUA_TSTRING &&
                          lua_rawgeti(L, -2, 2) == LUA_TSTRING,
                      2, "entries are { name, bytes }");
        lua_settop(L, 2);
    }
    ts_status status = ts_zip_begin(path, ts_file_mode(), &zip, &err);
    for (lua_Integer i = 1; i <= n && !status; i++) {
        size_t length;
        lua_rawgeti(L, 2, i);
        lua_rawgeti(L, 3, 1);
        lua_rawgeti(L, 3, 2); /* both are text: nothing here can raise */
        const char *bytes = lua_tolstring(L, 5, &length);
        status = ts_zip_entry(zip, lua_tostring(L, 4), &err);
        if (!status)
            status = ts_zip_add(zip, bytes, length, &err);
        lua_settop(L, 2);
    }
    if (zip) {
        if (status)
            ts_zip_discard(zip);
        else
            status = ts_zip_end(zip, &err);
    }
    tsl_try(L, status, &err);
    return 0;
}

/* read(bytes) -> { { name, bytes }, ... } in the order of its directory */
static int read_zip(lua_State *L)
{
    size_t length, total = 0;
    ts_error err;
    ts_unzip zip;
    ts_zip_part part;
    const char *data = luaL_checklstring(L, 1, &length);
    tsl_try(L, ts_unzip_begin(data, length, &zip, &err), &err);
    lua_newtable(L);
    for (lua_Integer i = 1; zip.n_left; i++) {
        tsl_try(L, ts_unzip_next(&zip, &part, &err), &err);
        total += part.size;
        if (total > MOST)
            return tsl_failf(L, TS_ELIMIT,
                             "a zip archive that unpacks to more than 256 MB");
        lua_createtable(L, 2, 0);
        lua_pushlstring(L, part.name, part.name_length);
        lua_rawseti(L, -2, 1);
        void *room = lua_newuserdatauv(L, part.size + 1, 0);
        tsl_try(L, ts_unzip_part(&part, room, &err), &err);
        lua_pushlstring(L, room, part.size);
        lua_rawseti(L, -3, 2);
        lua_pop(L, 1);
        lua_rawseti(L, -2, i);
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"read", read_zip}, {"write", write_zip}, {NULL, NULL}};

int luaopen_ts_zip(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
