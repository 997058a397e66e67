/*
 * The filter was shown to stop every way gnuplot 5.4.4 has to start a shell
 * (reliability.md 1.1), also as root, which RLIMIT_NPROC does not bind.
 */
#include "jail.h"

#include <errno.h>
#include <stddef.h>
#include <sched.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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

void ts_jail_limits(double seconds)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, (rlim_t)4 << 30);
    limit(RLIMIT_CPU, (rlim_t)seconds + 2);
    limit(RLIMIT_FSIZE, (rlim_t)256 << 20);
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

int ts_jail_filter(void)
{
    struct sock_filter program[] = {
        LOAD(arch),
        UNLESS_EQUAL(NATIVE),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
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
    struct sock_fprog filter = {
        .len = sizeof program / sizeof *program,
        .filter = program,
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

#else

int ts_jail_filter(void)
{
    return -1; /* no filter written for this machine */
}

#endif
