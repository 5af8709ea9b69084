#include "crater_rim.h"

#include <stddef.h>

#include "onboard/elementary.h"
#include "vision/simd.h"

#define HALF OB_CRATER_TEMPLATE_HALF
#define SIDE OB_CRATER_TEMPLATE_SIDE
#define N OB_RIM_UNKNOWNS
#define NOISE 1.6 /* variance of the logarithm that is taken for noise: of rounded grey levels */
#define STEPS 6
#define LOG_SCALE 0.1732867951399863 /* natural logarithm of a step in radius */
#define LOG_SHADOW 0.8768
#define SCATTER_MAX 1e4 /* where the gain is next to nothing */
#define LEAST_PX 0.05 /* of the level: standard deviation of a place, at least */

typedef struct {
  int32_t sum, square;
} moments;

static inline moments sums_of(const ob_crater_level *l, const ob_crater_picture *t, int32_t x, int32_t y,
                              int32_t first, int32_t columns) {
  moments m = {0, 0};
  for (int32_t row = -t->reach; row <= t->reach; row++) {
    const int16_t *p = l->pixel + (ptrdiff_t)(y + row) * l->stride + x - HALF + first;
    const int16_t *inside = t->inside[row + HALF] + first;
    for (int32_t k = 0; k < columns; k++) {
      const int16_t in = inside[k] & p[k];
      m.sum += in;
      m.square += in * in;
    }
  }
  return m;
}

static inline int32_t dot(const ob_crater_level *l, const int16_t weight[][SIDE], int32_t reach, int32_t x,
                          int32_t y, int32_t first, int32_t columns) {
  int32_t sum = 0;
  for (int32_t row = -reach; row <= reach; row++) {
    const int16_t *p = l->pixel + (ptrdiff_t)(y + row) * l->stride + x - HALF + first;
    const int16_t *w = weight[row + HALF] + first;
    for (int32_t k = 0; k < columns; k++) {
      sum += w[k] * p[k];
    }
  }
  return sum;
}

/* Products of the first `count` sets of weights with the pixels, and the pixels' own sums. */
static inline moments products(const ob_crater_level *l, const ob_crater_picture *t, int32_t x, int32_t y,
                               int32_t count, int32_t product[N]) {
  const int32_t narrow = t->reach <= 7;
  for (int32_t i = 0; i < count; i++) {
    product[i] = narrow ? dot(l, t->weight[i], t->reach, x, y, HALF - 7, 16) : dot(l, t->weight[i], t->reach, x, y, 0, SIDE);
  }
  return narrow ? sums_of(l, t, x, y, HALF - 7, 16) : sums_of(l, t, x, y, 0, SIDE);
}

#if OB_HAS_X86
OB_AVX2 static moments products_avx2(const ob_crater_level *l, const ob_crater_picture *t, int32_t x, int32_t y,
                                     int32_t count, int32_t product[N]) {
  return products(l, t, x, y, count, product);
}
#endif

static moments look_at(const ob_crater_level *l, const ob_crater_picture *t, int32_t x, int32_t y, int32_t count,
                       int32_t product[N], int64_t simd) {
#if OB_HAS_X86
  if (simd == OB_SIMD_AVX2) {
    return products_avx2(l, t, x, y, count, product);
  }
#else
  (void)simd;
#endif
  return products(l, t, x, y, count, product);
}

static const ob_crater_picture *picture_of(const ob_crater_bank *bank, const ob_crater_rim *rim) {
  return &bank->pictures[(rim->scale - bank->first) * OB_CRATER_SHADOWS + rim->shadow];
}

static int is_known(const ob_crater_level *l, const ob_crater_bank *bank, const ob_crater_rim *rim) {
  if (rim->scale < bank->first || rim->scale > bank->last || rim->shadow < 0 || rim->shadow >= OB_CRATER_SHADOWS) {
    return 0;
  }
  const int32_t reach = picture_of(bank, rim)->reach;
  return rim->x >= reach && rim->y >= reach && rim->x + reach < l->width && rim->y + reach < l->height;
}

static double correlation_of(const ob_crater_picture *t, const moments *m, int32_t product, double *total) {
  *total = m->square - (double)m->sum * m->sum / t->count + t->count * NOISE;
  return (product - t->sum[0] * m->sum / t->count) / ob_sqrt(t->gram * *total);
}

