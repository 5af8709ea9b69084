#include "vision/five_point.h"

#include <string.h>

#include "onboard/vector.h"
#include "null_space.h"
#include "polynomial.h"

#define PIVOT_MIN 1e-14 /* beside the largest entry */

/* E = x X + y Y + z Z + W: an entry is a polynomial of the first degree, [x, y, z, 1]. */
typedef double linear[4];
/* [x2, xy, y2, xz, yz, z2, x, y, z, 1] */
typedef double quadratic[10];
/* [x3, y3, x2y, xy2, x2z, x2, y2z, y2, xyz, xy | xz2, xz, x, yz2, yz, y, z3, z2, z, 1]: the first ten
 * are to be eliminated. */
typedef double cubic[20];

/* out += s a b */
static void add_product(quadratic out, double s, const linear a, const linear b) {
  const double c[4] = {s * a[0], s * a[1], s * a[2], s * a[3]};
  out[0] += c[0] * b[0];
  out[1] += c[0] * b[1] + c[1] * b[0];
  out[2] += c[1] * b[1];
  out[3] += c[0] * b[2] + c[2] * b[0];
  out[4] += c[1] * b[2] + c[2] * b[1];
  out[5] += c[2] * b[2];
  out[6] += c[0] * b[3] + c[3] * b[0];
  out[7] += c[1] * b[3] + c[3] * b[1];
  out[8] += c[2] * b[3] + c[3] * b[2];
  out[9] += c[3] * b[3];
}

/* out += a b */
static void add_cubic(cubic out, const quadratic a, const linear b) {
  out[0] += a[0] * b[0];
  out[1] += a[2] * b[1];
  out[2] += a[0] * b[1] + a[1] * b[0];
  out[3] += a[1] * b[1] + a[2] * b[0];
  out[4] += a[0] * b[2] + a[3] * b[0];
  out[5] += a[0] * b[3] + a[6] * b[0];
  out[6] += a[2] * b[2] + a[4] * b[1];
  out[7] += a[2] * b[3] + a[7] * b[1];
  out[8] += a[1] * b[2] + a[3] * b[1] + a[4] * b[0];
  out[9] += a[1] * b[3] + a[6] * b[1] + a[7] * b[0];
  out[10] += a[3] * b[2] + a[5] * b[0];
  out[11] += a[3] * b[3] + a[6] * b[2] + a[8] * b[0];
  out[12] += a[6] * b[3] + a[9] * b[0];
  out[13] += a[4] * b[2] + a[5] * b[1];
  out[14] += a[4] * b[3] + a[7] * b[2] + a[8] * b[1];
  out[15] += a[7] * b[3] + a[9] * b[1];
  out[16] += a[5] * b[2];
  out[17] += a[5] * b[3] + a[8] * b[2];
  out[18] += a[8] * b[3] + a[9] * b[2];
  out[19] += a[9] * b[3];
}

/* Four orthonormal vectors across the five constraints: entry[i] is that of E. 0 where the constraints
 * are not independent. */
static int32_t null_space(const double first[10], const double second[10], linear entry[9]) {
  double constraint[5][9];
  for (int32_t k = 0; k < 5; k++) {
    const double x[3] = {first[2 * k], first[2 * k + 1], 1.0};
    const double y[3] = {second[2 * k], second[2 * k + 1], 1.0};
    for (int32_t i = 0; i < 9; i++) {
      constraint[k][i] = y[i / 3] * x[i % 3];
    }
  }
  return ob_null_space(constraint, 5, entry[0]);
}

/* The ten cubic equations: EE'E - trace(EE') E / 2 = 0 and det E = 0. */
static void constrain(const linear entry[9], cubic equation[10]) {
  quadratic square[9], half_trace = {0.0};
  memset(equation, 0, 10 * sizeof(cubic));
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t j = 0; j <= i; j++) {
      double *s = square[3 * i + j];
      memset(s, 0, sizeof(quadratic));
      for (int32_t k = 0; k < 3; k++) {
        add_product(s, 1.0, entry[3 * i + k], entry[3 * j + k]);
      }
      memcpy(square[3 * j + i], s, sizeof(quadratic));
    }
    for (int32_t k = 0; k < 10; k++) {
      half_trace[k] += 0.5 * square[4 * i][k];
    }
  }
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t k = 0; k < 10; k++) {
      square[4 * i][k] -= half_trace[k];
    }
    for (int32_t j = 0; j < 3; j++) {
      for (int32_t k = 0; k < 3; k++) {
        add_cubic(equation[3 * i + j], square[3 * i + k], entry[3 * k + j]);
      }
    }
  }
  for (int32_t j = 0; j < 3; j++) {
    quadratic minor = {0.0};
    const int32_t next = (j + 1) % 3, last = (j + 2) % 3;
    add_product(minor, 1.0, entry[3 + next], entry[6 + last]);
    add_product(minor, -1.0, entry[3 + last], entry[6 + next]);
    add_cubic(equation[9], minor, entry[j]);
  }
}

static int32_t pivot_of(const cubic equation[10], int32_t column) {
  int32_t best = column;
  for (int32_t i = column + 1; i < 10; i++) {
    best = ob_fabs(equation[i][column]) > ob_fabs(equation[best][column]) ? i : best;
  }
  return best;
}

