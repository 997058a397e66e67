/* Each record of 32 bytes is a pattern, a text and a replacement, of pieces
 * that mean something there: our find, match, gmatch and gsub give what
 * Lua's own give, or both refuse. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <lualib.h>
#include "../../lua/shell/pattern.c"

#define RECORD 32

static const char script[] =
    "local own, ours, pattern, text, other = ...\n"
    "local function all(next, ...)\n"
    "  local list = {}\n"
    "  for a, b in next, ... do list[#list + 1] = a .. '|' .. tostring(b)\n"
    "    if #list > 99 then break end end\n"
    "  return table.concat(list, ',')\n"
    "end\n"
    "local function result(f, ...)\n"
    "  local r = table.pack(pcall(f, ...))\n"
    "  if not r[1] then return tostring(r[2]):find 'complex' and 'complex'\n"
    "    or 'error' end\n"
    "  for i = 1, r.n do r[i] = math.type(r[i]) == 'integer'\n"
    "    and 'i' .. r[i] or tostring(r[i]) end\n"
    "  return table.concat(r, ';')\n"
    "end\n"
    "local function try(name, ...)\n"
    "  local a, b = result(own[name], ...), result(ours[name], ...)\n"
    "  if a ~= b and a ~= 'complex' and b ~= 'complex' then\n"
    "    error(name .. ': ' .. a .. ' is not ' .. b)\n"
    "  end\n"
    "end\n"
    "try('find', text, pattern)\n"
    "try('find', text, pattern, -3)\n"
    "try('match', text, pattern, #other % 7 - 3)\n"
    "try('gsub', text, pattern, other)\n"
    "try('gsub', text, pattern, { a = 'x', ['1'] = 2, b = false }, 2)\n"
    "try('gsub', text, pattern, function(x, y) return y or false end)\n"
    "own.all = function(s, p, i) return all(own.gmatch(s, p, i)) end\n"
    "ours.all = function(s, p, i) return all(ours.gmatch(s, p, i)) end\n"
    "try('all', text, pattern)\n"
    "try('all', text, pattern, #other - 4)\n";

static const char *const pieces[] = {
    "%a", "%S", "[^a1]", "[b-f]", "[%d.]", "[]a]", ".",    "a",
    "b",  "1",  "d",     "*",     "+",     "-",    "?",    "(",
    ")",  "()", "^",     "$",     "%1",    "%b()", " ",    "%f[%a]",
    "%",  "[",  "%2",    "(a*",   "%w+",   "[^",   "[a-]", "[%w-b]",
    "%z", "[%z]"};
static const char *const letters[] = {"a", "b", "1", " ", "(", ")", "d",  ".",
                                      "%", "a", "a", "f", "1", "-", "%1", "%0",
                                      "z"};

/* What n bytes stand for in a list; less where one is 255 */
static void push_text(lua_State *L, const uint8_t *data, int n,
                      const char *const *list, size_t of)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 0; i < n && data[i] < 255; i++)
        luaL_addstring(&b, list[data[i] % of]);
    luaL_pushresult(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"find", "match", "gmatch", "gsub"};
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_newtable(L);
    lua_getglobal(L, "string");
    for (int i = 0; i < 4; i++) {
        lua_getfield(L, 2, names[i]);
        lua_setfield(L, 1, names[i]);
    }
    shell_pattern_open(L);
    if (luaL_loadstring(L, script))
        abort();
    for (; size >= RECORD; data += RECORD, size -= RECORD) {
        lua_pushvalue(L, 3);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 2);
        int n = data[0] % 6;
        push_text(L, data + 1, n, pieces, sizeof pieces / sizeof *pieces);
        push_text(L, data + 8, data[7] % 16, letters, 16);
        push_text(L, data + 26, data[25] % 6, letters, 16);
        if (lua_pcall(L, 5, 0, 0)) {
            fprintf(stderr, "%s\n", lua_tostring(L, -1));
            abort();
        }
    }
    lua_close(L);
    return 0;
}
