#include "arguments.h"
#include "exercise.h"
#include "onboard/camera.h"
#include "onboard/gate.h"
#include "onboard/hash.h"
#include "onboard/intake.h"
#include "onboard/quaternion.h"
#include "onboard/redundant_imu.h"
#include "onboard/strapdown.h"
#include "onboard/terrain_map.h"
#include "onboard/ud.h"
#include "onboard/vector.h"

#define TICK_NS INT64_C(10000000)

uint64_t exercise_camera(void) {
  uint64_t stream = 20, hash = OB_HASH_SEED;
  const ob_camera camera = {.focal_px = 549.0, .center_column_px = 255.5, .center_row_px = 255.5,
                            .width = 512, .height = 512, .q_body_from_camera = {1.0}};
  for (int i = 0; i < 500; i++) {
    double point[3], pixel[2] = {0.0, 0.0}, ray[3];
    argument_vector(&stream, point, 1000.0);
    hash = ob_hash_u64(hash, (uint64_t)ob_camera_project(&camera, point, pixel));
    ob_camera_ray(&camera, pixel, ray);
    hash = ob_hash_f64s(ob_hash_f64s(hash, pixel, 2), ray, 3);
  }
  return hash;
}

uint64_t exercise_gate(void) {
  uint64_t stream = 21, hash = OB_HASH_SEED;
  const ob_gate_limits limits = {.threshold = 9.0, .rate_sigmas = 4.0, .reject_count = 3,
                                 .recover_count = 3, .reacquire_count = 6,
                                 .reacquire_ns = 500000000, .gap_ns = 300000000,
                                 .due_ns = 500000000};
  ob_gate gate;
  ob_gate_init(&gate, 0);
  for (int i = 1; i < 500; i++) {
    double offset = i / 60 % 2 ? 40.0 : 0.0;
    double innovation = offset + argument_between(&stream, -4.0, 4.0);
    const ob_gate_sample sample = {.time_ns = 10 * i * TICK_NS, .dimension = 1,
                                   .innovation = {innovation}, .sigma = {1.5}, .noise = {1.0},
                                   .rate_sigma = {0.1}, .nis = innovation * innovation / 2.25,
                                   .plausible = 1};
    hash = ob_hash_u64(hash, (uint64_t)ob_gate_score(&gate, &limits, &sample));
    ob_gate_watch(&gate, &limits, sample.time_ns + (i % 7) * 10 * TICK_NS, i % 5 != 0);
    hash = ob_gate_hash(&gate, hash);
  }
  return hash;
}

/* Twenty seconds of a braking burn with a shaking vehicle. */
uint64_t exercise_strapdown(void) {
  uint64_t stream = 22;
  const double position_m[3] = {-3000.0, -20000.0, 9000.0}, velocity_m_s[3] = {80.0, 700.0, -50.0};
  double q[4];
  ob_site site;
  ob_strapdown strapdown;
  const double turn_rad[3] = {0.9, -0.3, 0.2};
  ob_q_from_rotvec(q, turn_rad);
  ob_site_init(&site, 60.5 * OB_PI / 180.0, -4.6 * OB_PI / 180.0, -2700.0);
  ob_strapdown_init(&strapdown, 0, position_m, velocity_m_s, q);
  for (int i = 0; i < 2000; i++) {
    double angle_rad[3], velocity_step_m_s[3];
    argument_vector(&stream, angle_rad, 1e-3);
    argument_vector(&stream, velocity_step_m_s, 2e-3);
    velocity_step_m_s[2] += 0.027;
    ob_strapdown_step(&strapdown, &site, TICK_NS, angle_rad, velocity_step_m_s);
  }
  return ob_strapdown_hash(&strapdown, OB_HASH_SEED);
}

#define COARSE 40
#define FINE 60

static void fill_heights(uint64_t *stream, float *height_m, int count) {
  for (int i = 0; i < count; i++) {
    height_m[i] = (float)argument_between(stream, -2600.0, -2400.0);
  }
}

