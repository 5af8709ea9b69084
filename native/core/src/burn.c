#include "onboard/burn.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"
#include "onboard/vector.h"

enum { UNKNOWNS = 6, PITCH = 0, PITCH_RATE, YAW, YAW_RATE, THROTTLE, DURATION };

/* Rows of velocity (m/s) and of position (m) are brought to one size by this time (s). */
static const double ROW_TIME_S = 100.0;
static const double DIFFERENCE[UNKNOWNS] = {1e-5, 1e-7, 1e-5, 1e-7, 1e-5, 1e-3};
static const double STEP_MAX[UNKNOWNS] = {0.2, 1e-3, 0.2, 1e-3, 0.05, 60.0};
static const double THROTTLE_FLOOR = 0.2;
static const double DURATION_FLOOR_S = 1.0;
static const double MASS_RATIO_FLOOR = 0.05;

typedef struct {
  const ob_site *site;
  const double *position_m, *velocity_m_s;
  double acceleration_m_s2, exhaust_velocity_m_s;
} problem;

void ob_site_fall(const ob_site *site, const double position_m[3], const double velocity_m_s[3],
                  double out_m_s2[3]) {
  const double *rate = site->rate_site_rad_s;
  double r[3] = {position_m[0], position_m[1], position_m[2] + site->radius_m};
  double r2 = ob_v3_dot(r, r);
  double coriolis[3], turning[3], centrifugal[3];
  ob_v3_cross(coriolis, rate, velocity_m_s);
  ob_v3_cross(turning, rate, r);
  ob_v3_cross(centrifugal, rate, turning);
  ob_v3_scale(out_m_s2, r, -OB_MOON_MU_M3_S2 / (r2 * ob_sqrt(r2)));
  ob_v3_axpy(out_m_s2, -2.0, coriolis);
  ob_v3_axpy(out_m_s2, -1.0, centrifugal);
}

void ob_burn_init(ob_burn *burn, const double flight[3], double speed_m_s,
                  double acceleration_m_s2) {
  assert(acceleration_m_s2 > 0.0 && speed_m_s > 0.0);
  memset(burn, 0, sizeof *burn);
  ob_v3_set(burn->up, 0.0, 0.0, 1.0);
  ob_v3_scale(burn->retro, flight, -1.0);
  ob_v3_cross(burn->side, burn->retro, burn->up);
  burn->tangent[0] = 0.1; /* a first pitch of 6 deg that rises to 45 deg is near every lunar descent */
  burn->throttle = 0.9;
  /* The acceleration grows by about two as propellant is burnt: 1.35 on average. */
  burn->duration_s = speed_m_s / (1.35 * burn->throttle * acceleration_m_s2);
  burn->tangent_rate_1_s[0] = 0.9 / burn->duration_s;
  burn->position_error_m = burn->velocity_error_m_s = 1e9;
}

void ob_burn_direction(const ob_burn *burn, double elapsed_s, double out[3]) {
  ob_v3_copy(out, burn->retro);
  ob_v3_axpy(out, burn->tangent[0] + burn->tangent_rate_1_s[0] * elapsed_s, burn->up);
  ob_v3_axpy(out, burn->tangent[1] + burn->tangent_rate_1_s[1] * elapsed_s, burn->side);
  ob_v3_unit(out, out);
}

void ob_burn_advance(ob_burn *burn, double elapsed_s) {
  for (int i = 0; i < 2; i++) {
    burn->tangent[i] += burn->tangent_rate_1_s[i] * elapsed_s;
  }
  burn->duration_s = ob_max(burn->duration_s - elapsed_s, 0.0);
}

static void acceleration(const problem *p, const ob_burn *burn, double t, const double r[3],
                         const double v[3], double out[3]) {
  double direction[3];
  double full = burn->throttle * p->acceleration_m_s2;
  double mass_ratio = ob_max(1.0 - full * t / p->exhaust_velocity_m_s, MASS_RATIO_FLOOR);
  ob_site_fall(p->site, r, v, out);
  ob_burn_direction(burn, t, direction);
  ob_v3_axpy(out, full / mass_ratio, direction);
}

