/* ts.file: what scripts need of the file system and Lua's io has not. */
#include "bind.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "ts/file.h"
#include "ts/hash.h"

/* list(path) -> sorted names in a folder, nil when it is none */
static int list(lua_State *L)
{
    struct dirent **entries;
    const char *path = tsl_check_path(L, 1);
    int n = scandir(path, &entries, NULL, alphasort), kept = 0;
    if (n < 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_checkstack(L, 4);
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            lua_pushstring(L, entries[i]->d_name);
            lua_rawseti(L, -2, ++kept);
        }
        free(entries[i]);
    }
    free(entries);
    return 1;
}

static int exists(lua_State *L)
{
    struct stat info;
    lua_pushboolean(L, stat(tsl_check_path(L, 1), &info) == 0);
    return 1;
}

/* mode(): that of a file the user asks for, as the user's umask has it */
static int mode(lua_State *L)
{
    lua_pushinteger(L, ts_file_mode());
    return 1;
}

/* sha256(path) -> hex digits, bytes; nil when it cannot be read */
static int sha256(lua_State *L)
{
    const char *path = tsl_check_path(L, 1);
    char block[16384], hex[65];
    size_t n, total = 0;
    ts_hash *hash;
    ts_error err;
    FILE *file = fopen(path, "re");
    if (!file || ts_hash_new(&hash, &err)) {
        if (file)
            fclose(file);
        lua_pushnil(L);
        return 1;
    }
    while ((n = fread(block, 1, sizeof block, file))) {
        ts_hash_add(hash, block, n);
        total += n;
    }
    bool failed = ferror(file);
    fclose(file);
    ts_hash_end(hash, hex);
    if (failed)
        lua_pushnil(L);
    else
        lua_pushstring(L, hex);
    lua_pushinteger(L, (lua_Integer)total);
    return failed ? 1 : 2;
}

/* make_folder(path): with those above it, where they are not there */
static int make_folder(lua_State *L)
{
    const char *path = tsl_check_out(L, 1);
    char part[PATH_MAX];
    struct stat found;
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return luaL_argerror(L, 1, "no folder has such a name");
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++)
        if (part[i] == '/' || part[i] == '\0') {
            part[i] = '\0';
            if (!mkdir(part, 0777)) /* who may read may enter */
                chmod(part, (mode_t)(ts_file_mode() | 0100 |
                                     (ts_file_mode() & 0044) >> 2));
            else if (errno != EEXIST && i == n)
                return tsl_failf(L, TS_EIO, "%s: %s", path, strerror(errno));
            part[i] = path[i];
        }
    if (stat(path, &found) || !S_ISDIR(found.st_mode))
        return tsl_failf(L, TS_EIO, "%s: it is there and no folder", path);
    return 0;
}

static const luaL_Reg functions[] = {{"list", list},
                                     {"make_folder", make_folder},
                                     {"exists", exists},
                                     {"mode", mode},
                                     {"sha256", sha256},
                                     {NULL, NULL}};

int luaopen_ts_file(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
