#include "fourier.h"

#include <assert.h>

#include "onboard/elementary.h"

int64_t ob_fourier_octets(int64_t n) { return n * (int64_t)(2 * sizeof(float) + sizeof(int32_t)); }

/* Base-4 digits of k in reverse, the last of base 2 if n is no power of 4. */
static int32_t place_of(int64_t k, int64_t n) {
  int64_t place = 0;
  for (; n >= 4; n /= 4, k /= 4) {
    place += k % 4 * (n / 4);
  }
  return (int32_t)(place + (n == 2 ? k : 0));
}

void ob_fourier_prepare(ob_fourier *fourier, int64_t n, void *memory) {
  assert(n >= 2 && n <= OB_FOURIER_MAX && (n & (n - 1)) == 0);
  fourier->n = n;
  fourier->turn = memory;
  fourier->place = (int32_t *)(fourier->turn + 2 * n);
  for (int64_t k = 0; k < n; k++) {
    double sine, cosine;
    ob_sincos(2.0 * OB_PI * (double)k / (double)n, &sine, &cosine);
    fourier->turn[2 * k] = (float)cosine;
    fourier->turn[2 * k + 1] = -(float)sine;
    fourier->place[k] = place_of(k, n);
  }
}