/* One Runge-Kutta step of position and velocity. */
static void advance(const problem *p, const ob_burn *burn, double t, double h, double r[3],
                    double v[3]) {
  double a1[3], a2[3], a3[3], a4[3], v2[3], v3[3], v4[3], x[3];
  acceleration(p, burn, t, r, v, a1);
  ob_v3_copy(x, r), ob_v3_axpy(x, 0.5 * h, v);
  ob_v3_copy(v2, v), ob_v3_axpy(v2, 0.5 * h, a1);
  acceleration(p, burn, t + 0.5 * h, x, v2, a2);
  ob_v3_copy(x, r), ob_v3_axpy(x, 0.5 * h, v2);
  ob_v3_copy(v3, v), ob_v3_axpy(v3, 0.5 * h, a2);
  acceleration(p, burn, t + 0.5 * h, x, v3, a3);
  ob_v3_copy(x, r), ob_v3_axpy(x, h, v3);
  ob_v3_copy(v4, v), ob_v3_axpy(v4, h, a3);
  acceleration(p, burn, t + h, x, v4, a4);
  for (int i = 0; i < 3; i++) {
    r[i] += h / 6.0 * (v[i] + 2.0 * v2[i] + 2.0 * v3[i] + v4[i]);
    v[i] += h / 6.0 * (a1[i] + 2.0 * a2[i] + 2.0 * a3[i] + a4[i]);
  }
}

static void predict(const problem *p, const ob_burn *burn, double r[3], double v[3]) {
  double h = burn->duration_s / OB_BURN_STEPS;
  ob_v3_copy(r, p->position_m);
  ob_v3_copy(v, p->velocity_m_s);
  for (int i = 0; i < OB_BURN_STEPS; i++) {
    advance(p, burn, h * i, h, r, v);
  }
}

void ob_burn_predict(const ob_burn *burn, const ob_site *site, const double position_m[3],
                     const double velocity_m_s[3], double acceleration_m_s2,
                     double exhaust_velocity_m_s, double end_position_m[3],
                     double end_velocity_m_s[3]) {
  problem p = {site, position_m, velocity_m_s, acceleration_m_s2, exhaust_velocity_m_s};
  predict(&p, burn, end_position_m, end_velocity_m_s);
}

/* What the prediction misses the gate by, rows in m/s. */
static void residual(const problem *p, const ob_burn *burn, const ob_burn_end *gate,
                     double out[UNKNOWNS]) {
  double r[3], v[3];
  predict(p, burn, r, v);
  ob_v3_axpy(r, burn->shift_m, burn->retro); /* the gate moves against retro */
  for (int i = 0; i < 3; i++) {
    out[i] = (r[i] - gate->position_site_m[i]) / ROW_TIME_S;
    out[3 + i] = v[i] - gate->velocity_site_m_s[i];
  }
}

static double *unknown(ob_burn *burn, int i) {
  double *list[UNKNOWNS] = {&burn->tangent[0], &burn->tangent_rate_1_s[0], &burn->tangent[1],
                            &burn->tangent_rate_1_s[1], &burn->throttle, &burn->duration_s};
  return list[i];
}

/* Solves a x = b in place by elimination with row pivoting; 0 when singular. */
static int64_t solve(double a[UNKNOWNS][UNKNOWNS], double b[UNKNOWNS]) {
  for (int k = 0; k < UNKNOWNS; k++) {
    int pivot = k;
    for (int i = k + 1; i < UNKNOWNS; i++) {
      pivot = ob_fabs(a[i][k]) > ob_fabs(a[pivot][k]) ? i : pivot;
    }
    if (!(ob_fabs(a[pivot][k]) > 1e-9)) {
      return 0;
    }
    for (int j = 0; j < UNKNOWNS; j++) {
      double swap = a[k][j];
      a[k][j] = a[pivot][j], a[pivot][j] = swap;
    }
    double swap = b[k];
    b[k] = b[pivot], b[pivot] = swap;
    for (int i = k + 1; i < UNKNOWNS; i++) {
      double factor = a[i][k] / a[k][k];
      for (int j = k; j < UNKNOWNS; j++) {
        a[i][j] -= factor * a[k][j];
      }
      b[i] -= factor * b[k];
    }
  }
  for (int i = UNKNOWNS - 1; i >= 0; i--) {
    for (int j = i + 1; j < UNKNOWNS; j++) {
      b[i] -= a[i][j] * b[j];
    }
    b[i] /= a[i][i];
  }
  return 1;
}

