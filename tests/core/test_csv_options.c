/*
 * What options change in reading CSV: lenient, censored, decimal commas,
 * lines to skip, codes; numbers that cannot be held exactly.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include "csv_cases.h"

static const char *const aval[] = {"AVAL"};
static const char *const a_and_b[] = {"a", "b"};
static const char *const not_there[] = {"AVLA"};
static const char *const nd[] = {"ND"};
static const ts_csv_type a_text[] = {{"a", TS_TEXT, NULL}};
static const ts_csv_type a_real[] = {{"a", TS_REAL, "the dictionary"}};
static const char *const code[] = {"2", "1", "10"};
static const char *const label[] = {"Female", "Male", "Not \"known\""};
static const char *const many[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
static const ts_csv_codes a_codes[] = {{"a", code, label, 3}};
static const ts_csv_codes a_many[] = {{"a", many, many, 9}};
static const ts_csv_codes z_codes[] = {{"sexx", code, label, 3}};

/* a name that fills a new buffer, so that what is added needs another */
#define SOME "a name of many letters, thirty or so; "
#define LONG SOME SOME SOME "and more."
#define TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n"
#define TEN_OUT "1\n2\n3\n4\n5\n6\n7\n8\n9\n"

static const csv_case cases[] = {
    /* lenient: cells */
    {"a\n" TEN "x y\n", 0,
     "a:real\n" TEN_OUT "NA\n# 11 a 'x y' is not a number\n",
     {.lenient = true}, NULL},
    {"a\n" TEN "\"x\ny\"\n\"say \"\"no\"\"\"\n" TEN, 0,
     "a:real\n" TEN_OUT "NA\nNA\n" TEN_OUT
     "# 11 a 'x\\x0Ay' is not a number\n# 13 a 'say \"no\"' is not a number\n",
     {.lenient = true}, NULL},
    {"a\n1\nx\n", 0, "a:text\n'1'\n'x'\n", {.lenient = true}, NULL},
    {"a\n1\nx\n\"\"\nNA\n", 0,
     "a:real\n1\nNA\nNA\nNA\n# 3 a 'x' is not a number\n",
     {.lenient = true, .types = a_real, .n_type = 1}, NULL},
    {"a\n" TEN "ND\nNA\n", 0, "a:real\n" TEN_OUT "NA\nNA\n",
     {.lenient = true, .na = nd, .n_na = 1}, NULL},
    /* lenient: records */
    {"a,b\n1,2\n3,4,5\n6\n7,8\n", 0,
     "a:real b:real\n1|2\n7|8\n# 3 - '3,4,5' 3 fields, expected 2\n"
     "# 4 - '6' 1 field, expected 2\n", {.lenient = true}, NULL},
    {"a,b\r\n1,2\r\n\"x\r\ny\",4,\"5\"\"\"\r\n\r\n7,8\r\n9", 0,
     "a:real b:real\n1|2\n7|8\n"
     "# 3 - '\"x\\x0D\\x0Ay\",4,\"5\"\"\"' 3 fields, expected 2\n"
     "# 5 - '' an empty line\n# 7 - '9' 1 field, expected 2\n",
     {.lenient = true}, NULL},
    {"a,b\n\n\n\n1,2\n\n3,4\n\n\n", 0,
     "a:real b:real\n1|2\n3|4\n# 2 - '' 3 empty lines\n# 6 - '' an empty "
     "line\n", {.lenient = true}, NULL},
    {"a,b\n1\n\n2,3,4\n", 0,
     "format: x.csv:2: 1 field, expected 2; line 3: nothing; line 4: 3 fields; "
     "3 such records; none has the length of the header", {.lenient = true},
     NULL},
    {"a,b\n", 0, "a:real b:real\n", {.lenient = true}, NULL},
    {"a,b\n1,2\n3,\"4\n", 0, "format: x.csv:3:3: this quote is never closed",
     {.lenient = true}, NULL},
    {"a,b\n1,2\n\"3\"x,4\n", 0,
     "format: x.csv:3:4: text behind a closing quote; a quote within quotes "
     "is doubled", {.lenient = true}, NULL},
    /* censored */
    {"AVAL\n<50\n50\n>1e7\n\n", 0,
     "AVAL:real BLQFL:text LLOQ:real ALQFL:text ULOQ:real\n"
     "50|'Y'|50|'N'|NA\n50|'N'|NA|'N'|NA\n10000000|'N'|NA|'Y'|10000000\n"
     "NA|NA|NA|NA|NA\n", {.censored = aval, .n_censored = 1}, NULL},
    {"AVAL,b\n< 3.2,<5\n<=5,6\n\"<-0.5\",7\n\xE2\x89\xA4 2,8\nNA,9\n\"\",1\n",
     0,
     "AVAL:real BLQFL:text LLOQ:real b:text\n3.2|'Y'|3.2|'<5'\n5|'Y'|5|'6'\n"
     "-0.5|'Y'|-0.5|'7'\n2|'Y'|2|'8'\nNA|NA|NA|'9'\nNA|NA|NA|'1'\n",
     {.censored = aval, .n_censored = 1}, NULL},
    {"a,b\n<1,1\n2,\xE2\x89\xA5" "3\n", 0,
     "a:real a_BLQFL:text a_LLOQ:real b:real b_BLQFL:text b_LLOQ:real "
     "b_ALQFL:text b_ULOQ:real\n1|'Y'|1|1|'N'|NA|'N'|NA\n"
     "2|'N'|NA|3|'N'|NA|'Y'|3\n", {.censored = a_and_b, .n_censored = 2},
     NULL},
    {"AVAL\n1\n2\n", 0,
     "AVAL:real BLQFL:text LLOQ:real\n1|'N'|NA\n2|'N'|NA\n",
     {.censored = aval, .n_censored = 1}, NULL},
    {"AVAL\n", 0, "AVAL:real BLQFL:text LLOQ:real\n",
     {.censored = aval, .n_censored = 1}, NULL},
    {"AVAL\n<1\n1,250\n<<2\n<\n> \n3\n", 0,
     "format: x.csv:3: 2 fields, expected 1; lenient = true sets them apart; "
     "x.csv:4:1: '<<2' is not a number in column AVAL; also 5:1: '<', 6:1: "
     "'> '; 3 of 5 values, but censored says numbers and limits; na = { words "
     "} or lenient = true decides",
     {.censored = aval, .n_censored = 1}, NULL},
    {"AVAL\n<1\n\"1,250\"\n<<2\n<\n> \n<x\n<NA\n3\n", 0,
     "type: x.csv:3:1: '1,250' is not a number (a comma between digits) in column AVAL; also 4:1: "
     "'<<2', 5:1: '<', 6:1: '> ', 7:1: '<x'; 6 of 8 values, but censored says "
     "numbers and limits; na = { words } or lenient = true decides",
     {.censored = aval, .n_censored = 1}, NULL},
    {"AVAL\n<1\nND\nx\n", 0,
     "AVAL:real BLQFL:text LLOQ:real\n1|'Y'|1\nNA|NA|NA\nNA|NA|NA\n"
     "# 4 AVAL 'x' is not a number\n",
     {.censored = aval, .n_censored = 1, .lenient = true, .na = nd, .n_na = 1},
     NULL},
    {"AVAL\n1\n", 0,
     "not found: x.csv: censored: there is no column AVLA; nearest: AVAL",
     {.censored = not_there, .n_censored = 1}, NULL},
    {"a,b\n1,2\n", 0, "invalid: x.csv: censored: a is text, as types says it",
     {.censored = a_and_b, .n_censored = 2, .types = a_text, .n_type = 1},
     NULL},
    {"a,b\n1,2\n", 0,
     "invalid: x.csv: censored: a is text, as its list of codes says it",
     {.censored = a_and_b, .n_censored = 2, .codes = a_codes, .n_codes = 1},
     NULL},
    {"lloq,AVAL\n1,2\n", 0,
     "exists: x.csv: censored: AVAL would get a column LLOQ, which is there "
     "already", {.censored = aval, .n_censored = 1}, NULL},
    {"a,a_BLQFL,b\n1,2,3\n", 0,
     "exists: x.csv: censored: a would get a column a_BLQFL, which is there "
     "already", {.censored = a_and_b, .n_censored = 2}, NULL},
    /* any_censored: where the column is numeric otherwise */
    {"a,b,c,d\n1,<2,x,<1\n3,4,<5,>2\n", 0,
     "a:real b:real b_BLQFL:text b_LLOQ:real c:text d:real d_BLQFL:text "
     "d_LLOQ:real d_ALQFL:text d_ULOQ:real\n1|2|'Y'|2|'x'|1|'Y'|1|'N'|NA\n"
     "3|4|'N'|NA|'<5'|2|'N'|NA|'Y'|2\n", {.any_censored = true}, NULL},
    {"\"" LONG "\"\n<1\n", 0,
     LONG ":real " LONG "_BLQFL:text " LONG "_LLOQ:real\n1|'Y'|1\n",
     {.any_censored = true}, NULL},
    {"a\n<1\n2\n", 0, "a:text\n'<1'\n'2'\n",
     {.any_censored = true, .types = a_text, .n_type = 1}, NULL},
    {"a\n" TEN "<2\nx\n", 0,
     "type: x.csv:12:1: 'x' is not a number in column a; 1 of 11 values; types "
     "= { a = \"text\" }, na = { words } or lenient = true decides",
     {.any_censored = true}, NULL},
    {"a\n" TEN "<2\n", 0,
     "type: x.csv:11:1: '<2' is not a number in column a; 1 of 10 values; "
     "censored = { \"a\" } reads limits; types = { a = \"text\" }, na = { "
     "words "
     "} or lenient = true decides", {0}, NULL},
    /* the decimal comma */
    {"a;b\n1,5;-0,25e-3\n+2;1.5\n", 0,
     "a:real b:text\n1.5|'-0,25e-3'\n2|'1.5'\n", {.decimal_comma = true},
     NULL},
    {"a;b;c\n1,5;1,2,3;1.000,5\n,5;2,;1.000\n", 0,
     "a:text b:text c:text\n'1,5'|'1,2,3'|'1.000,5'\n',5'|'2,'|'1.000'\n",
     {.decimal_comma = true}, NULL},
    {"a\tb\n1,5\t.\n\t<0,3\n", 0,
     "a:real b:real b_BLQFL:text b_LLOQ:real\n1.5|NA|NA|NA\nNA|0.3|'Y'|0.3\n",
     {.decimal_comma = true, .any_censored = true}, NULL},
    {"a\n1,5\n0,1\n", 0, "a:real\n1.5\n0.1\n", {.decimal_comma = true}, NULL},
    {"a,b\tc\n1,5\t2\n", 0, "a,b:real c:real\n1.5|2\n",
     {.decimal_comma = true}, NULL},
    {"a,b\n1,\"3,2\"\n2,3.2\n", 0, "a:real b:text\n1|'3,2'\n2|'3.2'\n",
     {.decimal_comma = true}, NULL},
    {"a,b\n1,\"3,2\"\n2,\"<-4,5\"\n", 0,
     "a:real b:real b_BLQFL:text b_LLOQ:real\n1|3.2|'N'|NA\n2|-4.5|'Y'|-4.5\n",
     {.decimal_comma = true, .any_censored = true}, NULL},
    {"a;b\n1;2\n", 0, "a;b:text\n'1;2'\n",
     {.decimal_comma = true, .delimiter = ','}, NULL},
    {"a,b,c\n\"1,5\",\"1,5\",x\n1.25,2,y\n", 0,
     "a:real b:text c:text\n1.5|'1,5'|'x'\n1.25|'2'|'y'\n",
     {.comma = a_and_b, .n_comma = 1}, NULL},
    {"b\n1\n", 0, "not found: x.csv: decimal commas: there is no column a; "
     "nearest: b", {.comma = a_and_b, .n_comma = 1}, NULL},
    {"a;b\n1,5;2\n", 0, "a:text b:real\n'1,5'|2\n", {0}, NULL},
    /* lines to skip */
    {"Study, \"X\nmade 2024\na,b\n1,2\n", 0, "a:real b:real\n1|2\n",
     {.skip = 2}, NULL},
    {"x\r\ny\rz\na;b\r\n1;2\r\n", 0, "a:real b:real\n1|2\n", {.skip = 3},
     NULL},
    {"\n\na\n1\n", 0, "a:real\n1\n", {.skip = 2}, NULL},
    {"\xEF\xBB\xBFtitle\na,b\n1,2,3\n", 0,
     "format: x.csv:3: 3 fields, expected 2; lenient = true sets them apart",
     {.skip = 1}, NULL},
    {"sep=;\ntitle\na;b\n1;2\n", 0, "a:real b:real\n1|2\n", {.skip = 2}, NULL},
    {"sep=;\na;b\n1;2\n", 0, "a:real b:real\n1|2\n", {.skip = 1}, NULL},
    {"x\ny\n", 0, "format: x.csv: skip = 3, but the file has 2 lines",
     {.skip = 3}, NULL},
    {"x", 0, "format: x.csv: skip = 1, but the file has 1 line", {.skip = 1},
     NULL},
    {"x\n", 0,
     "format: x.csv:2: the line is empty; it must hold the names of the "
     "columns", {.skip = 1}, NULL},
    {"x\r", 0,
     "format: x.csv:2: the line is empty; it must hold the names of the "
     "columns", {.skip = 1}, NULL},
    {"t\xF6\na\n1\n", 0,
     "format: x.csv:1:2: byte 0xF6 is not valid UTF-8; if the file is older, "
     "say encoding = \"latin1\" or \"windows-1252\"", {.skip = 1}, NULL},
    /* whole numbers that are not exact */
    {"a,b,c\n9007199254740993,9007199254740992,1\n"
     "-9007199254740993,9007199254740994,12345678901234567.5\n", 0,
     "a:text b:real c:text\n'9007199254740993'|9007199254740992|'1'\n"
     "'-9007199254740993'|9007199254740994|'12345678901234567.5'\n", {0}, NULL},
    {"a\n9007199254740993.0\n90071992547409930e0\n12345678901234568\n", 0,
     "a:text\n'9007199254740993.0'\n'90071992547409930e0'\n"
     "'12345678901234568'\n", {.types = a_text, .n_type = 1}, NULL},
    {"a\n9007199254740993.\n" TEN TEN, 0,
     "type: x.csv:2:1: '9007199254740993.' is not a number in column a; 1 of "
     "19 "
     "values; types = { a = \"text\" }, na = { words } or lenient = true "
     "decides", {0}, NULL},
    {"a\n90071992547409.93\n9007199254740993e2\n12345678901234568\n", 0,
     "a:real\n90071992547409.94\n9.007199254740993e+17\n12345678901234568\n",
     {0}, NULL},
    {"ID\n" TEN "9007199254740993\n", 0,
     "type: x.csv:11:1: '9007199254740993' is not a number (whole, beyond "
     "2^53, where not each can be held) in column ID; 1 of 10 values; types = { ID = \"text\" }, na = { "
     "words } or lenient = true decides", {0}, NULL},
    {"a\n" TEN "123456789012345678\n", 0,
     "a:real\n" TEN_OUT
     "NA\n# 11 a '123456789012345678' is not a number (whole, beyond 2^53, "
     "where not each can be held)\n", {.lenient = true}, NULL},
    {"a\n" TEN "0.1000000000000000055\n", 0,
     "a:real\n" TEN_OUT "NA\n# 11 a '0.1000000000000000055' is not a number "
     "(more than 17 digits)\n", {.lenient = true}, NULL},
    {"a\n" TEN TEN TEN TEN TEN "-007\n\"1,000,000.5\"\n1e999\n5-6\n1.2.3\n", 0,
     "a:real\n" TEN_OUT TEN_OUT TEN_OUT TEN_OUT TEN_OUT
     "NA\nNA\nNA\nNA\nNA\n# 47 a '-007' is not a number (zeros lead it)\n"
     "# 48 a '1,000,000.5' is not a number (a comma between digits)\n"
     "# 49 a '1e999' is not a number (out of their range)\n"
     "# 50 a '5-6' is not a number\n# 51 a '1.2.3' is not a number\n",
     {.lenient = true}, NULL},
    {"a\n<9007199254740993\n<1\n", 0, "a:text\n'<9007199254740993'\n'<1'\n",
     {.any_censored = true}, NULL},
    {"a\n9007199254740993\n1,5\n", 0, "a:text\n'9007199254740993'\n'1,5'\n",
     {.decimal_comma = true}, NULL},
    /* codes */
    {"a,b\n1,x\n2,y\n,z\n\"\",z\n10,w\n", 0,
     "a:text b:text\n'Male'|'x'\n'Female'|'y'\nNA|'z'\nNA|'z'\n"
     "'Not \"known\"'|'w'\n", {.codes = a_codes, .n_codes = 1}, NULL},
    {"a,b\n1,x\n3,y\n01,z\nNA,z\n", 0,
     "type: x.csv:3:1: '3' is none of the codes in column a; also 4:1: '01', "
     "5:1: 'NA'; 3 of 4 values; the codes are 2, 1, 10; types = { a = "
     "\"text\" }, na = { words } or lenient = true decides",
     {.codes = a_codes, .n_codes = 1}, NULL},
    {"a,b\n1,x\n3,y\nND,z\n", 0,
     "a:text b:text\n'Male'|'x'\nNA|'y'\nNA|'z'\n# 3 a '3' is none of the "
     "codes\n",
     {.codes = a_codes, .n_codes = 1, .lenient = true, .na = nd, .n_na = 1},
     NULL},
    {"a\n0\n", 0,
     "type: x.csv:2:1: '0' is none of the codes in column a; 1 of 1 value; "
     "the codes are 1, 2, 3, 4, 5, 6, 7, 8, ...; types = { a = \"text\" }, na "
     "= { words } or lenient = true decides",
     {.codes = a_many, .n_codes = 1}, NULL},
    {"sex\n1\n", 0, "not found: x.csv: codes: there is no column sexx; "
     "nearest: sex", {.codes = z_codes, .n_codes = 1}, NULL},
    {"a\nx\n1\n", 0,
     "type: x.csv:2:1: 'x' is not a number in column a; 1 of 2 values, but the "
     "dictionary says real; types = { a = \"text\" }, na = { words } or "
     "lenient = true decides", {.types = a_real, .n_type = 1}, NULL},
    /* what dictionaries and others ask for */
    {"a,b,c\n1,\"\",\n2,\"x\",\"\"\n", 0, "a:real b:text c:real\n1|NA|NA\n"
     "2|'x'|NA\n", {.empty_is_missing = true}, NULL},
    {"a,b\n1,2\n3,\n", 0, "a:real b:text\n1|'2'\n3|NA\n",
     {.all_text = true, .types = a_real, .n_type = 1}, NULL},
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

/* What is told of the columns, those that are made included. */
static void counts(void **unused)
{
    static const char text[] =
        "AVAL,s,t\n<1,x,\"1,5\"\n>5,<3,<2\n2,4,7\n,y,8\n\"\",z,9\n";
    ts_csv_options options = {.data = text,
                              .n_data = sizeof text - 1,
                              .delimiter = ',',
                              .censored = aval,
                              .n_censored = 1};
    ts_csv *csv;
    ts_error err;
    (void)unused;
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    const ts_csv_facts *f = ts_csv_get_facts(csv);
    const ts_csv_column *c = f->column;
    assert_int_equal(f->n_column, 7);
    assert_true(c[0].n_below == 1 && c[0].n_above == 1 && c[0].n_number == 1);
    assert_true(c[0].n_missing == 2 && c[0].n_quoted == 1);
    assert_true(c[1].n_missing == 2 && c[2].n_missing == 4);
    assert_true(c[3].n_missing == 2 && c[4].n_missing == 4);
    assert_string_equal(c[5].name, "s");
    assert_true(c[5].n_limit == 1 && c[5].n_number == 1);
    assert_true(c[6].n_limit == 1 && c[6].n_comma == 1);
    assert_true(f->n_row == 5 && f->n_reject == 0);
    assert_null(ts_csv_get_rejects(csv));
    ts_csv_close(csv);
    assert_int_equal(ts_memory_live(), 0);
}

/* Rejects are those of the last pass; facts count them before. */
static void rejects(void **unused)
{
    static const char text[] = "a,b\n1,1\n2,2\n\n\n3\n4,4\n5,5\n6,6\n7,7\n"
                               "8,8\n9,9\n10,x\n11,11\n12,12\n";
    ts_csv_options options = {
        .data = text, .n_data = sizeof text - 1, .lenient = true};
    ts_csv *csv;
    ts_frame *frame;
    ts_error err;
    (void)unused;
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    const ts_csv_facts *f = ts_csv_get_facts(csv);
    assert_true(f->n_reject == 2 && f->column[0].n_reject == 0);
    assert_true(f->column[1].n_reject == 1 && f->column[1].n_missing == 1);
    assert_null(ts_csv_get_rejects(csv));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(ts_csv_frame(csv, &frame, &err), 0);
        assert_int_equal(frame->n_row, 11);
        ts_frame_free(frame);
        const ts_frame *r = ts_csv_get_rejects(csv);
        assert_int_equal(r->n_row, 3);
        assert_true(r->column[0]->real[0] == 4 && r->column[0]->real[2] == 13);
        assert_null(ts_column_text(r->column[1], 0));
        assert_string_equal(ts_column_text(r->column[1], 2), "b");
    }
    ts_csv_close(csv);
    assert_int_equal(ts_memory_live(), 0);
}

