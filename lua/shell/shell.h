/*
 * What the files of the shell share. main.c reads the options and runs things
 * in order; each other file holds one idea.
 */
#ifndef SHELL_H
#define SHELL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <lua.h>
#include <lauxlib.h>

enum { EXIT_DONE, EXIT_ERROR, EXIT_USAGE, EXIT_WARNINGS, EXIT_STOPPED = 130 };

/* Chunk names of what was typed, not read from a file. */
#define SHELL_PROMPT "=(prompt)"
#define SHELL_COMMAND "=(command line)"

typedef struct {
    const char *study;  /* -d */
    const char *script; /* NULL: none; "-": standard input */
    char **commands;    /* -e, in order */
    int n_commands;
    bool prompt, quiet, no_history, werror, full_traceback, safe;
    const char *seed, *jobs, *log;
    long seconds, memory; /* megabytes; 0: no limit */
    char **args; /* the script and what follows it */
    int n_args;
    int argc; /* all of it, as it was given */
    char **argv;
} shell_options;

/* report.c: a message handler whose result is a report (a table, or a text when
 * memory is short); shell_report writes the one on top of the stack to stderr.
 * shell_tell writes "note: ..." or "warning: ..." there, or the same as JSON. */
int shell_handler(lua_State *L);
void shell_report(lua_State *L);
void shell_tell(const char *severity, const char *message);
void shell_full_traceback(void);
void shell_errors_as_json(void);
/* Whether notes go to stderr: to a terminal, and as JSON to any program. */
bool shell_tells_notes(void);
/* Control characters other than newline and tab are shown, never sent. */
void shell_write(FILE *stream, const char *text, size_t length);

/* Keeps the text of standard input, to quote lines of it. */
void shell_keep_stdin(lua_State *L, int index);

/* log.c: --log and log_to(). Each does nothing while no log is open. */
void shell_log_open(lua_State *L); /* what a session has for it */
int shell_log_begin(lua_State *L, const char *path); /* an EXIT_ code */
bool shell_log_is_open(lua_State *L);
void shell_log_entry(lua_State *L, const char *text); /* NULL: it has ended */
void shell_log_failed(lua_State *L);                  /* the report on top */
void shell_log_printed(lua_State *L, const char *text, size_t length);
void shell_log_opened(lua_State *L, const char *path);
void shell_log_warning(const char *message);
/* Loads a script so that its steps are logged; as luaL_loadbufferx else. */
int shell_log_load(lua_State *L, const char *text, size_t length,
                   const char *path);
/* Ends the log; the exit code, which is an error if it is not whole. */
int shell_log_end(lua_State *L, int code);

/* safe.c: --safe and --max-memory. open gives the library its environment, seal
 * takes from scripts what they may not have; an EXIT_ code. */
void shell_safe_open(lua_State *L);
int shell_safe_seal(lua_State *L, const shell_options *options);
void shell_safe_memory(long megabytes);
/* Whether processes may be started for the user. */
bool shell_is_safe(void);

/* about.c: what the program is made of, into the table on top of the stack. */
void shell_about(lua_State *L, const shell_options *options);

/* interrupt.c: SIGINT, and the thread on which it must stop the work. */
void shell_interrupt_open(lua_State *L);
/* Stops whatever runs longer than that; what does not stop ends the program. */
void shell_interrupt_after(long seconds);
/* The limit that was met, or 0. */
long shell_out_of_time(void);
void shell_work_begin(lua_State *L, const char *what);
/* Resumes co, which Ctrl-C stops then, with the n values on top of L; when it
 * has come already only after that many steps, 0: at once. The number of
 * results, moved to L, or -1 with the error on top of L. */
int shell_resume(lua_State *L, lua_State *co, int n, int steps);
void shell_work_end(lua_State *L);
/* What a second Ctrl-C names. */
void shell_busy(const char *what);
/* Whether Ctrl-C came at the prompt; asking forgets it. */
bool shell_pressed(void);

/* progress.c */
void shell_progress_begin(void);
void shell_progress_erase(void);
/* From here on nothing is shown, as completion does not count as work. */
void shell_progress_end(void);

/* child.c: a program that sh runs, $1 being the argument, its standard input at
 * input or ours for -1; -1 when it cannot be started. Signals are its until
 * shell_child_end(), which waits and is true when the command was found. */
pid_t shell_child(const char *command, const char *argument, int input);
bool shell_child_end(pid_t pid);
/* The text as the user's editor leaves it, or NULL. Free it. */
char *shell_editor(const char *text);

/* screen.c: text and a newline on standard output; at the prompt by a pager,
 * where that is asked for or the screen too small. */
void shell_screen_open(lua_State *L, bool prompt);
void shell_show(const char *text, size_t length, bool page);
/* A line and its end; on a terminal broken at blanks where that ends. */
void shell_write_wrapped(FILE *stream, const char *text, size_t length);
/* Around an entry: its time, where .timer is on. */
void shell_timer_begin(void);
void shell_timer_end(void);

/* base.c: what trialsh changes in Lua's own libraries. */
void shell_base_open(lua_State *L);
/* Warnings so far; --werror turns them into an exit code. */
int shell_warnings(lua_State *L);
int shell_exit_code(int code, int warnings, bool werror);

/* chunk.c: the length of what runs first of a text of many lines, and whether
 * what runs last goes on. */
size_t shell_chunk(lua_State *L, const char *text);
bool shell_needs_more(lua_State *L, const char *text);

/* pattern.c: string patterns that Ctrl-C stops. */
void shell_pattern_open(lua_State *L);

/* unending.c: table.sort, table.move and finalizers that Ctrl-C stops. */
void shell_unending_open(lua_State *L);

/* entry.c: one thing typed. Both leave the stack as it was. */
bool shell_incomplete(lua_State *L, const char *text);
bool shell_is_quit(const char *text);
/* Runs text and prints its values; an EXIT_ code. */
int shell_entry(lua_State *L, const char *text, const char *chunk);
/* Calls the function below n arguments, reports what fails; an EXIT_ code. */
int shell_call(lua_State *L, int n, const char *what);

/* edit.c: one entry from the terminal; NULL at its end. Free it. */
void shell_edit_open(lua_State *L);
char *shell_edit_read(const char *prompt);

/* history.c */
void shell_history_open(bool keep);
void shell_history_add(const char *entry);
/* NULL: there is none yet. */
const char *shell_history_last(void);

/* complete.c */
void shell_complete_open(lua_State *L);

/* prompt.c */
int shell_prompt(lua_State *L, const shell_options *options);

#endif
