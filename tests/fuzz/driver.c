/* Runs a fuzz target over files, one TAP line each: the seeds in make check,
 * and any file that a fuzzer found. A crash ends the program, which counts. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        return 0;
    long size = ftell(f);
    rewind(f);
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    int read = data && fread(data, 1, (size_t)size, f) == (size_t)size;
    fclose(f);
    if (read)
        LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return read;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        int read = run(argv[i]);
        printf("%s %d - %s\n", read ? "ok" : "not ok", i, argv[i]);
        fflush(stdout);
        failed += !read;
    }
    return failed > 0;
}