/* The linear fit; 0 where the gain would be negative. */
static int solve(const ob_crater_level *l, const ob_crater_bank *bank, int64_t simd, ob_crater_rim *rim) {
  const ob_crater_picture *t = picture_of(bank, rim);
  int32_t product[N];
  const moments m = look_at(l, t, rim->x, rim->y, N, product, simd);
  double total, right[N], solution[N], explained = 0.0;
  rim->correlation = correlation_of(t, &m, product[0], &total);
  for (int32_t i = 0; i < N; i++) {
    right[i] = product[i] - t->sum[i] * m.sum / t->count;
  }
  for (int32_t i = 0; i < N; i++) {
    solution[i] = 0.0;
    for (int32_t j = 0; j < N; j++) {
      solution[i] += t->inverse[i * N + j] * right[j];
    }
    explained += solution[i] * right[i];
  }
  const double gain = solution[OB_RIM_GAIN];
  if (!(gain > 0.0)) {
    return 0;
  }
  for (int32_t i = 0; i < N; i++) {
    rim->change[i] = solution[i] * ob_crater_rim_unit(i) / gain;
  }
  rim->explained = explained / total;
  rim->contrast = ob_sqrt(ob_max(explained, 0.0) / t->count);
  rim->scatter = (total - explained) / (t->count - N) / (gain * gain);
  return 1;
}

/* The shadow whose picture is most like what is here; 0 if none can be compared. */
static int choose_shadow(const ob_crater_level *l, const ob_crater_bank *bank, int64_t simd, ob_crater_rim *rim) {
  ob_crater_rim r = *rim;
  rim->correlation = -1.0;
  for (r.shadow = 0; r.shadow < OB_CRATER_SHADOWS && is_known(l, bank, &r); r.shadow++) {
    int32_t product[N];
    double total;
    const ob_crater_picture *t = picture_of(bank, &r);
    const moments m = look_at(l, t, r.x, r.y, 1, product, simd);
    r.correlation = correlation_of(t, &m, product[0], &total);
    *rim = r.correlation > rim->correlation ? r : *rim;
  }
  return r.shadow > 0;
}

/* From the Sun's axes on the ground to the image. */
static void to_image(const ob_crater_sight *s, double towards, double across, double image[2]) {
  const double u = towards * s->sun[0] - across * s->sun[1], v = towards * s->sun[1] + across * s->sun[0];
  image[0] = s->ground_to_image[0] * u + s->ground_to_image[1] * v;
  image[1] = s->ground_to_image[2] * u + s->ground_to_image[3] * v;
}

/* To the nearest whole number, not beyond `most`. */
static int32_t steps(double x, int32_t most) {
  return (int32_t)ob_to_i64(ob_floor(ob_clamp(x, (double)-most, (double)most) + 0.5));
}

/* Where the linear fit points; 0 if to where it stands. */
static int step(const ob_crater_sight *sight, ob_crater_rim *rim) {
  double d[2];
  to_image(sight, rim->change[OB_RIM_TOWARDS], rim->change[OB_RIM_ACROSS], d);
  const int32_t dx = steps(d[0], 2), dy = steps(d[1], 2);
  const int32_t larger = steps(rim->change[OB_RIM_SIZE] / LOG_SCALE, 1);
  const int32_t darker = steps(-rim->change[OB_RIM_SHADOW] / LOG_SHADOW, 1);
  rim->x += dx;
  rim->y += dy;
  rim->scale += larger;
  rim->shadow += darker;
  return dx != 0 || dy != 0 || larger != 0 || darker != 0;
}

int ob_crater_rim_fit(const ob_crater_level *level, const ob_crater_bank *bank, const ob_crater_sight *sight,
                      int64_t simd, ob_crater_rim *rim) {
  if (!choose_shadow(level, bank, simd, rim) || !solve(level, bank, simd, rim)) {
    return 0;
  }
  ob_crater_rim next = *rim;
  for (int32_t k = 0; k < STEPS && step(sight, &next) && is_known(level, bank, &next); k++) {
    if (!solve(level, bank, simd, &next) || next.correlation <= rim->correlation) {
      break;
    }
    *rim = next;
  }
  return 1;
}

/* --- Ellipse and covariance ---------------------------------------------------------------------- */

/* Symmetric 2 x 2 matrices are (column-column, column-row, row-row). */

/* M M', and the change of it with M by D. */
static void square_of(const double M[4], const double D[4], double of[3], double change[3]) {
  of[0] = M[0] * M[0] + M[1] * M[1];
  of[1] = M[0] * M[2] + M[1] * M[3];
  of[2] = M[2] * M[2] + M[3] * M[3];
  change[0] = 2.0 * (M[0] * D[0] + M[1] * D[1]);
  change[1] = M[0] * D[2] + M[1] * D[3] + D[0] * M[2] + D[1] * M[3];
  change[2] = 2.0 * (M[2] * D[2] + M[3] * D[3]);
}

/* The root of a positive definite matrix Q, (Q + d) / t with d^2 its determinant and t the root's trace
 * (from Cayley and Hamilton's theorem), and the change of it with Q by C. */
static void root_of(const double Q[3], const double C[3], double root[3], double change[3]) {
  const double d = ob_sqrt(Q[0] * Q[2] - Q[1] * Q[1]), t = ob_sqrt(Q[0] + Q[2] + 2.0 * d);
  const double d_change = 0.5 * (C[0] * Q[2] + Q[0] * C[2] - 2.0 * Q[1] * C[1]) / d;
  const double t_change = 0.5 * (C[0] + C[2] + 2.0 * d_change) / t;
  for (int32_t k = 0; k < 3; k++) {
    const double unit = k == 1 ? 0.0 : 1.0;
    root[k] = (Q[k] + unit * d) / t;
    change[k] = (C[k] + unit * d_change - root[k] * t_change) / t;
  }
}

