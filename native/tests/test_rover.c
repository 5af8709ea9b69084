/* The rover on an inclined plane: what holds it there, and how its axles share the load.
 *
 * The terrain is replaced by a plane through `here`, inclined by `slope` so that it rises towards the north,
 * and the expected forces are written down.
 */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/vector.h"
#include "onboard/wheels.h"
#include "plant/rover.h"

static double normal[3];
static const double here[3] = {OB_MOON_RADIUS_M, 0.0, 0.0}; /* on the equator: up +x, east +y, north +z */

double pl_terrain_height_m(const pl_terrain *terrain, const double unit[3], double resolution_m) {
  (void)terrain;
  (void)resolution_m;
  return ob_v3_dot(here, normal) / ob_v3_dot(unit, normal) - OB_MOON_RADIUS_M;
}

void pl_terrain_normal(const pl_terrain *terrain, const double unit[3], double resolution_m,
                       double out[3]) {
  (void)terrain;
  (void)unit;
  (void)resolution_m;
  ob_v3_copy(out, normal);
}

static const pl_triad_spec perfect = {.correlation_s = 600.0, .quantum = 1.0e-12, .range = 1000.0};

static pl_rover_config config(void) {
  pl_rover_config c = {
      .mass_kg = 5.0,
      .inertia_kg_m2 = {0.07, 0.15, 0.16},
      .axle_body_m = {{0.195, 0.1275, -0.035},
                      {0.195, -0.1275, -0.035},
                      {-0.195, 0.1275, -0.035},
                      {-0.195, -0.1275, -0.035}},
      .wheel = {.radius_m = 0.075, .width_m = 0.06},
      .soil = {1400.0, 820000.0, 520.0, 0.733, 0.018, 40.0, 1.0},
      .battery = {.capacity_wh = 24.0, .full_v = 12.6, .empty_v = 9.6, .resistance_ohm = 0.15,
                  .idle_w = 6.0},
      .charge = 1.0,
      .tip_over_rad = 1.0,
      .ground_resolution_m = 0.5,
      .imu = {perfect, perfect},
  };
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    c.motor[k] = (pl_motor_spec){.winding_ohm = 30.0, .constant_n_m_a = 8.0, .inertia_kg_m2 = 0.039,
                                 .friction_n_m = 0.08, .viscous_n_m_s_rad = 0.01,
                                 .counts_per_rad = 8000.0, .current_quantum_a = 1.0e-6};
  }
  return c;
}

static void set_down(pl_rover *rover, double slope_rad, double heading_rad) {
  const pl_rover_config c = config();
  const pl_rover_start start = {.heading_rad = heading_rad};
  double s, cosine;
  ob_sincos(slope_rad, &s, &cosine);
  ob_v3_set(normal, cosine, 0.0, -s);
  pl_rover_init(rover, &c, NULL, &start);
}

static void run(pl_rover *rover, int ticks, double duty) {
  for (int i = 0; i < ticks; i++) {
    for (int32_t k = 0; k < PL_WHEELS; k++) {
      rover->in.duty[k] = duty;
    }
    rover->pending[0] = 1;
    pl_rover_step(rover);
  }
}

static void close_to(double value, double expected, double tolerance) {
  if (!(ob_fabs(value - expected) <= tolerance)) {
    printf("%.9g, expected %.9g within %.3g\n", value, expected, tolerance);
    assert(0);
  }
}

/* Parked on 5 deg, looking up the slope and across it: friction is what gravity pulls, the lower axle carries
 * h / wheelbase (or track) of that more, and after the soil has taken up the shear nothing moves. */
