/*
 * Allocation for the whole core, with a fault that tests can inject.
 *
 * All return NULL when memory runs out; free with ts_free, which takes NULL.
 */
#ifndef TS_MEMORY_H
#define TS_MEMORY_H

#include <stddef.h>

void *ts_alloc(size_t size);
/* n elements of size bytes, zeroed; NULL when n * size overflows. */
void *ts_alloc_array(size_t n, size_t size);
void *ts_realloc(void *block, size_t size);
/* Grows block for n elements of size bytes; NULL leaves block as it was. */
void *ts_realloc_array(void *block, size_t n, size_t size);
void ts_free(void *block);
char *ts_strdup(const char *text);
char *ts_strndup(const char *text, size_t length);

/* The n-th allocation from now on (1 is the next) fails; persistent makes all
 * later ones fail too; n = 0 switches the fault off. For tests. */
void ts_memory_fail_at(long n, int persistent);
/* Allocations since the last ts_memory_fail_at. */
long ts_memory_count(void);
/* Blocks that are alive; tests look for leaks with it. */
long ts_memory_live(void);

#endif
