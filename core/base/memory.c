/*
 * Allocation with a fault that tests can inject. The counters are the only
 * state; they are not atomic, as the core runs in one thread.
 */
#include "ts/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static long count, fail_at, live;
static int fail_on;

void ts_memory_fail_at(long n, int persistent)
{
    count = 0;
    fail_at = n;
    fail_on = persistent;
}

long ts_memory_count(void)
{
    return count;
}

long ts_memory_live(void)
{
    return live;
}

static int fault(void)
{
    count++;
    return fail_at && (fail_on ? count >= fail_at : count == fail_at);
}

void *ts_alloc(size_t size)
{
    void *block = fault() ? NULL : malloc(size ? size : 1);
    live += block != NULL;
    return block;
}

void *ts_alloc_array(size_t n, size_t size)
{
    void *block = fault() ? NULL : calloc(n ? n : 1, size ? size : 1);
    live += block != NULL;
    return block;
}

void *ts_realloc(void *block, size_t size)
{
    void *moved = fault() ? NULL : realloc(block, size ? size : 1);
    live += moved && !block;
    return moved;
}

void *ts_realloc_array(void *block, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        return NULL;
    return ts_realloc(block, n * size);
}

void ts_free(void *block)
{
    live -= block != NULL;
    free(block);
}

char *ts_strndup(const char *text, size_t length)
{
    char *copy = ts_alloc(length + 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

char *ts_strdup(const char *text)
{
    return ts_strndup(text, strlen(text));
}
