/*
 * The CSV reader: cases in memory by what they come to, the collections in
 * ../shared/data/csv, every case again with blocks of a few bytes and with
 * each allocation failing. test_csv_options.c has what lenient, censored and
 * others change, test_csv_gzip.c what is compressed, test_csv_files.c the
 * rest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "csv_cases.h"

#define CSV "../shared/data/csv/"

static const char *const na_99[] = {"-99", "ND", ""};
static const char *const na_word[] = {"NA"};
static const ts_csv_type a_text[] = {{"a", TS_TEXT, NULL}};
static const ts_csv_type a_real[] = {{"a", TS_REAL, NULL}};
static const ts_csv_type unknown[] = {{"AEG", TS_REAL, NULL}};

static const csv_case cases[] = {
    /* line ends, marks, delimiters */
    {"a,b\n1,2\n3,4\n", 0, "a:real b:real\n1|2\n3|4\n", {0}, NULL},
    {"a,b\r\n1,2\r\n3,4", 0, "a:real b:real\n1|2\n3|4\n", {0}, NULL},
    {"a,b\r1,2\r3,4\r", 0, "a:real b:real\n1|2\n3|4\n", {0}, NULL},
    {"a,b\r\n1,2\r3,4\n5,6", 0, "a:real b:real\n1|2\n3|4\n5|6\n", {0}, NULL},
    {"\xEF\xBB\xBF" "a,b\n1,2\n", 0, "a:real b:real\n1|2\n", {0}, NULL},
    {"\xEF\xBB\xBF\"a\",b\n1,2\n", 0, "a:real b:real\n1|2\n", {0}, NULL},
    {"a;b\r\n1;2\r\n", 0, "a:real b:real\n1|2\n", {0}, NULL},
    {"\xEF\xBB\xBF" "a;b\r\n1;x,y\r\n", 0, "a:real b:text\n1|'x,y'\n", {0},
     NULL},
    {"a\tb;c\td\n1\t2\t3\n", 0, "a:real b;c:real d:real\n1|2|3\n", {0}, NULL},
    {"a|b\n1|2\n", 0, "a:real b:real\n1|2\n", {0}, NULL},
    {"\"a,b\";c\n1;2\n", 0, "a,b:real c:real\n1|2\n", {0}, NULL},
    {"\"a\"\",b\";c\n1;2\n", 0, "a\",b:real c:real\n1|2\n", {0}, NULL},
    {"a;b,c\n1;2,3\n", 0, "a;b:text c:real\n'1;2'|3\n", {0}, NULL},
    {"a,b\tc\n1,2\t3\n", 0, "a,b:text c:real\n'1,2'|3\n", {0}, "x.TSV"},
    {"a,b\tc\n1,2\t3\n", 0, "a,b:text c:real\n'1,2'|3\n", {0}, "x.tab"},
    {"a:b\n1:2\n", 0, "a:real b:real\n1|2\n", {.delimiter = ':'}, NULL},
    {"sep=;\r\na;b\r\n1;2\r\n", 0, "a:real b:real\n1|2\n", {0}, NULL},
    {"sep=;\na,b\n1,2,3\n", 0, "format: x.csv:3: 3 fields, expected 2; "
     "lenient = true sets them apart",
     {.delimiter = ','}, NULL},
    {"SEP=,\na;c,b\n1,2\n", 0, "a;c:real b:real\n1|2\n", {0}, NULL},
    {"sep=;\n", 0,
     "format: x.csv:2: the line is empty; it must hold the names of the "
     "columns", {0}, NULL},
    {"sep=\n1\n", 0, "sep=:real\n1\n", {0}, NULL},
    {"sep=\n\n,;a\n", 0, "sep=:text\nNA\n',;a'\n", {.delimiter = '\t'}, NULL},
    {"sep=\n\n1\n", 0, "sep=:real\nNA\n1\n", {0}, NULL},
    {"sep=\"\n\"1\"\n", 0, "sep=\":real\n1\n", {0}, NULL},
    /* quotes */
    {"a,b\n\"1\",\"x\"\n", 0, "a:real b:text\n1|'x'\n", {0}, NULL},
    {"a\n\"x,\"\"y\"\"\nz\"\n", 0, "a:text\n'x,\"y\"\\x0Az'\n", {0}, NULL},
    {"a\n\"\"\"\"\n\"\"\"x\"\n", 0, "a:text\n'\"'\n'\"x'\n", {0}, NULL},
    {"a,b\nx\"y,\" z\n", 0,
     "format: x.csv:2:5: this quote is never closed", {0}, NULL},
    {"a,b\n5\" nail, \"x\" \n", 0, "a:text b:text\n'5\" nail'|' \"x\" '\n",
     {0}, NULL},
    {"a,b\n\"x\"y,2\n", 0,
     "format: x.csv:2:4: text behind a closing quote; a quote within quotes "
     "is doubled", {0}, NULL},
    {"a,b\n\"x\n1\",2\n\"q\n\" z,2\n", 0,
     "format: x.csv:5:2: text behind a closing quote; a quote within quotes "
     "is doubled (the quote was opened in line 4)", {0}, NULL},
    {"a,b\n1,\"x\n2,y\n", 0, "format: x.csv:2:3: this quote is never closed",
     {0}, NULL},
    {"a,\"b", 0, "format: x.csv:1:3: this quote is never closed", {0}, NULL},
    {"a,b\n1,\"", 0, "format: x.csv:2:3: this quote is never closed", {0},
     NULL},
    {"a,b\n1,\"x\"", 0, "a:real b:text\n1|'x'\n", {0}, NULL},
    {"a,b\n1,\"x\"\r", 0, "a:real b:text\n1|'x'\n", {0}, NULL},
    {"a,b\n1,\"x\r\ny\rz\"\n1,2,3", 0, "format: x.csv:5: 3 fields, expected "
     "2; lenient = true sets them apart",
     {0}, NULL},
    /* blanks are data */
    {"a, b \n 1,x \n", 0, "a:text  b :text\n' 1'|'x '\n", {0}, NULL},
    /* shape */
    {"a,b\n", 0, "a:real b:real\n", {0}, NULL},
    {"a,b", 0, "a:real b:real\n", {0}, NULL},
    {"a,b\n1,2\n\n\n", 0, "a:real b:real\n1|2\n", {0}, NULL},
    {"a,b\n1,2\n\n3,4\n", 0, "format: x.csv:3: nothing, expected 2; lenient = "
     "true sets them apart", {0},
     NULL},
    {"a,b\n1,2\n\n\n3\n", 0,
     "format: x.csv:3: nothing, expected 2; line 4: nothing; line 5: 1 field; "
     "3 such records; lenient = true sets them apart", {0}, NULL},
    {"a\n1\n\n3\n\n", 0, "a:real\n1\nNA\n3\nNA\n", {0}, NULL},
    {"a,b\n,\n", 0, "a:real b:real\nNA|NA\n", {0}, NULL},
    {"a,b\n1,2,\n", 0, "format: x.csv:2: 3 fields, expected 2; lenient = true "
     "sets them apart", {0}, NULL},
    {"a,b\n\"\"\n", 0, "format: x.csv:2: 1 field, expected 2; lenient = true "
     "sets them apart", {0}, NULL},
    {"a,b\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n", 0,
     "format: x.csv:2: 1 field, expected 2; line 3: 1 field; line 4: 1 field; "
     "line 5: 1 field; line 6: 1 field; line 7: 1 field; line 8: 1 field; "
     "line 9: 1 field; line 10: 1 field; line 11: 1 field; 12 such records; "
     "lenient = true sets them apart",
     {0}, NULL},
    /* names */
    {"\n1\n", 0,
     "format: x.csv:1: the line is empty; it must hold the names of the "
     "columns", {0}, NULL},
    {"my var,\xCE\xB1,x.y,\"q\"\"\"\n1,2,3,4\n", 0,
     "my var:real \xCE\xB1:real x.y:real q\":real\n1|2|3|4\n", {0}, NULL},
    {"\"\",a\n1,2\n", 0,
     "format: x.csv:1:1: column 1 has no name (row names of R? write.csv(..., "
     "row.names = FALSE) leaves them out)", {0}, NULL},
    {"\xC3\xA9,b,b,B\n", 0,
     "format: x.csv:1:5: columns 2 and 3 are both named b; columns 2 and 4 "
     "are named b and B, which differ only in case", {0}, NULL},
    {"a\x1B,a\x1B\n", 0, "format: x.csv:1:2: control character 0x1B", {0},
     NULL},
    /* types */
    {"a\n001\n002\n", 0, "a:text\n'001'\n'002'\n", {0}, NULL},
    {"a\n\"001\"\n\"002\"\n", 0, "a:text\n'001'\n'002'\n", {0}, NULL},
    {"a\n-0\n+5\n1e3\n0.5\n", 0, "a:real\n-0\n5\n1000\n0.5\n", {0}, NULL},
    {"a,b\nNA,1\n.,\n,3\n\"\",NA\n5,\"NA\"\n", 0,
     "a:real b:real\nNA|1\nNA|NA\nNA|3\nNA|NA\n5|NA\n", {0}, NULL},
    {"a,b\nNA,1\n,2\n\"\",3\n.,4\nx,5\n", 0,
     "a:text b:real\n'NA'|1\nNA|2\n''|3\n'.'|4\n'x'|5\n", {0}, NULL},
    {"a,b\nNA,1\n.,2\n", 0, "a:real b:real\nNA|1\nNA|2\n", {0}, NULL},
    {"a,b\n\"\",1\n\"\",2\n,3\n", 0, "a:text b:real\n''|1\n''|2\nNA|3\n", {0},
     NULL},
    {"a\n1\n2\n3\n4\n5\n6\n7\n8\nx\n", 0,
     "a:text\n'1'\n'2'\n'3'\n'4'\n'5'\n'6'\n'7'\n'8'\n'x'\n", {0}, NULL},
    {"a\n1\n2\n3\n4\n5\n6\n7\n8\n9\nx y\n\nNA\n", 0,
     "type: x.csv:11:1: 'x y' is not a number in column a; 1 of 10 values; "
     "types = { a = \"text\" }, na = { words } or lenient = true "
     "decides", {0}, NULL},
    {"i,my var\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n8,8\n9,9\n\"x\n\",\"x\t\"\n",
     0,
     "type: x.csv:11:1: 'x\\x0A' is not a number in column i; 1 of 10 values; "
     "types = { i = \"text\" }, na = { words } or lenient = true decides; "
     "x.csv:12:3: 'x\\x09' is not a number in column my var; 1 of 10 values; "
     "types = { [\"my var\"] = \"text\" }, na = { words } or lenient = true "
     "decides", {0}, NULL},
    {"end,q\"\\\xC3\xA9\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n8,8\n9,9\nx,y\n", 0,
     "type: x.csv:11:1: 'x' is not a number in column end; 1 of 10 values; "
     "types = { [\"end\"] = \"text\" }, na = { words } or lenient = true "
     "decides; x.csv:11:3: 'y' is not a number in column q\"\\\xC3\xA9; 1 of "
     "10 values; types = { [\"q\\\"\\\\\xC3\xA9\"] = \"text\" }, na = { words "
     "} or lenient = true decides",
     {0}, NULL},
    {"a\n"
     "01234567890123456789012345678901234567890\xC3\xA9\xC3\xA9\xC3\xA9\n", 0,
     "type: x.csv:2:1: '01234567890123456789012345678901234567890\xC3\xA9...' "
     "is not a number in column a; 1 of 1 value, but types says real; na = { "
     "words } or lenient = true decides",
     {.types = a_real, .n_type = 1}, NULL},
    {"a,b\n\n\n\n\n\n\n\n\n\n\n\n\n1,2\n", 0,
     "format: x.csv:2: nothing, expected 2; line 3: nothing; line 4: nothing; "
     "line 5: nothing; line 6: nothing; line 7: nothing; line 8: nothing; "
     "line 9: nothing; line 10: nothing; line 11: nothing; 12 such records; "
     "lenient = true sets them apart",
     {0}, NULL},
    {"a\n1\nNA\nx\n", 0, "a:text\n'1'\n'NA'\n'x'\n",
     {.types = a_text, .n_type = 1}, NULL},
    {"a\n1\n2\n", 0, "a:text\n'1'\n'2'\n", {.types = a_text, .n_type = 1},
     NULL},
    {"a\n1\nNA\nx\ny\n", 0,
     "type: x.csv:4:1: 'x' is not a number in column a; also 5:1: 'y'; 2 of 3 "
     "values, but types says real; na = { words } or lenient = true "
     "decides", {.types = a_real, .n_type = 1}, NULL},
    {"a\n\"\"\n", 0, "a:real\nNA\n", {.types = a_real, .n_type = 1}, NULL},
    {"AGE\n1\n", 0, "not found: x.csv: types: there is no column AEG; "
     "nearest: AGE", {.types = unknown, .n_type = 1}, NULL},
    {"a,b\n-99,ND\n1,\"\"\nNA,\"ND\"\n2,x\n", 0,
     "a:real b:text\nNA|NA\n1|NA\nNA|NA\n2|'x'\n",
     {.na = na_99, .n_na = 3}, NULL},
    {"a\nNA\nx\nNAN\n\"NA\"\n", 0, "a:text\nNA\n'x'\n'NAN'\nNA\n",
     {.na = na_word, .n_na = 1}, NULL},
    /* bytes */
    {BYTES("a,b\n1,x\0y\n"),
     "format: x.csv:2:4: a NUL byte; text has none (a UTF-16 file needs "
     "encoding = \"utf-16le\")", {0}, NULL},
    {"a,b\n1,\"\xC3\xA9\nx\x01\"\n", 0,
     "format: x.csv:3:2: control character 0x01", {0}, NULL},
    {"a,b\n1,x\x0By\x0C\n", 0, "a:real b:text\n1|'x\\x0By\\x0C'\n", {0}, NULL},
    {"a,b\n\xC3\xA9,\xF6\n", 0,
     "format: x.csv:2:3: byte 0xF6 is not valid UTF-8; if the file is older, "
     "say encoding = \"latin1\" or \"windows-1252\"", {0}, NULL},
    {"a,b\n1,\xC3", 0,
     "format: x.csv:2:3: byte 0xC3 is not valid UTF-8; if the file is older, "
     "say encoding = \"latin1\" or \"windows-1252\"", {0}, NULL},
    {"a,b\n1,\xE2\x82\n", 0,
     "format: x.csv:2:3: byte 0xE2 is not valid UTF-8; if the file is older, "
     "say encoding = \"latin1\" or \"windows-1252\"", {0}, NULL},
    {"a,b\n1,\xF0\x9D\x94\xB8\xE2\x82\xAC\xC3\xA9\n", 0,
     "a:real b:text\n1|'\xF0\x9D\x94\xB8\xE2\x82\xAC\xC3\xA9'\n", {0}, NULL},
    {"a,b\n1,\xE2\x80\xAE\n", 0, "a:real b:text\n1|'\\u202E'\n", {0}, NULL},
    {"a;b\n1;\xF6\n", 0, "a:real b:text\n1|'\xC3\xB6'\n",
     {.encoding = "latin1"}, NULL},
    {"a,b\n1,\x93x\x94\n", 0,
     "a:real b:text\n1|'\xE2\x80\x9Cx\xE2\x80\x9D'\n",
     {.encoding = "windows-1252"}, NULL},
    {"a,b\n1,\x93x\x94\n", 0,
     "format: x.csv:2:3: byte 0x93 is a control character in latin1; "
     "windows-1252 has a letter or quote there", {.encoding = "latin1"}, NULL},
    {"a,b\n1,x\x81\n", 0,
     "format: x.csv:2:4: byte 0x81 is not valid windows-1252",
     {.encoding = "windows-1252"}, NULL},
    {"a\n1\n", 0,
     "invalid: no encoding is named 'latn1'; nearest: latin1",
     {.encoding = "latn1"}, NULL},
    {"a\n1\n", 0, "a:real\n1\n", {.encoding = "UTF8"}, NULL},
    {"\xEF\xBB\xBF" "a\n1\n", 0, "a:real\n1\n", {.encoding = "utf-8"}, NULL},
    {"\xEF\xBB\xBF" "a\n1\n", 0,
     "format: x.csv: encoding = \"latin1\", but the file begins with the mark "
     "of UTF-8", {.encoding = "latin1"}, NULL},
    {BYTES("\xFF\xFE" "a\0,\0b\0\n\0" "1\0,\0\xE9\0\n\0"),
     "a:real b:text\n1|'\xC3\xA9'\n", {0}, NULL},
    {BYTES("\xFE\xFF\0a\0,\0b\0\n\0" "1\0,\xD8\x35\xDD\x38\0\n"),
     "a:real b:text\n1|'\xF0\x9D\x94\xB8'\n", {0}, NULL},
    {BYTES("a\0,\0b\0\n\0" "1\0,\0x\0\n\0"), "a:real b:text\n1|'x'\n",
     {.encoding = "utf-16le"}, NULL},
    {BYTES("\xFF\xFE" "a\0,\0b\0\n\0" "1\0,\0\0\0\n\0"),
     "format: x.csv:2:3: control character 0x00", {0}, NULL},
    {BYTES("\xFF\xFE" "a\0\n\0" "1\0x"),
     "format: x.csv:2:2: byte 0x78 is not valid UTF-16", {0}, NULL},
    {BYTES("\xFF\xFE\0\0a\0\0\0\n\0\0\0" "1\0\0\0"), "a:real\n1\n", {0},
     NULL},
    /* other kinds of file */
    {BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\xC2\xEA\x81\x60\xB3\x14\x11\xCF\xBD\x92"),
     "format: x.csv: this is not CSV but a SAS data set (.sas7bdat); give it "
     "that ending", {0},
     NULL},
    {BYTES("PK\x03\x04\x14\0"),
     "format: x.csv: this is not CSV but a zip archive; unpack it and read "
     "what is in it", {0}, NULL},
    {BYTES("\xD0\xCF\x11\xE0\xA1"),
     "format: x.csv: this is not CSV but an old spreadsheet (.xls); save the "
     "sheet as CSV UTF-8 and read that", {0},
     NULL},
    {BYTES("\x1F\x8B\x08\0"),
     "format: x.csv: the compressed data end too early: the file was "
     "cut", {0}, NULL},
    {" \n<!DOCTYPE html>\n", 0,
     "format: x.csv: this is not CSV but an HTML page; open it in a browser: "
     "a log-in page, or a sheet to be saved as CSV", {0}, NULL},
    {"\xEF\xBB\xBF<?xml version=\"1.0\"?>", 0,
     "format: x.csv: this is not CSV but XML; save the sheet as CSV UTF-8 and "
     "read that", {0}, NULL},
    {"[{\"a\":1}]", 0, "format: x.csv: this is not CSV but JSON; Dataset-JSON "
     "has a name that ends in .json", {0}, NULL},
    {"", 0,
     "format: x.csv: the file is empty; its first line must hold the names of "
     "the columns", {0}, NULL},
    {"\xEF\xBB\xBF", 0,
     "format: x.csv:1: the line is empty; it must hold the names of the "
     "columns", {0}, NULL},
    /* options */
    {"a\n1\n", 0,
     "invalid: delimiter: a quote, a control character or part of a letter "
     "cannot separate cells", {.delimiter = '"'}, NULL},
};

