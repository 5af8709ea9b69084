#include <stddef.h>
#include <string.h>

#include "arguments.h"
#include "exercise.h"
#include "onboard/crc32.h"
#include "onboard/drive.h"
#include "onboard/elementary.h"
#include "onboard/flight_exchange.h"
#include "onboard/flight_image.h"
#include "onboard/hash.h"
#include "onboard/odometry.h"
#include "onboard/wheels.h"

#define TICK_NS INT64_C(10000000)

static const ob_wheel_params WHEEL = {
    .counts_per_rad = 8000.0,
    .constant_v_s_rad = 8.0,
    .winding_ohm = 30.0,
    .idle_current_a = 0.012,
    .gain_v_s_rad = 4.0,
    .integral_v_rad = 20.0,
    .rate_filter_s = 0.03,
    .ramp_rad_s2 = 1.0,
    .rate_max_rad_s = 1.3,
    .current_max_a = 0.2,
    .overcurrent_a = 0.3,
    .overcurrent_s = 0.2,
    .stall_rate_rad_s = 0.02,
    .stall_current_a = 0.1,
    .stall_s = 0.5,
    .encoder_v = 3.0,
    .encoder_s = 0.5,
    .silent_s = 0.1,
    .rest_s = 0.5,
    .forgive_s = 1.0,
    .tries = 2.0,
};

static const ob_wheel_slip_params SLIP = {.wheel_radius_m = 0.075,
                                          .friction_n_m = 0.08,
                                          .viscous_n_m_s_rad = 0.01,
                                          .strength_n = 2.5,
                                          .contact_shear = 1.1,
                                          .straight_rad_s = 0.3,
                                          .filter_s = 1.0,
                                          .settle_s = 0.5};

/* A wheel that follows its voltage, then is blocked, stuck, silent and free again. */
static void turn(ob_wheel_row *row, double duty, int tick, double *angle, double *rate) {
  const int blocked = tick % 1000 > 400 && tick % 1000 < 600, quiet = tick % 1700 > 1600;
  const double volts = 11.0 * duty;
  *rate += blocked ? -*rate : 0.3 * (volts / 8.0 - *rate);
  *angle += 0.01 * *rate;
  if (!quiet) {
    row->time_ns = tick * TICK_NS;
    row->sequence = tick;
    row->counts = ob_to_i64(ob_floor(*angle * WHEEL.counts_per_rad));
    row->current_a = (volts - 8.0 * *rate) / 30.0;
  }
}

uint64_t exercise_wheel(void) {
  uint64_t stream = 81, hash = OB_HASH_SEED;
  double angle = 0.0, rate = 0.0, duty = 0.0, target = 0.0;
  ob_wheel wheel;
  ob_wheel_row row = {.time_ns = 0};
  ob_wheel_init(&wheel, &WHEEL);
  for (int tick = 1; tick < 6000; tick++) {
    if (tick % 250 == 1) {
      target = argument_between(&stream, -1.5, 1.5);
    }
    turn(&row, duty, tick, &angle, &rate);
    duty = ob_wheel_step(&wheel, &row, target, 11.0);
    hash = ob_hash_f64(ob_wheel_hash(&wheel, hash), duty);
    if (wheel.condition == OB_WHEEL_OUT && tick % 997 == 0) {
      ob_wheel_reset(&wheel);
    }
  }
  return hash;
}

uint64_t exercise_wheels(void) {
  uint64_t stream = 82, hash = OB_HASH_SEED;
  double angle[OB_WHEELS] = {0.0}, rate[OB_WHEELS] = {0.0}, target[OB_WHEELS] = {0.0};
  ob_wheels wheels;
  ob_wheel_row rows[OB_WHEELS] = {{0}};
  ob_wheels_init(&wheels, &WHEEL, &SLIP);
  for (int tick = 1; tick < 3000; tick++) {
    for (int k = 0; k < OB_WHEELS; k++) {
      target[k] = tick % 300 == 1 ? argument_between(&stream, -1.0, 1.0) : target[k];
      turn(&rows[k], wheels.row.duty[k], tick + 7 * k, &angle[k], &rate[k]);
    }
    const int64_t send = ob_wheels_step(&wheels, rows, target, 11.0, tick * TICK_NS);
    hash = ob_hash_u64(ob_wheels_hash(&wheels, hash), (uint64_t)send);
    if (tick == 2000) {
      ob_wheels_reset(&wheels);
    }
  }
  return hash;
}

static const ob_odometry_params ODOMETRY = {.counts_per_rad = 8000.0,
                                            .rolling_radius_m = 0.064,
                                            .level_1_s = 0.1,
                                            .still_s = 1.0,
                                            .bias_memory_s = 60.0};

