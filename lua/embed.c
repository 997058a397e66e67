/*
 * A tool of the build: embed CODE FILE... writes to standard output the
 * assembly by which the Lua library stands in the binary, its text (help is
 * made from that) and its code, compiled here so that a start need not. The
 * code goes to the file CODE. Line numbers are kept: errors tell them.
 */
#include <stdio.h>
#include <string.h>

#include <lua.h>
#include <lauxlib.h>

static const char folder[] = "lua/lib/";

static int append(lua_State *L, const void *data, size_t length, void *file)
{
    (void)L;
    return fwrite(data, 1, length, file) != length;
}

/* Pushes all that a file holds. */
static void push_text(lua_State *L, const char *path)
{
    FILE *file = fopen(path, "rb");
    luaL_Buffer b;
    size_t got;
    if (!file)
        luaL_error(L, "cannot read %s", path);
    luaL_buffinit(L, &b);
    do {
        got = fread(luaL_prepbuffer(&b), 1, LUAL_BUFFERSIZE, file);
        luaL_addsize(&b, got);
    } while (got);
    luaL_pushresult(&b);
    fclose(file);
}

static void write_code(lua_State *L, const char *path, FILE *code)
{
    size_t length;
    push_text(L, path);
    const char *text = lua_tolstring(L, -1, &length);
    const char *name = lua_pushfstring(L, "=trialsh/%s", path + strlen(folder));
    if (luaL_loadbufferx(L, text, length, name, "t"))
        lua_error(L);
    if (lua_dump(L, append, code, 0))
        luaL_error(L, "cannot write the code of %s", path);
    lua_settop(L, 0);
}

/* Name of the n-th file and its text; the length of its code, if it is Lua. */
static int embed(lua_State *L, const char *path, int n, FILE *code)
{
    size_t length = strlen(path);
    long from = ftell(code);
    printf("n%d: .asciz \"%s\"\nt%d: .incbin \"%s\"\nc%d:\n", n,
           path + strlen(folder), n, path, n);
    if (length > 4 && strcmp(path + length - 4, ".lua") == 0)
        write_code(L, path, code);
    return (int)(ftell(code) - from);
}

static int embed_all(lua_State *L)
{
    char **argv = lua_touserdata(L, 1);
    const char *code_path = argv[1];
    FILE *code = fopen(code_path, "wb");
    int n = 0, at = 0;
    if (!code)
        return luaL_error(L, "cannot write %s", code_path);
    lua_settop(L, 0);
    puts(".section .rodata");
    for (; argv[n + 2]; n++) {
        int length = embed(L, argv[n + 2], n, code);
        if (length)
            printf(".incbin \"%s\", %d, %d\n", code_path, at, length);
        printf("e%d: .byte 0\n", n);
        at += length;
    }
    puts(".section .data.rel.ro,\"aw\"\n.balign 8\n"
         ".globl tsl_embedded\ntsl_embedded:");
    for (int i = 0; i < n; i++)
        printf(".quad n%d, t%d, c%d - t%d, c%d, e%d - c%d\n", i, i, i, i, i, i,
               i);
    puts(".quad 0, 0, 0, 0, 0\n.section .note.GNU-stack,\"\",@progbits");
    if (fclose(code))
        return luaL_error(L, "cannot write %s", code_path);
    return 0;
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    if (argc < 2 || !L)
        return 2;
    lua_pushcfunction(L, embed_all);
    lua_pushlightuserdata(L, argv);
    int failed = lua_pcall(L, 1, 0, 0) != LUA_OK;
    if (failed)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    return failed || fflush(stdout) != 0;
}
