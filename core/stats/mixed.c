/*
 * A model for repeated measures from its design to its optimum. Least squares
 * comes first: it says which columns count and gives coordinates in which X is
 * orthonormal and the response is of size 1.
 */
#include "mixed_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ts/memory.h"

#define LN_2PI 1.8378770664093454836
#define SINGULAR 1e-8

/* Names ------------------------------------------------------------------- */

const char *ts_mixed_visit_name(const ts_mixed *f, size_t visit)
{
    const ts_model_frame *m = f->spec.visit;
    return m ? m->x[0].level[f->data->visit_level[visit]].name : "";
}

const char *ts_mixed_group_name(const ts_mixed *f, size_t group)
{
    const ts_model_frame *m = f->spec.group;
    return m ? m->x[0].level[f->data->group_level[group]].name : "";
}

void ts_mixed_parameter_name(const ts_mixed *f, size_t parameter, char *text)
{
    ts_covariance_name(&f->data->covariance, parameter, text);
}

void ts_mixed_subjects(const ts_mixed *f, bool *used)
{
    memset(used, 0, f->spec.subject->x[0].n_level * sizeof *used);
    for (size_t s = 0; s < f->n_subject; s++)
        used[f->data->subject[s]] = true;
}

/* " in Active" behind a sentence when there are groups. */
static void of_group(const ts_mixed *f, size_t group, char *room, size_t size)
{
    room[0] = '\0';
    if (f->spec.group)
        snprintf(room, size, " in %s", ts_mixed_group_name(f, group));
}

/* What the data say ------------------------------------------------------- */

/* Whether a pair of visits of a group is in some subject. */
static bool has_pair(const ts_mixed_data *d, size_t group, size_t i, size_t j)
{
    for (size_t k = 0; k < d->n_pattern; k++) {
        const ts_pattern *p = &d->pattern[k];
        bool first = false, second = false;
        for (size_t v = 0; v < p->q && p->group == group; v++) {
            first = first || p->visit[v] == i;
            second = second || p->visit[v] == j;
        }
        if (first && second)
            return true;
    }
    return false;
}

static ts_status unknown_parameter(const ts_mixed *f, size_t group,
                                   size_t parameter, ts_error *err)
{
    char name[64], where[256];
    of_group(f, group, where, sizeof where);
    ts_mixed_parameter_name(f, parameter, name);
    if (f->data->longest == 1)
        return ts_fail(err, TS_EDEGENERATE,
                       "no subject has two rows: nothing tells their "
                       "correlation");
    for (size_t i = 0, h = 0; i < f->n_visit && f->spec.structure == TS_UN; i++)
        for (size_t j = 0; j <= i; j++, h++)
            if (h == parameter && i != j)
                return ts_fail(err, TS_EDEGENERATE,
                               "no subject has both %s and %s%s: nothing tells "
                               "their covariance",
                               ts_mixed_visit_name(f, j),
                               ts_mixed_visit_name(f, i), where);
    return ts_fail(err, TS_EDEGENERATE,
                   "no subject has visits that determine %s%s", name, where);
}

/* Fewer subjects than visits make any free matrix singular. */
static ts_status check_subjects(const ts_mixed *f, size_t group, ts_error *err)
{
    char where[256];
    size_t n = 0;
    for (size_t k = 0; k < f->data->n_pattern; k++)
        if (f->data->pattern[k].group == group)
            n += f->data->pattern[k].m;
    if (f->spec.structure != TS_UN || n >= f->n_visit)
        return TS_OK;
    of_group(f, group, where, sizeof where);
    return ts_fail(err, TS_EDEGENERATE,
                   "%zu subject%s%s do%s not determine an unstructured "
                   "covariance matrix of %zu visits",
                   n, n == 1 ? "" : "s", where, n == 1 ? "es" : "", f->n_visit);
}

