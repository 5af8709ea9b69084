/* Real roots of small polynomials. Coefficients ascend: c[0] + c[1] x + ... */
#ifndef VISION_POLYNOMIAL_H
#define VISION_POLYNOMIAL_H

#include <stdint.h>

#define OB_POLYNOMIAL_DEGREE_MAX 10
#define OB_ROOT_MAX 1e6 /* roots beyond it are not looked for */

/* c[degree] != 0. The different real roots, in no order; two nearer than about 1e-9 may come as one.
 * Returns how many. Sturm's theorem (Hook and McAree, "Using Sturm Sequences to Bracket Real Roots of
 * Polynomial Equations", Graphics Gems 1990) brackets each, Newton's method with the bracket kept
 * makes it exact. At most 300 evaluations to bracket, 40 for each root. */
int32_t ob_real_roots(const double *c, int32_t degree, double *roots);

/* Of c of a degree at x. */
double ob_polynomial_at(const double *c, int32_t degree, double x);

#endif