/* Gauss's elimination of the first ten monomials; the rows of x2z, x2, y2z, y2, xyz and xy (4 to 9) have
 * theirs alone at the end. 0 where they cannot be told apart. */
static int32_t eliminate(cubic equation[10]) {
  for (int32_t column = 0; column < 10; column++) {
    const int32_t pivot = pivot_of((const cubic *)equation, column);
    cubic row;
    memcpy(row, equation[pivot], sizeof row);
    memcpy(equation[pivot], equation[column], sizeof row);
    if (!(ob_fabs(row[column]) > PIVOT_MIN)) {
      return 0;
    }
    const double inverse = 1.0 / row[column];
    for (int32_t k = 0; k < 20; k++) {
      row[k] *= inverse;
    }
    memcpy(equation[column], row, sizeof row);
    for (int32_t i = column + 1; i < 10; i++) {
      const double factor = equation[i][column];
      for (int32_t k = column; k < 20; k++) {
        equation[i][k] -= factor * row[k];
      }
    }
  }
  for (int32_t column = 9; column > 4; column--) {
    for (int32_t i = 4; i < column; i++) {
      const double factor = equation[i][column];
      for (int32_t k = 10; k < 20; k++) {
        equation[i][k] -= factor * equation[column][k];
      }
    }
  }
  return 1;
}

/* A row of the 3 x 3 matrix of polynomials in z that sends (x, y, 1) to zero: with z and without. */
typedef struct {
  double x[4], y[4], one[5]; /* ascending */
} row_in_z;

static void combine(const double *with, const double *without, row_in_z *out) {
  const double *r = with + 10, *s = without + 10;
  *out = (row_in_z){.x = {r[2], r[1] - s[2], r[0] - s[1], -s[0]},
                    .y = {r[5], r[4] - s[5], r[3] - s[4], -s[3]},
                    .one = {r[9], r[8] - s[9], r[7] - s[8], r[6] - s[7], -s[6]}};
}

/* out += s a b, of degrees 3 and `of_b`. */
static void add_polynomials(double *out, double s, const double a[4], const double *b, int32_t of_b) {
  for (int32_t i = 0; i < 4; i++) {
    for (int32_t j = 0; j <= of_b; j++) {
      out[i + j] += s * a[i] * b[j];
    }
  }
}

static void determinant(const row_in_z row[3], double out[11]) {
  memset(out, 0, 11 * sizeof *out);
  for (int32_t i = 0; i < 3; i++) {
    const row_in_z *next = &row[(i + 1) % 3], *last = &row[(i + 2) % 3];
    double minor[8] = {0.0};
    add_polynomials(minor, 1.0, next->y, last->one, 4);
    add_polynomials(minor, -1.0, last->y, next->one, 4);
    add_polynomials(out, 1.0, row[i].x, minor, 7);
  }
}

/* x and y at a root: the largest of the cross products of two rows. */
static int32_t solve_at(const row_in_z row[3], double z, double x_y[2]) {
  double at[3][3], best[3] = {0.0};
  for (int32_t i = 0; i < 3; i++) {
    ob_v3_set(at[i], ob_polynomial_at(row[i].x, 3, z), ob_polynomial_at(row[i].y, 3, z),
              ob_polynomial_at(row[i].one, 4, z));
  }
  for (int32_t i = 0; i < 3; i++) {
    double cross[3];
    ob_v3_cross(cross, at[i], at[(i + 1) % 3]);
    if (ob_fabs(cross[2]) > ob_fabs(best[2])) {
      ob_v3_copy(best, cross);
    }
  }
  x_y[0] = best[0] / best[2];
  x_y[1] = best[1] / best[2];
  return ob_fabs(x_y[0]) < OB_ROOT_MAX && ob_fabs(x_y[1]) < OB_ROOT_MAX; /* no, for 0 / 0 */
}

int64_t ob_five_point(const double first[10], const double second[10],
                      double E[9 * OB_FIVE_POINT_SOLUTIONS_MAX]) {
  linear entry[9];
  cubic equation[10];
  row_in_z row[3];
  double polynomial[11], roots[OB_POLYNOMIAL_DEGREE_MAX];
  if (!null_space(first, second, entry)) {
    return 0;
  }
  constrain((const linear *)entry, equation);
  if (!eliminate(equation)) {
    return 0;
  }
  for (int32_t i = 0; i < 3; i++) {
    combine(equation[4 + 2 * i], equation[5 + 2 * i], &row[i]);
  }
  determinant(row, polynomial);
  const int32_t count = ob_real_roots(polynomial, 10, roots);
  int64_t solutions = 0;
  for (int32_t k = 0; k < count; k++) {
    double x_y[2], *out = E + 9 * solutions, square = 0.0;
    if (!solve_at(row, roots[k], x_y)) {
      continue;
    }
    for (int32_t i = 0; i < 9; i++) {
      const double *e = entry[i];
      out[i] = e[0] * x_y[0] + e[1] * x_y[1] + (e[2] * roots[k] + e[3]);
      square += out[i] * out[i];
    }
    const double scale = ob_sqrt(2.0 / square);
    for (int32_t i = 0; i < 9; i++) {
      out[i] *= scale;
    }
    solutions++;
  }
  return solutions;
}
