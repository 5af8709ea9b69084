/* Matches under an epipolar constraint (u, v, 1) M (x, y, 1)' = 0, M essential or fundamental: columns
 * x, y of the first image and u, v of the second, both in one unit.
 *
 * The error of a match is Sampson's: r = e / |grad e|, to first order the distance in four dimensions to
 * the nearest exact match; its standard deviation is that of a coordinate (Hartley and Zisserman, 2nd
 * ed. 2004, section 11.4.3). */
#ifndef VISION_EPIPOLAR_H
#define VISION_EPIPOLAR_H

#include "consensus.h"

/* ob_errors for a kernel of the nine entries of M. */
void ob_epipolar_errors_plain(const ob_field *field, int64_t at, int64_t count, const float *M,
                              float *squares);
void ob_epipolar_errors_avx2(const ob_field *field, int64_t at, int64_t count, const float *M,
                             float *squares);

double ob_epipolar_square(const ob_field *field, int64_t at, const double *M);

/* Sums for `unknowns` parameters, 2, 5 or 7, of which `slope`, 9 x unknowns row-major, is the derivative of M, with
 * Tukey's biweight (1 - r^2 / threshold^2)^2: a match near the threshold has little say, so that what
 * agrees by chance moves the answer less than by a sharp cut, and right matches are not lost by one
 * (Beaton and Tukey 1974; with 4.7 standard deviations 95 % of the information is used). */
void ob_epipolar_sum(const ob_field *field, int64_t count, const double M[9], const double *slope,
                     int32_t unknowns, double threshold, ob_sums *sums);

/* ---- motions: second = C first + direction, model of 12 numbers ---- */

/* E = [direction]x C */
void ob_motion_essential(const double *model, double E[9]);

/* E, then the model. */
void ob_motion_expand(const double *model, double *kernel);

/* The errors of a motion: to Sampson's comes what a match is behind the cameras, the distance along the
 * epipolar line from the image of the point at infinity: for such a match that is the nearest exact one. */
void ob_motion_errors_plain(const ob_field *field, int64_t at, int64_t count, const float *kernel,
                            float *squares);
void ob_motion_errors_avx2(const ob_field *field, int64_t at, int64_t count, const float *kernel,
                           float *squares);
double ob_motion_square(const ob_field *field, int64_t at, const double *kernel);

/* C to a rotation, the direction to length 1; 0 where it has none. */
int32_t ob_motion_settle(double *model);

/* Columns of both images, as they are. 0 where a coordinate is not finite. */
int32_t ob_motion_field(ob_field *field, const double *first, const double *second, int64_t count,
                        const ob_robust_settings *settings, void *workspace);

/* Two unit vectors across a direction, right-handed with it: across[0] x across[1] = direction. */
void ob_motion_across(const double direction[3], double across[6]);

/* The direction moved by `step` along both; 0 where that is 1 or more. */
int32_t ob_motion_tilt(double out[3], const double direction[3], const double step[2]);

/* 1 where the match is before both cameras, -1 where it is before both for the direction turned
 * round, 0 where it is behind one of them. */
int32_t ob_motion_before(const double *model, const double x[3], const double y[3]);

/* How many of the places the model has before both cameras; negative where more are so with its
 * direction turned round. */
int32_t ob_motion_votes(const ob_field *field, const int64_t *place, int32_t count, const double *model);

#endif
