/* Nanoseconds a call, of each elementary function and of the C library's: best of several passes. */
#define _POSIX_C_SOURCE 199309L
#include "onboard/elementary.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define COUNT 200000
#define PASSES 7

static double atan2_of(double x) { return ob_atan2(x, 1.0); }
static double libm_atan2_of(double x) { return atan2(x, 1.0); }

static double sincos_of(double x) {
  double s, c;
  ob_sincos(x, &s, &c);
  return s + c;
}

static double libm_sincos_of(double x) { return sin(x) + cos(x); }

typedef struct {
  const char *name;
  double (*ours)(double);
  double (*theirs)(double);
  double low, high;
} subject;

static const subject SUBJECTS[] = {
    {"sin", ob_sin, sin, -7.0, 7.0},
    {"cos", ob_cos, cos, -7.0, 7.0},
    {"sincos", sincos_of, libm_sincos_of, -7.0, 7.0},
    {"sin, small", ob_sin, sin, -0.7, 0.7},
    {"tan", ob_tan, tan, -7.0, 7.0},
    {"asin", ob_asin, asin, -1.0, 1.0},
    {"acos", ob_acos, acos, -1.0, 1.0},
    {"atan2", atan2_of, libm_atan2_of, -3.0, 3.0},
    {"exp", ob_exp, exp, -10.0, 10.0},
    {"log", ob_log, log, 0.01, 10.0},
    {"sqrt_soft", ob_sqrt_soft, sqrt, 0.01, 10.0},
};

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double nanoseconds_per_call(double (*function)(double), double low, double high) {
  double best = HUGE_VAL;
  for (int pass = 0; pass < PASSES; pass++) {
    double sum = 0.0;
    double start = seconds();
    for (int i = 0; i < COUNT; i++) {
      sum += function(low + (high - low) * (double)i / COUNT);
    }
    best = fmin(best, seconds() - start);
    volatile double kept = sum; /* so that no call is left out */
    (void)kept;
  }
  return 1e9 * best / COUNT;
}

int main(void) {
  for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
    const subject *s = &SUBJECTS[i];
    printf("%-10s %6.1f ns, C library %6.1f ns\n", s->name,
           nanoseconds_per_call(s->ours, s->low, s->high),
           nanoseconds_per_call(s->theirs, s->low, s->high));
  }
  return 0;
}