/* A frame whose columns have codes declares their labels, in order. */
static void levels(void **unused)
{
    static const char text[] = "a\n1\n10\n1\n";
    ts_csv_options options = {.data = text,
                              .n_data = sizeof text - 1,
                              .codes = a_codes,
                              .n_codes = 1};
    ts_csv *csv;
    ts_frame *frame;
    ts_error err;
    (void)unused;
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    assert_int_equal(ts_csv_get_facts(csv)->column[0].n_level, 3);
    assert_int_equal(ts_csv_frame(csv, &frame, &err), 0);
    const ts_column *c = frame->column[0];
    assert_true(c->ordered && c->n_level == 3);
    assert_string_equal(c->level[0], "Female");
    assert_string_equal(ts_column_text(c, 0), "Male");
    ts_frame_free(frame);
    ts_csv_close(csv);
    assert_int_equal(ts_memory_live(), 0);
}

static void names_only(void **unused)
{
    static const char text[] = "t\na;b\n1\n";
    ts_csv_options options = {
        .data = text, .n_data = sizeof text - 1, .skip = 1, .names_only = true};
    ts_csv *csv;
    ts_error err;
    (void)unused;
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), 0);
    const ts_csv_facts *f = ts_csv_get_facts(csv);
    assert_int_equal(f->n_column, 2);
    assert_string_equal(f->column[1].name, "b");
    ts_csv_close(csv);
    assert_int_equal(ts_memory_live(), 0);
}

/* 2000 columns are read, but not with one more that censored makes. */
static void too_many_made(void **unused)
{
    ts_buffer text = {0};
    ts_csv *csv;
    ts_error err;
    (void)unused;
    for (int i = 0; i < 1999; i++)
        ts_buffer_printf(&text, "%sv%d", i ? "," : "", i);
    for (int i = 0; i < 1999; i++)
        ts_buffer_printf(&text, "%s<%d", i ? "," : "\n", i);
    ts_csv_options options = {
        .data = text.data, .n_data = text.length, .any_censored = true};
    assert_int_equal(ts_csv_open("x.csv", &options, &csv, &err), TS_ELIMIT);
    assert_string_equal(err.text, "x.csv: more than 2000 columns with those "
                                  "that censored makes");
    ts_buffer_free(&text);
    assert_int_equal(ts_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),       cmocka_unit_test(each_block),
        cmocka_unit_test(each_allocation), cmocka_unit_test(counts),
        cmocka_unit_test(rejects),         cmocka_unit_test(levels),
        cmocka_unit_test(names_only),      cmocka_unit_test(too_many_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
