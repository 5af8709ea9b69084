/* Elementary functions against the 64-bit significand of x87 long double, and at their edges. */
#include "arguments.h"
#include "onboard/elementary.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#define COUNT 200000

static double units_in_last_place(double got, long double reference) {
  double rounded = (double)reference;
  if (rounded == 0.0 || isinf(rounded)) {
    return got == rounded ? 0.0 : 1e9;
  }
  double ulp = nextafter(fabs(rounded), INFINITY) - fabs(rounded);
  return isinf(ulp) ? 0.0 : (double)(fabsl((long double)got - reference) / (long double)ulp);
}

typedef struct {
  const char *name;
  double (*function)(double);
  long double (*reference)(long double);
  double low, high;
} sweep;

static const sweep SWEEPS[] = {
    {"sin", ob_sin, sinl, -10.0, 10.0},     {"sin, wide", ob_sin, sinl, -1e6, 1e6},
    {"cos", ob_cos, cosl, -10.0, 10.0},     {"cos, wide", ob_cos, cosl, -1e6, 1e6},
    {"tan", ob_tan, tanl, -10.0, 10.0},     {"tan, wide", ob_tan, tanl, -1e6, 1e6},
    {"asin", ob_asin, asinl, -1.0, 1.0},    {"acos", ob_acos, acosl, -1.0, 1.0},
    {"exp", ob_exp, expl, -1.0, 1.0},       {"exp, wide", ob_exp, expl, -745.0, 709.7},
    {"log", ob_log, logl, 0.25, 4.0},       {"log, wide", ob_log, logl, 0.0, 1e300},
};

/* 1 ulp, and the reference's own error: x87 keeps 11 more bits and errs by less than 1 of its ulp. */
static void check_sweeps(void) {
  for (size_t k = 0; k < sizeof SWEEPS / sizeof SWEEPS[0]; k++) {
    uint64_t stream = k;
    double worst = 0.0;
    for (int i = 0; i < COUNT; i++) {
      double x = argument_between(&stream, SWEEPS[k].low, SWEEPS[k].high);
      worst = fmax(worst, units_in_last_place(SWEEPS[k].function(x), SWEEPS[k].reference(x)));
    }
    printf("%-10s %.3f ulp\n", SWEEPS[k].name, worst);
    assert(LDBL_MANT_DIG < 64 || worst <= 1.0 + 0x1p-10);
  }
}

static void check_atan2(void) {
  uint64_t stream = 99;
  double worst = 0.0;
  for (int i = 0; i < COUNT; i++) {
    double y = argument_between(&stream, -1.0, 1.0);
    double x = argument_between(&stream, -1.0, 1.0);
    worst = fmax(worst, units_in_last_place(ob_atan2(y, x), atan2l(y, x)));
  }
  printf("atan2      %.3f ulp\n", worst);
  assert(LDBL_MANT_DIG < 64 || worst <= 1.0 + 0x1p-10);
}

static int same(double a, double b) {
  return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b));
}

static void check_special_values(void) {
  double values[] = {0.0, 0x1p-1074, 0x1p-1022, 1.0, 1e300, HUGE_VAL, (double)NAN};
  size_t count = sizeof values / sizeof values[0];
  for (size_t i = 0; i < 4 * count * count; i++) {
    double y = (i & 1 ? -1.0 : 1.0) * values[(i / 4) % count];
    double x = (i & 2 ? -1.0 : 1.0) * values[i / 4 / count];
    double difference = fabs(ob_atan2(y, x) - atan2(y, x));
    assert(same(ob_atan2(y, x), atan2(y, x)) || difference <= 4.5e-16);
  }
  assert(same(ob_sin(-0.0), -0.0) && same(ob_tan(-0.0), -0.0) && same(ob_asin(-0.0), -0.0));
  assert(isnan(ob_sin(INFINITY)) && isnan(ob_cos(1.1e6)) && isnan(ob_tan(NAN)));
  assert(ob_sin(OB_TRIG_MAX) == ob_sin(OB_TRIG_MAX));
  assert(isnan(ob_asin(1.0 + DBL_EPSILON)) && isnan(ob_acos(-1.0 - DBL_EPSILON)));
  assert(ob_acos(1.0) == 0.0 && ob_exp(0.0) == 1.0 && same(ob_log(1.0), 0.0));
  assert(isinf(ob_exp(709.79)) && ob_exp(-746.0) == 0.0 && ob_exp(-745.0) == 0x1p-1074);
  assert(isinf(ob_exp(INFINITY)) && same(ob_exp(-INFINITY), 0.0) && isnan(ob_exp(NAN)));
  assert(ob_log(0.0) == -HUGE_VAL && isnan(ob_log(-1.0)) && isinf(ob_log(INFINITY)));
}

/* Every bit pattern is an argument: defined, and sincos agrees with sin and cos. */
static void check_any_argument(void) {
  uint64_t stream = 7;
  for (int i = 0; i < COUNT; i++) {
    double x = argument_any(&stream);
    double y = argument_any(&stream);
    double s, c;
    ob_sincos(x, &s, &c);
    assert(same(s, ob_sin(x)) && same(c, ob_cos(x)));
    assert(isnan(s) == !(fabs(x) <= OB_TRIG_MAX));
    assert(isnan(ob_asin(x)) == !(fabs(x) <= 1.0) && isnan(ob_acos(x)) == !(fabs(x) <= 1.0));
    assert(isnan(ob_log(x)) == (isnan(x) || x < 0.0) && isnan(ob_exp(x)) == isnan(x));
    assert(isnan(ob_tan(x)) == isnan(s));
    assert(isnan(ob_atan2(y, x)) == (isnan(x) || isnan(y)));
    assert(same(ob_floor(x), floor(x)));
    int64_t whole = ob_to_i64(x);
    int64_t limit = x > 0.0 ? INT64_MAX : INT64_MIN;
    assert(whole == (isnan(x) ? 0 : fabs(x) < 0x1p63 ? (int64_t)x : limit));
  }
}

static void check_selection(void) {
  assert(ob_min(1.0, 2.0) == 1.0 && ob_max(1.0, 2.0) == 2.0 && ob_fabs(-3.0) == 3.0);
  assert(ob_clamp(5.0, 0.0, 1.0) == 1.0 && ob_clamp(-5.0, 0.0, 1.0) == 0.0);
  assert(ob_clamp(0.5, 0.0, 1.0) == 0.5 && ob_clamp(NAN, 0.0, 1.0) == 0.0);
}

int main(void) {
  check_sweeps();
  check_atan2();
  check_special_values();
  check_any_argument();
  check_selection();
  return 0;
}
