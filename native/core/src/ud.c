#include "onboard/ud.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"

#define N OB_UD_STATES
#define DYNAMIC OB_UD_DYNAMIC

void ob_ud_init(ob_ud *ud, const double sigma[N]) {
  memset(ud, 0, sizeof *ud);
  for (int32_t i = 0; i < N; i++) {
    assert(sigma[i] > 0.0);
    ud->d[i] = sigma[i] * sigma[i];
  }
}

/* f = U^T h */
static void project(const ob_ud *ud, const double h[N], double f[N]) {
  for (int32_t j = 0; j < N; j++) {
    double sum = h[j];
    for (int32_t i = 0; i < j; i++) {
      sum += ud->u[j][i] * h[i];
    }
    f[j] = sum;
  }
}

double ob_ud_covariance(const ob_ud *ud, const double g[N], const double h[N]) {
  double fg[N], fh[N], sum = 0.0;
  project(ud, g, fg);
  project(ud, h, fh);
  for (int32_t j = 0; j < N; j++) {
    sum += fg[j] * ud->d[j] * fh[j];
  }
  return sum;
}

double ob_ud_variance(const ob_ud *ud, const double h[N]) {
  double f[N], sum = 0.0;
  project(ud, h, f);
  for (int32_t j = 0; j < N; j++) {
    sum += f[j] * ud->d[j] * f[j];
  }
  return sum;
}

void ob_ud_update(ob_ud *ud, const double h[N], double variance, double gain[N]) {
  assert(variance > 0.0);
  double f[N];
  project(ud, h, f);
  double alpha = variance;
  for (int32_t j = 0; j < N; j++) {
    double v = ud->d[j] * f[j];
    double next = alpha + f[j] * v;
    double lambda = -f[j] / alpha;
    ud->d[j] *= alpha / next;
    double *column = ud->u[j];
    for (int32_t i = 0; i < j; i++) {
      double old = column[i];
      column[i] = old + gain[i] * lambda;
      gain[i] += old * v;
    }
    gain[j] = v;
    alpha = next;
  }
  double scale = 1.0 / alpha;
  for (int32_t i = 0; i < N; i++) {
    gain[i] *= scale;
  }
}

/* P += variance v v^T where v ends at index `last`; v is used up. */
static void add_upto(ob_ud *ud, double v[N], double variance, int32_t last) {
  double c = variance;
  for (int32_t j = last; j >= 0 && c > 0.0; j--) {
    double d = ud->d[j] + c * v[j] * v[j];
    double b = c * v[j] / d;
    c *= ud->d[j] / d;
    ud->d[j] = d;
    double *column = ud->u[j];
    for (int32_t i = 0; i < j; i++) {
      v[i] -= v[j] * column[i];
      column[i] += b * v[i];
    }
  }
}

void ob_ud_add(ob_ud *ud, const double v[N], double variance) {
  double used[N];
  memcpy(used, v, sizeof used);
  add_upto(ud, used, variance, N - 1);
}

/* Column `index` of the factors becomes (phi u, phi) before the noise; with the noise its weight is
 * d' = phi^2 d + q and its upper part phi d u / d'. What that loses, (d q / d') u u^T, goes to the
 * columns before it. */
void ob_ud_markov(ob_ud *ud, int32_t index, double phi, double variance) {
  assert(index >= DYNAMIC && index < N);
  double d = ud->d[index], next = phi * phi * d + variance;
  assert(next > 0.0);
  double v[N];
  double *column = ud->u[index];
  for (int32_t i = 0; i < index; i++) {
    v[i] = column[i];
    column[i] *= phi * d / next;
  }
  for (int32_t j = index + 1; j < N; j++) {
    ud->u[j][index] *= phi;
  }
  ud->d[index] = next;
  add_upto(ud, v, d * variance / next, index - 1);
}

/* w = phi times column j of U */
static void transform(const ob_ud *ud, const double phi[N][DYNAMIC], int32_t j, double w[DYNAMIC]) {
  for (int32_t i = 0; i < DYNAMIC; i++) {
    w[i] = phi[j][i];
  }
  for (int32_t k = 0; k < j; k++) {
    double u = ud->u[j][k];
    for (int32_t i = 0; i < DYNAMIC; i++) {
      w[i] += phi[k][i] * u;
    }
  }
}

/* Thornton's orthogonalisation of the rows of [Phi U | I] with weights [D | Q]; the noise columns are
 * kept apart because their row i begins as unit vector i. */
static void orthogonalise(ob_ud *ud, double w[DYNAMIC][2 * DYNAMIC],
                          const double weight[2 * DYNAMIC]) {
  for (int32_t j = DYNAMIC - 1; j >= 0; j--) {
    double weighted[2 * DYNAMIC], d = 0.0;
    for (int32_t k = 0; k < 2 * DYNAMIC; k++) {
      weighted[k] = weight[k] * w[j][k];
      d += weighted[k] * w[j][k];
    }
    assert(d > 0.0);
    ud->d[j] = d;
    double inverse = 1.0 / d;
    for (int32_t i = 0; i < j; i++) {
      double dot = 0.0;
      for (int32_t k = 0; k < 2 * DYNAMIC; k++) {
        dot += weighted[k] * w[i][k];
      }
      dot *= inverse;
      for (int32_t k = 0; k < 2 * DYNAMIC; k++) {
        w[i][k] -= dot * w[j][k];
      }
      ud->u[j][i] = dot;
    }
  }
}

void ob_ud_propagate(ob_ud *ud, const double phi[N][DYNAMIC], const double variance[DYNAMIC]) {
  double w[DYNAMIC][2 * DYNAMIC] = {{0.0}}, weight[2 * DYNAMIC];
  for (int32_t j = N - 1; j >= 0; j--) {
    double column[DYNAMIC];
    transform(ud, phi, j, column);
    for (int32_t i = 0; i < DYNAMIC; i++) {
      if (j < DYNAMIC) {
        w[i][j] = column[i];
      } else {
        ud->u[j][i] = column[i];
      }
    }
  }
  for (int32_t j = 0; j < DYNAMIC; j++) {
    weight[j] = ud->d[j];
    weight[DYNAMIC + j] = variance[j];
    w[j][DYNAMIC + j] = 1.0;
  }
  orthogonalise(ud, w, weight);
}

static double entry(const ob_ud *ud, int32_t i, int32_t j) {
  return i == j ? 1.0 : ud->u[j][i];
}

void ob_ud_matrix(const ob_ud *ud, double p[N * N]) {
  for (int32_t i = 0; i < N; i++) {
    for (int32_t k = i; k < N; k++) {
      double sum = 0.0;
      for (int32_t j = k; j < N; j++) {
        sum += entry(ud, i, j) * ud->d[j] * entry(ud, k, j);
      }
      p[i * N + k] = p[k * N + i] = sum;
    }
  }
}

uint64_t ob_ud_hash(const ob_ud *ud, uint64_t hash) {
  for (int32_t j = 1; j < N; j++) {
    hash = ob_hash_f64s(hash, ud->u[j], j);
  }
  return ob_hash_f64s(hash, ud->d, N);
}