/* Shares of every size, and wheels that pull by turns. */
uint64_t exercise_wheel_slip(void) {
  uint64_t stream = 86, hash = OB_HASH_SEED;
  ob_wheel_slip slip;
  ob_wheel wheels[OB_WHEELS];
  ob_wheel_slip_init(&slip, &SLIP);
  for (int k = 0; k < OB_WHEELS; k++) {
    ob_wheel_init(&wheels[k], &WHEEL);
  }
  for (int tick = 1; tick < 3000; tick++) {
    const double share = argument_between(&stream, -1.2, 1.2);
    hash = ob_hash_f64(hash, ob_wheel_slip_of_share(share, argument_between(&stream, 0.1, 5.0)));
    for (int k = 0; k < OB_WHEELS; k++) {
      wheels[k].target_rad_s = tick % 500 > 400 ? argument_between(&stream, -1.0, 1.0) : 0.7;
      wheels[k].rate_rad_s = argument_between(&stream, 0.6, 0.8);
      wheels[k].current_a = argument_between(&stream, 0.0, 1.0e-5 * tick);
    }
    ob_wheel_slip_step(&slip, wheels);
    hash = ob_wheel_slip_hash(&slip, hash);
  }
  return hash;
}

uint64_t exercise_odometry(void) {
  uint64_t stream = 83, hash = OB_HASH_SEED;
  ob_odometry odometry;
  ob_imu_row imu = {.time_ns = 0};
  ob_wheel_row wheels[OB_WHEELS] = {{0}};
  ob_odometry_init(&odometry, &ODOMETRY, 1.0, -2.0, 0.7);
  for (int tick = 1; tick < 3000; tick++) {
    imu.time_ns = tick * TICK_NS;
    argument_vector(&stream, imu.delta_angle_rad, 1.0e-3);
    argument_vector(&stream, imu.delta_velocity_m_s, 1.0e-3);
    imu.delta_velocity_m_s[2] += 0.0162;
    for (int k = 0; k < OB_WHEELS; k++) {
      wheels[k].time_ns = tick % 50 == k ? wheels[k].time_ns : tick * TICK_NS;
      wheels[k].counts += tick > 500 ? ob_to_i64(argument_between(&stream, -20.0, 60.0)) : 0;
    }
    ob_odometry_step(&odometry, &imu, wheels, tick * TICK_NS);
    hash = ob_odometry_hash(&odometry, hash);
  }
  return ob_hash_f64s(hash, odometry.state.position_site_m, 3);
}

static const ob_drive_params DRIVE = {.rolling_radius_m = 0.064,
                                      .track_m = 0.255,
                                      .turn_ratio = 3.9,
                                      .speed_m_s = 0.06,
                                      .turn_rate_rad_s = 0.12,
                                      .acceleration_m_s2 = 0.02,
                                      .turn_gain_1_s = 0.8,
                                      .look_ahead_m = 0.5,
                                      .heading_tolerance_rad = 0.02,
                                      .realign_rad = 0.6,
                                      .arrive_m = 0.03,
                                      .patience = 3.0};

/* A square, and a path on which it gets lost; the vehicle does what it is told. */
uint64_t exercise_drive(void) {
  uint64_t hash = OB_HASH_SEED;
  ob_drive drive;
  ob_drive_command command;
  ob_odometry_state state = {.valid = 1};
  ob_drive_init(&drive, &DRIVE);
  ob_drive_add(&drive, 0.0, 1.0);
  ob_drive_add(&drive, 1.0, 1.0);
  ob_drive_add(&drive, 1.0, 0.0);
  ob_drive_add(&drive, 0.0, 0.0);
  ob_drive_start(&drive, 0.05);
  for (int step = 0; step < 3000; step++) {
    state.time_ns += 10 * TICK_NS;
    ob_drive_step(&drive, &state, step % 500 < 3, &command);
    state.heading_rad += 0.1 * command.turn_rate_rad_s;
    state.position_site_m[0] += 0.1 * command.speed_m_s * ob_sin(state.heading_rad);
    state.position_site_m[1] += 0.1 * command.speed_m_s * ob_cos(state.heading_rad);
    hash = ob_drive_hash(&drive, ob_hash_f64s(hash, command.wheel_rate_rad_s, OB_WHEELS));
    if (drive.phase == OB_DRIVE_DONE) {
      ob_drive_clear(&drive);
      ob_drive_add(&drive, 1.0e9, 0.0);
      ob_drive_start(&drive, 1.0e9);
    }
  }
  return ob_hash_f64s(hash, state.position_site_m, 2);
}

static const ob_rover_settings ROVER = {
    .odometry = ODOMETRY, .drive = DRIVE, .wheel = WHEEL, .slip = SLIP, .supply_v = 10.8, .heading_rad = 0.3};

typedef struct {
  uint64_t stream;
  double angle[OB_WHEELS], rate[OB_WHEELS];
} ground;

