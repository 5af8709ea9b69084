#include "vision/p3p.h"

#include "onboard/vector.h"

/* Squared sine of the smallest angle of a triangle of points, below which they count as a line. */
#define LINE_SINE_SQUARED 1e-10
#define NEWTON_STEPS 20

/* a: squared distances of points 12, 13, 23; b: -2 cos of the angles between rays 12, 13, 23. */
typedef struct {
  double a12, a13, a23, b12, b13, b23;
} triangle;

/* The real root of x^3 + b x^2 + c x + d that stands farthest from the others: beyond the stationary
 * point on the side to which the value at the point of inflection sends it. Newton's method is monotone
 * there (Persson and Nordberg 2018, section 3.3). */
static double cubic_root(double b, double c, double d) {
  double x = -b / 3.0;
  const double discriminant = b * b - 3.0 * c, middle = ((x + b) * x + c) * x + d;
  if (discriminant >= 0.0) {
    const double v = middle > 0.0 ? -ob_sqrt(discriminant) : ob_sqrt(discriminant);
    const double stationary = (-b + v) / 3.0;
    const double value = ((stationary + b) * stationary + c) * stationary + d;
    const double away = ob_sqrt(ob_fabs(value / (3.0 * stationary + b)));
    x = stationary + (middle > 0.0 ? -away : away);
  }
  for (int32_t i = 0; i < NEWTON_STEPS; i++) {
    const double step = (((x + b) * x + c) * x + d) / ((3.0 * x + 2.0 * b) * x + c);
    x -= step;
    if (!(ob_fabs(step) > 1e-12 * ob_fabs(x))) {
      break;
    }
  }
  return x;
}

/* The factor g for which D1 + g D2 of the two conics is degenerate. */
static double degenerate_factor(const triangle *s) {
  const double c12 = -0.5 * s->b12, c31 = -0.5 * s->b13, c23 = -0.5 * s->b23;
  const double s12 = 1.0 - c12 * c12, s31 = 1.0 - c31 * c31, s23 = 1.0 - c23 * c23;
  const double blob = c12 * c23 * c31 - 1.0;
  const double p3 = s->a13 * (s->a23 * s31 - s->a13 * s23);
  const double p2 = 2.0 * blob * s->a23 * s->a13 + s->a13 * (2.0 * s->a12 + s->a13) * s23 +
                    s->a23 * (s->a23 - s->a12) * s31;
  const double p1 = s->a23 * (s->a13 - s->a23) * s12 - s->a12 * s->a12 * s23 -
                    2.0 * s->a12 * (blob * s->a23 + s->a13 * s23);
  const double p0 = s->a12 * (s->a12 * s23 - s->a23 * s12);
  const double inverse = 1.0 / p3;
  return cubic_root(p2 * inverse, p1 * inverse, p0 * inverse);
}

static int32_t largest(const double *x, int32_t count, int32_t stride) {
  int32_t best = 0;
  for (int32_t i = 1; i < count; i++) {
    best = ob_fabs(x[i * stride]) > ob_fabs(x[best * stride]) ? i : best;
  }
  return best;
}

/* The two lines of a degenerate conic: D = line second' + second line', up to a factor. */
static int32_t split(const triangle *s, double g, double lines[2][3]) {
  const double d00 = s->a23 * (1.0 - g), d01 = 0.5 * s->a23 * s->b12, d02 = -0.5 * s->a23 * s->b13 * g;
  const double d11 = s->a23 - s->a12 + s->a13 * g, d12 = 0.5 * s->b23 * (s->a13 * g - s->a12);
  const double d22 = g * (s->a13 - s->a23) - s->a12;
  const double adjugate[9] = {d12 * d12 - d11 * d22, d01 * d22 - d02 * d12, d02 * d11 - d01 * d12,
                              d01 * d22 - d02 * d12, d02 * d02 - d00 * d22, d00 * d12 - d01 * d02,
                              d02 * d11 - d01 * d12, d00 * d12 - d01 * d02, d01 * d01 - d00 * d11};
  const int32_t column = largest(adjugate, 3, 4);
  const double square = adjugate[4 * column];
  if (!(square > 0.0)) {
    return 0;
  }
  double p[3];
  ob_v3_scale(p, adjugate + 3 * column, 1.0 / ob_sqrt(square));
  const double pair[9] = {d00, d01 - p[2], d02 + p[1], d01 + p[2], d11, d12 - p[0], d02 - p[1], d12 + p[0], d22};
  const int32_t at = largest(pair, 9, 1);
  ob_v3_copy(lines[0], pair + 3 * (at / 3));
  ob_v3_set(lines[1], pair[at % 3], pair[3 + at % 3], pair[6 + at % 3]);
  return 1;
}