/* Columns of the residual's derivative; that of the throttle gives way to the gate's shift. */
static void jacobian(const problem *p, const ob_burn *burn, const ob_burn_end *gate,
                     const double at[UNKNOWNS], int64_t shifting, double out[UNKNOWNS][UNKNOWNS]) {
  for (int j = 0; j < UNKNOWNS; j++) {
    double moved[UNKNOWNS];
    ob_burn trial = *burn;
    if (j == THROTTLE && shifting) {
      for (int i = 0; i < UNKNOWNS; i++) {
        out[i][j] = i < 3 ? burn->retro[i] / ROW_TIME_S : 0.0;
      }
      continue;
    }
    *unknown(&trial, j) += DIFFERENCE[j];
    residual(p, &trial, gate, moved);
    for (int i = 0; i < UNKNOWNS; i++) {
      out[i][j] = (moved[i] - at[i]) / DIFFERENCE[j];
    }
  }
}

static void record_error(ob_burn *burn, const double at[UNKNOWNS]) {
  burn->position_error_m = ob_v3_norm(at) * ROW_TIME_S;
  burn->velocity_error_m_s = ob_v3_norm(at + 3);
  burn->converged = burn->position_error_m < OB_BURN_POSITION_M &&
                    burn->velocity_error_m_s < OB_BURN_VELOCITY_M_S;
}

/* The whole step shrinks when one unknown would move by more than its bound. */
static double step_scale(const double step[UNKNOWNS], int64_t shifting) {
  double scale = 1.0;
  for (int i = 0; i < UNKNOWNS; i++) {
    double bound = i == THROTTLE && shifting ? 1e5 : STEP_MAX[i];
    scale = ob_min(scale, bound / ob_max(ob_fabs(step[i]), 1e-12));
  }
  return scale;
}

int64_t ob_burn_correct(ob_burn *burn, const ob_site *site, const double position_m[3],
                        const double velocity_m_s[3], double acceleration_m_s2,
                        double exhaust_velocity_m_s, double throttle_max,
                        const ob_burn_end *gate) {
  assert(acceleration_m_s2 > 0.0 && exhaust_velocity_m_s > 0.0);
  problem p = {site, position_m, velocity_m_s, acceleration_m_s2, exhaust_velocity_m_s};
  int64_t shifting = burn->shift_m > 0.0 || burn->throttle >= throttle_max;
  double at[UNKNOWNS], slope[UNKNOWNS][UNKNOWNS];
  residual(&p, burn, gate, at);
  record_error(burn, at);
  jacobian(&p, burn, gate, at, shifting, slope);
  if (!solve(slope, at)) {
    return burn->converged = 0;
  }
  double scale = step_scale(at, shifting);
  for (int i = 0; i < UNKNOWNS; i++) {
    double *x = i == THROTTLE && shifting ? &burn->shift_m : unknown(burn, i);
    *x -= scale * at[i];
  }
  if (burn->shift_m < 0.0) { /* there is thrust to spare again */
    burn->shift_m = 0.0;
    burn->throttle = ob_min(burn->throttle, throttle_max - 1e-3);
  }
  burn->throttle = ob_clamp(burn->throttle, THROTTLE_FLOOR, throttle_max);
  burn->duration_s = ob_max(burn->duration_s, DURATION_FLOOR_S);
  return burn->converged;
}

uint64_t ob_burn_hash(const ob_burn *burn, uint64_t hash) {
  hash = ob_hash_f64s(hash, burn->retro, 3);
  hash = ob_hash_f64s(hash, burn->tangent, 2);
  hash = ob_hash_f64s(hash, burn->tangent_rate_1_s, 2);
  hash = ob_hash_f64(hash, burn->throttle);
  hash = ob_hash_f64(hash, burn->duration_s);
  hash = ob_hash_f64(hash, burn->shift_m);
  return ob_hash_u64(hash, (uint64_t)burn->converged);
}
