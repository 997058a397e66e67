/* The sheets of a workbook, and the comments that hold labels. */
#include "xlsx_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "sas_date.h"
#include "ts/interrupt.h"

#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELATIONS                                                              \
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

/* Cells -------------------------------------------------------------------- */

static void add_whole(ts_buffer *out, size_t x)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + x % 10);
        x /= 10;
    } while (x);
    ts_buffer_add(out, digits + at, sizeof digits - at);
}

/* <c r="B7" s="2" */
static void begin_cell(ts_buffer *out, const xlsx_column *c, size_t row,
                       xlsx_style style)
{
    ts_buffer_puts(out, "<c r=\"");
    ts_buffer_puts(out, c->letters);
    add_whole(out, row);
    if (style != XLSX_GENERAL) {
        ts_buffer_puts(out, "\" s=\"");
        add_whole(out, style);
    }
    ts_buffer_puts(out, "\"");
}

static void add_text_cell(ts_buffer *out, const xlsx_column *c, size_t row,
                          xlsx_style style, const char *text)
{
    begin_cell(out, c, row, style);
    ts_buffer_puts(out, " t=\"inlineStr\"><is>");
    xlsx_add_t(out, text);
    ts_buffer_puts(out, "</is></c>");
}

static void add_cell(ts_buffer *out, const xlsx_column *c, size_t i)
{
    const ts_column *column = c->column;
    char text[40];
    size_t row = i + 2;
    if (ts_column_is_na(column, i))
        return;
    if (column->type == TS_TEXT) {
        begin_cell(out, c, row, c->style);
        ts_buffer_puts(out, " t=\"s\"><v>");
        add_whole(out, (size_t)c->shared[column->code[i]]);
    } else {
        double x = column->real[i];
        if (c->kind && xlsx_is_early(x, c->kind)) {
            sas_date_format(x, c->kind, text);
            add_text_cell(out, c, row, XLSX_TEXT, text);
            return;
        }
        begin_cell(out, c, row, c->style);
        ts_number_format(c->kind ? xlsx_serial(x, c->kind) : x, text);
        ts_buffer_puts(out, "><v>");
        ts_buffer_puts(out, text);
    }
    ts_buffer_puts(out, "</v></c>");
}

/* Sheets ------------------------------------------------------------------- */

static void add_head(ts_buffer *out, const xlsx_sheet *s, bool first)
{
    const ts_frame *frame = s->given->frame;
    size_t n = frame->n_column;
    ts_buffer_puts(out,
                   "<worksheet xmlns=\"" MAIN "\" xmlns:r=\"" RELATIONS "\">");
    if (s->given->mark)
        ts_buffer_puts(out, "<sheetPr><tabColor rgb=\"FFFF0000\"/></sheetPr>");
    ts_buffer_printf(out, "<dimension ref=\"A1:%s%zu\"/>",
                     s->column[n - 1].letters, frame->n_row + 1);
    ts_buffer_printf(out,
                     "<sheetViews><sheetView%s workbookViewId=\"0\"><pane "
                     "ySplit=\"1\" topLeftCell=\"A2\" "
                     "activePane=\"bottomLeft\" state=\"frozen\"/>"
                     "</sheetView></sheetViews><cols>",
                     first ? " tabSelected=\"1\"" : "");
    for (size_t j = 0; j < n; j++)
        ts_buffer_printf(out,
                         "<col min=\"%zu\" max=\"%zu\" width=\"%zu\" "
                         "style=\"%d\" customWidth=\"1\"/>",
                         j + 1, j + 1, s->column[j].width,
                         (int)s->column[j].style);
    ts_buffer_puts(out, "</cols><sheetData>\n<row r=\"1\">");
    for (size_t j = 0; j < n; j++)
        add_text_cell(out, &s->column[j], 1, XLSX_NAME,
                      s->column[j].column->name);
    ts_buffer_puts(out, "</row>\n");
}

ts_status xlsx_write_sheet(xlsx_writer *w, size_t sheet, ts_error *err)
{
    enum { BLOCK = 1 << 18 };
    const xlsx_sheet *s = &w->sheet[sheet];
    const ts_frame *frame = s->given->frame;
    ts_buffer *out = &w->out;
    ts_status status = TS_OK;
    add_head(out, s, sheet == 0);
    for (size_t i = 0; i < frame->n_row && !status; i++) {
        ts_buffer_puts(out, "<row r=\"");
        add_whole(out, i + 2);
        ts_buffer_puts(out, "\">");
        for (size_t j = 0; j < frame->n_column; j++)
            add_cell(out, &s->column[j], i);
        ts_buffer_puts(out, "</row>\n");
        if (out->length < BLOCK && !out->failed)
            continue;
        status = xlsx_flush(w, BLOCK, err);
        if (!status)
            status = ts_progress("rows written", (double)i + 1,
                                 (double)frame->n_row, err);
    }
    ts_buffer_puts(out, "</sheetData>");
    if (s->given->mark) {
        ts_buffer_puts(out, "<headerFooter><oddHeader>&amp;C");
        xlsx_add_text(out, s->given->mark);
        ts_buffer_puts(out, "</oddHeader></headerFooter>");
    }
    if (s->n_comment)
        ts_buffer_puts(out, "<legacyDrawing r:id=\"rId1\"/>");
    ts_buffer_puts(out, "</worksheet>\n");
    return status ? status : xlsx_flush(w, 0, err);
}