uint64_t exercise_terrain_map(void) {
  uint64_t stream = 23, hash = OB_HASH_SEED;
  float coarse_m[COARSE * COARSE], fine_m[FINE * FINE];
  ob_terrain_map map = {
      .grid = {{-20000.0, -20000.0, 1000.0, 60.0, COARSE, COARSE, coarse_m},
               {-3000.0, -3000.0, 100.0, 5.0, FINE, FINE, fine_m}},
      .count = 2};
  fill_heights(&stream, coarse_m, COARSE * COARSE);
  fill_heights(&stream, fine_m, FINE * FINE);
  ob_corridor_init(&map.corridor, 1.0559, -0.0803, 0.3);
  for (int i = 0; i < 200; i++) {
    double along_m = argument_between(&stream, -22000.0, 22000.0);
    double cross_m = argument_between(&stream, -4000.0, 4000.0);
    double sigma_m, range_m = 0.0, low_m, high_m, normal[3], direction[3], origin[3];
    const double above[3] = {along_m, cross_m, 5000.0};
    hash = ob_hash_f64(hash, ob_map_height_m(&map, along_m, cross_m, &sigma_m));
    ob_map_normal(&map, along_m, cross_m, 50.0, normal);
    ob_map_relief(&map, along_m, cross_m, 300.0, &low_m, &high_m);
    ob_mcmf_from_corridor(&map.corridor, above, origin);
    argument_vector(&stream, direction, 0.5);
    ob_v3_axpy(direction, -1.0 / OB_MOON_RADIUS_M, origin);
    ob_v3_unit(direction, direction);
    hash = ob_hash_u64(hash, (uint64_t)ob_map_raycast(&map, origin, direction, 2e4, &range_m, &sigma_m));
    const double out[] = {sigma_m, range_m, low_m, high_m};
    hash = ob_hash_f64s(ob_hash_f64s(hash, out, 4), normal, 3);
  }
  return hash;
}

static void random_row(uint64_t *stream, double row[OB_UD_STATES]) {
  for (int i = 0; i < OB_UD_STATES; i++) {
    row[i] = argument_between(stream, -1.0, 1.0);
  }
}

uint64_t exercise_ud(void) {
  uint64_t stream = 24, hash = OB_HASH_SEED;
  ob_ud ud;
  double sigma[OB_UD_STATES], phi[OB_UD_STATES][OB_UD_WIDTH] = {{0.0}};
  double variance[OB_UD_DYNAMIC];
  for (int i = 0; i < OB_UD_STATES; i++) {
    sigma[i] = argument_between(&stream, 0.1, 10.0);
    for (int k = 0; k < OB_UD_DYNAMIC; k++) {
      phi[i][k] = (i == k ? 1.0 : 0.0) + argument_between(&stream, -0.01, 0.01);
      variance[k] = 0.01 * (k + 1);
    }
  }
  ob_ud_init(&ud, sigma);
  for (int i = 0; i < 60; i++) {
    double row[OB_UD_STATES], gain[OB_UD_STATES];
    random_row(&stream, row);
    ob_ud_propagate(&ud, (const double(*)[OB_UD_WIDTH])phi, variance);
    ob_ud_markov(&ud, OB_UD_DYNAMIC + i % (OB_UD_STATES - OB_UD_DYNAMIC), 0.99, 0.02);
    ob_ud_update(&ud, row, 4.0, gain);
    ob_ud_add(&ud, row, 0.001);
    hash = ob_ud_hash(&ud, ob_hash_f64s(hash, gain, OB_UD_STATES));
    hash = ob_hash_f64(hash, ob_ud_variance(&ud, row));
    hash = ob_hash_f64(hash, ob_ud_covariance(&ud, row, gain));
  }
  return hash;
}

