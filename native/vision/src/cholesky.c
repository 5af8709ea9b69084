#include "cholesky.h"

#include <assert.h>

#include "onboard/elementary.h"

#define PIVOT_MIN 1e-14

int32_t ob_cholesky_factor(double *lower, const double *a, int32_t size, double damping) {
  assert(size >= 1 && size <= OB_CHOLESKY_MAX);
  for (int32_t i = 0; i < size; i++) {
    for (int32_t j = 0; j <= i; j++) {
      double sum = a[i * size + j] * (i == j ? 1.0 + damping : 1.0);
      for (int32_t k = 0; k < j; k++) {
        sum -= lower[i * size + k] * lower[j * size + k];
      }
      if (i != j) {
        lower[i * size + j] = sum / lower[j * size + j];
      } else if (sum > PIVOT_MIN * a[i * size + i] && sum - sum == 0.0) {
        lower[i * size + i] = ob_sqrt(sum);
      } else {
        return 0;
      }
    }
  }
  return 1;
}

void ob_cholesky_solve(double *x, const double *lower, const double *b, int32_t size) {
  for (int32_t i = 0; i < size; i++) {
    double sum = b[i];
    for (int32_t k = 0; k < i; k++) {
      sum -= lower[i * size + k] * x[k];
    }
    x[i] = sum / lower[i * size + i];
  }
  for (int32_t i = size - 1; i >= 0; i--) {
    for (int32_t k = i + 1; k < size; k++) {
      x[i] -= lower[k * size + i] * x[k];
    }
    x[i] /= lower[i * size + i];
  }
}

void ob_cholesky_inverse(double *inverse, const double *lower, int32_t size) {
  for (int32_t column = 0; column < size; column++) {
    double unit[OB_CHOLESKY_MAX] = {0.0};
    unit[column] = 1.0;
    ob_cholesky_solve(unit, lower, unit, size);
    for (int32_t row = 0; row < size; row++) {
      inverse[row * size + column] = unit[row];
    }
  }
}
