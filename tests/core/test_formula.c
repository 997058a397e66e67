/* Formulas: what parses to what, what each error says, terms, the values of
 * expressions, model frames, and every allocation failing once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ts/formula.h"
#include "ts/memory.h"
#include "ts/model.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A small trial: y and time with gaps, declared and undeclared text. */
static const double y[] = {5, 3, NAN, 8, 1, 2};
static const double age[] = {70, 60, 60, 65, NAN, 70};
static const double time_of[] = {10, 0, 30, 40, 50, 60};
static const double cnsr[] = {0, 1, 0, 1, 0, 0};
static const char *const arm[] = {"Placebo", "Active",  "Active",
                                  "Placebo", "Placebo", "Active"};
static const char *const sex[] = {"M", "F", "F", NULL, "M", "F"};

static void add_real(ts_frame *frame, const char *name, const double *x)
{
    ts_column *column;
    assert_int_equal(ts_column_new_real(name, 6, &column, NULL), 0);
    memcpy(column->real, x, 6 * sizeof *x);
    assert_int_equal(ts_frame_add(frame, column, NULL), 0);
}

static void add_text(ts_frame *frame, const char *name, const char *const *text,
                     const char *const *levels, size_t n)
{
    ts_builder *b;
    ts_column *column;
    assert_int_equal(ts_builder_new(name, &b, NULL), 0);
    if (n)
        assert_int_equal(ts_builder_levels(b, levels, n, NULL), 0);
    for (int i = 0; i < 6; i++)
        assert_int_equal(
            text[i] ? ts_builder_text(b, text[i], strlen(text[i]), NULL)
                    : ts_builder_na(b, NULL),
            0);
    assert_int_equal(ts_builder_end(b, &column, NULL), 0);
    assert_int_equal(ts_frame_add(frame, column, NULL), 0);
}

static ts_frame *trial(void)
{
    static const char *const arms[] = {"Placebo", "High", "Active"};
    ts_frame *frame;
    assert_int_equal(ts_frame_new(6, &frame, NULL), 0);
    add_real(frame, "y", y);
    add_real(frame, "AGE", age);
    add_real(frame, "AVAL", time_of);
    add_real(frame, "CNSR", cnsr);
    add_text(frame, "TRT01P", arm, arms, 3);
    add_text(frame, "SEX", sex, NULL, 0);
    return frame;
}

/* Parsing ----------------------------------------------------------------- */

/* Each side in brackets where the tree has a call, so that binding shows. */
static void show(const ts_expr *e, ts_buffer *out)
{
    if (e->kind != TS_EXPR_CALL) {
        ts_expr_write(e, out);
        return;
    }
    ts_buffer_printf(out, "[%d", (int)e->op);
    for (int i = 0; i < e->n_arg; i++) {
        ts_buffer_puts(out, " ");
        show(e->arg[i], out);
    }
    ts_buffer_puts(out, "]");
}

static void assert_same_tree(const char *a, const char *b)
{
    ts_formula *f = NULL, *g = NULL;
    ts_error err = {0};
    ts_buffer s = {0}, t = {0};
    if (ts_formula_parse(a, &f, &err) || ts_formula_parse(b, &g, &err))
        fail_msg("%s", err.text);
    show(f->right, &s);
    show(g->right, &t);
    assert_string_equal(s.data, t.data);
    ts_buffer_free(&s);
    ts_buffer_free(&t);
    ts_formula_free(f);
    ts_formula_free(g);
}

