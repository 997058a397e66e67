/* Any text as a formula: refused, or a tree that writes itself as a formula
 * which reads back as the same tree; its terms expand or are refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ts/formula.h"

static void again(const ts_expr *side)
{
    ts_formula *f = NULL;
    ts_error err = {0};
    ts_buffer s = {0};
    ts_expr_write(side, &s);
    if (!s.data || ts_formula_parse_any(s.data, &f, &err))
        abort();
    if (!f->right && !ts_expr_equal(f->response, side))
        abort();
    ts_formula_free(f);
    ts_buffer_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_formula *f = NULL;
    ts_terms terms = {0};
    ts_error err = {0};
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!ts_formula_parse_any(text, &f, &err)) {
        if (f->response)
            again(f->response);
        if (f->right && !ts_terms_expand(f, &terms, &err))
            ts_terms_free(&terms);
        ts_formula_free(f);
    }
    free(text);
    return 0;
}