/* What a sound instrument might say, or any bits at all. */
static ob_row sample(uint64_t *stream, int64_t kind, uint64_t chance) {
  ob_row row;
  row.imu = (ob_imu_row){.saturated = 0};
  double *field = row.imu.delta_angle_rad; /* the first of every kind's fields */
  for (int k = 0; k < 6; k++) {
    field[k] = chance == 5 ? argument_any(stream) : argument_between(stream, -0.1, 0.2);
  }
  if (kind == OB_ROW_RANGE) {
    row.range.valid = 1;
  } else if (kind == OB_ROW_VELOCITY) {
    row.velocity.valid = 1;
  } else if (kind == OB_ROW_ATTITUDE) {
    row.attitude = (ob_attitude_row){.q_mci_from_body = {1.0}, .valid = chance != 7};
  } else if (kind == OB_ROW_LEGS) {
    row.legs.closed = (int64_t)(argument_bits(stream) % 20);
  }
  return row;
}

/* A push that both units feel, and what is wrong with one of them in turn: silent, frozen, saturated, apart. */
uint64_t exercise_redundant_imu(void) {
  uint64_t stream = 26, hash = OB_HASH_SEED;
  ob_intake intake[OB_IMUS];
  const ob_intake *imus[OB_IMUS] = {&intake[0], &intake[1]};
  ob_imu_choice choice = {.selected = 0};
  ob_intake_init(&intake[0], OB_ROW_IMU);
  ob_intake_init(&intake[1], OB_ROW_IMU);
  for (int64_t i = 1; i <= 6000; i++) {
    const int64_t now_ns = i * 10000000, fault = i / 100 % 10, unit = i / 1000 % 2;
    int64_t took[OB_IMUS];
    double push[3];
    argument_vector(&stream, push, 0.01);
    for (int64_t k = 0; k < OB_IMUS; k++) {
      ob_row row = {.imu = {.time_ns = now_ns, .sequence = i}};
      argument_vector(&stream, row.imu.delta_angle_rad, 1.0e-5);
      argument_vector(&stream, row.imu.delta_velocity_m_s, 1.0e-4);
      ob_v3_axpy(row.imu.delta_velocity_m_s, 1.0, push);
      if (k == unit && fault == 2) {
        row.imu.delta_angle_rad[1] = 3.0e-4;
      } else if (k == unit && fault == 4) {
        row.imu.delta_velocity_m_s[2] += 0.05;
        row.imu.saturated = unit << 5;
      }
      took[k] = k == unit && fault == 6 ? 0 : ob_intake_take(&intake[k], now_ns, &row);
    }
    ob_imu_choice_step(&choice, imus, OB_IMUS, took[choice.selected], now_ns);
    hash = ob_hash_u64(hash, ob_imu_choice_word(&choice, imus[choice.selected]));
  }
  return ob_hash_u64(hash, (uint64_t)choice.switch_count);
}

/* Samples of every kind: good, late, repeated, lost, absurd, of a wrong time or number. */
uint64_t exercise_intake(void) {
  static ob_intake intake[OB_ROW_KINDS];
  uint64_t stream = 25, hash = OB_HASH_SEED;
  for (int64_t kind = 0; kind < OB_ROW_KINDS; kind++) {
    ob_intake_init(&intake[kind], kind);
    hash = ob_hash_u64(hash, (uint64_t)ob_intake_age_max_ns(kind));
  }
  for (int64_t i = 1; i <= 1000; i++) {
    const int64_t now_ns = i * 10000000;
    for (int64_t kind = 0; kind < OB_ROW_KINDS; kind++) {
      const uint64_t chance = argument_bits(&stream) % 16;
      ob_row row = sample(&stream, kind, chance);
      row.head.time_ns = now_ns - (chance == 3   ? 3000000000
                                    : chance == 4 ? -1
                                    : chance == 8 ? 40000000
                                                  : 0);
      row.head.sequence = i - (chance == 1) + (chance == 2) +
                          (chance == 9 ? INT64_C(1) << 40 : 0);
      intake[kind].enabled = chance != 6;
      hash = ob_hash_u64(hash, (uint64_t)ob_intake_take(&intake[kind], now_ns, &row));
      hash = ob_intake_hash(&intake[kind], hash);
    }
  }
  for (int64_t kind = 0; kind < OB_ROW_KINDS; kind++) {
    hash = ob_hash_u64(hash, (uint64_t)intake[kind].good_count);
  }
  return hash;
}
