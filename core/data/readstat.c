/*
 * A file of SAS, SPSS or Stata, from its bytes to a frame: our checks, the
 * child, and whether they agree.
 */
#include "readstat_private.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "ts/memory.h"

void ts_readstat_free(ts_readstat *r)
{
    if (!r)
        return;
    for (size_t j = 0; j < r->n_column; j++) {
        ts_free(r->columns[j].unlabelled);
        ts_free(r->columns[j].counts);
    }
    ts_free(r->columns);
    ts_free(r->label);
    ts_free(r->encoding);
    ts_frame_free(r->frame);
    ts_free(r);
}

static ts_status kind_of(const char *path, foreign_kind *kind, ts_error *err)
{
    static const struct {
        const char *extension;
        foreign_kind kind;
    } kinds[] = {{".sas7bdat", FOREIGN_SAS}, {".sas7bcat", FOREIGN_CATALOG},
                 {".sav", FOREIGN_SAV},      {".zsav", FOREIGN_SAV},
                 {".por", FOREIGN_POR},      {".dta", FOREIGN_STATA}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof kinds / sizeof *kinds; i++)
        if (strcasecmp(dot, kinds[i].extension) == 0) {
            *kind = kinds[i].kind;
            return TS_OK;
        }
    return ts_fail(err, TS_EINVALID,
                   "%s: .sas7bdat, .sas7bcat, .sav, .zsav, .por and .dta files "
                   "can be read",
                   path);
}

static ts_status check(foreign_source *s, foreign_kind kind, double *n_row,
                       ts_error *err)
{
    *n_row = -1;
    switch (kind) {
    case FOREIGN_SAS:
    case FOREIGN_CATALOG:
        return foreign_check_sas(s, kind == FOREIGN_CATALOG, n_row, err);
    case FOREIGN_SAV:
        return foreign_check_sav(s, n_row, err);
    case FOREIGN_STATA:
        return foreign_check_stata(s, n_row, err);
    default:
        return TS_OK;
    }
}

/* Whether the file is the one that was looked at first. */
static ts_status check_same(const foreign_source *s, const struct stat *before,
                            ts_error *err)
{
    struct stat after;
    if (fstat(s->fd, &after) || after.st_size != before->st_size ||
        after.st_mtim.tv_sec != before->st_mtim.tv_sec ||
        after.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
        return ts_fail(err, TS_EIO, "%s: the file changed while it was read",
                       s->path);
    return TS_OK;
}

/* One file through a child, into a table. */
static ts_status read_table(const char *path, foreign_kind kind,
                            const ts_readstat_options *options,
                            foreign_table *t, char sha256[65], bool *unjailed,
                            ts_error *err)
{
    foreign_source s;
    struct stat before;
    double n_row;
    foreign_stream stream = {.table = t};
    *t = (foreign_table){
        .path = path, .kind = kind, .given = options->encoding, .said_row = -1};
    ts_status status = foreign_open(&s, path, err);
    if (status)
        return status;
    fstat(s.fd, &before);
    status = check(&s, kind, &n_row, err);
    if (!status)
        status = foreign_sum(&s, sha256, err);
    if (!status)
        status = foreign_run(&s, options, &stream, err);
    if (!status)
        status = check_same(&s, &before, err);
    if (!status && n_row >= 0 && t->n_row != n_row)
        status = ts_fail(err, TS_EFORMAT,
                         "%s: the header says %.0f rows, %.0f were read", path,
                         n_row, t->n_row);
    *unjailed = *unjailed || stream.unjailed;
    foreign_stream_free(&stream);
    foreign_close(&s);
    return status;
}

static ts_status read_all(const char *path, const ts_readstat_options *options,
                          foreign_table *t, foreign_table *catalog,
                          ts_readstat *out, ts_error *err)
{
    foreign_kind kind = FOREIGN_SAS;
    ts_status status = kind_of(path, &kind, err);
    if (!status && options->catalog && kind != FOREIGN_SAS)
        status = ts_fail(err, TS_EINVALID,
                         "%s: a catalog is for .sas7bdat files; others hold "
                         "their value labels",
                         path);
    if (!status)
        status = read_table(path, kind, options, t, out->sha256, &out->unjailed,
                            err);
    if (!status && options->catalog)
        status = read_table(options->catalog, FOREIGN_CATALOG, options, catalog,
                            out->catalog_sha256, &out->unjailed, err);
    if (!status)
        status = kind == FOREIGN_CATALOG
                     ? foreign_finish_catalog(t, out, err)
                     : foreign_finish(t, options->catalog ? catalog : NULL,
                                      options, out, err);
    out->converted = t->converted || catalog->converted;
    if (!status && options->n_row >= 0 && out->n_row != options->n_row)
        status = ts_fail(err, TS_EINVALID,
                         "%s: has %.0f rows, not the %.0f that were announced",
                         path, out->n_row, options->n_row);
    return status;
}

ts_status ts_readstat_read(const char *path, const ts_readstat_options *options,
                           ts_readstat **out, ts_error *err)
{
    static const ts_readstat_options none = {.n_row = -1};
    foreign_table t = {0}, catalog = {0};
    *out = NULL;
    ts_readstat *r = ts_alloc_array(1, sizeof *r);
    if (!r)
        return ts_fail_memory(err);
    ts_status status =
        read_all(path, options ? options : &none, &t, &catalog, r, err);
    foreign_table_free(&t);
    foreign_table_free(&catalog);
    if (status)
        ts_readstat_free(r);
    else
        *out = r;
    return status;
}
