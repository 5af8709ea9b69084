#include "polynomial.h"

#include <assert.h>
#include <string.h>

#include "onboard/elementary.h"

#define TERMS (OB_POLYNOMIAL_DEGREE_MAX + 1)
#define LEADING_MIN 1e-13 /* of a remainder's largest coefficient: smaller counts as zero */
#define SPLITS_MAX 300
#define DEPTH_MAX 40
#define NARROW 1e-10 /* an interval of s that is not split further */
#define NEWTON_MAX 40
#define STEP_MIN 1e-8 /* of x: the step after it would be below 1e-15 */

/* Sturm's sequence: the polynomial, its derivative, and remainders with their signs turned, each scaled
 * by a positive number. */
typedef struct {
  int32_t length;
  int32_t degree[TERMS];
  double c[TERMS][TERMS];
} sequence;

double ob_polynomial_at(const double *c, int32_t degree, double x) {
  double value = c[degree];
  for (int32_t i = degree - 1; i >= 0; i--) {
    value = value * x + c[i];
  }
  return value;
}

/* Scales the largest coefficient to 1 and drops a leading one that is nothing beside it. Returns the
 * degree, -1 for a polynomial of zeros. */
static int32_t scale_down(double *c, int32_t degree) {
  double largest = 0.0;
  for (int32_t i = 0; i <= degree; i++) {
    largest = ob_max(largest, ob_fabs(c[i]));
  }
  if (!(largest > 1e-300)) {
    return -1;
  }
  const double scale = 1.0 / largest;
  for (int32_t i = 0; i <= degree; i++) {
    c[i] *= scale;
  }
  while (degree > 0 && ob_fabs(c[degree]) < LEADING_MIN) {
    degree--;
  }
  return degree;
}

/* Minus the remainder of a by b. Returns its degree, -1 for none. */
static int32_t remainder_of(double *out, const double *a, int32_t of_a, const double *b, int32_t of_b) {
  double rest[TERMS];
  memcpy(rest, a, (size_t)(of_a + 1) * sizeof *rest);
  const double inverse = 1.0 / b[of_b];
  for (int32_t at = of_a; at >= of_b; at--) {
    const double factor = rest[at] * inverse;
    for (int32_t i = 0; i < of_b; i++) {
      rest[at - of_b + i] -= factor * b[i];
    }
  }
  double largest = 0.0;
  for (int32_t i = 0; i < of_b; i++) {
    out[i] = -rest[i];
    largest = ob_max(largest, ob_fabs(rest[i]));
  }
  return largest > LEADING_MIN ? scale_down(out, of_b - 1) : -1;
}

static void begin(sequence *s, const double *c, int32_t degree) {
  memcpy(s->c[0], c, (size_t)(degree + 1) * sizeof *c);
  s->degree[0] = scale_down(s->c[0], degree);
  for (int32_t i = 1; i <= s->degree[0]; i++) {
    s->c[1][i - 1] = i * s->c[0][i];
  }
  s->degree[1] = s->degree[0] < 1 ? -1 : scale_down(s->c[1], s->degree[0] - 1);
  s->length = 1;
  while (s->degree[s->length] > 0) {
    const int32_t at = s->length++;
    s->degree[at + 1] =
        remainder_of(s->c[at + 1], s->c[at - 1], s->degree[at - 1], s->c[at], s->degree[at]);
  }
  s->length += s->degree[s->length] == 0;
}

/* Changes of sign along the sequence at x. */
static int32_t changes(const sequence *s, double x) {
  int32_t count = 0, before = 0;
  for (int32_t i = 0; i < s->length; i++) {
    const double value = ob_polynomial_at(s->c[i], s->degree[i], x);
    const int32_t sign = (value > 0.0) - (value < 0.0);
    count += sign * before < 0;
    before = sign != 0 ? sign : before;
  }
  return count;
}

/* The root between two arguments where the polynomial has different signs, or that at the upper one;
 * else the middle. */
static double root_between(const double *c, int32_t degree, double low, double high) {
  const double at_low = ob_polynomial_at(c, degree, low);
  const double at_high = ob_polynomial_at(c, degree, high);
  double x = at_high == 0.0 ? high : 0.5 * (low + high);
  for (int32_t i = 0; i < NEWTON_MAX && at_low * at_high < 0.0; i++) {
    double value = c[degree], slope = 0.0;
    for (int32_t k = degree - 1; k >= 0; k--) {
      slope = slope * x + value;
      value = value * x + c[k];
    }
    if (value * at_low > 0.0) {
      low = x;
    } else {
      high = x;
    }
    const double newton = x - value / slope, before = x;
    x = newton >= low && newton <= high ? newton : 0.5 * (low + high);
    if (!(ob_fabs(x - before) > STEP_MIN * ob_fabs(x))) {
      break;
    }
  }
  return x;
}

/* The root between two arguments, neither with 0 nor with 1 or -1 between them: beyond 1 that of the
 * polynomial of 1 / x, for Newton's method takes long from afar. */
static double root_within(const sequence *s, double low, double high) {
  const int32_t degree = s->degree[0];
  double turned[TERMS];
  if (ob_fabs(low + high) < 2.0) {
    return root_between(s->c[0], degree, low, high);
  }
  for (int32_t i = 0; i <= degree; i++) {
    turned[i] = s->c[0][degree - i];
  }
  return 1.0 / root_between(turned, degree, 1.0 / high, 1.0 / low);
}

/* All numbers from an open interval: x = s / (1 - |s|). */
static double unfold(double s) { return s / (1.0 - ob_fabs(s)); }

typedef struct {
  double low, high;
  int32_t at_low, at_high; /* changes of sign there */
} interval;

int32_t ob_real_roots(const double *c, int32_t degree, double *roots) {
  assert(degree >= 0 && degree <= OB_POLYNOMIAL_DEGREE_MAX);
  sequence s;
  interval waiting[DEPTH_MAX];
  int32_t count = 0, depth = 0;
  begin(&s, c, degree);
  const double end = OB_ROOT_MAX / (1.0 + OB_ROOT_MAX), start[5] = {-end, -0.5, 0.0, 0.5, end};
  for (int32_t i = 0, before = changes(&s, unfold(-end)); i < 4; i++) {
    const int32_t after = changes(&s, unfold(start[i + 1]));
    waiting[depth++] = (interval){start[i], start[i + 1], before, after};
    before = after;
  }
  for (int32_t i = 0; i < SPLITS_MAX && depth > 0; i++) {
    const interval now = waiting[--depth];
    const int32_t within = now.at_low - now.at_high;
    if (within == 1 || (within > 0 && now.high - now.low < NARROW)) {
      if (count < degree) {
        roots[count++] = root_within(&s, unfold(now.low), unfold(now.high));
      }
    } else if (within > 0 && depth + 2 <= DEPTH_MAX) {
      const double middle = 0.5 * (now.low + now.high);
      const int32_t at_middle = changes(&s, unfold(middle));
      waiting[depth++] = (interval){now.low, middle, now.at_low, at_middle};
      waiting[depth++] = (interval){middle, now.high, at_middle, now.at_high};
    }
  }
  return count;
}
