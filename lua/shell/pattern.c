/*
 * string.find, match, gmatch and gsub, as section 6.4 of the Lua manual has
 * them, for the sake of Ctrl-C: Lua's own never look up, and a pattern such as
 * ("a?"):rep(30) would hold the prompt for hours.
 *
 * A matcher walks text and pattern together; where an item may repeat it tries
 * one number after the other and calls itself for the rest.
 */
#include "shell.h"

#include <ctype.h>
#include <string.h>
#include "ts/interrupt.h"

#define MOST_CAPTURES 32
#define MOST_DEPTH 200 /* of the matcher in itself */
#define STEPS 100000   /* between two looks at the flag */
#define SPECIALS "^$*+?.([%-"

enum { OPEN = -1, PLACE = -2 }; /* a capture without a length */

typedef struct {
    lua_State *L;
    const char *text, *text_end, *pattern, *pattern_end;
    ptrdiff_t steps;
    int depth, n_capture;
    struct {
        const char *at;
        ptrdiff_t length;
    } capture[MOST_CAPTURES];
} matcher;

static void take_steps(matcher *m, ptrdiff_t n)
{
    m->steps -= n;
    if (m->steps > 0)
        return;
    m->steps = STEPS;
    if (ts_interrupted())
        luaL_error(m->L, "interrupted");
}

/* Single characters -------------------------------------------------------- */

/* clang-format off */
static bool is_in_class(int c, int class)
{
    bool in;
    switch (tolower(class)) {
    case 'a': in = isalpha(c); break;
    case 'c': in = iscntrl(c); break;
    case 'd': in = isdigit(c); break;
    case 'g': in = isgraph(c); break;
    case 'l': in = islower(c); break;
    case 'p': in = ispunct(c); break;
    case 's': in = isspace(c); break;
    case 'u': in = isupper(c); break;
    case 'w': in = isalnum(c); break;
    case 'x': in = isxdigit(c); break;
    case 'z': in = c == 0; break; /* of Lua 5.1, which 5.4 still knows */
    default: return c == class;
    }
    return in != (isupper(class) != 0);
}
/* clang-format on */

/* Whether the set from p, its [, to end, behind its ], holds c. */
static bool is_in_set(int c, const char *p, const char *end)
{
    const unsigned char *s = (const unsigned char *)p + 1;
    const unsigned char *last = (const unsigned char *)end - 1;
    bool negated = *s == '^';
    for (s += negated; s < last; s++) {
        if (*s == '%') {
            if (is_in_class(c, *++s))
                return !negated;
        } else if (s[1] == '-' && s + 2 < last) {
            if (s[0] <= c && c <= s[2])
                return !negated;
            s += 2;
        } else if (*s == c) {
            return !negated;
        }
    }
    return negated;
}

/* The end of the item for one character that begins at p. */
static const char *item_end(matcher *m, const char *p)
{
    const char *end = m->pattern_end;
    int first = *p++;
    if (first == '%') {
        if (p == end)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 1;
    }
    if (first != '[')
        return p;
    if (p < end && *p == '^')
        p++;
    do { /* a ] in the first place is a character like any other */
        if (p == end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p++ == '%' && p < end)
            p++;
    } while (p == end || *p != ']');
    return p + 1;
}

static bool holds(const matcher *m, const char *s, const char *p,
                  const char *end)
{
    if (s >= m->text_end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return is_in_class(c, (unsigned char)p[1]);
    case '[':
        return is_in_set(c, p, end);
    default:
        return c == (unsigned char)*p;
    }
}

/* Captures ----------------------------------------------------------------- */

/* The whole match stands for the first capture where there is none. */
static void push_capture(matcher *m, int i, const char *from, const char *to)
{
    if (i >= m->n_capture) {
        if (i > 0)
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(m->L, from, (size_t)(to - from));
    } else if (m->capture[i].length == PLACE) {
        lua_pushinteger(m->L, m->capture[i].at - m->text + 1);
    } else if (m->capture[i].length == OPEN) {
        luaL_error(m->L, "unfinished capture");
    } else {
        lua_pushlstring(m->L, m->capture[i].at, (size_t)m->capture[i].length);
    }
}