static void each_case(void **unused)
{
    (void)unused;
    check_cases(cases, COUNT(cases));
}

static void each_block(void **unused)
{
    (void)unused;
    check_blocks(cases, COUNT(cases));
}

static void each_allocation(void **unused)
{
    (void)unused;
    check_allocations(cases, COUNT(cases));
}

/* Collections -------------------------------------------------------------- */

static const struct {
    const char *file, *outcome, *encoding;
} files[] = {
    {"made/bom_utf8.csv",
     "USUBJID:text ARM:text VISIT:text CD4:real "
     "CD8:real\n'001-01'|'ACTIVE'|'BASELINE'|350|810\n"
     "'001-02'|'PLACEBO'|'BASELINE'|412|655\n", NULL},
    {"made/crlf.csv",
     "USUBJID:text ARM:text VISIT:text CD4:real "
     "CD8:real\n'001-01'|'ACTIVE'|'BASELINE'|350|810\n"
     "'001-02'|'PLACEBO'|'BASELINE'|412|655\n", NULL},
    {"made/cr_only.csv",
     "USUBJID:text ARM:text VISIT:text CD4:real "
     "CD8:real\n'001-01'|'ACTIVE'|'BASELINE'|350|810\n"
     "'001-02'|'PLACEBO'|'BASELINE'|412|655\n", NULL},
    {"made/no_final_newline.csv",
     "USUBJID:text ARM:text VISIT:text CD4:real "
     "CD8:real\n'001-01'|'ACTIVE'|'BASELINE'|350|810\n"
     "'001-02'|'PLACEBO'|'BASELINE'|412|655\n", NULL},
    {"made/mixed_eol.csv",
     "USUBJID:text ARM:text VISIT:text CD4:real "
     "CD8:real\n'001-01'|'ACTIVE'|'BASELINE'|350|810\n"
     "'001-02'|'PLACEBO'|'BASELINE'|412|655\n"
     "'001-03'|'ACTIVE'|'BASELINE'|200|500\n", NULL},
    {"made/latin1.csv",
     "SITE:text NAME:text CD4:real\n'01'|'Bj\xC3\xB6rn "
     "\xC3\x85str\xC3\xB6m'|350\n'02'|'Jos\xC3\xA9 "
     "Mu\xC3\xB1oz'|410\n", "latin1"},
    {"made/latin1.csv",
     "format: " CSV "made/latin1.csv:2:6: byte 0xF6 is not valid UTF-8; if "
     "the file is older, say encoding = \"latin1\" or \"windows-1252\"",
     NULL},
    {"made/quoted_newlines.csv",
     "ID:real COMMENT:text CD4:real\n1|'line one\\x0Aline "
     "two'|300\n2|'crlf\\x0D\\x0Ainside'|310\n3|'has \"quotes\", and "
     "commas'|320\n",
     NULL},
    {"made/unclosed_quote.csv",
     "format: " CSV "made/unclosed_quote.csv:2:3: this quote is never closed",
     NULL},
    {"made/ragged_short.csv",
     "format: " CSV "made/ragged_short.csv:3: 2 fields, expected 3; line 4: 1 "
     "field; 2 such records; lenient = true sets them apart", NULL},
    {"made/ragged_long.csv",
     "format: " CSV "made/ragged_long.csv:3: 4 fields, expected 3; line 4: 5 "
     "fields; 2 such records; lenient = true sets them apart", NULL},
    {"made/dup_headers.csv",
     "format: " CSV "made/dup_headers.csv:1:8: columns 2 and 3 are both named "
     "CD4; columns 2 and 4 are named CD4 and cd4, which differ only in case; "
     "column 5 has no name", NULL},
    {"made/header_only.csv", "ID:real CD4:real\n", NULL},
    {"made/empty.csv",
     "format: " CSV "made/empty.csv: the file is empty; its first line must "
     "hold the names of the columns", NULL},
    {"made/missing_codes.csv",
     "ID:real "
     "CD4:text\n1|'NA'\n2|'N/A'\n3|'.'\n4|NA\n5|''\n6|'NULL'\n7|'nan'\n"
     "8|'#N/A'\n9|'-'\n10|'-99'\n11|'missing'\n12|' '\n13|'.A'\n14|'ND'\n"
     "15|'300'\n", NULL},
    {"made/censored_values.csv",
     "ID:real HIVRNA:text "
     "CRP:text\n1|'<50'|'0.4'\n2|'50'|'<0.3'\n3|'>10000000'|'12'\n"
     "4|'1,250'|'~5'\n5|'1.2e5'|'+3.0'\n6|'4.1E+4'|'3.0*'\n", NULL},
    {"made/numbers.csv",
     "format: " CSV "made/numbers.csv:23: 2 fields, expected 1; lenient = "
     "true sets them apart", NULL},
    {"made/leading_zero_ids.csv",
     "ID:text SITE:text\n'0001'|'01'\n'0010'|'02'\n'1E5'|'03'\n'00A'|'04'\n",
     NULL},
    {"made/dates.csv",
     "d:text\n'2024-02-29'\n'2023-02-29'\n'2024-02'\n'2024'\n"
     "'2024-02-29T13:05'\n'2024-02-29T13:05:59Z'\n'29FEB2024'\n'29/02/2024'\n"
     "'02/29/2024'\n'03/04/2024'\n'--02-29'\n'44620'\n'1900-02-29'\n"
     "'0000-00-00'\n'24.02.29'\n'2024-W09-4'\n'2024-060'\n", NULL},
    {"made/null_bytes.csv",
     "format: " CSV "made/null_bytes.csv:2:4: a NUL byte; text has none (a "
     "UTF-16 file needs encoding = \"utf-16le\")", NULL},
    {"made/wide_types.csv",
     "type: " CSV "made/wide_types.csv:1501:6: 'not a number' is not a number "
     "in column X; 1 of 1501 values; types = { X = \"text\" }, na = { words } "
     "or lenient = true decides", NULL},
    {"csv-spectrum/comma_in_quotes.csv",
     "first:text last:text address:text city:text zip:text\n'John'|'Doe'|'120 "
     "any st.'|'Anytown, WW'|'08123'\n", NULL},
    {"csv-spectrum/empty.csv", "a:real b:real c:real\n1|NA|NA\n2|3|4\n", NULL},
    {"csv-spectrum/empty_crlf.csv", "a:real b:real c:real\n1|NA|NA\n2|3|4\n",
     NULL},
    {"csv-spectrum/escaped_quotes.csv",
     "a:real b:text\n1|'ha \"ha\" ha'\n3|'4'\n", NULL},
    {"csv-spectrum/json.csv",
     "key:real val:text\n1|'{\"type\": \"Point\", \"coordinates\": [102.0, "
     "0.5]}'\n", NULL},
    {"csv-spectrum/newlines.csv",
     "a:text b:real c:real\n'1'|2|3\n'Once upon \\x0Aa time'|5|6\n'7'|8|9\n",
     NULL},
    {"csv-spectrum/newlines_crlf.csv",
     "a:text b:real c:real\n'1'|2|3\n'Once upon \\x0D\\x0Aa "
     "time'|5|6\n'7'|8|9\n", NULL},
    {"csv-spectrum/quotes_and_newlines.csv",
     "a:real b:text\n1|'ha \\x0A\"ha\" \\x0Aha'\n3|'4'\n", NULL},
    {"csv-spectrum/simple.csv", "a:real b:real c:real\n1|2|3\n", NULL},
    {"csv-spectrum/simple_crlf.csv", "a:real b:real c:real\n1|2|3\n", NULL},
    {"csv-spectrum/utf8.csv",
     "a:real b:real c:text\n1|2|'3'\n4|5|'\xCA\xA4'\n", NULL},
};

static void collections(void **unused)
{
    (void)unused;
    if (access(CSV, R_OK) != 0) {
        print_message("skipped: " CSV " is not there\n");
        skip();
    }
    for (size_t i = 0; i < COUNT(files); i++)
        for (size_t block = 0; block < 8; block += 3) {
            char path[200];
            ts_buffer got = {0};
            ts_csv_options options = {.encoding = files[i].encoding,
                                      .block = block};
            snprintf(path, sizeof path, CSV "%s", files[i].file);
            csv_outcome(path, &options, &got);
            if (strcmp(got.data, files[i].outcome) != 0)
                fail_msg("%s:\n%s\nnot\n%s", path, got.data,
                         files[i].outcome);
            ts_buffer_free(&got);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(each_block),
        cmocka_unit_test(each_allocation),
        cmocka_unit_test(collections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
