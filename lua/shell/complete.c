/*
 * Tab. Names come from lua/lib/complete.lua, which looks but never calls what
 * a user wrote; inside a string readline's own file names are used.
 */
#include "shell.h"

#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>

static lua_State *state;

/* The next of the names in the table on top of the stack. */
static char *next_name(const char *text, int again)
{
    static lua_Integer i;
    (void)text;
    i = again ? i + 1 : 1;
    lua_rawgeti(state, -1, i);
    const char *name =
        lua_type(state, -1) == LUA_TSTRING ? lua_tostring(state, -1) : NULL;
    char *copy = name ? strdup(name) : NULL;
    lua_pop(state, 1);
    return copy;
}

/* (text before the cursor) -> list of names for the word at its end */
static int find_names(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "trialsh.complete");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "names");
    lua_pushlstring(L, rl_line_buffer, (size_t)lua_tointeger(L, 1));
    lua_call(L, 1, 1);
    return 1;
}

static char **complete(const char *text, int start, int end)
{
    char **matches = NULL;
    (void)start;
    if (rl_completion_quote_character)
        return NULL; /* in a string: files */
    rl_attempted_completion_over = 1;
    rl_completion_append_character = '\0';
    int top = lua_gettop(state);
    lua_pushcfunction(state, find_names);
    lua_pushinteger(state, end);
    if (lua_pcall(state, 1, 1, 0) == LUA_OK && lua_istable(state, -1))
        matches = rl_completion_matches(text, next_name);
    lua_settop(state, top);
    return matches;
}

void shell_complete_open(lua_State *L)
{
    state = L;
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters =
        (char *)" \t\n\"\\'`@$><=;|&{(.:,+-*/%^#~[])}?!";
    rl_completer_quote_characters = "\"'";
}
