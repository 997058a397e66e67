/* Modes of files; the remembered umask is set once, before anything runs. */
#include "ts/file.h"

#include <sys/stat.h>

static mode_t users_umask = 022;

void ts_file_private(void)
{
    users_umask = umask(077);
}

int ts_file_mode(void)
{
    return (int)(0666 & ~users_umask);
}