/* Every parameter must be in the matrix of some pattern. */
static ts_status check_parameters(const ts_mixed *f, ts_error *err)
{
    const ts_mixed_data *d = f->data;
    const ts_covariance *c = &d->covariance;
    ts_entry e;
    ts_status status = ts_entry_new(c, &e, err);
    bool *seen = ts_alloc_array(c->n, sizeof *seen);
    double *theta = ts_alloc_array(c->n, sizeof *theta);
    if (!status && (!seen || !theta))
        status = ts_fail_memory(err);
    for (size_t h = 0; h < c->n && !status; h++)
        theta[h] = 0.5;
    for (size_t g = 0; g < d->n_group && !status; g++) {
        memset(seen, 0, c->n * sizeof *seen);
        for (size_t i = 0; i < d->n_visit; i++)
            for (size_t j = i; j < d->n_visit && !f->spec.time; j++)
                if (has_pair(d, g, i, j)) {
                    ts_covariance_entry(c, theta, i, j, 1, &e);
                    for (size_t a = 0; a < e.n; a++)
                        seen[e.at[a]] = true;
                }
        if (f->spec.time) {
            seen[0] = true;
            for (size_t k = 0; k < d->n_pattern; k++)
                if (d->pattern[k].group == g && d->pattern[k].q > 1 && c->n > 1)
                    seen[1] = true;
        }
        if (d->longest == 1 && c->n > 1) /* CS: in every variance */
            seen[c->n - 1] = c->kind != TS_CS && seen[c->n - 1];
        for (size_t h = 0; h < c->n && !status; h++)
            if (!seen[h])
                status = unknown_parameter(f, g, h, err);
        if (!status)
            status = check_subjects(f, g, err);
    }
    ts_entry_free(&e);
    ts_free(seen);
    ts_free(theta);
    return status;
}

static ts_status check_start(const ts_linear *s, ts_error *err)
{
    if (!(s->df > 0))
        return ts_fail(err, TS_EDEGENERATE,
                       "as many coefficients as rows: nothing is left for a "
                       "covariance matrix");
    if (s->perfect)
        return ts_fail(err, TS_EDEGENERATE,
                       s->tss == 0
                           ? "the response is the same in all rows: there is "
                             "no variation to model"
                           : "the fit is perfect: the residuals are rounding, "
                             "there is no variation to model");
    return TS_OK;
}

/* Variances of visits that least squares fits exactly. */
static ts_status check_moments(const ts_mixed *f, const ts_moments *m,
                               size_t group, ts_error *err)
{
    char where[256];
    double sum = 0;
    of_group(f, group, where, sizeof where);
    for (size_t i = 0; i < m->n_visit; i++) {
        if (m->variance[i] > 0)
            sum += m->variance[i];
        if (!(m->variance[i] < 1e-16) || f->data->covariance.n_visit == 1 ||
            f->spec.structure == TS_CS || f->spec.structure == TS_AR1 ||
            f->spec.structure == TS_TOEP || f->spec.time)
            continue;
        return ts_fail(err, TS_EDEGENERATE,
                       "the values of %s%s are fitted exactly: they have no "
                       "variance",
                       ts_mixed_visit_name(f, i), where);
    }
    if (!(sum > 1e-16))
        return ts_fail(err, TS_EDEGENERATE,
                       "the values%s are fitted exactly: they have no variance",
                       where);
    return TS_OK;
}

/* The optimum ------------------------------------------------------------- */

/* theta from moments, with that share of the correlations. */
static ts_status first_theta(const ts_mixed *f, double share, double *theta,
                             ts_error *err)
{
    const ts_mixed_data *d = f->data;
    ts_status status = TS_OK;
    for (size_t g = 0; g < d->n_group && !status; g++) {
        ts_moments m;
        if ((status = ts_mixed_moments(d, g, &m, err)))
            break;
        status = check_moments(f, &m, g, err);
        if (!status)
            ts_covariance_start(&d->covariance, &m, share,
                                theta + g * d->covariance.n);
        ts_moments_free(&m);
    }
    return status;
}

/* Over time the correlation is above 0: whether it goes there, so that even the
 * nearest two rows of a subject have none. */