/* Half axes of the rim by its stretch along the Sun and its shear: a matrix from the unit circle. */
static void rim_matrix(const ob_crater_sight *s, double radius, double size, double stretch, double shear,
                       double M[4]) {
  double along[2], across[2];
  to_image(s, radius * (size + stretch), radius * shear, along);
  to_image(s, radius * shear, radius * (size - stretch), across);
  M[0] = along[0];
  M[1] = across[0];
  M[2] = along[1];
  M[3] = across[1];
}

/* Derivatives of place and shape, in pixels of the image, by the unknowns from OB_RIM_TOWARDS to
 * OB_RIM_SHEAR. */
static void derive(const ob_crater_rim *rim, double radius, const ob_crater_sight *s, double scale, double J[5][5],
                   double shape[3]) {
  const double stretch = ob_clamp(rim->change[OB_RIM_LONG], -0.3, 0.3);
  const double shear = ob_clamp(rim->change[OB_RIM_SHEAR], -0.3, 0.3);
  double M[4];
  rim_matrix(s, radius, 1.0, stretch, shear, M);
  for (int32_t k = 0; k < 5; k++) {
    double D[4], Q[3], C[3], change[3], moved[2];
    to_image(s, k == 0 ? scale : 0.0, k == 1 ? scale : 0.0, moved);
    rim_matrix(s, radius, k == 2, k == 3, k == 4, D);
    square_of(M, D, Q, C);
    root_of(Q, C, shape, change);
    J[0][k] = moved[0];
    J[1][k] = moved[1];
    for (int32_t i = 0; i < 3; i++) {
      J[2 + i][k] = change[i];
    }
  }
}

/* By what the variance of an unknown is larger than independent residuals would make it: neighbouring
 * pixels err alike, and what is not explained is ground that is no bowl. Set on scenes: docs/vision.md. */
static double inflation(int32_t unknown, double explained) {
  const double u = ob_clamp(1.0 - explained, 0.0, 1.0), cube = u * u * u;
  switch (unknown) {
    case OB_RIM_TOWARDS: return 7.5 + 290.0 * cube;
    case OB_RIM_ACROSS: return 2.8 + 14.0 * u;
    case OB_RIM_SIZE: return 9.0 + 200.0 * cube;
    default: return 4.5;
  }
}

/* Of the unknowns from OB_RIM_TOWARDS to OB_RIM_SHEAR, in pixels of the level and parts of the radius. */
static double covariance_of(const ob_crater_rim *rim, const ob_crater_picture *t, int32_t i, int32_t j) {
  const int32_t a = OB_RIM_TOWARDS + i, b = OB_RIM_TOWARDS + j;
  const double unit = ob_crater_rim_unit(a) * ob_crater_rim_unit(b);
  const double more = ob_sqrt(inflation(a, rim->explained) * inflation(b, rim->explained));
  const double least = a <= OB_RIM_ACROSS ? LEAST_PX : LEAST_PX / t->radius;
  return ob_min(rim->scatter, SCATTER_MAX) * t->inverse[a * N + b] * unit * more + (i == j ? least * least : 0.0);
}

void ob_crater_rim_tell(const ob_crater_rim *rim, const ob_crater_bank *bank, const ob_crater_sight *sight,
                        double scale, ob_found_crater *found) {
  const ob_crater_picture *t = picture_of(bank, rim);
  const double radius = scale * t->radius * (1.0 + ob_clamp(rim->change[OB_RIM_SIZE], -0.2, 0.2));
  double moved[2], J[5][5], half[5][5];
  to_image(sight, ob_clamp(rim->change[OB_RIM_TOWARDS], -1.0, 1.0), ob_clamp(rim->change[OB_RIM_ACROSS], -1.0, 1.0),
           moved);
  found->pixel[0] = scale * (rim->x + moved[0] + 0.5) - 0.5;
  found->pixel[1] = scale * (rim->y + moved[1] + 0.5) - 0.5;
  derive(rim, radius, sight, scale, J, found->shape_px);
  const double *s = found->shape_px;
  found->radius_px = ob_sqrt(s[0] * s[2] - s[1] * s[1]);
  for (int32_t i = 0; i < 5; i++) {
    for (int32_t j = 0; j < 5; j++) {
      half[i][j] = 0.0;
      for (int32_t k = 0; k < 5; k++) {
        half[i][j] += J[i][k] * covariance_of(rim, t, k, j);
      }
    }
  }
  for (int32_t i = 0; i < 5; i++) {
    for (int32_t j = 0; j < 5; j++) {
      found->covariance[5 * i + j] = 0.0;
      for (int32_t k = 0; k < 5; k++) {
        found->covariance[5 * i + j] += half[i][k] * J[j][k];
      }
    }
  }
}
