/*
 * Whether any installed font has a character. gnuplot 5.4.4 draws one that no
 * font has as a black box over the whole picture, so such text must not reach
 * it. fontconfig is loaded only when a text goes beyond the figure's own font:
 * linked, it would cost each start of the program.
 */
#include "ts/gnuplot.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* The part of fontconfig's interface that is needed (fontconfig.h, 2.x). */
typedef struct {
    int n_font, room;
    void **font;
} font_set;

typedef struct {
    void *(*pattern_create)(void);
    void *(*charset_create)(void);
    int (*charset_add_char)(void *, unsigned);
    int (*pattern_add_charset)(void *, const char *, const void *);
    void *(*object_set_create)(void);
    font_set *(*font_list)(void *, void *, void *);
    void (*font_set_destroy)(font_set *);
    void (*object_set_destroy)(void *);
    void (*pattern_destroy)(void *);
    void (*charset_destroy)(void *);
    void (*fini)(void);
} fontconfig;

static bool load(fontconfig *fc)
{
    static const char *const names[] = {"FcPatternCreate",
                                        "FcCharSetCreate",
                                        "FcCharSetAddChar",
                                        "FcPatternAddCharSet",
                                        "FcObjectSetCreate",
                                        "FcFontList",
                                        "FcFontSetDestroy",
                                        "FcObjectSetDestroy",
                                        "FcPatternDestroy",
                                        "FcCharSetDestroy",
                                        "FcFini"};
    void *library = dlopen("libfontconfig.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *address = dlsym(library, names[i]);
        if (!address)
            return false;
        memcpy((char *)fc + i * sizeof address, &address, sizeof address);
    }
    return true;
}

static bool has(const fontconfig *fc, unsigned character)
{
    void *pattern = fc->pattern_create(), *set = fc->charset_create();
    void *objects = fc->object_set_create();
    font_set *found = NULL;
    if (pattern && set && objects && fc->charset_add_char(set, character) &&
        fc->pattern_add_charset(pattern, "charset", set))
        found = fc->font_list(NULL, pattern, objects);
    bool some = found && found->n_font > 0;
    if (found)
        fc->font_set_destroy(found);
    if (objects)
        fc->object_set_destroy(objects);
    if (pattern)
        fc->pattern_destroy(pattern);
    if (set)
        fc->charset_destroy(set);
    return some;
}

void ts_font_has(const unsigned *character, size_t n, bool *some_font_has)
{
    fontconfig fc;
    bool loaded = load(&fc);
    for (size_t i = 0; i < n; i++)
        some_font_has[i] = loaded && has(&fc, character[i]);
    if (loaded)
        fc.fini();
}