/* All captures; the whole match for none, where whole is asked for. */
static int push_captures(matcher *m, const char *from, const char *to,
                         bool whole)
{
    int n = m->n_capture == 0 && whole ? 1 : m->n_capture;
    luaL_checkstack(m->L, n, "too many captures");
    for (int i = 0; i < n; i++)
        push_capture(m, i, from, to);
    return n;
}

/* The whole capture that %1 to %9 names. */
static int named_capture(matcher *m, int digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->n_capture || m->capture[i].length == OPEN)
        luaL_error(m->L, "invalid capture index %%%d in pattern", i + 1);
    return i;
}

static int innermost_open(matcher *m)
{
    int i = m->n_capture - 1;
    while (i >= 0 && m->capture[i].length != OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    return i;
}

/* Matching ----------------------------------------------------------------- */

/* match(m, s, p): where the text ends that the pattern from p on takes when it
 * begins at s; NULL when it does not fit. */
static const char *match(matcher *m, const char *s, const char *p);

static const char *open_capture(matcher *m, const char *s, const char *p,
                                ptrdiff_t length)
{
    int i = m->n_capture;
    if (i >= MOST_CAPTURES)
        luaL_error(m->L, "too many captures");
    m->capture[i].at = s;
    m->capture[i].length = length;
    m->n_capture = i + 1;
    const char *end = match(m, s, p);
    if (!end)
        m->n_capture--;
    return end;
}

static const char *close_capture(matcher *m, const char *s, const char *p)
{
    int i = innermost_open(m);
    m->capture[i].length = s - m->capture[i].at;
    const char *end = match(m, s, p);
    if (!end)
        m->capture[i].length = OPEN;
    return end;
}

/* As many as there are, then fewer. */
static const char *most(matcher *m, const char *s, const char *p,
                        const char *end)
{
    ptrdiff_t n = 0;
    while (holds(m, s + n, p, end))
        n++;
    take_steps(m, n);
    for (; n >= 0; n--) {
        const char *found = match(m, s + n, end + 1);
        if (found)
            return found;
    }
    return NULL;
}

static const char *fewest(matcher *m, const char *s, const char *p,
                          const char *end)
{
    for (;; s++) {
        const char *found = match(m, s, end + 1);
        if (found)
            return found;
        if (!holds(m, s, p, end))
            return NULL;
    }
}

/* %bxy: to the y that belongs to the x at s. */
static const char *balanced(matcher *m, const char *s, const char *p)
{
    if (m->pattern_end - p < 2)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->text_end || *s != p[0])
        return NULL;
    int open = 1;
    for (const char *c = s + 1; c < m->text_end; c++) {
        if (*c == p[1]) {
            if (--open == 0) {
                take_steps(m, c - s);
                return c + 1;
            }
        } else if (*c == p[0]) {
            open++;
        }
    }
    take_steps(m, m->text_end - s);
    return NULL;
}

/* %f[set]: between a character outside and one inside. The end of the set where
 * it fits. */