/* Distances on one line of the conic; returns how many. */
static int32_t distances_on(const triangle *s, const double line[3], double distances[2][3]) {
  const double w0 = -line[1] / line[0], w1 = -line[2] / line[0];
  const double difference = s->a13 - s->a12;
  const double a = 1.0 / (difference * w1 * w1 - s->a12 * s->b13 * w1 - s->a12);
  const double b = (s->a13 * s->b12 * w1 - s->a12 * s->b13 * w0 + 2.0 * w0 * w1 * difference) * a;
  const double c = (difference * w0 * w0 + s->a13 * s->b12 * w0 + s->a13) * a;
  const double discriminant = b * b - 4.0 * c;
  if (!(discriminant >= 0.0)) {
    return 0;
  }
  const double far = -0.5 * (b + (b < 0.0 ? -ob_sqrt(discriminant) : ob_sqrt(discriminant)));
  const double roots[2] = {far, c / far};
  int32_t count = 0;
  for (int32_t i = 0; i < 2; i++) {
    const double tau = roots[i], square = s->a23 / (tau * (s->b23 + tau) + 1.0);
    const double second = ob_sqrt(ob_max(square, 0.0)), third = tau * second;
    const double first = w0 * second + w1 * third;
    if (tau > 0.0 && second > 0.0 && first > 0.0) {
      ob_v3_set(distances[count++], first, second, third);
    }
  }
  return count;
}

/* Newton's steps on the three laws of cosines; the Jacobian's determinant is 8 times this one's. */
static void polish(const triangle *s, double l[3]) {
  for (int32_t i = 0; i < 2; i++) {
    const double r1 = l[0] * l[0] + l[1] * l[1] + s->b12 * l[0] * l[1] - s->a12;
    const double r2 = l[0] * l[0] + l[2] * l[2] + s->b13 * l[0] * l[2] - s->a13;
    const double r3 = l[1] * l[1] + l[2] * l[2] + s->b23 * l[1] * l[2] - s->a23;
    const double j0 = 2.0 * l[0] + s->b12 * l[1], j1 = 2.0 * l[1] + s->b12 * l[0];
    const double j2 = 2.0 * l[0] + s->b13 * l[2], j3 = 2.0 * l[2] + s->b13 * l[0];
    const double j4 = 2.0 * l[1] + s->b23 * l[2], j5 = 2.0 * l[2] + s->b23 * l[1];
    const double determinant = -(j0 * j3 * j4 + j1 * j2 * j5);
    if (!(ob_fabs(determinant) > 1e-9 * (l[0] * l[1] * l[2]))) {
      return;
    }
    const double inverse = 1.0 / determinant;
    l[0] -= inverse * (-j3 * j4 * r1 - j1 * j5 * r2 + j1 * j3 * r3);
    l[1] -= inverse * (-j2 * j5 * r1 + j0 * j5 * r2 - j0 * j3 * r3);
    l[2] -= inverse * (j2 * j4 * r1 - j0 * j4 * r2 - j1 * j2 * r3);
  }
}

/* The rigid motion that takes the points to `l` times the bearings. `inverse`: rows of the inverse of
 * the matrix of columns x1 - x2, x1 - x3 and their cross product. */
static void align(ob_rigid *out, const double bearings[9], const double l[3], const double point[3],
                  const double inverse[9]) {
  double first[3], to_second[3], to_third[3], normal[3];
  ob_v3_scale(first, bearings, l[0]);
  ob_v3_scale(to_second, bearings + 3, -l[1]);
  ob_v3_add(to_second, first, to_second);
  ob_v3_scale(to_third, bearings + 6, -l[2]);
  ob_v3_add(to_third, first, to_third);
  ob_v3_cross(normal, to_second, to_third);
  for (int32_t row = 0; row < 3; row++) {
    double *C = out->C_camera_from_world + 3 * row;
    ob_v3_scale(C, inverse, to_second[row]);
    ob_v3_axpy(C, to_third[row], inverse + 3);
    ob_v3_axpy(C, normal[row], inverse + 6);
    out->translation[row] = first[row] - ob_v3_dot(C, point);
  }
}

int64_t ob_p3p(const double bearings[9], const double points[9],
               ob_rigid solutions[OB_P3P_SOLUTIONS_MAX]) {
  double d12[3], d13[3], d23[3], normal[3], inverse[9], lines[2][3], distances[4][3];
  ob_v3_sub(d12, points, points + 3);
  ob_v3_sub(d13, points, points + 6);
  ob_v3_sub(d23, points + 3, points + 6);
  ob_v3_cross(normal, d12, d13);
  const triangle s = {.a12 = ob_v3_dot(d12, d12),
                      .a13 = ob_v3_dot(d13, d13),
                      .a23 = ob_v3_dot(d23, d23),
                      .b12 = -2.0 * ob_v3_dot(bearings, bearings + 3),
                      .b13 = -2.0 * ob_v3_dot(bearings, bearings + 6),
                      .b23 = -2.0 * ob_v3_dot(bearings + 3, bearings + 6)};
  const double area = ob_v3_dot(normal, normal);
  const double longest = ob_max(s.a12, ob_max(s.a13, s.a23));
  if (!(area > LINE_SINE_SQUARED * longest * longest) || !split(&s, degenerate_factor(&s), lines)) {
    return 0;
  }
  ob_v3_cross(inverse, d13, normal);
  ob_v3_cross(inverse + 3, normal, d12);
  ob_v3_copy(inverse + 6, normal);
  for (int32_t i = 0; i < 9; i++) {
    inverse[i] /= area;
  }
  int32_t count = distances_on(&s, lines[0], distances);
  count += distances_on(&s, lines[1], distances + count);
  for (int32_t i = 0; i < count; i++) {
    polish(&s, distances[i]);
    align(&solutions[i], bearings, distances[i], points, inverse);
  }
  return count;
}
