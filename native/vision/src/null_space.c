#include "null_space.h"

#include <assert.h>

#include "onboard/elementary.h"

#define RANK_MIN 1e-9 /* of what a constraint adds to those before it, beside its norm */

/* v -= 2 u (u'v) of nine numbers, from `from` on, where u is zero before it. */
static void reflect(double v[9], const double u[9], int32_t from) {
  double dot = 0.0;
  for (int32_t i = from; i < 9; i++) {
    dot += u[i] * v[i];
  }
  dot *= 2.0;
  for (int32_t i = from; i < 9; i++) {
    v[i] -= dot * u[i];
  }
}

/* The reflection that clears v beyond `from`; 0 where too little of it is left. */
static int32_t mirror_of(const double v[9], int32_t from, double whole, double u[9]) {
  double rest = 0.0;
  for (int32_t i = from; i < 9; i++) {
    rest += v[i] * v[i];
  }
  if (!(rest > RANK_MIN * RANK_MIN * whole)) {
    return 0;
  }
  const double norm = ob_sqrt(rest), away = v[from] > 0.0 ? norm : -norm;
  const double scale = 1.0 / ob_sqrt(2.0 * (rest + away * v[from]));
  for (int32_t i = from; i < 9; i++) {
    u[i] = (v[i] + (i == from ? away : 0.0)) * scale;
  }
  return 1;
}

int32_t ob_null_space(double (*constraint)[9], int32_t rows, double *basis) {
  assert(rows >= 1 && rows <= OB_CONSTRAINTS_MAX);
  double u[OB_CONSTRAINTS_MAX][9] = {{0.0}};
  for (int32_t k = 0; k < rows; k++) {
    double *v = constraint[k], whole = 0.0;
    for (int32_t i = 0; i < 9; i++) {
      whole += v[i] * v[i];
    }
    for (int32_t j = 0; j < k; j++) {
      reflect(v, u[j], j);
    }
    if (!mirror_of(v, k, whole, u[k])) {
      return 0;
    }
  }
  for (int32_t n = 0; n < 9 - rows; n++) {
    double v[9] = {0.0};
    v[rows + n] = 1.0;
    for (int32_t j = rows - 1; j >= 0; j--) {
      reflect(v, u[j], j);
    }
    for (int32_t i = 0; i < 9; i++) {
      basis[(9 - rows) * i + n] = v[i];
    }
  }
  return 1;
}