static const char *frontier(matcher *m, const char *s, const char *p)
{
    if (p == m->pattern_end || *p != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    const char *end = item_end(m, p);
    int before = s == m->text ? '\0' : (unsigned char)s[-1];
    int here = s == m->text_end ? '\0' : (unsigned char)*s;
    return !is_in_set(before, p, end) && is_in_set(here, p, end) ? end : NULL;
}

/* %1: the text of that capture once more. */
static const char *repeated(matcher *m, const char *s, int digit)
{
    int i = named_capture(m, digit);
    size_t length = (size_t)m->capture[i].length;
    if ((size_t)(m->text_end - s) < length ||
        memcmp(m->capture[i].at, s, length) != 0)
        return NULL;
    take_steps(m, (ptrdiff_t)length);
    return s + length;
}

static const char *match_here(matcher *m, const char *s, const char *p)
{
    while (p < m->pattern_end) {
        if (*p == '(')
            return p[1] == ')' ? open_capture(m, s, p + 2, PLACE)
                               : open_capture(m, s, p + 1, OPEN);
        if (*p == ')')
            return close_capture(m, s, p + 1);
        if (*p == '$' && p + 1 == m->pattern_end)
            return s == m->text_end ? s : NULL;
        if (*p == '%' && p + 1 < m->pattern_end) {
            if (p[1] == 'b') {
                if (!(s = balanced(m, s, p + 2)))
                    return NULL;
                p += 4;
                continue;
            }
            if (p[1] == 'f') {
                if (!(p = frontier(m, s, p + 2)))
                    return NULL;
                continue;
            }
            if (isdigit((unsigned char)p[1])) {
                if (!(s = repeated(m, s, (unsigned char)p[1])))
                    return NULL;
                p += 2;
                continue;
            }
        }
        const char *end = item_end(m, p), *found;
        switch (end < m->pattern_end ? *end : '\0') {
        case '*':
            return most(m, s, p, end);
        case '+':
            return holds(m, s, p, end) ? most(m, s + 1, p, end) : NULL;
        case '-':
            return fewest(m, s, p, end);
        case '?':
            if (holds(m, s, p, end) && (found = match(m, s + 1, end + 1)))
                return found;
            p = end + 1;
            break;
        default:
            if (!holds(m, s, p, end))
                return NULL;
            s++;
            p = end;
        }
    }
    return s;
}

static const char *match(matcher *m, const char *s, const char *p)
{
    if (++m->depth > MOST_DEPTH)
        luaL_error(m->L, "pattern too complex");
    take_steps(m, 1);
    const char *found = match_here(m, s, p);
    m->depth--;
    return found;
}

static void start(matcher *m, lua_State *L, int text, int pattern)
{
    size_t length;
    m->L = L;
    m->text = luaL_checklstring(L, text, &length);
    m->text_end = m->text + length;
    m->pattern = luaL_checklstring(L, pattern, &length);
    m->pattern_end = m->pattern + length;
    m->steps = STEPS;
    m->depth = m->n_capture = 0;
}

static const char *match_at(matcher *m, const char *s)
{
    m->n_capture = m->depth = 0;
    return match(m, s, m->pattern);
}

/* Takes a ^ off the start of the pattern. */
static bool take_anchor(matcher *m)
{
    bool anchor = m->pattern < m->pattern_end && *m->pattern == '^';
    m->pattern += anchor;
    return anchor;
}

/* The start of the text from argument i on, which counts from the end when it
 * is negative; NULL when it is beyond the end. */
static const char *first_place(matcher *m, int i)
{
    lua_Integer length = m->text_end - m->text;
    lua_Integer at = luaL_optinteger(m->L, i, 1);
    if (at < 0)
        at = at < -length ? 1 : length + at + 1;
    else if (at == 0)
        at = 1;
    return at > length + 1 ? NULL : m->text + at - 1;
}

/* The functions ------------------------------------------------------------ */

/* Leaves the start of the first match in *from; its end, or NULL. */
static const char *search(matcher *m, const char *s, const char **from)
{
    bool anchor = take_anchor(m);
    do {
        const char *end = match_at(m, s);
        *from = s;
        if (end)
            return end;
    } while (s++ < m->text_end && !anchor);
    return NULL;
}

static int string_match(lua_State *L)
{
    matcher m;
    const char *from;
    start(&m, L, 1, 2);
    const char *s = first_place(&m, 3);
    const char *end = s ? search(&m, s, &from) : NULL;
    if (end)
        return push_captures(&m, from, end, true);
    luaL_pushfail(L);
    return 1;
}

static bool is_plain(const matcher *m)
{
    for (const char *p = m->pattern; p < m->pattern_end; p++)
        if (*p && strchr(SPECIALS, *p))
            return false;
    return true;
}

/* Upvalue 1 is Lua's own, for what needs no pattern. */
static int string_find(lua_State *L)
{
    matcher m;
    const char *from;
    start(&m, L, 1, 2);
    if (lua_toboolean(L, 4) || is_plain(&m)) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
        return lua_gettop(L);
    }
    const char *s = first_place(&m, 3);
    const char *end = s ? search(&m, s, &from) : NULL;
    if (end) {
        lua_pushinteger(L, from - m.text + 1);
        lua_pushinteger(L, end - m.text);
        return 2 + push_captures(&m, from, end, false);
    }
    luaL_pushfail(L);
    return 1;
}