/* Comments ----------------------------------------------------------------- */

/* "Age, years" */
static void add_comment(ts_buffer *out, const xlsx_column *c)
{
    const char *label = c->column->label, *unit = c->column->unit;
    bool both = label && *label && unit && *unit;
    ts_buffer_printf(out,
                     "<comment ref=\"%s1\" authorId=\"0\"><text>"
                     "<t xml:space=\"preserve\">",
                     c->letters);
    xlsx_add_text(out, label ? label : "");
    ts_buffer_puts(out, both ? ", " : "");
    xlsx_add_text(out, unit ? unit : "");
    ts_buffer_puts(out, "</t></text></comment>");
}

/* A box beside its cell that shows while the mouse is there: the one form of
 * a comment that all versions of Excel read is VML. Shapes are numbered in
 * blocks of 1024 to each sheet. */
static void add_shape(ts_buffer *out, size_t id, size_t j)
{
    ts_buffer_printf(
        out,
        "<v:shape id=\"_x0000_s%zu\" type=\"#_x0000_t202\" "
        "style=\"position:absolute;visibility:hidden\" "
        "fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:textbox/>"
        "<x:ClientData ObjectType=\"Note\"><x:MoveWithCells/>"
        "<x:SizeWithCells/><x:Anchor>%zu,12,0,2,%zu,12,3,12</x:Anchor>"
        "<x:AutoFill>False</x:AutoFill><x:Row>0</x:Row>"
        "<x:Column>%zu</x:Column></x:ClientData></v:shape>\n",
        id, j + 1, j + 4, j);
}

static void add_drawing(ts_buffer *out, const xlsx_sheet *s)
{
    size_t first = s->first_shape / 1024, k = 0;
    ts_buffer_puts(out, "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" "
                        "xmlns:o=\"urn:schemas-microsoft-com:office:office\" "
                        "xmlns:x=\"urn:schemas-microsoft-com:office:excel\">"
                        "<o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" "
                        "data=\"");
    for (size_t block = 0; block * 1024 <= s->n_comment; block++)
        ts_buffer_printf(out, "%s%zu", block ? "," : "", first + block);
    ts_buffer_puts(out, "\"/></o:shapelayout><v:shapetype id=\"_x0000_t202\" "
                        "coordsize=\"21600,21600\" o:spt=\"202\" "
                        "path=\"m,l,21600r21600,l21600,xe\"><v:stroke "
                        "joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" "
                        "o:connecttype=\"rect\"/></v:shapetype>\n");
    for (size_t j = 0; j < s->given->frame->n_column; j++)
        if (xlsx_has_comment(s->column[j].column))
            add_shape(out, s->first_shape + ++k, j);
    ts_buffer_puts(out, "</xml>\n");
}

ts_status xlsx_write_comments(xlsx_writer *w, size_t sheet, ts_error *err)
{
    const xlsx_sheet *s = &w->sheet[sheet];
    ts_buffer *out = &w->out;
    char name[60];
    snprintf(name, sizeof name, "xl/worksheets/_rels/sheet%zu.xml.rels",
             sheet + 1);
    ts_status status = ts_zip_entry(w->zip, name, err);
    if (status)
        return status;
    ts_buffer_printf(
        out,
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006"
        "/relationships\"><Relationship Id=\"rId1\" Type=\"" RELATIONS
        "/vmlDrawing\" Target=\"../drawings/vmlDrawing%zu.vml\"/>"
        "<Relationship Id=\"rId2\" Type=\"" RELATIONS
        "/comments\" Target=\"../comments%zu.xml\"/></Relationships>\n",
        sheet + 1, sheet + 1);
    if ((status = xlsx_flush(w, 0, err)))
        return status;
    snprintf(name, sizeof name, "xl/comments%zu.xml", sheet + 1);
    if ((status = ts_zip_entry(w->zip, name, err)))
        return status;
    ts_buffer_puts(out, "<comments xmlns=\"" MAIN "\"><authors><author>trialsh"
                        "</author></authors><commentList>\n");
    for (size_t j = 0; j < s->given->frame->n_column; j++)
        if (xlsx_has_comment(s->column[j].column))
            add_comment(out, &s->column[j]);
    ts_buffer_puts(out, "</commentList></comments>\n");
    if ((status = xlsx_flush(w, 0, err)))
        return status;
    snprintf(name, sizeof name, "xl/drawings/vmlDrawing%zu.vml", sheet + 1);
    if ((status = ts_zip_entry(w->zip, name, err)))
        return status;
    add_drawing(out, s);
    return xlsx_flush(w, 0, err);
}
