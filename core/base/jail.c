/*
 * Limits and seccomp filters. The filter against processes was shown to stop
 * every way gnuplot 5.4.4 has to start a shell (reliability.md 1.1), also as
 * root, which RLIMIT_NPROC does not bind.
 */
#include "ts/jail.h"

#include <errno.h>
#include <stddef.h>
#include <sched.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#define X32_BIT 0x40000000u

static void limit(int what, rlim_t most)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)what, &now))
        return;
    if (now.rlim_max == RLIM_INFINITY || now.rlim_max > most)
        now.rlim_max = most;
    now.rlim_cur = now.rlim_max;
    setrlimit((__rlimit_resource_t)what, &now);
}

void ts_jail_limits(double seconds, double memory, double file_size)
{
    limit(RLIMIT_CORE, 0);
#ifndef TS_SANITIZED /* a sanitizer reserves terabytes that it does not use */
    limit(RLIMIT_AS, (rlim_t)memory);
#else
    (void)memory;
#endif
    limit(RLIMIT_CPU, (rlim_t)seconds + 2);
    limit(RLIMIT_FSIZE, (rlim_t)file_size);
    limit(RLIMIT_NOFILE, 256);
}

#ifdef NATIVE

#define LOAD(field)                                                            \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
/* the next instruction runs only if the loaded word is (not) k */
#define IF_EQUAL(k) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, 1)
#define UNLESS_EQUAL(k) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 1, 0)
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))
#define ALLOW(number) IF_EQUAL(number), RETURN(SECCOMP_RET_ALLOW)
#define KILL(number) IF_EQUAL(number), RETURN(SECCOMP_RET_KILL_PROCESS)
/* allowed when the third argument has none of these bits */
#define ALLOW_WITHOUT(number, bits)                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 4), LOAD(args[2]),        \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 1, 0),                    \
        RETURN(SECCOMP_RET_ALLOW), REFUSE(EPERM)
#define NATIVE_ONLY                                                            \
    LOAD(arch), UNLESS_EQUAL(NATIVE), RETURN(SECCOMP_RET_KILL_PROCESS), LOAD(nr)

static int install(struct sock_filter *program, size_t n)
{
    struct sock_fprog filter = {.len = (unsigned short)n, .filter = program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int ts_jail_filter(void)
{
    struct sock_filter program[] = {
        NATIVE_ONLY,
#ifdef __x86_64__
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
        REFUSE(EPERM),
        IF_EQUAL(__NR_fork),
        REFUSE(EPERM),
        IF_EQUAL(__NR_vfork),
        REFUSE(EPERM),
#endif
        IF_EQUAL(__NR_clone3),
        REFUSE(ENOSYS),
        IF_EQUAL(__NR_clone),
        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(args[0]), /* the flags of clone, lower word */
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
        RETURN(SECCOMP_RET_ALLOW),
        REFUSE(EPERM),
    };
    return install(program, sizeof program / sizeof *program);
}

int ts_jail_strict(void)
{
    struct sock_filter program[] = {
        NATIVE_ONLY,
        ALLOW(__NR_read),
        ALLOW(__NR_pread64),
        ALLOW(__NR_write),
        ALLOW(__NR_lseek),
        ALLOW(__NR_close),
        ALLOW(__NR_brk),
        ALLOW(__NR_munmap),
        ALLOW(__NR_mremap),
        ALLOW(__NR_madvise),
        ALLOW(__NR_futex),
        ALLOW(__NR_getrandom),
        ALLOW(__NR_clock_gettime),
        ALLOW(__NR_rt_sigprocmask),
        ALLOW(__NR_rt_sigreturn),
        ALLOW(__NR_sigaltstack), /* sanitizers, before an exit */
        ALLOW(__NR_getpid),
        ALLOW(__NR_gettid),
        ALLOW(__NR_tgkill), /* abort() */
        ALLOW(__NR_exit),
        ALLOW(__NR_exit_group),
        ALLOW_WITHOUT(__NR_mmap, PROT_EXEC),
        ALLOW_WITHOUT(__NR_mprotect, PROT_EXEC),
#ifdef __x86_64__
        KILL(__NR_fork),
        KILL(__NR_vfork),
#endif
        KILL(__NR_clone),
        KILL(__NR_clone3),
        KILL(__NR_execve),
        KILL(__NR_execveat),
        KILL(__NR_socket),
        KILL(__NR_ptrace),
        REFUSE(EPERM),
    };
    return install(program, sizeof program / sizeof *program);
}

#else

int ts_jail_strict(void)
{
    return -1;
}

int ts_jail_filter(void)
{
    return -1; /* no filter written for this machine */
}

#endif
