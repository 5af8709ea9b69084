/* Small symmetric positive definite systems (Golub and Van Loan, Matrix Computations, 4.2): up to
 * OB_CHOLESKY_MAX unknowns, row-major and dense. */
#ifndef VISION_CHOLESKY_H
#define VISION_CHOLESKY_H

#include <stdint.h>

#define OB_CHOLESKY_MAX 8

/* The lower factor of a, with the diagonal times 1 + damping. Returns 0 when a is not positive
 * definite: a pivot below 1e-14 of its diagonal. */
int32_t ob_cholesky_factor(double *lower, const double *a, int32_t size, double damping);

/* x of lower lower' x = b; x may be b. */
void ob_cholesky_solve(double *x, const double *lower, const double *b, int32_t size);

/* The inverse of lower lower'. */
void ob_cholesky_inverse(double *inverse, const double *lower, int32_t size);

#endif