static bool is_uncorrelated(const ts_mixed *f)
{
    const ts_mixed_data *d = f->data;
    double gap = INFINITY;
    for (size_t k = 0; k < d->n_pattern; k++)
        for (size_t i = 1; i < d->pattern[k].q; i++)
            gap = fmin(gap, d->pattern[k].time[i] - d->pattern[k].time[i - 1]);
    for (size_t g = 0; g < d->n_group && d->covariance.n > 1; g++) {
        double theta = f->theta_own[g * d->covariance.n + 1];
        double r = d->covariance.kind == TS_SP_POW ? pow(theta, gap)
                                                   : exp(-gap / theta);
        if (r < 1e-6)
            return true;
    }
    return false;
}

static ts_status no_correlation(const ts_mixed *f, ts_error *err)
{
    return ts_fail(err, TS_EDEGENERATE,
                   "the correlation over time goes to 0, which is its bound: "
                   "the rows of a subject are not alike (%zu rows of %zu "
                   "subjects)",
                   f->n, f->n_subject);
}

static ts_status no_optimum(const ts_mixed *f, const ts_likelihood *l,
                            const ts_optimum *o, ts_error *err)
{
    if (l->determinacy < 1e-5 || !o->positive)
        return ts_fail(err, TS_EDEGENERATE,
                       "no optimum: the covariance matrix becomes singular; "
                       "%zu rows of %zu subjects do not determine %zu "
                       "covariance parameters",
                       f->n, f->n_subject, f->n_theta);
    return ts_fail(err, TS_ECONVERGE,
                   "no optimum after %zu steps: the gradient is %.2g standard "
                   "errors",
                   o->iterations, o->gradient);
}

/* From the moments; where that leads nowhere, from weaker correlations. */
static ts_status find_optimum(ts_mixed *f, ts_likelihood *l, ts_optimum *o,
                              ts_error *err)
{
    static const double shares[] = {1, 0.8, 0.5, 0.25, 0};
    size_t n = sizeof shares / sizeof *shares, spent = 0;
    ts_status status = TS_OK;
    *o = (ts_optimum){0};
    for (size_t k = 0; k < n && !status && !o->converged; k++) {
        status = first_theta(f, shares[k], f->theta_own, err);
        if (status || !isfinite(ts_likelihood_value(l, f->theta_own)))
            continue;
        status = ts_mixed_optimise(l, f->theta_own, o, err);
        spent += o->iterations;
        if (!o->converged && (l->determinacy < SINGULAR ||
                              (f->spec.n_effect && !ts_effects_positive(f))))
            break; /* where others would lead as well */
    }
    o->iterations = spent;
    if (!status && f->spec.time && is_uncorrelated(f))
        return no_correlation(f, err);
    if (!status && (!o->converged || l->determinacy < SINGULAR))
        status = no_optimum(f, l, o, err);
    return status;
}

/* -2 log likelihood as SAS has it: from X as it is, and of all n rows. */
static double whole_value(const ts_mixed *f, double value)
{
    const ts_linear *s = f->start;
    double n = (double)f->n, p = (double)f->rank;
    value += n * (LN_2PI - 2 * log(f->scale)) - f->data->log_weight;
    if (f->spec.ml)
        return value;
    value += p * (2 * log(f->scale) - LN_2PI);
    for (size_t k = 0; k < f->rank; k++)
        value +=
            2 * log(fabs(s->qr->r[k * f->rank + k]) / s->scale[s->qr->kept[k]]);
    return value;
}

/* The unit of a parameter. */
static double unit_of(const ts_mixed *f, size_t h)
{
    const ts_covariance *c = &f->data->covariance;
    const ts_part *p = ts_part_of(c, h);
    size_t i = 0;
    if (p) {
        const double *z = f->data->z_scale + p->z;
        h -= p->theta;
        if (p->rank < p->n) {
            while (h >= p->n - i) /* by columns, each one shorter */
                h -= p->n - i++;
            return z[h + i] / f->scale;
        }
        while ((i + 1) * (i + 2) / 2 <= h) /* effects i and j <= i */
            i++;
        return z[i] * z[h - i * (i + 1) / 2] / (f->scale * f->scale);
    }
    bool squared = ts_covariance_squared(&f->data->covariance, h % f->n_own);
    return squared ? 1 / (f->scale * f->scale) : 1;
}

