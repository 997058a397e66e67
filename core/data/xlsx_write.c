/*
 * XLSX: the parts of a workbook beside its sheets. Nothing here knows a time
 * of day or a random number.
 */
#include "xlsx_private.h"

#include <stdio.h>
#include <string.h>
#include "ts/memory.h"

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006"
#define TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

/* Text --------------------------------------------------------------------- */

static bool is_hex(char c)
{
    return c && strchr("0123456789ABCDEFabcdef", c);
}

/* What stands there already as _xHHHH_ must not be taken for a letter. */
static bool looks_escaped(const char *p)
{
    return p[0] == '_' && p[1] == 'x' && is_hex(p[2]) && is_hex(p[3]) &&
           is_hex(p[4]) && is_hex(p[5]) && p[6] == '_';
}

void xlsx_add_text(ts_buffer *out, const char *text)
{
    const char *from = text;
    char escaped[16];
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        const char *as = NULL;
        size_t n = 1;
        if (c == '&') {
            as = "&amp;";
        } else if (c == '<') {
            as = "&lt;";
        } else if (c == '>') {
            as = "&gt;";
        } else if (c == '"') {
            as = "&quot;";
        } else if ((c < 0x20 && c != '\t' && c != '\n')) {
            snprintf(escaped, sizeof escaped, "_x%04X_", c);
            as = escaped;
        } else if (c == '_' && looks_escaped(p)) {
            as = "_x005F_";
        } else if (c == 0xEF && (unsigned char)p[1] == 0xBF &&
                   (unsigned char)p[2] >= 0xBE) {
            as = (unsigned char)p[2] == 0xBE ? "_xFFFE_" : "_xFFFF_";
            n = 3;
        }
        if (!as)
            continue;
        ts_buffer_add(out, from, (size_t)(p - from));
        ts_buffer_puts(out, as);
        p += n - 1;
        from = p + 1;
    }
    ts_buffer_puts(out, from);
}

void xlsx_add_t(ts_buffer *out, const char *text)
{
    size_t n = strlen(text);
    bool blank =
        n && (strchr(" \t\n", text[0]) || strchr(" \t\n", text[n - 1]));
    ts_buffer_puts(out, blank ? "<t xml:space=\"preserve\">" : "<t>");
    xlsx_add_text(out, text);
    ts_buffer_puts(out, "</t>");
}

/* Parts -------------------------------------------------------------------- */

static void add_types(xlsx_writer *w)
{
    ts_buffer *out = &w->out;
    ts_buffer_puts(
        out,
        "<Types xmlns=\"" PACKAGE "/content-types\">"
        "<Default Extension=\"rels\" ContentType=\"application/"
        "vnd.openxmlformats-package.relationships+xml\"/>"
        "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
        "<Default Extension=\"vml\" ContentType=\"application/"
        "vnd.openxmlformats-officedocument.vmlDrawing\"/>"
        "<Override PartName=\"/docProps/core.xml\" ContentType=\""
        "application/vnd.openxmlformats-package.core-properties+xml\"/>"
        "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE
        "sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" "
        "ContentType=\"" TYPE "styles+xml\"/><Override PartName=\""
        "/xl/sharedStrings.xml\" ContentType=\"" TYPE "sharedStrings+xml\"/>");
    for (size_t i = 1; i <= w->n_sheet; i++) {
        ts_buffer_printf(out,
                         "<Override PartName=\"/xl/worksheets/sheet%zu.xml\" "
                         "ContentType=\"" TYPE "worksheet+xml\"/>",
                         i);
        if (w->sheet[i - 1].n_comment)
            ts_buffer_printf(out,
                             "<Override PartName=\"/xl/comments%zu.xml\" "
                             "ContentType=\"" TYPE "comments+xml\"/>",
                             i);
    }
    ts_buffer_puts(out, "</Types>\n");
}

static void add_relations(xlsx_writer *w)
{
    ts_buffer_puts(&w->out,
                   "<Relationships xmlns=\"" PACKAGE "/relationships\">"
                   "<Relationship Id=\"rId1\" Type=\"" OFFICE
                   "/relationships/officeDocument\" "
                   "Target=\"xl/workbook.xml\"/>"
                   "<Relationship Id=\"rId2\" Type=\"" PACKAGE
                   "/relationships/metadata/core-properties\" "
                   "Target=\"docProps/core.xml\"/></Relationships>\n");
}

static void add_property(ts_buffer *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    ts_buffer_printf(out, "<%s>", name);
    xlsx_add_text(out, value);
    ts_buffer_printf(out, "</%s>", name);
}

