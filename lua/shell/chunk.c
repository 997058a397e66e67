/*
 * A text of many lines, as a paste is: cut where lines that were typed one
 * after the other would have run, but not before a line that goes on with what
 * stands above it, as :where does.
 */
#include "shell.h"

#include <ctype.h>
#include <string.h>

#define FEW_LINES 100

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

/* The first of the lines from at on that holds more than a comment. */
static const char *next_code(const char *at)
{
    while (*at) {
        const char *word = at + strspn(at, " \t\r");
        if (*word != '\n' && strncmp(word, "--", 2) != 0)
            break;
        at = next_line(at);
    }
    return at;
}

static bool starts_with_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    return strncmp(text, word, n) == 0 && !isalnum((unsigned char)text[n]) &&
           text[n] != '_';
}

/* Whether a line goes on with the one above: it cannot begin otherwise. */
static bool goes_on(const char *line)
{
    const char *text = line + strspn(line, " \t\r");
    if (!*text)
        return false;
    if (*text == '.' && text[1] != '.') /* .mode csv */
        return text > line || !isalpha((unsigned char)text[1]);
    return strchr(":,=)]}+*/%^<>~|&-{", *text) || strncmp(text, "..", 2) == 0 ||
           starts_with_word(text, "and") || starts_with_word(text, "or");
}

/* Whether a chunk of n lines may end at the line from start to end: in a long
 * one what is indented is the inside, and need not be read again. */
static bool may_end(const char *start, const char *end, int n)
{
    return n < FEW_LINES ||
           !(isblank((unsigned char)*start) || isblank((unsigned char)*end));
}

size_t shell_chunk(lua_State *L, const char *text)
{
    const char *start = next_code(text), *end = next_line(start);
    for (int n = 0; *end; n++) {
        bool open = true;
        if (may_end(start, end, n)) {
            lua_pushlstring(L, text, (size_t)(end - text) - 1);
            open = shell_incomplete(L, lua_tostring(L, -1));
            lua_pop(L, 1);
        }
        start = open ? end : next_code(end);
        if (!open && !goes_on(start))
            return (size_t)(end - text);
        end = next_line(start);
    }
    return (size_t)(end - text);
}

bool shell_needs_more(lua_State *L, const char *text)
{
    size_t n = shell_chunk(L, text);
    for (; text[n]; n = shell_chunk(L, text))
        text += n;
    return shell_incomplete(L, text);
}
