/* What the files of Cox's regression share. */
#ifndef TS_COX_PRIVATE_H
#define TS_COX_PRIVATE_H

#include "ts/cox.h"

/* The share of its diagonal that a pivot of the information must leave. */
#define TS_COX_SINGULAR 1e-14

/*
 * The partial likelihood at theta, where the score u (m) and the information h
 * (lower triangle of m x m) are wanted too; -Inf where it leaves the range of
 * numbers. room: ts_cox_room(f) numbers.
 */
double ts_cox_likelihood(const ts_cox *f, const double *theta, double *u,
                         double *h, double *room);
size_t ts_cox_room(const ts_cox *f);

/* The part of a symmetric lower triangle (m x m), or of a vector, that is of
 * active coordinates, at the start of out (which may be the same). */
void ts_cox_pack(const ts_cox *f, const double *h, double *out);
void ts_cox_pack_vector(const ts_cox *f, const double *x, double *out);

/* How far a step of active coordinates moves linear predictors apart. */
double ts_cox_spread(const ts_cox *f, const double *step);

/* A row of the design in the coordinates of the fit, m numbers in v; false
 * where least squares cannot estimate it. room: start->rank numbers. */
bool ts_cox_coordinates(const ts_cox *f, const double *row, double *v,
                        double *room);
/* The same; false where the hazards do not determine it either. */
bool ts_cox_take_row(const ts_cox *f, const double *row, double *v,
                     double *room);
/* +1 or -1 where v'theta runs off, else 0. */
int ts_cox_direction(const ts_cox *f, const double *v);

#endif
