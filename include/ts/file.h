/*
 * Modes of files. The program runs under umask 077, so that studies, history
 * and temporary files are the user's alone; what the user asks for (figures,
 * exports) follows the umask that the user had.
 */
#ifndef TS_FILE_H
#define TS_FILE_H

/* Sets umask 077 and remembers the one before; called first of all. */
void ts_file_private(void);
/* Mode for a file that the user asks for: 0666 less the user's umask. */
int ts_file_mode(void);

#endif
