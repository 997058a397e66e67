/*
 * Tab. What fits comes from lua/lib/complete.lua, which knows whether the
 * cursor is in a string, and looks but never calls what a user wrote.
 */
#include "shell.h"

#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>
#include "bind.h"

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

/* (start, end of the word) -> list of what may replace it, and what stands
 * before it of the names meant */
static int find(lua_State *L)
{
    lua_Integer start = lua_tointeger(L, 1), end = lua_tointeger(L, 2);
    tsl_require(L, "trialsh.complete");
    lua_getfield(L, -1, "at");
    lua_pushlstring(L, rl_line_buffer, (size_t)end);
    lua_pushstring(L, rl_line_buffer + end);
    lua_pushinteger(L, start + 1);
    lua_call(L, 3, 2);
    return 2;
}

/* "Day " of "Day 22" where only "22" is readline's word: shown in the list. */
static char *shown_before;

/* At most so many names are listed; what is typed next leaves fewer. */
#define MOST_LISTED 100

static void show(char **matches, int n, int width)
{
    size_t before = strlen(shown_before);
    int listed = n < MOST_LISTED ? n : MOST_LISTED;
    char **whole = calloc((size_t)listed + 2, sizeof *whole);
    bool good = whole != NULL;
    for (int i = 0; good && i <= listed; i++) {
        whole[i] = malloc(before + strlen(matches[i]) + 1);
        good = whole[i] != NULL;
        if (good)
            strcat(strcpy(whole[i], shown_before), matches[i]);
    }
    rl_display_match_list(good ? whole : matches, listed,
                          good ? width + (int)before : width);
    if (listed < n)
        fprintf(rl_outstream, "... and %d more\n", n - listed);
    rl_forced_update_display();
    for (int i = 0; whole && i <= listed; i++)
        free(whole[i]);
    free(whole);
}

static char **complete(const char *text, int start, int end)
{
    char **matches = NULL;
    rl_attempted_completion_over = 1;
    rl_completion_append_character = '\0';
    int top = lua_gettop(state);
    lua_pushcfunction(state, find);
    lua_pushinteger(state, start);
    lua_pushinteger(state, end);
    if (lua_pcall(state, 2, 2, 0) == LUA_OK && lua_istable(state, -2)) {
        free(shown_before);
        shown_before = strdup(lua_tostring(state, -1));
        rl_completion_display_matches_hook = shown_before ? show : NULL;
        lua_pop(state, 1);
        matches = rl_completion_matches(text, next_name);
    }
    lua_settop(state, top);
    return matches;
}

void shell_complete_open(lua_State *L)
{
    state = L;
    rl_variable_bind("show-all-if-unmodified", "on");
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters =
        (char *)" \t\n\"\\'`@$><=;|&{(.:,+-*/%^#~[])}?!";
    /* complete.lua closes what is in quotes, and only what is whole */
    rl_completer_quote_characters = "";
    rl_basic_quote_characters = "";
}
