#include "plant/crater_profile.h"

#include <assert.h>

#include "onboard/elementary.h"

#define SIMPLE_RIM 0.184  /* rim height over depth: 0.036 / 0.196 (Pike 1977) */
#define COMPLEX_RIM 0.30  /* the same ratio at D = 25 km */
#define COMPLEX_FLOOR 0.5 /* radius of the flat floor over the crater's, D = 20-30 km (Pike 1977) */
#define COMPLEX_FROM_M 15000.0
#define DOMAIN 4 /* crater radii over which diffusion is solved */
#define NODES (DOMAIN * PL_PROFILE_STEPS + 1)

static double fresh_simple(double x) {
  if (x < 1.0) return SIMPLE_RIM - 1.0 + x * x;
  return SIMPLE_RIM / (x * x * x);
}

static double fresh_complex(double x) {
  if (x >= 1.0) return COMPLEX_RIM / (x * x * x);
  const double t = ob_max(0.0, (x - COMPLEX_FLOOR) / (1.0 - COMPLEX_FLOOR));
  return COMPLEX_RIM - 1.0 + t * t;
}

/* One explicit step of dz/dtau = z'' + z'/x on x in [0, DOMAIN]; the far end is held. */
static void diffuse(double z[NODES], double dtau) {
  const double r = dtau * PL_PROFILE_STEPS * PL_PROFILE_STEPS;
  double before = z[1]; /* mirror of the axis */
  double here = z[0];
  for (int i = 0; i < NODES - 1; i++) {
    const double next = z[i + 1];
    const double curvature = before - 2.0 * here + next;
    const double radial = i == 0 ? curvature : (next - before) / (2.0 * i);
    z[i] = here + r * (curvature + radial);
    before = here;
    here = next;
  }
}

/* 1 to five quarters of a radius, then smoothly to 0 short of the reach by the two samples with which the
 * spline looks ahead. */
static double window(double x) {
  const double end = PL_PROFILE_REACH - 2.0 / PL_PROFILE_STEPS;
  const double t = ob_clamp((x - 1.25) / (end - 1.25), 0.0, 1.0);
  return 1.0 - t * t * (3.0 - 2.0 * t);
}

static void store(double row[PL_PROFILE_SAMPLES], const double z[NODES]) {
  row[0] = z[1];
  for (int s = 1; s < PL_PROFILE_SAMPLES; s++) {
    row[s] = z[s - 1] * window((double)(s - 1) / PL_PROFILE_STEPS);
  }
}

static void age_profile(double rows[PL_PROFILE_AGES][PL_PROFILE_SAMPLES], double z[NODES]) {
  const double dtau = 1.0 / (5.0 * PL_PROFILE_STEPS * PL_PROFILE_STEPS); /* stable below 1/4 */
  double tau = 0.0;
  for (int age = 0; age < PL_PROFILE_AGES; age++) {
    const double share = (double)age / (PL_PROFILE_AGES - 1);
    /* The freshest state has its crest rounded over a few hundredths of a radius. */
    const double target = 0.001 + share * share * (PL_PROFILE_TAU_MAX - 0.001);
    for (; tau < target; tau += dtau) diffuse(z, dtau);
    store(rows[age], z);
  }
}

void pl_profile_table_init(pl_profile_table *table) {
  double z[NODES];
  for (int i = 0; i < NODES; i++) z[i] = fresh_simple((double)i / PL_PROFILE_STEPS);
  age_profile(table->height[0], z);
  for (int i = 0; i < NODES; i++) z[i] = fresh_complex((double)i / PL_PROFILE_STEPS);
  age_profile(table->height[1], z);
}

static double power_law(double coefficient, double x, double exponent) {
  return coefficient * ob_exp(exponent * ob_log(x));
}

double pl_crater_fresh_depth_m(double diameter_m) {
  assert(diameter_m > 0.0);
  const double d_km = diameter_m * 1e-3;
  if (diameter_m >= 400.0) {
    const double simple_km = power_law(0.196, d_km, 1.010);
    return 1e3 * ob_min(simple_km, power_law(1.044, d_km, 0.301));
  }
  const double at_400 = power_law(0.196, 0.4, 1.010) / 0.4;
  const double t = ob_clamp(ob_log(diameter_m / 40.0) / ob_log(10.0), 0.0, 1.0);
  return diameter_m * (0.11 + t * (at_400 - 0.11));
}

void pl_profile_init(pl_profile *p, const pl_profile_table *table, double diameter_m, double depth_m,
                     double age) {
  assert(diameter_m > 0.0 && age >= 0.0 && age <= 1.0);
  const double place = ob_sqrt(age) * (PL_PROFILE_AGES - 1);
  const int row = (int)ob_min(place, PL_PROFILE_AGES - 2);
  const int shape = diameter_m >= COMPLEX_FROM_M;
  p->younger = table->height[shape][row];
  p->older = table->height[shape][row + 1];
  p->blend = place - row;
  p->depth_m = depth_m;
  p->per_radius_m = 2.0 * PL_PROFILE_STEPS / diameter_m;
}

/* Uniform quadratic B-spline on the samples: three taps, continuous slope. */
double pl_profile_height_m(const pl_profile *p, double distance_m) {
  const double place = distance_m * p->per_radius_m + 1.5;
  if (!(place < PL_PROFILE_SAMPLES - 1)) return 0.0;
  const int i = (int)place;
  const double t = place - i;
  const double w0 = 0.5 * (1.0 - t) * (1.0 - t);
  const double w2 = 0.5 * t * t;
  const double w1 = 1.0 - w0 - w2;
  const double *a = p->younger + i - 1, *b = p->older + i - 1;
  const double young = w0 * a[0] + w1 * a[1] + w2 * a[2];
  const double old = w0 * b[0] + w1 * b[1] + w2 * b[2];
  return p->depth_m * (young + p->blend * (old - young));
}

pl_crater_shape pl_profile_shape(const pl_profile *p) {
  const double per_sample = 1.0 / p->per_radius_m;
  double crest = -1e9;
  int at = 0;
  for (int s = PL_PROFILE_STEPS / 2; s < 7 * PL_PROFILE_STEPS / 4; s++) {
    const double z = p->younger[s] + p->blend * (p->older[s] - p->younger[s]);
    if (z > crest) {
      crest = z;
      at = s;
    }
  }
  const double floor = p->younger[1] + p->blend * (p->older[1] - p->younger[1]);
  const pl_crater_shape shape = {p->depth_m * (crest - floor), p->depth_m * crest,
                                 2.0 * (at - 1) * per_sample};
  return shape;
}
