/*
 * E4: readers that crash, hang, run out of memory or send nonsense: one clear
 * error, no child left, nothing kept. Fake readers are shell scripts.
 */
#include "readstat_files.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include "../../core/data/readstat_private.h"
#include "ts/jail.h"

#define SAV "tests/data/foreign/spss.sav"

static const char *fake(const char *body)
{
    char script[2000];
    snprintf(script, sizeof script, "#!/bin/sh\n%s\n", body);
    const char *path = store("reader", script, strlen(script));
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool no_child_left(void)
{
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static void fails(const ts_readstat_options *options, ts_status status,
                  const char *says)
{
    ts_readstat *r;
    ts_error err = {0};
    ts_status got = ts_readstat_read(SAV, options, &r, &err);
    assert_null(r);
    if (got != status || !strstr(err.text, says) ||
        strncmp(err.text, SAV ": ", strlen(SAV) + 2) != 0)
        fail_msg("%s: %s", ts_status_name(got), err.text);
    assert_true(no_child_left());
    assert_int_equal(ts_memory_live(), 0);
    ts_readstat_free(must_read(SAV)); /* the next one works */
    assert_int_equal(ts_memory_live(), 0);
}

static void bad_readers_are_errors(void **state)
{
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"kill -SEGV $$", "the reader crashed (Segmentation fault)"},
        {"kill -KILL $$", "the reader crashed (Killed)"},
        {"kill -SYS $$", "the reader crashed (Bad system call)"},
        {"kill -XCPU $$", "was stopped after 600 seconds of work"},
        {"exit 3", "the reader gave up (exit code 3)"},
        {"exit 127", "cannot be started"},
        {"exit 0", "an end that is missing at byte 0"},
        {"exec sleep 1000", "said nothing for 0.3 seconds"},
        {"exec 4>&-; exec sleep 1000", "said nothing for 0.3 seconds"},
        {"echo hello >&4", "no greeting at byte 0"},
        {"exec cat /dev/zero >&4", "no greeting at byte 0"},
        {"exec head -c 10000 /dev/urandom >&4", "sent what cannot be read"},
        {"printf 'H\\377\\377\\377\\377' >&4", "a record of too many bytes"},
        {"printf 'H\\012\\0\\0\\0trialsh 1\\1' >&4",
         "an end that is missing at byte 15"},
        {"printf 'H\\012\\0\\0\\0trialsh 1\\1R\\0\\0\\0\\0' >&4",
         "a row without columns at byte 15"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_readstat_options options = ours();
        options.program = fake(cases[i].body);
        options.silence = 0.3;
        fails(&options, TS_EPROCESS, cases[i].says);
    }
    ts_readstat_options options = ours();
    options.program = in_folder("none");
    fails(&options, TS_EPROCESS, "cannot be started");
}

/* A reader that is out of memory dies by a signal, or says so. */
static void memory_of_the_child_may_run_out(void **state)
{
    size_t read = 0, failed = 0;
    (void)state;
    for (double megabytes = 1; megabytes < 200; megabytes += 3) {
        ts_readstat_options options = ours();
        ts_readstat *r;
        ts_error err = {0};
        options.memory = megabytes * (1 << 20);
        ts_status status = ts_readstat_read(SAV, &options, &r, &err);
        if (status) {
            assert_int_equal(status, TS_EPROCESS);
            assert_non_null(strstr(err.text, "memory"));
        } else {
            assert_int_equal(r->n_row, 6);
        }
        read += !status;
        failed += status != 0;
        ts_readstat_free(r);
        assert_true(no_child_left());
    }
    assert_true(read > 0);
#ifndef TS_SANITIZED
    assert_true(failed > 0);
#endif
}

static void an_interrupt_ends_it(void **state)
{
    (void)state;
    ts_readstat_options options = ours();
    options.program = fake("exec sleep 1000");
    ts_interrupt_raise();
    double before = now();
    ts_readstat *r;
    ts_error err;
    ts_status status = ts_readstat_read(SAV, &options, &r, &err);
    ts_interrupt_clear();
    assert_int_equal(status, TS_EINTERRUPT);
    assert_true(now() - before < 1);
    assert_true(no_child_left());
}

/* The stream --------------------------------------------------------------- */

/* What the real reader sends of a file. */
static content captured(const char *kind, const char *path)
{
    char command[600];
    const char *out = in_folder("stream");
    /* it may not write to a file */
    snprintf(command, sizeof command,
             "'%s' " TS_READSTAT_CHILD " %s 2000000000 60 '' 3<'%s' 4>&1 | "
             "cat >'%s'",
             ours().program, kind, path, out);
    assert_int_equal(system(command), 0);
    content c = load(out);
    assert_true(c.n > 100);
    return c;
}

static ts_status decode(foreign_kind kind, const unsigned char *bytes, size_t n,
                        size_t step, ts_readstat **out, ts_error *err)
{
    foreign_table t = {.path = "x", .kind = kind, .said_row = -1};
    foreign_stream s = {.table = &t};
    ts_readstat_options options = {.n_row = -1};
    ts_status status = TS_OK;
    *out = ts_alloc_array(1, sizeof **out);
    for (size_t at = 0; at < n && !status; at += step)
        status =
            foreign_feed(&s, bytes + at, n - at < step ? n - at : step, err);
    if (!status)
        status = foreign_end(&s, err);
    if (!status && s.refused)
        status = ts_fail(err, TS_EPROCESS, "refused");
    if (!status)
        status = foreign_finish(&t, NULL, &options, *out, err);
    foreign_stream_free(&s);
    foreign_table_free(&t);
    if (status) {
        ts_readstat_free(*out);
        *out = NULL;
    }
    return status;
}

static void any_size_of_pieces_will_do(void **state)
{
    (void)state;
    content c = captured("sav", SAV);
    for (size_t step = 1; step < 40; step++) {
        ts_readstat *r;
        ts_error err;
        if (decode(FOREIGN_SAV, c.bytes, c.n, step, &r, &err))
            fail_msg("%s", err.text);
        assert_int_equal(r->n_row, 6);
        ts_readstat_free(r);
    }
    free(c.bytes);
}

/* Cut, damaged or doubled anywhere: an error. The hash sees each bit. */
static void damaged_streams_are_errors(void **state)
{
    (void)state;
    content c = captured("dta", "tests/data/foreign/stata14.dta");
    ts_readstat *r;
    ts_error err;
    assert_int_equal(decode(FOREIGN_STATA, c.bytes, c.n, c.n, &r, &err), TS_OK);
    ts_readstat_free(r);
    for (size_t n = 0; n < c.n; n++)
        assert_int_not_equal(decode(FOREIGN_STATA, c.bytes, n, 65536, &r, &err),
                             TS_OK);
    for (size_t i = 0; i < c.n; i++) {
        c.bytes[i] ^= (unsigned char)(1u << i % 8);
        ts_status status = decode(FOREIGN_STATA, c.bytes, c.n, c.n, &r, &err);
        c.bytes[i] ^= (unsigned char)(1u << i % 8);
        if (!status && i > 14) /* byte 14 says whether it was jailed */
            fail_msg("byte %zu", i);
        ts_readstat_free(r);
    }
    c.bytes = realloc(c.bytes, 2 * c.n);
    memcpy(c.bytes + c.n, c.bytes, c.n);
    assert_int_not_equal(decode(FOREIGN_STATA, c.bytes, 2 * c.n, c.n, &r, &err),
                         TS_OK);
    free(c.bytes);
    assert_int_equal(ts_memory_live(), 0);
}

/* Catalogs ----------------------------------------------------------------- */

static void add_column(foreign_table *t, const char *name, bool text,
                       const char *format)
{
    foreign_variable v = {.name = ts_strdup(name),
                          .format = ts_strdup(format),
                          .set = ts_strdup(format),
                          .text = text};
    assert_int_equal(foreign_add_variable(t, &v, NULL), TS_OK);
}

static void add_label(foreign_table *t, const char *set, char what, double x,
                      const char *text, const char *label)
{
    foreign_label l = {.set = ts_strdup(set),
                       .what = (unsigned char)what,
                       .x = x,
                       .text = text ? ts_strdup(text) : NULL,
                       .label = ts_strdup(label)};
    assert_int_equal(foreign_add_label(t, &l, NULL), TS_OK);
}

/* The formats of a data set find the labels of a catalog, whatever the case:
 * numbers and text become levels in the order of the codes. */
static void labels_come_from_a_catalog(void **state)
{
    foreign_table t = {.path = "x", .kind = FOREIGN_SAS, .said_row = -1};
    foreign_table catalog = {.path = "c", .kind = FOREIGN_CATALOG};
    ts_readstat_options options = {.n_row = -1};
    ts_readstat *r = ts_alloc_array(1, sizeof *r);
    ts_error err;
    (void)state;
    foreign_add_file(&t, 3, 3, 9, NULL, NULL, &err);
    add_column(&t, "SEXN", false, "SEX");
    add_column(&t, "RACE", true, "$RACE");
    add_column(&t, "AGE", false, "AGEGR");
    for (int i = 0; i < 3; i++) {
        i ? foreign_add_real(&t, 3 - i, &err) : foreign_add_na(&t, 'A', &err);
        foreign_add_text(&t, i == 1 ? "W" : "B", 1, &err);
        foreign_add_real(&t, i, &err);
        assert_int_equal(foreign_add_row(&t, &err), TS_OK);
    }
    add_label(&catalog, "sex", FOREIGN_REAL, 2, NULL, "Male");
    add_label(&catalog, "sex", FOREIGN_REAL, 1, NULL, "Female");
    add_label(&catalog, "sex", 'A', 0, NULL, "not done");
    add_label(&catalog, "$race", FOREIGN_TEXT, 0, "W", "White");
    add_label(&catalog, "$race", FOREIGN_TEXT, 0, "B", "Black");
    add_label(&catalog, "AGEGR", FOREIGN_REAL, 0, NULL, "young");
    if (foreign_finish(&t, &catalog, &options, r, &err))
        fail_msg("%s", err.text);
    const ts_column *sex = r->frame->column[0], *race = r->frame->column[1];
    assert_true(sex->ordered && sex->n_level == 2);
    assert_string_equal(sex->level[0], "Female");
    assert_null(ts_column_text(sex, 0));
    assert_string_equal(ts_column_text(sex, 1), "Male");
    assert_true(r->columns[0].n_lost == 1);
    assert_string_equal(race->level[0], "Black");
    assert_string_equal(ts_column_text(race, 1), "White");
    assert_int_equal(r->columns[2].labels, TS_LABELS_PARTLY);
    assert_string_equal(r->columns[2].unlabelled, "1");
    assert_string_equal(r->frame->column[2]->format, "AGEGR.");
    ts_readstat_free(r);
    foreign_table_free(&t);
    foreign_table_free(&catalog);
    assert_int_equal(ts_memory_live(), 0);
}

/* The jail ----------------------------------------------------------------- */

/* How a child ends that gives up all but reading and writing, then acts. */
static int jailed(void (*act)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (ts_jail_strict())
            _exit(99);
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void opens(void)
{
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EPERM)
        _exit(1);
}

static void allocates(void)
{
    for (int i = 0; i < 100; i++) {
        char *p = malloc(1000000);
        if (!p)
            _exit(1);
        memset(p, 1, 1000000);
        free(p);
    }
}

static void forks(void)
{
    fork();
}

static void runs(void)
{
    execl("/bin/true", "true", NULL);
}

static void connects(void)
{
    socket(AF_INET, SOCK_STREAM, 0);
}

static void the_jail_holds(void **state)
{
    (void)state;
    const char *preload = getenv("LD_PRELOAD");
    if (preload && strstr(preload, "vgpreload")) {
        print_message("valgrind makes system calls of its own\n");
        skip();
    }
    int status = jailed(opens);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 99) {
        print_message("the kernel refuses filters\n");
        skip();
    }
    assert_int_equal(status, 0);
    assert_int_equal(jailed(allocates), 0);
    assert_int_equal(WTERMSIG(jailed(forks)), SIGSYS);
    assert_int_equal(WTERMSIG(jailed(runs)), SIGSYS);
    assert_int_equal(WTERMSIG(jailed(connects)), SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_readers_are_errors),
        cmocka_unit_test(memory_of_the_child_may_run_out),
        cmocka_unit_test(an_interrupt_ends_it),
        cmocka_unit_test(any_size_of_pieces_will_do),
        cmocka_unit_test(damaged_streams_are_errors),
        cmocka_unit_test(labels_come_from_a_catalog),
        cmocka_unit_test(the_jail_holds),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
