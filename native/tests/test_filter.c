/* The filter under sanitizers: bad numbers, bad times, off the map, a full history. */
#undef NDEBUG
#include "onboard/filter.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define TICK_NS INT64_C(10000000)
#define SIDE 40

static float heights_m[SIDE * SIDE];

static ob_filter_params params(void) {
  ob_filter_params p;
  memset(&p, 0, sizeof p);
  p.tick_ns = TICK_NS;
  p.covariance_ticks = 10;
  p.gyro_noise_rad_sqrt_s = 5e-5;
  p.accelerometer_noise_m_s_sqrt_s = 1e-3;
  p.turn_acceleration_rad_s2 = 1.0;
  p.gyro_bias_sigma_rad_s = 6e-6;
  p.accelerometer_bias_sigma_m_s2 = 1e-3;
  p.coupling_sigma = 2e-4;
  p.map_correlation_m = 300.0;
  p.relief_correlation_m = 2000.0;
  p.relief_sigmas = 1.5;
  p.place_hold_m = 1000.0;
  p.place_hold_sigma_m = 100.0;
  p.reacquire_sigmas = 10.0;
  for (int i = 0; i < OB_FILTER_BEAMS; i++) {
    p.beam[i] = (ob_range_beam){.direction_body = {0.0, 0.0, -1.0}, .minimum_m = 1.0,
                                .maximum_m = 2e4, .sigma_m = 0.5};
  }
  for (int i = 0; i < 3; i++) {
    p.velocity_sigma_m_s[i] = 0.1;
    p.star_sigma_rad[i] = 1e-4;
  }
  for (int i = 0; i < OB_STREAMS; i++) {
    p.gate[i] = (ob_gate_limits){25.0, 4.0, 5, 5, 20, 2000000000, 1000000000, 1000000000};
  }
  return p;
}

static void start(ob_filter *f, const ob_terrain_map *map, const ob_site *site, double north_m) {
  const ob_filter_params p = params();
  const double position_m[3] = {0.0, north_m, 1000.0}, velocity_m_s[3] = {0.0, 5.0, 0.0};
  const double q[4] = {1.0, 0.0, 0.0, 0.0};
  const ob_filter_prior prior = {{100.0, 100.0, 100.0}, {1.0, 1.0, 1.0}, {1e-3, 1e-3, 1e-3}};
  ob_filter_init(f, &p, site, map, 0, position_m, velocity_m_s, q, &prior);
}

static void hover(ob_filter *f, int ticks, ob_nav_state *out) {
  const double angle[3] = {0.0, 0.0, 0.0}, push[3] = {0.0, 0.0, 0.01623};
  for (int i = 0; i < ticks; i++) {
    ob_filter_imu(f, f->strapdown.time_ns + TICK_NS, angle, push, 0, out);
  }
}

static void bad_numbers_change_nothing(ob_filter *f) {
  const uint64_t before = ob_filter_hash(f, 1);
  const int64_t now_ns = f->strapdown.time_ns;
  const double bad3[3] = {0.0, (double)NAN, 0.0}, bad4[4] = {(double)INFINITY, 0.0, 0.0, 0.0};
  const double zero4[4] = {0.0, 0.0, 0.0, 0.0};
  assert(ob_filter_range(f, now_ns, 0, (double)NAN) == OB_GATE_REJECT);
  assert(ob_filter_range(f, now_ns, 1, (double)INFINITY) == OB_GATE_REJECT);
  assert(ob_filter_range(f, now_ns, 1, 0.0) == OB_GATE_REJECT);
  assert(ob_filter_velocity(f, now_ns, bad3) == OB_GATE_REJECT);
  assert(ob_filter_star(f, now_ns, bad4) == OB_GATE_REJECT);
  assert(ob_filter_star(f, now_ns, zero4) == OB_GATE_REJECT);
  assert(ob_filter_craters(f, now_ns, NULL, NULL, 0) == OB_GATE_REJECT);
  assert(ob_filter_hash(f, 1) == before);
}

static void times_outside_the_history_are_refused(ob_filter *f) {
  const int64_t now_ns = f->strapdown.time_ns;
  assert(ob_filter_range(f, now_ns + TICK_NS, 0, 1000.0) == OB_GATE_REJECT);
  assert(ob_filter_range(f, now_ns - OB_FILTER_HISTORY * TICK_NS, 0, 1000.0) == OB_GATE_REJECT);
  assert(ob_filter_range(f, INT64_MIN / 2, 0, 1000.0) == OB_GATE_REJECT);
  assert(ob_filter_range(f, INT64_MAX / 2, 0, 1000.0) == OB_GATE_REJECT);
}

static void imu_times_that_cannot_be_leave_the_state(ob_filter *f, ob_nav_state *out) {
  const double none[3] = {0.0, 0.0, 0.0};
  const ob_strapdown before = f->strapdown;
  ob_filter_imu(f, before.time_ns, none, none, 0, out);
  ob_filter_imu(f, before.time_ns - TICK_NS, none, none, 0, out);
  ob_filter_imu(f, before.time_ns + 200 * TICK_NS, none, none, 0, out);
  assert(memcmp(&before, &f->strapdown, sizeof before) == 0);
  assert(out->valid == 0 && f->bad_samples == 3);
}

static void covariance_is_sound(const ob_filter *f) {
  static double p[OB_UD_STATES * OB_UD_STATES];
  ob_filter_covariance(f, p);
  for (int i = 0; i < OB_UD_STATES; i++) {
    assert(p[i * OB_UD_STATES + i] > 0.0 && f->ud.d[i] > 0.0);
    for (int k = 0; k < i; k++) {
      double product = p[i * OB_UD_STATES + i] * p[k * OB_UD_STATES + k];
      assert(p[i * OB_UD_STATES + k] == p[k * OB_UD_STATES + i]);
      assert(p[i * OB_UD_STATES + k] * p[i * OB_UD_STATES + k] <= product * (1.0 + 1e-9));
    }
  }
}

int main(void) {
  static ob_filter f;
  ob_site site;
  ob_nav_state out;
  ob_terrain_map map = {.grid = {{-10e3, -10e3, 500.0, 5.0, SIDE, SIDE, heights_m}}, .count = 1};
  ob_site_init(&site, 1.0559, -0.0803, 0.0);
  ob_corridor_init(&map.corridor, 1.0559, -0.0803, 0.0);

  start(&f, &map, &site, 0.0);
  hover(&f, 100, &out);
  assert(out.valid == 1 && out.altitude_m > 999.0 && out.altitude_m < 1001.0);
  for (int i = 0; i < 50; i++) {
    hover(&f, 10, &out);
    assert(ob_filter_range(&f, out.time_ns, 1, 1000.0) == OB_GATE_ACCEPT);
    ob_filter_watch(&f, out.time_ns);
    covariance_is_sound(&f);
  }
  ob_filter_output(&f, &out);
  assert(out.altitude_sigma_m < 1.0);
  bad_numbers_change_nothing(&f);
  times_outside_the_history_are_refused(&f);
  imu_times_that_cannot_be_leave_the_state(&f, &out);

  start(&f, &map, &site, 300e3); /* off the map: nothing to range against, and the sigma says so */
  hover(&f, 20, &out);
  assert(ob_filter_range(&f, out.time_ns, 1, 1000.0) == OB_GATE_REJECT);
  assert(out.altitude_sigma_m >= 3000.0);
  covariance_is_sound(&f);
  return 0;
}