static void test_parked_on_a_slope(double heading_rad, double base_m, int32_t low, int32_t high) {
  pl_rover rover;
  const double slope = 5.0 * OB_PI / 180.0;
  set_down(&rover, slope, heading_rad);
  run(&rover, 2000, 0.0);
  double before[3], pull = 0.0, load = 0.0;
  ob_v3_copy(before, rover.position_site_m);
  run(&rover, 500, 0.0);
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    const double *t = rover.wheel[k].force.traction_n;
    pull += ob_sqrt(t[0] * t[0] + t[1] * t[1]);
    load += rover.wheel[k].force.normal_n;
  }
  const double weight = 5.0 * ob_v3_norm(rover.field_site_m_s2);
  close_to(pull, weight * ob_sin(slope), 0.01 * weight * ob_sin(slope));
  close_to(load, weight * ob_cos(slope), 1.0e-3 * weight);
  /* the mean sinkage lowers the centre of mass by 3 mm of the 110 mm */
  const double shift = weight * ob_sin(slope) * 0.107 / base_m / 2.0;
  close_to(rover.wheel[low].force.normal_n - rover.wheel[high].force.normal_n, 2.0 * shift,
           0.05 * shift);
  ob_v3_sub(before, before, rover.position_site_m);
  assert(ob_v3_norm(before) < 1.0e-5);
}

/* Steady driving up 8 deg: traction of all wheels is gravity and compaction, at the slip where Janosi and
 * Hanamoto give it for the mean load. */
static void test_driving_up(void) {
  pl_rover rover;
  pl_drive_truth truth;
  const double slope = 8.0 * OB_PI / 180.0;
  set_down(&rover, slope, 0.0);
  run(&rover, 1500, 0.5);
  pl_rover_truth(&rover, &truth);
  double pull = 0.0, resistance = 0.0;
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    pull += rover.wheel[k].force.traction_n[0];
    resistance -= rover.wheel[k].force.compaction_n;
  }
  const double weight = 5.0 * ob_v3_norm(rover.field_site_m_s2);
  close_to(pull, weight * ob_sin(slope) + resistance, 0.01 * pull);
  close_to(truth.tilt_rad, slope, 0.01); /* and what the rear wheels sink deeper */
  close_to(truth.slope_rad, slope, 1.0e-6);
  assert(truth.slip[0] > 0.2 && truth.slip[0] < 0.8);
}

/* The speed loops of the flight core, told to turn all wheels alike. */
static void drive_on(pl_rover *rover, ob_wheels *wheels, int ticks, double target_rad_s) {
  const double target[OB_WHEELS] = {target_rad_s, target_rad_s, target_rad_s, target_rad_s};
  for (int i = 0; i < ticks; i++) {
    ob_wheel_row rows[OB_WHEELS];
    for (int32_t k = 0; k < OB_WHEELS; k++) {
      const pl_wheel_row *row = &rover->out.wheel[k];
      rows[k] = (ob_wheel_row){row->time_ns, row->sequence, row->counts, row->current_a};
    }
    ob_wheels_step(wheels, rows, target, 11.0, rover->time_ns);
    for (int32_t k = 0; k < PL_WHEELS; k++) {
      rover->in.duty[k] = wheels->row.duty[k];
    }
    rover->pending[0] = 1;
    pl_rover_step(rover);
  }
}

/* What the currents tell of slip is what the wheels do, down and up slopes, forwards and backwards. The estimator
 * knows one load: the axles share it unevenly, by 0.107 / 0.39 of the slope's tangent, 6 % at 12 deg, which the
 * curve of the traction makes 2 % of the slip, the strength goes with the cosine, 2 %, and the damping of the soil,
 * 1 N s/m, adds up to 4 % of the pull: 8 %, and 0.02 where next to nothing is pulled. */
