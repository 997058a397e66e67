/*
 * What a file under the name of a CSV is instead, by its first bytes, and
 * what to do about it.
 */
#include "csv_private.h"

#include <string.h>
#include <strings.h>

#define UNPACK "unpack it and read what is in it"
#define SHEET "save the sheet as CSV UTF-8 and read that"
#define RENAME "give it that ending"

typedef struct {
    const char *magic;
    size_t at, length;
    const char *kind, *advice;
} other;

static const other kinds[] = {
    {"PK\x03\x04", 0, 4, "a zip archive", UNPACK},
    {"PK\x05\x06", 0, 4, "an empty zip archive", "ask for the file again"},
    {"\xD0\xCF\x11\xE0", 0, 4, "an old spreadsheet (.xls)", SHEET},
    {"\x1F\x8B", 0, 2, "compressed by gzip twice", UNPACK},
    {"\x1F\x9D", 0, 2, "compressed by compress (.Z)", UNPACK},
    {"BZh91AY&SY", 0, 10, "compressed by bzip2", UNPACK},
    {"\xFD"
     "7zXZ",
     0, 5, "compressed by xz", UNPACK},
    {"\x28\xB5\x2F\xFD", 0, 4, "compressed by zstd", UNPACK},
    {"7z\xBC\xAF\x27\x1C", 0, 6, "a 7-Zip archive", UNPACK},
    {"Rar!\x1A\x07", 0, 6, "a RAR archive", UNPACK},
    /* with the NUL that no CSV has: POSIX, GNU */
    {"ustar\0", 257, 6, "a tar archive", UNPACK},
    {"ustar  \0", 257, 8, "a tar archive", UNPACK},
    {"%PDF-", 0, 5, "a PDF document", "ask for the data as CSV"},
    {"{\\rtf", 0, 5, "an RTF document", "ask for the data as CSV"},
    {"SQLite format 3", 0, 15, "an SQLite database",
     "study.open opens a study; export any other table as CSV"},
    {"HEADER RECORD*******", 0, 20, "a SAS transport file (.xpt)", RENAME},
    {"$FL2@(#)", 0, 8, "an SPSS file (.sav)", RENAME},
    {"$FL3@(#)", 0, 8, "an SPSS file (.zsav)", RENAME},
    {"<stata_dta>", 0, 11, "a Stata file (.dta)", RENAME},
    {"\xC2\xEA\x81\x60\xB3\x14\x11\xCF\xBD\x92", 12, 10,
     "a SAS data set (.sas7bdat)", RENAME},
    {"PAR1\x15", 0, 5, "a Parquet file", "export it as CSV"},
    {"\x89PNG", 0, 4, "a PNG picture", "ask for the data as CSV"},
    {"{\"", 0, 2, "JSON", "Dataset-JSON has a name that ends in .json"},
    {"[{", 0, 2, "JSON", "Dataset-JSON has a name that ends in .json"},
    {"{\n", 0, 2, "JSON", "Dataset-JSON has a name that ends in .json"},
    {"{\r\n", 0, 3, "JSON", "Dataset-JSON has a name that ends in .json"},
};

static bool has(const unsigned char *head, size_t n, const char *magic,
                size_t at, size_t length)
{
    return n >= at + length && memcmp(head + at, magic, length) == 0;
}

/* The name of the first file in a zip tells spreadsheets. */
static const char *in_zip(const unsigned char *head, size_t n)
{
    if (has(head, n, "mimetypeapplication/vnd.oasis", 30, 29))
        return "a spreadsheet (.ods)";
    if (has(head, n, "[Content_Types].xml", 30, 19) ||
        has(head, n, "_rels/", 30, 6) || has(head, n, "docProps/", 30, 9) ||
        has(head, n, "xl/", 30, 3))
        return "a spreadsheet (.xlsx)";
    return NULL;
}

static const char *markup(const unsigned char *head, size_t n,
                          const char **advice)
{
    static const char *const tags[] = {"<!doctype html", "<html", "<table",
                                       "<head",          "<?xml", "<script"};
    if (has(head, n, "\xEF\xBB\xBF", 0, 3)) {
        head += 3;
        n -= 3;
    }
    while (n > 0 &&
           (*head == ' ' || *head == '\t' || *head == '\r' || *head == '\n')) {
        head++;
        n--;
    }
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        size_t length = strlen(tags[i]);
        if (n < length || strncasecmp((const char *)head, tags[i], length) != 0)
            continue;
        if (tags[i][1] == '?') {
            *advice = SHEET;
            return "XML";
        }
        *advice = "open it in a browser: a log-in page, or a sheet to be saved "
                  "as CSV";
        return "an HTML page";
    }
    return NULL;
}

const char *csv_other_kind(const unsigned char *head, size_t n,
                           const char **advice)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const other *k = &kinds[i];
        if (!has(head, n, k->magic, k->at, k->length))
            continue;
        const char *sheet = i == 0 ? in_zip(head, n) : NULL;
        *advice = sheet ? SHEET : k->advice;
        return sheet ? sheet : k->kind;
    }
    /* Stata before version 13 has no name in front */
    if (n >= 4 && head[0] >= 0x69 && head[0] <= 0x73 &&
        (head[1] == 1 || head[1] == 2) && head[2] == 1 && head[3] == 0) {
        *advice = RENAME;
        return "a Stata file (.dta)";
    }
    return markup(head, n, advice);
}
