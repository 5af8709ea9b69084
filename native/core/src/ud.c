#include "onboard/ud.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"

#define N OB_UD_STATES
#define DYNAMIC OB_UD_DYNAMIC
#define NARROW 6 /* of OB_UD_DYNAMIC: position and velocity, without attitude */
#define COLUMNS (2 * DYNAMIC) /* of the dynamic states, then of their noise */

void ob_ud_init(ob_ud *ud, const double sigma[N]) {
  memset(ud, 0, sizeof *ud);
  for (int32_t i = 0; i < N; i++) {
    assert(sigma[i] > 0.0);
    ud->d[i] = sigma[i] * sigma[i];
  }
}

/* f = U^T h. Few elements of a row are not 0; the others add nothing. */
void ob_ud_project(const ob_ud *ud, const double h[N], double f[N]) {
  int32_t index[N], count = 0;
  for (int32_t j = 0; j < N; j++) {
    double sum = h[j];
    for (int32_t k = 0; k < count; k++) {
      sum += ud->u[j][index[k]] * h[index[k]];
    }
    f[j] = sum;
    index[count] = j;
    count += h[j] != 0.0;
  }
}

double ob_ud_diagonal(const ob_ud *ud, int32_t index) {
  double sum = ud->d[index];
  for (int32_t j = index + 1; j < N; j++) {
    sum += ud->u[j][index] * ud->d[j] * ud->u[j][index];
  }
  return sum;
}

double ob_ud_inner(const ob_ud *ud, const double fg[N], const double fh[N]) {
  double sum = 0.0;
  for (int32_t j = 0; j < N; j++) {
    sum += fg[j] * ud->d[j] * fh[j];
  }
  return sum;
}

double ob_ud_covariance(const ob_ud *ud, const double g[N], const double h[N]) {
  double fg[N], fh[N];
  ob_ud_project(ud, g, fg);
  ob_ud_project(ud, h, fh);
  return ob_ud_inner(ud, fg, fh);
}

double ob_ud_variance(const ob_ud *ud, const double h[N]) {
  double f[N];
  ob_ud_project(ud, h, f);
  return ob_ud_inner(ud, f, f);
}

void ob_ud_update(ob_ud *ud, const double h[N], double variance, double gain[N]) {
  assert(variance > 0.0);
  double f[N];
  ob_ud_project(ud, h, f);
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
  for (; last > 0 && v[last] == 0.0; last--) { /* a column that stays as it is */
  }
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

/* w = phi times column j of U. Most columns of phi move no attitude: the rest of theirs is 0. */
static void transform(const ob_ud *ud, const double phi[N][OB_UD_WIDTH], const int32_t width[N],
                      int32_t j, double w[OB_UD_WIDTH]) {
  double sum[OB_UD_WIDTH];
  memcpy(sum, phi[j], sizeof sum);
  for (int32_t k = 0; k < j; k++) {
    double u = ud->u[j][k];
    if (width[k] == OB_UD_WIDTH) {
      for (int32_t i = 0; i < OB_UD_WIDTH; i++) {
        sum[i] += phi[k][i] * u;
      }
    } else if (width[k] > 0) {
      for (int32_t i = 0; i < NARROW; i++) {
        sum[i] += phi[k][i] * u;
      }
    }
  }
  memcpy(w, sum, sizeof sum);
}

/* Of each column: 0, NARROW or OB_UD_WIDTH elements, and the rest 0. */
static void find_widths(const double phi[N][OB_UD_WIDTH], int32_t width[N]) {
  for (int32_t k = 0; k < N; k++) {
    width[k] = 0;
    for (int32_t i = 0; i < OB_UD_WIDTH; i++) {
      if (phi[k][i] != 0.0) {
        width[k] = i < NARROW ? NARROW : OB_UD_WIDTH;
      }
    }
  }
}

/* dot[i] = sum over k of weight[k] w[k][i] w[k][j], i <= j side by side. Of the columns of the noise, which
 * begin as those of I, those before j are still 0 in row j. */
static void inner_products(const double w[COLUMNS][OB_UD_WIDTH], const double weight[COLUMNS],
                           int32_t j, double dot[OB_UD_WIDTH]) {
  memset(dot, 0, OB_UD_WIDTH * sizeof dot[0]);
  for (int32_t k = 0; k < COLUMNS; k = k == DYNAMIC - 1 ? DYNAMIC + j : k + 1) {
    double weighted = weight[k] * w[k][j];
    for (int32_t i = 0; i <= j; i++) {
      dot[i] += weighted * w[k][i];
    }
  }
}

/* Thornton's orthogonalisation of the rows of [Phi U | I] with weights [D | Q]. w holds the columns of
 * that matrix; of those rows only what comes before j is looked at again. */
static void orthogonalise(ob_ud *ud, double w[COLUMNS][OB_UD_WIDTH], const double weight[COLUMNS]) {
  for (int32_t j = DYNAMIC - 1; j >= 0; j--) {
    double dot[OB_UD_WIDTH];
    inner_products((const double(*)[OB_UD_WIDTH])w, weight, j, dot);
    assert(dot[j] > 0.0);
    ud->d[j] = dot[j];
    double inverse = 1.0 / dot[j];
    for (int32_t i = 0; i < j; i++) {
      dot[i] *= inverse;
    }
    memcpy(ud->u[j], dot, (size_t)j * sizeof dot[0]);
    for (int32_t k = 0; k < COLUMNS; k = k == DYNAMIC - 1 ? DYNAMIC + j : k + 1) {
      double wj = w[k][j];
      for (int32_t i = 0; i < j; i++) {
        w[k][i] -= dot[i] * wj;
      }
    }
  }
}

void ob_ud_propagate(ob_ud *ud, const double phi[N][OB_UD_WIDTH], const double variance[DYNAMIC]) {
  double w[COLUMNS][OB_UD_WIDTH] = {{0.0}}, weight[COLUMNS], column[OB_UD_WIDTH];
  int32_t width[N];
  find_widths(phi, width);
  for (int32_t j = N - 1; j >= DYNAMIC; j--) {
    transform(ud, phi, width, j, column);
    memcpy(ud->u[j], column, DYNAMIC * sizeof column[0]);
  }
  for (int32_t j = 0; j < DYNAMIC; j++) {
    transform(ud, phi, width, j, w[j]);
    weight[j] = ud->d[j];
    weight[DYNAMIC + j] = variance[j];
    w[DYNAMIC + j][j] = 1.0;
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