/* The instruments of a vehicle whose wheels follow their duties; one of them is blocked for a while. */
static int64_t drive_on(ground *on, const double duty[OB_WHEELS], int tick, ob_sample *rows) {
  const double spin = 0.064 * (on->rate[0] - on->rate[1]) / (3.9 * 0.255);
  rows[0] = (ob_sample){.intake = OB_ROVER_IMU};
  rows[0].row.imu = (ob_imu_row){.time_ns = tick * TICK_NS, .sequence = tick};
  rows[0].row.imu.delta_angle_rad[2] = -0.01 * spin;
  rows[0].row.imu.delta_velocity_m_s[0] = argument_between(&on->stream, -1.0e-4, 1.0e-4);
  rows[0].row.imu.delta_velocity_m_s[2] = 0.0162;
  for (int k = 0; k < OB_WHEELS; k++) {
    rows[1 + k] = (ob_sample){.intake = OB_ROVER_WHEEL + k};
    const int when = k == 2 ? tick : 1; /* the others are never blocked */
    turn(&rows[1 + k].row.wheel, duty[k], when, &on->angle[k], &on->rate[k]);
    rows[1 + k].row.wheel.time_ns = tick * TICK_NS;
    rows[1 + k].row.wheel.sequence = tick;
  }
  rows[5] = (ob_sample){.intake = OB_ROVER_BATTERY};
  rows[5].row.battery = (ob_battery_row){tick * TICK_NS, tick / 10, 11.5, 0.6, 20.0};
  return tick % 10 == 0 ? 6 : 5;
}

/* Two waypoints. */
uint64_t exercise_rover(void) {
  uint64_t hash = OB_HASH_SEED;
  ground on = {.stream = 85};
  ob_rover rover;
  ob_rover_init(&rover, &ROVER);
  ob_drive_add(&rover.drive, 0.1, 0.3);
  ob_drive_add(&rover.drive, 0.0, 0.0);
  ob_drive_start(&rover.drive, 0.05);
  for (int tick = 1; tick < 4000; tick++) {
    ob_sample rows[OB_ROVER_INTAKES];
    const int64_t count = drive_on(&on, rover.wheels.row.duty, tick, rows);
    ob_rover_tick(&rover, tick * TICK_NS, tick % 10 == 0 ? 15 : 11, rows, count);
    hash = ob_rover_output_hash(&rover, ob_rover_hash(&rover, 15, hash));
  }
  return hash;
}

static void begin_rover(ob_craft *craft) {
  static uint8_t image[sizeof(ob_flight_header) + sizeof ROVER];
  const uint32_t behind = offsetof(ob_flight_header, crc) + 4;
  ob_flight_header h = {.magic = OB_FLIGHT_MAGIC,
                        .version = OB_FLIGHT_VERSION,
                        .size = sizeof image,
                        .settings_size = sizeof ROVER,
                        .vehicle = OB_VEHICLE_ROVER};
  memcpy(image, &h, sizeof h);
  memcpy(image + sizeof h, &ROVER, sizeof ROVER);
  h.crc = ob_crc32(0, image + behind, sizeof image - behind);
  memcpy(image, &h, sizeof h);
  ob_flight_begin(craft, image, sizeof image, &(ob_maps){.size = 0});
}

/* A rover begun from its image, by grants that went through their octets, and orders of every kind. */
uint64_t exercise_craft(void) {
  static ob_craft craft;
  static ob_grant grant, received;
  static uint8_t octets[OB_EXCHANGE_OCTETS_MAX];
  uint64_t hash = OB_HASH_SEED;
  ground on = {.stream = 86};
  ob_reply reply = {.hash = OB_HASH_SEED};
  begin_rover(&craft);
  for (int tick = 1; tick < 2000; tick++) {
    grant = (ob_grant){.tick = tick, .now_ns = tick * TICK_NS, .members = tick % 10 == 0 ? 15 : 11};
    grant.rows = drive_on(&on, reply.row[0].wheels.duty, tick, grant.row);
    grant.after = tick % 50 == 0;
    grant.order_after[0] = (ob_order){.kind = tick / 50 % (OB_ORDERS + 1), .argument = {tick % 4, 1, 0}};
    const int32_t count = ob_grant_encode(octets, craft.vehicle, &grant);
    hash = ob_hash_u64(hash, (uint64_t)ob_grant_decode(&received, craft.vehicle, octets, count));
    const int64_t refused = ob_exchange_before(&craft, &received);
    craft.vehicle->tick(&craft, received.now_ns, received.members, received.row, received.rows);
    ob_exchange_after(&craft, &received, refused, reply.hash, &reply);
    hash = ob_hash_bytes(hash, octets, ob_reply_encode(octets, craft.vehicle, &reply));
    hash = ob_hash_u64(hash, (uint64_t)ob_craft_repair(&craft, (const uint8_t *)&ROVER));
    craft.as.rover.wheels.wheel[tick % 4].params.tries += tick % 100 == 0; /* until the next tick */
  }
  return hash;
}