static ts_status keep(ts_mixed *f, ts_likelihood *l, const ts_optimum *o,
                      ts_error *err)
{
    size_t t = f->n_theta, p = f->rank;
    double *h = ts_alloc_array(t, t * sizeof *h);
    if (!h)
        return ts_fail_memory(err);
    memcpy(h, l->hessian, t * t * sizeof *h);
    ts_cholesky(h, t, 0);
    ts_invert_cholesky(h, t, f->theta_var);
    ts_free(h);
    for (size_t a = 0; a < t; a++) {
        for (size_t b = 0; b < t; b++)
            f->theta_var[a * t + b] *= 2;
        f->theta[a] = f->theta_own[a] * unit_of(f, a);
        f->theta_error[a] = sqrt(f->theta_var[a * (t + 1)]) * unit_of(f, a);
    }
    memcpy(f->root, l->root, p * p * sizeof *f->root);
    memcpy(f->shift, l->shift, p * sizeof *f->shift);
    memcpy(f->slope, l->slope, t * p * p * sizeof *f->slope);
    f->neg2_log_lik = whole_value(f, o->value);
    f->iterations = o->iterations;
    f->gradient = o->gradient;
    f->determinacy = l->determinacy;
    return ts_mixed_method(f, TS_DF_SATTERTHWAITE, TS_MODEL_BASED, err);
}

static void release(ts_mixed *f)
{
    ts_free(f->theta);
    ts_free(f->theta_own);
    ts_free(f->theta_error);
    ts_free(f->theta_var);
    ts_free(f->root);
    ts_free(f->shift);
    ts_free(f->slope);
    ts_free(f->var);
    f->theta = f->theta_own = f->theta_error = f->theta_var = NULL;
    f->root = f->shift = f->slope = f->var = NULL;
}

static ts_status allocate(ts_mixed *f, ts_error *err)
{
    f->n_own = f->data->covariance.n;
    f->n_theta = f->n_own * f->n_group;
    size_t t = f->n_theta, p = f->rank;
    release(f);
    f->theta = ts_alloc_array(t, sizeof *f->theta);
    f->theta_own = ts_alloc_array(t, sizeof *f->theta_own);
    f->theta_error = ts_alloc_array(t, sizeof *f->theta_error);
    f->theta_var = ts_alloc_array(t, t * sizeof *f->theta_var);
    f->root = ts_alloc_array(p, p * sizeof *f->root);
    f->shift = ts_alloc_array(p, sizeof *f->shift);
    /* of parameters that are known none is needed */
    f->slope = ts_alloc_array(f->spec.hold ? 1 : t, p * p * sizeof *f->slope);
    f->var = ts_alloc_array(p, p * sizeof *f->var);
    return f->theta && f->theta_own && f->theta_error && f->theta_var &&
                   f->root && f->shift && f->slope && f->var
               ? TS_OK
               : ts_fail_memory(err);
}

static ts_status prepare(ts_mixed *f, double tolerance, ts_error *err)
{
    ts_status status = ts_linear_fit(f->design, tolerance, &f->start, err);
    int exponent;
    if (status || (status = check_start(f->start, err)))
        return status;
    f->n = f->start->n;
    f->rank = f->start->rank;
    frexp(f->start->sigma, &exponent);
    f->scale = ldexp(1, -exponent);
    status = ts_mixed_data_new(f->start, &f->spec, f->scale, &f->data, err);
    if (status)
        return status;
    f->n_subject = f->data->n_subject;
    f->n_visit = f->data->n_visit;
    f->n_group = f->data->n_group;
    f->n_own = f->data->covariance.n;
    f->n_theta = f->n_own * f->n_group;
    if (f->n_theta > f->n - f->rank)
        return ts_fail(err, TS_EDEGENERATE,
                       "%zu covariance parameters, and %zu rows more than "
                       "coefficients: they do not determine them",
                       f->n_theta, f->n - f->rank);
    return f->spec.n_effect ? ts_effects_check(f, err)
                            : check_parameters(f, err);
}

