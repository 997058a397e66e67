/*
 * Programs that the user names, run by sh on the terminal: the pager and the
 * editor. Ctrl-C is theirs while they run.
 */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ts/temporary.h"

static struct sigaction interrupt, quit, broken;

pid_t shell_child(const char *command, const char *argument, int input)
{
    extern char **environ;
    char *const argv[] = {"sh", "-c", (char *)command, "sh", (char *)argument,
                          NULL};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t ours;
    pid_t pid;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    sigaction(SIGPIPE, &ignore, &broken);
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGQUIT);
    sigaddset(&ours, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &ours);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int failed =
        posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed ? -1 : pid;
}

bool shell_child_end(pid_t pid)
{
    int status = 0, failed = pid < 0;
    if (!failed)
        while ((failed = waitpid(pid, &status, 0) < 0) && errno == EINTR)
            ;
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    sigaction(SIGPIPE, &broken, NULL);
    /* sh says so of a command that it does not find */
    return !failed && WIFEXITED(status) && WEXITSTATUS(status) < 126;
}

/* The text of a file of at most a megabyte, without newlines at its end. */
static char *read_file(int fd)
{
    enum { MOST = 1 << 20 };
    char *text = malloc(MOST + 1);
    size_t length = 0;
    ssize_t n = 1;
    while (text && length < MOST && n > 0) {
        n = pread(fd, text + length, MOST - length, (off_t)length);
        if (n > 0)
            length += (size_t)n;
    }
    while (text && length && text[length - 1] == '\n')
        length--;
    if (text)
        text[length] = '\0';
    return text;
}

char *shell_editor(const char *text)
{
    const char *editor = getenv("VISUAL");
    char path[4200], command[4096], *folder, *edited = NULL;
    size_t length = strlen(text);
    int lock;
    ts_error err;
    if (shell_is_safe())
        return NULL; /* it could start whatever it likes */
    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor)
        editor = "vi";
    if (ts_temporary_folder(&folder, &lock, &err))
        return NULL;
    snprintf(path, sizeof path, "%s/entry.lua", folder);
    snprintf(command, sizeof command, "%s \"$1\"", editor);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text, length) == (ssize_t)length &&
                   write(fd, "\n", 1) == 1;
    if (written && shell_child_end(shell_child(command, path, -1))) {
        close(fd); /* an editor may put another file in its place */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0)
            edited = read_file(fd);
    }
    if (fd >= 0)
        close(fd);
    ts_temporary_remove(folder, lock);
    return edited;
}
