/* Names that lead out of a folder, and the kernel's own bounds. Confinement has
 * no end: each case runs in a child. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "ts/confine.h"

static char root[] = "/tmp/ts-confine-XXXXXX";

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(chdir(root), 0);
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/deep", 0700), 0);
    assert_int_equal(mkdir("scripts", 0700), 0);
    assert_int_equal(mkdir("inside", 0700), 0);
    int fd = open("outside.txt", O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink("../outside.txt", "in/link"), 0);
    assert_int_equal(symlink("..", "in/up"), 0);
    assert_int_equal(symlink("/tmp/ts-nothing-there", "in/dangling"), 0);
    return 0;
}

static int teardown(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", root);
    return chdir("/") || system(command);
}

/* Runs f in a child within in/; its exit code, 0 when all was as it must be. */
static int in_child(int (*f)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        ts_error err;
        if (chdir("in") || ts_confine(".", true, &err) ||
            ts_confine("../scripts", false, &err))
            _exit(99);
        _exit(f());
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int names(void)
{
    static const struct {
        const char *path;
        bool read, write;
    } cases[] = {
        {"new.csv", true, true},
        {"./deep/new.csv", true, true},
        {"deep/../new.csv", true, true},
        {"deep", true, true},
        {".", true, true},
        {"../in/new.csv", true, true},
        {"../scripts/derive.lua", true, false},
        {"../outside.txt", false, false},
        {"../inside/new.csv", false, false}, /* in is its beginning only */
        {"..", false, false},
        {"link", false, false},
        {"up/outside.txt", false, false},
        {"up/new.txt", false, false},
        {"dangling", false, false},
        {"/etc/passwd", false, false},
        {"/", false, false},
        {"", false, false},
        {"/usr/share/fonts", true, false},
        {"/usr/share/fonts/../../../etc/passwd", false, false},
        {"/proc/self/cwd/../outside.txt", false, false},
        {"no/such/folder.csv", true, true}, /* opening it fails */
        {"no/../../outside.txt", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_error err;
        bool read = !ts_confine_check(cases[i].path, false, &err);
        if (!read &&
            (err.code != TS_EREFUSED || !strstr(err.text, "safe mode")))
            return 98;
        bool write = !ts_confine_check(cases[i].path, true, &err);
        if (read != cases[i].read || write != cases[i].write) {
            fprintf(stderr, "%s: read %d, write %d\n", cases[i].path, read,
                    write);
            return 1;
        }
    }
    return 0;
}

static void test_names(void **state)
{
    ts_error err;
    (void)state;
    assert_false(ts_confined());
    assert_int_equal(ts_confine_check("/etc/passwd", true, &err), TS_OK);
    assert_int_equal(in_child(names), 0);
}

static int kernel(void)
{
    const char *const none[] = {NULL};
    if (!ts_confine_kernel(none))
        return 77;
    if (open("mine.txt", O_WRONLY | O_CREAT, 0600) < 0 ||
        rename("mine.txt", "yours.txt") || unlink("yours.txt"))
        return 1;
    if (open("/etc/passwd", O_RDONLY) < 0 || open("/dev/null", O_WRONLY) < 0)
        return 2;
    if (open("../outside.txt", O_WRONLY) >= 0 || errno != EACCES)
        return 3;
    if (open("../new.txt", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EACCES)
        return 4;
    if (open("link", O_WRONLY) >= 0 || unlink("../outside.txt") == 0 ||
        mkdir("../new", 0700) == 0)
        return 5;
    if (open("../scripts/new.lua", O_WRONLY | O_CREAT, 0600) >= 0)
        return 6;
    return 0;
}

static void test_kernel(void **state)
{
    (void)state;
    int code = in_child(kernel);
    if (code == 77)
        skip();
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_kernel),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