static ts_status check_spec(const ts_mixed_spec *spec, ts_error *err)
{
    bool timed = ts_covariance_has_time(spec->structure);
    if (spec->structure == TS_RANDOM && spec->n_effect)
        return TS_OK;
    if (!spec->subject || (timed ? !spec->time : !spec->visit))
        return ts_fail(err, TS_EINVALID,
                       timed ? "a structure over time needs subjects and times"
                             : "subjects and visits are needed");
    if (timed && !spec->time->x[0].value)
        return ts_fail(err, TS_ETYPE, "%s is text, a time is needed",
                       spec->time->x[0].name);
    return TS_OK;
}

/* The coefficients that go with parameters which are known. */
static ts_status take_held(ts_mixed *f, ts_likelihood *l, ts_error *err)
{
    size_t p = f->rank;
    if (f->spec.n_hold != f->n_theta)
        return ts_fail(err, TS_EINVALID,
                       "%zu covariance parameters are held, there are %zu",
                       f->spec.n_hold, f->n_theta);
    for (size_t a = 0; a < f->n_theta; a++) {
        f->theta[a] = f->spec.hold[a];
        f->theta_own[a] = f->theta[a] / unit_of(f, a);
    }
    double value = ts_likelihood_value(l, f->theta_own);
    if (!isfinite(value))
        return ts_fail(err, TS_EDEGENERATE,
                       "the parameters that are held make no covariance "
                       "matrix");
    memcpy(f->root, l->root, p * p * sizeof *f->root);
    memcpy(f->shift, l->shift, p * sizeof *f->shift);
    f->neg2_log_lik = whole_value(f, value);
    f->determinacy = l->determinacy;
    return ts_mixed_method(f, TS_DF_RESIDUAL, TS_MODEL_BASED, err);
}

ts_status ts_mixed_fit_structure(ts_mixed *f, ts_error *err)
{
    ts_likelihood *l = NULL;
    ts_optimum o;
    ts_status status = allocate(f, err);
    if (!status)
        status = ts_likelihood_new(f->data, f->spec.ml, &l, err);
    if (!status && f->spec.hold) {
        status = take_held(f, l, err);
    } else if (!status) {
        status = find_optimum(f, l, &o, err);
        if (!status)
            status = keep(f, l, &o, err);
    }
    ts_likelihood_free(l);
    return status;
}

ts_status ts_mixed_fit(const ts_design *design, const ts_mixed_spec *spec,
                       double tolerance, ts_mixed **out, ts_error *err)
{
    ts_status status = check_spec(spec, err);
    *out = NULL;
    if (status)
        return status;
    ts_mixed *f = ts_alloc_array(1, sizeof *f);
    if (!f)
        return ts_fail_memory(err);
    f->design = design;
    f->spec = *spec;
    if (!ts_covariance_has_time(spec->structure))
        f->spec.time = NULL;
    if (!(status = prepare(f, tolerance, err)))
        status = spec->n_effect ? ts_mixed_fit_effects(f, err)
                                : ts_mixed_fit_structure(f, err);
    if (status) {
        ts_mixed_free(f);
        return status;
    }
    *out = f;
    return TS_OK;
}

void ts_mixed_free(ts_mixed *f)
{
    if (!f)
        return;
    ts_linear_free(f->start);
    ts_mixed_data_free(f->data);
    release(f);
    ts_free(f);
}

ts_status ts_mixed_covariance_matrix(const ts_mixed *f, size_t group,
                                     double *out, ts_error *err)
{
    const ts_covariance *c = &f->data->covariance;
    ts_entry e;
    if (f->spec.time)
        return ts_fail(err, TS_EINVALID,
                       "covariances over time have no matrix of visits");
    ts_status status = ts_entry_new(c, &e, err);
    for (size_t i = 0; i < f->n_visit && !status; i++)
        for (size_t j = 0; j < f->n_visit; j++) {
            ts_covariance_entry(c, f->theta + group * f->n_own, i, j, 0, &e);
            out[i * f->n_visit + j] = e.value;
        }
    ts_entry_free(&e);
    return status;
}