/* The bindings of R 4.2's parser (tests/reference/formula.R). */
static void binding(void **state)
{
    static const char *const same[][2] = {
        {"~ a + b * c", "~ a + (b * c)"},
        {"~ a - b - c", "~ (a - b) - c"},
        {"~ a / b * c", "~ (a / b) * c"},
        {"~ a * b:c", "~ a * (b:c)"},
        {"~ a:b^2", "~ a:(b^2)"},
        {"~ a^2^3", "~ a^(2^3)"},
        {"~ -a^2", "~ -(a^2)"},
        {"~ -a:b", "~ (-a):b"},
        {"~ a^-2", "~ a^(-2)"},
        {"~ a %in% b * c", "~ (a %in% b) * c"},
        {"~ I(!a == b)", "~ I(!(a == b))"},
        {"~ I(a == 1 & b > 2 | c)", "~ I(((a == 1) & (b > 2)) | c)"},
        {"~ I(a && b || c)", "~ I(a & b | c)"},
        {"~ a + b > c", "~ (a + b) > c"},
        {"~ a |b", "~ a | b"},
        {"~ ln(x)", "~ log(x)"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(same); i++)
        assert_same_tree(same[i][0], same[i][1]);
}

/* What is written back parses to the same tree. */
static void round_trip(void **state)
{
    static const char *const formulas[] = {
        "~ a - (b - c) / d^2^3",
        "~ (-a)^2",
        "~ -a^2",
        "~ (a^b)^c",
        "~ `my col` + log(`1st`) + `TRUE`",
        "~ I(x == 'it''s \"so\"')",
        "~ I(x == \"a\\\\b\")",
        "~ I((a == b) == c)",
        "~ !(a & b) | c",
        "~ a %in% (b + c)",
        "~ I(x > 1e-300) + I(y == .5)",
        "~ `a\\`b` + \xC3\xA9t\xC3\xA9",
        "~ I(x == 'ends in \\\\')",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(formulas); i++) {
        ts_formula *f;
        ts_buffer out = {0};
        assert_int_equal(ts_formula_parse(formulas[i], &f, NULL), 0);
        ts_buffer_puts(&out, "~ ");
        ts_expr_write(f->right, &out);
        assert_same_tree(formulas[i], out.data);
        ts_buffer_free(&out);
        ts_formula_free(f);
    }
}

static void variables(void **state)
{
    ts_formula *f;
    (void)state;
    assert_int_equal(ts_formula_parse("Surv(AVAL, CNSR == 0) ~ log(AVAL) + "
                                      "`my arm` * x.y + strata(S) + I(S > 2)",
                                      &f, NULL),
                     0);
    static const char *const names[] = {"AVAL", "CNSR", "my arm", "x.y", "S"};
    assert_int_equal(f->n_variable, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(f->variable[i], names[i]);
    ts_formula_free(f);
    assert_int_equal(ts_formula_parse_any("AFTER - BEFORE", &f, NULL), 0);
    assert_null(f->right);
    assert_int_equal(f->n_variable, 2);
    ts_formula_free(f);
    assert_int_equal(ts_formula_parse("AFTER - BEFORE", &f, NULL), TS_EFORMAT);
    assert_null(f);
}

static void errors_of_form(void **state)
{
    static const char *const cases[][2] = {
        {"y ~ a +", "character 8: a name or a number expected, found the end"},
        {"y ~ (a", "character 7: ) expected, found the end"},
        {"y ~ a)", "character 6: an operator or the end expected, found )"},
        {"Age (years) ~ a",
         "character 1: no function Age; a column of such a name stands in "
         "`backticks`"},
        {"y ~ a b",
         "character 7: an operator or the end expected, found b; a name that "
         "holds blanks stands in `backticks`"},
        {"y", "character 2: an operator or ~ expected, found the end"},
        {"", "character 1: a name or a number expected, found the end"},
        {"y ~", "character 4: a name or a number expected, found the end"},
        {"y ~ a ~ b", "character 7: an operator or the end expected"},
        {"lgo(y) ~ a", "character 1: no function lgo; nearest: log"},
        {"y ~ gam(x)", "character 5: no function gam; there are log"},
        {"I(a < b < c) ~ x", "character 9: & or | between two comparisons"},
        {"Surv(a) ~ b", "character 7: a comma and argument 2 of Surv"},
        {"log(a, b) ~ c", "character 6: ) after 1 argument of log expected"},
        {"Surv(a,b,c,d)~1", "character 11: ) after 3 arguments of Surv"},
        {"y = x", "character 3: ~ (or ==) expected, found ="},
        {"y ~ a <> b", "character 7: != expected, found <>"},
        {"\xC3\xA9 ~ x $", "character 7: a name, a number or an operator"},
        {"y ~ 'a", "character 7: a closing ' expected"},
        {"y ~ ``", "character 6: a name expected between the backticks"},
        {"y ~ 2a", "character 6: an operator expected behind the number"},
        {"y ~ 1e999", "character 5: a number below 1.8e308"},
        {"y ~ .", "character 5: a name expected, found .: name the columns"},
        {"y == NA ~ x", "character 6: a name expected, found NA"},
        {"y ~ a:strata(S)", "character 7: strata() is a term of its own"},
        {"y ~ a - strata(S)", "character 9: strata() is a term of its own"},
        {"y ~ Surv(a, b)", "character 5: Surv() is the whole response"},
        {"log(Surv(a, b)) ~ x", "character 5: Surv() is the whole response"},
    };
    ts_formula *f;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ts_error err = {0};
        assert_int_equal(ts_formula_parse(cases[i][0], &f, &err), TS_EFORMAT);
        assert_null(f);
        if (!strstr(err.text, cases[i][1]))
            fail_msg("%s\n  wanted: %s", err.text, cases[i][1]);
    }
}

static void depth(void **state)
{
    char text[2000] = "~ ";
    ts_formula *f;
    (void)state;
    for (int i = 0; i < 500; i++)
        strcat(text, "(");
    assert_int_equal(ts_formula_parse(text, &f, NULL), TS_ELIMIT);
    strcpy(text, "~ a");
    for (int i = 0; i < 500; i++)
        strcat(text, "+a");
    assert_int_equal(ts_formula_parse(text, &f, NULL), TS_ELIMIT);
}

/* Terms ------------------------------------------------------------------- */

/* Against attr(terms(f), "term.labels") of R 4.2: tests/reference/formula.R */
static void terms(void **state)
{
    static const char *const cases[][2] = {
        {"y ~ a + b*c + a:b + strata(S) - 1 + 1", "1 a b c b:c a:b | S"},
        {"y ~ a*b*c", "1 a b c a:b a:c b:c a:b:c"},
        {"y ~ (a + b + c)^2", "1 a b c a:b a:c b:c"},
        {"y ~ (a + b + c)^2 - a:b", "1 a b c a:c b:c"},
        {"y ~ a^2", "1 a"},
        {"y ~ a/b", "1 a a:b"},
        {"y ~ (a + b)/c", "1 a b a:b:c"},
        {"y ~ a/(b + c)", "1 a a:b a:c"},
        {"y ~ a %in% b", "1 a:b"},
        {"y ~ a:b + a", "1 a a:b"},
        {"y ~ b:a + a:b", "1 b:a"},
        {"y ~ 0 + a", "a"},
        {"y ~ a - 1", "a"},
        {"y ~ a + 0", "a"},
        {"y ~ -1 + a", "a"},
        {"y ~ a - 0", "1 a"},
        {"y ~ 1", "1"},
        {"y ~ a*b - a", "1 b a:b"},
        {"y ~ a + a + log(x) + ln(x) + I(x^2)", "1 a log(x) I(x^2)"},
        {"y ~ a + strata(S, T) + strata(log(U))", "1 a | S T log(U)"},
        {"y ~ +a", "1 a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ts_formula *f;
        ts_terms t;
        ts_buffer out = {0};
        assert_int_equal(ts_formula_parse(cases[i][0], &f, NULL), 0);
        assert_int_equal(ts_terms_expand(f, &t, NULL), 0);
        if (t.intercept)
            ts_buffer_puts(&out, "1 ");
        for (size_t j = 0; j < t.n_term; j++) {
            ts_terms_write(&t, j, &out);
            ts_buffer_puts(&out, " ");
        }
        if (t.n_stratum)
            ts_buffer_puts(&out, "| ");
        for (size_t j = 0; j < t.n_stratum; j++) {
            ts_expr_write(t.stratum[j], &out);
            ts_buffer_puts(&out, " ");
        }
        out.data[out.length - 1] = '\0';
        assert_string_equal(out.data, cases[i][1]);
        ts_buffer_free(&out);
        ts_terms_free(&t);
        ts_formula_free(f);
    }
}

static void terms_refused(void **state)
{
    static const struct {
        const char *formula;
        ts_status status;
        const char *says;
    } cases[] = {
        {"y ~ a + 2", TS_EINVALID, "2 on the right side means nothing"},
        {"y ~ a > 2", TS_EINVALID, "a > 2 on the right side is no term; I()"},
        {"y ~ 'a'", TS_EINVALID, "\"a\" on the right side is a literal"},
        {"y ~ a^b", TS_EINVALID, "needs a whole power"},
        {"y ~ a^2.5", TS_EINVALID, "needs a whole power"},
        {"y ~ (a+b+c+d+e+f+g+h+i+j+k+l+m)^13", TS_ELIMIT, "4096 terms"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ts_formula *f;
        ts_terms t;
        ts_error err = {0};
        assert_int_equal(ts_formula_parse(cases[i].formula, &f, NULL), 0);
        assert_int_equal(ts_terms_expand(f, &t, &err), cases[i].status);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s", err.text);
        ts_formula_free(f);
    }
}

/* Values ------------------------------------------------------------------ */

static void values(void **state)
{
    static const struct {
        const char *text;
        double value[6];
        size_t n_undefined;
    } cases[] = {
        {"y", {5, 3, NAN, 8, 1, 2}, 0},
        {"y * 2 + 1 - AVAL / 10", {10, 7, NAN, 13, -2, -1}, 0},
        {"-y^2", {-25, -9, NAN, -64, -1, -4}, 0},
        {"2^y^0", {2, 2, NAN, 2, 2, 2}, 0},
        {"log10(CNSR * 10)", {NAN, 1, NAN, 1, NAN, NAN}, 4},
        {"sqrt(y - 4)", {1, NAN, NAN, 2, NAN, NAN}, 3},
        {"1 / AVAL * 0", {0, NAN, 0, 0, 0, 0}, 1},
        {"abs(y - 4)", {1, 1, NAN, 4, 3, 2}, 0},
        {"exp(CNSR * 0)", {1, 1, 1, 1, 1, 1}, 0},
        {"CNSR == 0", {1, 0, 1, 0, 1, 1}, 0},
        {"y >= 3 & CNSR == 0", {1, 0, NAN, 0, 0, 0}, 0},
        {"y >= 3 & CNSR == 1", {0, 1, 0, 1, 0, 0}, 0},
        {"y < 3 | CNSR == 0", {1, 0, 1, 0, 1, 1}, 0},
        {"!(y != 3)", {0, 1, NAN, 0, 0, 0}, 0},
        {"y <= 3", {0, 1, NAN, 0, 1, 1}, 0},
        {"TRUE & y > 3", {1, 0, NAN, 1, 0, 0}, 0},
        {"SEX == 'F'", {0, 1, 1, NAN, 0, 1}, 0},
        {"\"F\" != SEX", {1, 0, 0, NAN, 1, 0}, 0},
        {"TRT01P == 'High'", {0, 0, 0, 0, 0, 0}, 0},
        {"SEX == TRT01P", {0, 0, 0, NAN, 0, 0}, 0},
        {"I(y) + factor(y)", {10, 6, NAN, 16, 2, 4}, 0},
        {"1 + 1", {2, 2, 2, 2, 2, 2}, 0},
        {"log(-1)", {NAN, NAN, NAN, NAN, NAN, NAN}, 6},
    };
    ts_frame *frame = trial();
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ts_formula *f;
        ts_column *column;
        ts_error err = {0};
        size_t n_undefined;
        assert_int_equal(ts_formula_parse_any(cases[i].text, &f, NULL), 0);
        if (ts_expr_evaluate(f->response, frame, &column, &n_undefined, NULL,
                             &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(column->type, TS_REAL);
        assert_int_equal(n_undefined, cases[i].n_undefined);
        for (int r = 0; r < 6; r++)
            if (!(column->real[r] == cases[i].value[r] ||
                  (isnan(column->real[r]) && isnan(cases[i].value[r]))))
                fail_msg("%s, row %d: %g", cases[i].text, r + 1,
                         column->real[r]);
        ts_column_unref(column);
        ts_formula_free(f);
    }
    ts_frame_free(frame);
}

static void values_refused(void **state)
{
    static const struct {
        const char *text;
        ts_status status;
        const char *says;
    } cases[] = {
        {"AVLA", TS_ENOTFOUND, "no column AVLA; nearest: AVAL"},
        {"SEX == 'M ale'", TS_ENOTFOUND, "SEX has no 'M ale'; it has M, F"},
        {"TRT01P == 'Activ'", TS_ENOTFOUND, "nearest: Active"},
        {"SEX < 'M'", TS_ETYPE, "text has no order"},
        {"SEX + 1", TS_ETYPE, "SEX + 1: SEX is text, a number is needed"},
        {"log(SEX)", TS_ETYPE, "log(SEX): SEX is text"},
        {"!SEX", TS_ETYPE, "is text"},
        {"CNSR == '0'", TS_ETYPE, "compared with a number"},
        {"SEX == 1", TS_ETYPE, "compared with a number"},
        {"'a' == 'b'", TS_ETYPE, "compared with a number"},
        {"'a'", TS_ETYPE, "is a literal"},
        {"a:b", TS_EINVALID, "a:b has no value of its own"},
    };
    ts_frame *frame = trial();
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ts_formula *f;
        ts_column *column;
        ts_error err = {0};
        assert_int_equal(ts_formula_parse_any(cases[i].text, &f, NULL), 0);
        assert_int_equal(
            ts_expr_evaluate(f->response, frame, &column, NULL, NULL, &err),
            cases[i].status);
        assert_null(column);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s", err.text);
        ts_formula_free(f);
    }
    frame->column[0]->real[3] = INFINITY;
    ts_formula *f;
    ts_column *column;
    ts_error err = {0};
    assert_int_equal(ts_formula_parse_any("y + 1", &f, NULL), 0);
    assert_int_equal(
        ts_expr_evaluate(f->response, frame, &column, NULL, NULL, &err),
        TS_EINVALID);
    assert_string_equal(err.text, "y is infinite in row 4");
    ts_formula_free(f);
    ts_frame_free(frame);
}

/* Model frames ------------------------------------------------------------ */

static ts_model_frame *model(ts_frame *frame, const char *text, unsigned flags,
                             ts_formula **f)
{
    ts_model_frame *m;
    ts_error err = {0};
    assert_int_equal(ts_formula_parse(text, f, NULL), 0);
    if (ts_model_frame_new(*f, frame, flags, &m, &err))
        fail_msg("%s: %s", text, err.text);
    return m;
}

static void survival_frame(void **state)
{
    ts_formula *f;
    ts_frame *frame = trial();
    ts_model_frame *m =
        model(frame, "Surv(AVAL, CNSR == 0) ~ TRT01P + strata(SEX, AGE > 60)",
              TS_MODEL_GROUPS, &f);
    (void)state;
    assert_true(m->survival);
    assert_int_equal(m->n_row, 6);
    assert_int_equal(m->n, 4); /* row 4 has no SEX, row 5 no AGE */
    assert_int_equal(m->n_missing, 2);
    static const size_t row[] = {0, 1, 2, 5};
    assert_memory_equal(m->row, row, sizeof row);
    assert_int_equal(m->n_response, 2);
    assert_string_equal(m->response[1].name, "CNSR == 0");
    assert_true(m->response[0].value[3] == 60);
    assert_true(m->response[1].value[1] == 0);
    assert_string_equal(m->group.name, "TRT01P");
    assert_int_equal(m->group.n_level, 2);
    assert_int_equal(m->group.n_level_all, 3);
    assert_string_equal(m->group.level[0].name, "Placebo");
    assert_int_equal(m->group.level[0].n_row, 3);
    assert_int_equal(m->group.level[0].n, 1);
    assert_string_equal(m->group.level[1].name, "Active");
    assert_string_equal(m->group.level[2].name, "High");
    assert_int_equal(m->group.level[2].n_row, 0);
    static const int code[] = {0, 1, 1, 1};
    assert_memory_equal(m->group.code, code, sizeof code);
    assert_string_equal(m->stratum.name, "SEX, AGE > 60");
    assert_int_equal(m->stratum.n_level, 3);
    assert_string_equal(m->stratum.level[0].name, "F, 0");
    assert_string_equal(m->stratum.level[2].name, "M, 1");
    assert_int_equal(m->x[0].n_missing, 0);
    ts_model_frame_free(m);
    ts_formula_free(f);

    m = model(frame, "Surv(AVAL, CNSR == 0) ~ 1", TS_MODEL_GROUPS, &f);
    assert_int_equal(m->n, 6);
    assert_int_equal(m->n_x, 0);
    assert_null(m->group.name);
    assert_null(m->group.code);
    assert_null(m->stratum.code);
    ts_model_frame_free(m);
    ts_formula_free(f);
    ts_frame_free(frame);
}

static void group_frame(void **state)
{
    ts_formula *f;
    ts_frame *frame = trial();
    ts_model_frame *m = model(frame, "log(y) ~ AGE + SEX", TS_MODEL_GROUPS, &f);
    (void)state;
    /* numbers in increasing order, undeclared text in byte order */
    assert_int_equal(m->n, 3);
    assert_string_equal(m->x[0].level[0].name, "60");
    assert_string_equal(m->x[0].level[1].name, "70");
    assert_string_equal(m->x[0].level[2].name, "65"); /* no used row */
    assert_int_equal(m->x[0].n_level, 2);
    assert_int_equal(m->x[0].level[2].n_row, 1);
    assert_string_equal(m->x[1].level[0].name, "F");
    assert_string_equal(m->group.name, "AGE, SEX");
    assert_int_equal(m->group.n_level, 3);
    assert_string_equal(m->group.level[1].name, "70, F");
    assert_int_equal(m->x[0].n_missing, 1);
    assert_int_equal(m->response[0].n_missing, 1);
    assert_true(m->response[0].value[0] == log(5));
    ts_model_frame_free(m);
    ts_formula_free(f);

    /* without the flag a number is a covariate, unless factor() says not */
    m = model(frame, "y ~ AGE + factor(CNSR) + log(AVAL)", 0, &f);
    assert_non_null(m->x[0].value);
    assert_null(m->x[0].code);
    assert_non_null(m->x[1].code);
    assert_int_equal(m->x[2].n_undefined, 1);
    assert_int_equal(m->x[2].n_missing, 1);
    assert_null(m->group.name);
    ts_model_frame_free(m);
    ts_formula_free(f);

    m = model(frame, "SEX ~ TRT01P", 0, &f);
    assert_non_null(m->response[0].code);
    ts_model_frame_free(m);
    ts_formula_free(f);
    ts_frame_free(frame);
}

static void survival_refused(void **state)
{
    static const struct {
        const char *formula;
        ts_status status;
        const char *says;
    } cases[] = {
        {"Surv(AVAL, y) ~ 1", TS_EINVALID,
         "Surv: y is 5 in row 1; an event is 1, none is 0 (a comparison such "
         "as y == 5 gives that)"},
        {"Surv(AVAL, SEX) ~ 1", TS_ETYPE,
         "Surv: SEX is text; a comparison makes it an event, such as SEX == "
         "'F'"},
        {"Surv(SEX, CNSR) ~ 1", TS_ETYPE, "Surv: SEX is text, not a time"},
        {"Surv(y - 4, CNSR) ~ 1", TS_EINVALID, "y - 4 is negative in row 2"},
        {"Surv(AVAL, AVAL, CNSR) ~ 1", TS_EINVALID,
         "AVAL is not before AVAL in row 1"},
    };
    ts_frame *frame = trial();
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ts_formula *f;
        ts_model_frame *m;
        ts_error err = {0};
        assert_int_equal(ts_formula_parse(cases[i].formula, &f, NULL), 0);
        assert_int_equal(ts_model_frame_new(f, frame, 0, &m, &err),
                         cases[i].status);
        assert_null(m);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s", err.text);
        ts_formula_free(f);
    }
    ts_frame_free(frame);
}

/* Memory ------------------------------------------------------------------ */

static void every_failure(void **state)
{
    static const char *const text =
        "Surv(AVAL + 0, CNSR == 0 & SEX == 'F') ~ `TRT01P` * SEX + log(AVAL) + "
        "strata(AGE, SEX)";
    ts_frame *frame = trial();
    long live = ts_memory_live();
    bool done = false;
    (void)state;
    for (long n = 1; !done; n++) {
        ts_formula *f;
        ts_model_frame *m = NULL;
        ts_error err = {0};
        ts_memory_fail_at(n, 0);
        ts_status status = ts_formula_parse(text, &f, &err);
        if (!status)
            status = ts_model_frame_new(f, frame, TS_MODEL_GROUPS, &m, &err);
        done = ts_memory_count() < n;
        ts_memory_fail_at(0, 0);
        assert_int_equal(status, done ? TS_OK : TS_ENOMEM);
        ts_model_frame_free(m);
        ts_formula_free(f);
        assert_int_equal(ts_memory_live(), live);
    }
    ts_frame_free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binding),        cmocka_unit_test(round_trip),
        cmocka_unit_test(variables),      cmocka_unit_test(errors_of_form),
        cmocka_unit_test(depth),          cmocka_unit_test(terms),
        cmocka_unit_test(terms_refused),  cmocka_unit_test(values),
        cmocka_unit_test(values_refused), cmocka_unit_test(survival_frame),
        cmocka_unit_test(group_frame),    cmocka_unit_test(survival_refused),
        cmocka_unit_test(every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