static void add_properties(xlsx_writer *w)
{
    const ts_xlsx_options *o = w->options;
    ts_buffer *out = &w->out;
    const char *created = o->created ? o->created : "1960-01-01T00:00:00";
    ts_buffer_puts(out,
                   "<cp:coreProperties xmlns:cp=\"" PACKAGE
                   "/metadata/core-properties\" "
                   "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
                   "xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                   "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
    add_property(out, "dc:title", o->title);
    add_property(out, "dc:creator", o->creator);
    add_property(out, "cp:keywords", o->keywords);
    ts_buffer_printf(out,
                     "<dcterms:created xsi:type=\"dcterms:W3CDTF\">%sZ"
                     "</dcterms:created><dcterms:modified "
                     "xsi:type=\"dcterms:W3CDTF\">%sZ</dcterms:modified>"
                     "</cp:coreProperties>\n",
                     created, created);
}

static void add_workbook(xlsx_writer *w)
{
    ts_buffer *out = &w->out;
    ts_buffer_puts(out, "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" OFFICE
                        "/relationships\"><bookViews><workbookView "
                        "windowWidth=\"22000\" windowHeight=\"12000\"/>"
                        "</bookViews><sheets>");
    for (size_t i = 1; i <= w->n_sheet; i++) {
        ts_buffer_puts(out, "<sheet name=\"");
        xlsx_add_text(out, w->sheet[i - 1].given->name);
        ts_buffer_printf(out, "\" sheetId=\"%zu\" r:id=\"rId%zu\"/>", i, i);
    }
    ts_buffer_puts(out, "</sheets></workbook>\n");
}

static void add_workbook_relations(xlsx_writer *w)
{
    ts_buffer *out = &w->out;
    size_t n = w->n_sheet;
    ts_buffer_puts(out, "<Relationships xmlns=\"" PACKAGE "/relationships\">");
    for (size_t i = 1; i <= n; i++)
        ts_buffer_printf(out,
                         "<Relationship Id=\"rId%zu\" Type=\"" OFFICE
                         "/relationships/worksheet\" "
                         "Target=\"worksheets/sheet%zu.xml\"/>",
                         i, i);
    ts_buffer_printf(out,
                     "<Relationship Id=\"rId%zu\" Type=\"" OFFICE
                     "/relationships/styles\" Target=\"styles.xml\"/>"
                     "<Relationship Id=\"rId%zu\" Type=\"" OFFICE
                     "/relationships/sharedStrings\" "
                     "Target=\"sharedStrings.xml\"/></Relationships>\n",
                     n + 1, n + 2);
}

/* The list of formats is that of xlsx_style. */
static void add_styles(xlsx_writer *w)
{
    static const int formats[] = {0, 49, 49, 164, 165, 166, 167, 168, 169};
    ts_buffer *out = &w->out;
    ts_buffer_puts(
        out,
        "<styleSheet xmlns=\"" MAIN "\"><numFmts count=\"6\">"
        "<numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/>"
        "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd hh:mm:ss\"/>"
        "<numFmt numFmtId=\"166\" formatCode=\"yyyy\\-mm\\-dd hh:mm:ss.000\"/>"
        "<numFmt numFmtId=\"167\" formatCode=\"hh:mm:ss\"/>"
        "<numFmt numFmtId=\"168\" formatCode=\"hh:mm:ss.000\"/>"
        "<numFmt numFmtId=\"169\" formatCode=\"[hh]:mm:ss\"/></numFmts>"
        "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/>"
        "</font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font>"
        "</fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/>"
        "</fill><fill><patternFill patternType=\"gray125\"/></fill></fills>"
        "<borders count=\"1\"><border><left/><right/><top/><bottom/>"
        "<diagonal/></border></borders><cellStyleXfs count=\"1\"><xf "
        "numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/>"
        "</cellStyleXfs>");
    ts_buffer_printf(out, "<cellXfs count=\"%zu\">",
                     sizeof formats / sizeof *formats);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        ts_buffer_printf(out,
                         "<xf numFmtId=\"%d\" fontId=\"%d\" fillId=\"0\" "
                         "borderId=\"0\" xfId=\"0\"%s%s/>",
                         formats[i], i == XLSX_NAME,
                         formats[i] ? " applyNumberFormat=\"1\"" : "",
                         i == XLSX_NAME ? " applyFont=\"1\"" : "");
    ts_buffer_puts(out, "</cellXfs><cellStyles count=\"1\"><cellStyle "
                        "name=\"Normal\" xfId=\"0\" builtinId=\"0\"/>"
                        "</cellStyles></styleSheet>\n");
}

/* Each text once for its column, in the order of their numbers. */
static ts_status write_shared(xlsx_writer *w, ts_error *err)
{
    ts_status status = TS_OK;
    ts_buffer_puts(&w->out, XML "<sst xmlns=\"" MAIN "\">\n");
    for (size_t s = 0; s < w->n_sheet; s++)
        for (size_t j = 0; j < w->sheet[s].given->frame->n_column; j++) {
            const xlsx_column *c = &w->sheet[s].column[j];
            size_t n = c->shared ? c->column->n : 0;
            int32_t next = -1;
            for (size_t i = 0; i < n && !status; i++) {
                int32_t code = c->column->code[i];
                if (code < 0 || c->shared[code] <= next)
                    continue;
                next = c->shared[code];
                ts_buffer_puts(&w->out, "<si>");
                xlsx_add_t(&w->out, c->column->level[code]);
                ts_buffer_puts(&w->out, "</si>\n");
                status = xlsx_flush(w, 1 << 18, err);
            }
        }
    ts_buffer_puts(&w->out, "</sst>\n");
    return status ? status : xlsx_flush(w, 0, err);
}

/* The file ----------------------------------------------------------------- */

ts_status xlsx_flush(xlsx_writer *w, size_t most, ts_error *err)
{
    if (w->out.failed)
        return ts_fail_memory(err);
    if (w->out.length <= most)
        return TS_OK;
    ts_status status = ts_zip_add(w->zip, w->out.data, w->out.length, err);
    ts_buffer_clear(&w->out);
    return status;
}

static ts_status write_parts(xlsx_writer *w, ts_error *err)
{
    static const struct {
        const char *name;
        void (*add)(xlsx_writer *);
    } parts[] = {
        {"[Content_Types].xml", add_types},
        {"_rels/.rels", add_relations},
        {"docProps/core.xml", add_properties},
        {"xl/workbook.xml", add_workbook},
        {"xl/_rels/workbook.xml.rels", add_workbook_relations},
        {"xl/styles.xml", add_styles},
    };
    ts_status status = TS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !status; i++) {
        status = ts_zip_entry(w->zip, parts[i].name, err);
        if (!status) {
            ts_buffer_puts(&w->out, XML);
            parts[i].add(w);
            status = xlsx_flush(w, 0, err);
        }
    }
    if (!status)
        status = ts_zip_entry(w->zip, "xl/sharedStrings.xml", err);
    if (!status)
        status = write_shared(w, err);
    for (size_t i = 0; i < w->n_sheet && !status; i++) {
        char name[60];
        snprintf(name, sizeof name, "xl/worksheets/sheet%zu.xml", i + 1);
        status = ts_zip_entry(w->zip, name, err);
        ts_buffer_puts(&w->out, XML);
        if (!status)
            status = xlsx_write_sheet(w, i, err);
        if (!status && w->sheet[i].n_comment)
            status = xlsx_write_comments(w, i, err);
    }
    return status;
}