static void test_slip_told_by_currents(double slope_deg, double target_rad_s) {
  static const ob_wheel_params wheel = {
      .counts_per_rad = 8000.0, .constant_v_s_rad = 8.0, .winding_ohm = 30.0, .idle_current_a = 0.012,
      .gain_v_s_rad = 4.0, .integral_v_rad = 20.0, .rate_filter_s = 0.03, .ramp_rad_s2 = 1.0,
      .rate_max_rad_s = 1.2, .current_max_a = 0.2, .overcurrent_a = 0.3, .overcurrent_s = 0.2,
      .stall_rate_rad_s = 0.02, .stall_current_a = 0.1, .stall_s = 0.5, .encoder_v = 3.0,
      .encoder_s = 0.5, .silent_s = 0.1, .rest_s = 2.0, .forgive_s = 30.0};
  const pl_rover_config c = config();
  pl_rover rover;
  pl_drive_truth truth;
  ob_wheels wheels;
  set_down(&rover, slope_deg * OB_PI / 180.0, 0.0);
  const double load = 5.0 * ob_v3_norm(rover.field_site_m_s2) / PL_WHEELS;
  const double sinkage = pl_soil_sinkage_m(&c.soil, &c.wheel, load);
  const ob_wheel_slip_params slip = {
      .wheel_radius_m = 0.075,
      .friction_n_m = 0.08,
      .viscous_n_m_s_rad = 0.01,
      .strength_n = pl_soil_strength_n(&c.soil, &c.wheel, sinkage, load),
      .contact_shear = pl_soil_contact_m(&c.wheel, sinkage) / c.soil.shear_modulus_m,
      .straight_rad_s = 0.3,
      .filter_s = 1.0,
      .settle_s = 3.0};
  ob_wheels_init(&wheels, &wheel, &slip);
  drive_on(&rover, &wheels, 200, target_rad_s);
  assert(wheels.slip.slip == 0.0); /* it is not settled */
  drive_on(&rover, &wheels, 1800, target_rad_s);
  pl_rover_truth(&rover, &truth);
  double mean = 0.0;
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    mean += truth.slip[k] * (target_rad_s > 0.0 ? 0.25 : -0.25);
  }
  close_to(wheels.slip.slip, mean, 0.08 * ob_fabs(mean) + 0.02);
}

/* Steeper than friction (42 deg) holds, in soil without cohesion: it slides, by less than free fall. */
static void test_too_steep(void) {
  pl_rover rover;
  pl_drive_truth truth;
  set_down(&rover, 50.0 * OB_PI / 180.0, 0.0);
  rover.config.soil.cohesion_pa = 0.0;
  run(&rover, 300, 0.0);
  pl_rover_truth(&rover, &truth);
  assert(truth.velocity_site_m_s[1] < -0.1 && truth.velocity_site_m_s[1] > -3.0 * 1.63);
}

/* Beyond the tilt at which it counts as tipped over, all ends. */
static void test_tipping(void) {
  pl_rover rover;
  set_down(&rover, 60.0 * OB_PI / 180.0, 0.0);
  assert(pl_rover_step(&rover) != 0);
  assert(rover.events == PL_ROVER_TIPPED_OVER);
  const double before = rover.position_site_m[1];
  assert(pl_rover_step(&rover) == 0 && rover.position_site_m[1] == before);
}

/* The closed forms at their ends. */
static void test_soil(void) {
  const pl_rover_config c = config();
  pl_wheel_contact contact = {{0.01, 0.01}};
  pl_wheel_force force;
  const pl_wheel_motion lifted = {.sinkage_m = -0.01, .tread_m_s = 1.0};
  close_to(pl_soil_sinkage_m(&c.soil, &c.wheel, pl_soil_load_n(&c.soil, &c.wheel, 0.004)), 0.004,
           1.0e-12);
  assert(pl_soil_mobilised(&c.soil, 0.0) == 0.0);
  close_to(pl_soil_mobilised(&c.soil, 1.7999e-5), pl_soil_mobilised(&c.soil, 1.8001e-5), 1.0e-7);
  close_to(pl_soil_mobilised(&c.soil, 100.0), 1.0, 1.0e-3);
  pl_soil_step(&c.soil, &c.wheel, &contact, &lifted, 1.0e-3, &force);
  assert(force.normal_n == 0.0 && force.traction_n[0] == 0.0 && contact.shear_m[0] == 0.0);
}

int main(void) {
  test_parked_on_a_slope(0.0, 0.39, 2, 0);
  test_parked_on_a_slope(0.5 * OB_PI, 0.255, 1, 0);
  test_driving_up();
  test_slip_told_by_currents(-5.0, 0.8);
  test_slip_told_by_currents(0.0, 0.8);
  test_slip_told_by_currents(0.0, -0.8);
  test_slip_told_by_currents(6.0, 0.8);
  test_slip_told_by_currents(12.0, 0.4);
  test_slip_told_by_currents(28.0, 0.8); /* it does not get up */
  test_too_steep();
  test_tipping();
  test_soil();
  puts("rover: ok");
  return 0;
}
