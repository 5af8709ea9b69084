/* What a few linear constraints leave of nine numbers. */
#ifndef VISION_NULL_SPACE_H
#define VISION_NULL_SPACE_H

#include <stdint.h>

#define OB_CONSTRAINTS_MAX 7

/* 9 - rows orthonormal vectors across the `rows` constraints, as the columns of `basis` (9 x (9 - rows),
 * row-major), by Householder's reflections (Golub and Van Loan, Matrix Computations, 5.2). The
 * constraints are overwritten. 0 where they are not independent. */
int32_t ob_null_space(double (*constraint)[9], int32_t rows, double *basis);

#endif
