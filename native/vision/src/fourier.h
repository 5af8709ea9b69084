/* Fourier transforms of eight sequences at a time, in place, in floats.
 *
 * A sequence is n complex numbers, n a power of two from 2 to OB_FOURIER_MAX; the eight lie side by side: 8
 * real parts, then 8 imaginary parts for each index (OB_FOURIER_FLOATS floats). Forward (decimation in
 * frequency, radix 4, at last 2): natural order in, frequency k out at `place[k]`. Inverse: from there
 * back to natural order, times n. Every lane sees the same operations in the same order by every path.
 *
 * Error (Higham 2002, Accuracy and Stability of Numerical Algorithms, theorem 24.2): in the 2-norm, at
 * most OB_FOURIER_ERROR for each halving of n, relative to the result.
 */
#ifndef VISION_FOURIER_H
#define VISION_FOURIER_H

#include <stdint.h>

#define OB_FOURIER_MAX 2048
#define OB_FOURIER_FLOATS 16
#define OB_FOURIER_ERROR 4.0e-7 /* (1 + 4 sqrt(2)) 2^-24, rounded up */

typedef struct {
  int64_t n;
  float *turn;    /* n complex numbers exp(-2 pi i k / n) */
  int32_t *place; /* of n frequencies */
} ob_fourier;

/* Octets that `ob_fourier_prepare` needs. */
int64_t ob_fourier_octets(int64_t n);

void ob_fourier_prepare(ob_fourier *fourier, int64_t n, void *memory);

#endif