/* Upvalues: text, pattern, where to go on, where the last match ended (-1:
 * there was none). */
static int next_match(lua_State *L)
{
    matcher m;
    start(&m, L, lua_upvalueindex(1), lua_upvalueindex(2));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    for (const char *s = m.text + lua_tointeger(L, lua_upvalueindex(3));
         s <= m.text_end; s++) {
        const char *end = match_at(&m, s);
        if (!end || end - m.text == last)
            continue;
        lua_pushinteger(L, end - m.text);
        lua_pushvalue(L, -1);
        lua_replace(L, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(&m, s, end, true);
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    matcher m;
    start(&m, L, 1, 2);
    const char *s = first_place(&m, 3);
    lua_settop(L, 2);
    lua_pushinteger(L, (s ? s : m.text_end + 1) - m.text);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* Adds the text that argument 3 gives for a match, %1 replaced. */
static void add_text(matcher *m, luaL_Buffer *b, const char *from,
                     const char *to)
{
    size_t length;
    const char *text = lua_tolstring(m->L, 3, &length);
    for (const char *end = text + length; text < end; text++) {
        if (*text != '%') {
            luaL_addchar(b, *text);
            continue;
        }
        text++;
        if (text < end && *text == '%') {
            luaL_addchar(b, '%');
        } else if (text < end && *text == '0') {
            luaL_addlstring(b, from, (size_t)(to - from));
        } else if (text < end && isdigit((unsigned char)*text)) {
            int i = *text - '1';
            if (i > 0 && i >= m->n_capture)
                luaL_error(m->L,
                           "invalid capture index %%%d in replacement string",
                           i + 1);
            push_capture(m, i, from, to);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

/* Adds what stands for a match; false when it is the match itself. */
static bool add_value(matcher *m, luaL_Buffer *b, const char *from,
                      const char *to)
{
    lua_State *L = m->L;
    int kind = lua_type(L, 3);
    if (kind == LUA_TTABLE) {
        push_capture(m, 0, from, to);
        lua_gettable(L, 3);
    } else if (kind == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, from, to, true), 1);
    } else {
        add_text(m, b, from, to);
        return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, from, (size_t)(to - from));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

static int string_gsub(lua_State *L)
{
    matcher m;
    luaL_Buffer b;
    start(&m, L, 1, 2);
    int kind = lua_type(L, 3);
    luaL_argexpected(L,
                     kind == LUA_TNUMBER || kind == LUA_TSTRING ||
                         kind == LUA_TFUNCTION || kind == LUA_TTABLE,
                     3, "string/function/table");
    lua_Integer count = 0,
                limit = luaL_optinteger(L, 4, m.text_end - m.text + 1);
    const char *s = m.text, *last = NULL;
    bool changed = false, anchor = take_anchor(&m);
    luaL_buffinit(L, &b);
    while (count < limit) {
        const char *end = match_at(&m, s);
        if (end && end != last) {
            count++;
            changed = add_value(&m, &b, s, end) || changed;
            s = last = end;
        } else if (s < m.text_end) {
            luaL_addchar(&b, *s++);
        } else {
            break;
        }
        if (anchor)
            break;
    }
    if (changed) {
        luaL_addlstring(&b, s, (size_t)(m.text_end - s));
        luaL_pushresult(&b);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

void shell_pattern_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"match", string_match},
                                         {"gmatch", string_gmatch},
                                         {"gsub", string_gsub},
                                         {NULL, NULL}};
    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_getfield(L, -1, "find");
    lua_pushcclosure(L, string_find, 1);
    lua_setfield(L, -2, "find");
    lua_pop(L, 1);
}