static ts_status check_created(const char *created, ts_error *err)
{
    static const char form[] = "0000-00-00T00:00:00";
    bool good = !created || strlen(created) == sizeof form - 1;
    for (size_t i = 0; created && good && form[i]; i++)
        good = form[i] == '0' ? created[i] >= '0' && created[i] <= '9'
                              : created[i] == form[i];
    return good ? TS_OK
                : ts_fail(err, TS_EINVALID,
                          "created is a time such as \"2026-11-24T03:12:43\"");
}

ts_status ts_xlsx_write(const char *path, const ts_xlsx_sheet *sheets, size_t n,
                        const ts_xlsx_options *options, ts_error *err)
{
    enum { MOST_SHEETS = 1000 };
    xlsx_writer w = {.n_sheet = n, .options = options};
    size_t shapes = 1024;
    if (n == 0 || n > MOST_SHEETS)
        return ts_fail(err, TS_EINVALID, "a workbook has 1 to %d sheets",
                       MOST_SHEETS);
    ts_status status = check_created(options->created, err);
    if (status)
        return status;
    if (!(w.sheet = ts_alloc_array(n, sizeof *w.sheet)))
        return ts_fail_memory(err);
    for (size_t i = 0; i < n && !status; i++) {
        w.sheet[i].given = &sheets[i];
        status = xlsx_check(&w, i, err);
        w.sheet[i].first_shape = shapes;
        shapes += (w.sheet[i].n_comment / 1024 + 1) * 1024;
    }
    if (!status)
        status = ts_zip_begin(path, options->mode, &w.zip, err);
    if (!status) {
        status = write_parts(&w, err);
        if (status)
            ts_zip_discard(w.zip);
        else
            status = ts_zip_end(w.zip, err);
    }
    for (size_t i = 0; i < n; i++) {
        xlsx_sheet *s = &w.sheet[i];
        for (size_t j = 0; s->column && j < s->given->frame->n_column; j++)
            ts_free(s->column[j].shared);
        ts_free(s->column);
    }
    ts_free(w.sheet);
    ts_buffer_free(&w.out);
    return status;
}
