#include <stddef.h>
#include <string.h>

#include "arguments.h"
#include "exercise.h"
#include "exercise_settings.h"
#include "fault_image.h"
#include "onboard/crc32.h"
#include "onboard/elementary.h"
#include "onboard/flight_exchange.h"
#include "onboard/flight_image.h"
#include "onboard/hash.h"

#define DEG (OB_PI / 180.0)
#define SIDE 64
#define IMAGE_BYTES (sizeof(ob_flight_header) + sizeof(ob_lander_settings) + 64 + FAULT_IMAGE_BYTES)

static float HEIGHTS[SIDE * SIDE];
static uint8_t IMAGE[IMAGE_BYTES];
static ob_craft CRAFT;

static const ob_touchdown_params TOUCHDOWN = {.arm_altitude_m = 100.0,
                                              .body_height_m = 1.2,
                                              .leg_persistence_s = 0.05,
                                              .shock_m_s2 = 3.0,
                                              .shock_hold_s = 0.3,
                                              .support_m_s2 = 0.5,
                                              .support_filter_s = 0.1,
                                              .rest_speed_m_s = 0.2,
                                              .rest_persistence_s = 0.1,
                                              .thrust_lag_s = 0.1};

static const ob_orbit_burn_params ORBIT_BURN = {
    .throttle = 0.5, .settle_s = 5.0, .felt_share = 0.5, .timer_share = 1.1, .scale_band = 0.2, .lag_s = 0.1};

static const ob_maps MAPS = {(const uint8_t *)HEIGHTS, sizeof HEIGHTS};

static const ob_flight_channel CHANNELS[FAULT_IMAGE_CHANNELS] = {
    {OB_LANDER_NAVIGATION, 0, offsetof(ob_navigation, state.altitude_m)},
    {OB_CHANNEL_TOLD, 0, 1},
    {OB_FLIGHT_LEGS, 1, offsetof(ob_intake, row.legs.closed)}};

static ob_lander_settings settings(uint64_t *stream) {
  ob_lander_settings s = {
      .fitted = (1 << OB_FLIGHT_INTAKES) - 1,
      .position_site_m = {60.0, -600.0, 1500.0},
      .velocity_site_m_s = {0.0, 30.0, -40.0},
      .q_site_from_body = {1.0, 0.0, 0.0, 0.0},
      .prior = {{20.0, 20.0, 20.0}, {0.2, 0.2, 0.2}, {1e-3, 1e-3, 1e-3}},
      .latitude_rad = 60.5 * DEG,
      .longitude_rad = -4.6 * DEG,
      .elevation_m = -2700.0,
      .grids = 1,
      .grid = {{-16000.0, -16000.0, 500.0, 20.0, SIDE, SIDE, 0, 0}},
      .filter = FILTER,
      .camera = {.focal_px = 549.0, .width = 512, .height = 512, .q_body_from_camera = {1.0}},
      .guidance = GUIDANCE,
      .orbit_burn = ORBIT_BURN,
      .touchdown = TOUCHDOWN,
      .attitude = ATTITUDE,
      .request = OB_GUIDANCE_RUN,
      .resuming = OB_GUIDANCE_APPROACH,
      .guidance_mass_kg = 220.0,
      .control_mass_kg = 220.0};
  s.attitude.thrusters = pods();
  for (int i = 0; i < SIDE * SIDE; i++) {
    HEIGHTS[i] = (float)argument_between(stream, -2710.0, -2690.0);
  }
  s.grid[0].crc = ob_crc32(0, (const uint8_t *)HEIGHTS, sizeof HEIGHTS);
  return s;
}

static void seal(uint8_t *image, uint32_t size) {
  const uint32_t behind = offsetof(ob_flight_header, crc) + 4;
  const uint32_t crc = ob_crc32(0, image + behind, size - behind);
  memcpy(image + offsetof(ob_flight_header, crc), &crc, sizeof crc);
}

/* Writes an image and returns its size. */
static uint32_t make_image(uint64_t *stream) {
  static uint8_t faults[FAULT_IMAGE_BYTES];
  const ob_lander_settings s = settings(stream);
  ob_flight_header h = {.magic = OB_FLIGHT_MAGIC,
                        .version = OB_FLIGHT_VERSION,
                        .settings_size = sizeof s,
                        .channels = FAULT_IMAGE_CHANNELS,
                        .vehicle = OB_VEHICLE_LANDER};
  do {
    h.fault_size = fault_image(stream, faults);
  } while (h.fault_size > OB_FLIGHT_IMAGE_MAX - 4000);
  h.size = (uint32_t)(sizeof h + sizeof s + sizeof CHANNELS) + h.fault_size;
  memcpy(IMAGE, &h, sizeof h);
  memcpy(IMAGE + sizeof h, &s, sizeof s);
  memcpy(IMAGE + sizeof h + sizeof s, CHANNELS, sizeof CHANNELS);
  memcpy(IMAGE + sizeof h + sizeof s + sizeof CHANNELS, faults, h.fault_size);
  seal(IMAGE, h.size);
  return h.size;
}

static int64_t is_read(int64_t intake, int64_t tick) {
  return intake <= OB_FLIGHT_IMU_B || intake == OB_FLIGHT_LEGS || tick % 10 == 0;
}

/* The instruments of a vehicle that hangs still, with noise. */
static int64_t read_rows(uint64_t *stream, const ob_flight *f, int64_t tick, ob_sample *rows) {
  int64_t count = 0;
  for (int64_t k = 0; k < OB_FLIGHT_INTAKES; k++) {
    ob_sample *r = &rows[count];
    if (f->intake[k] == NULL || !is_read(k, tick)) {
      continue;
    }
    memset(r, 0, sizeof *r);
    r->intake = k;
    r->row.head.time_ns = tick * OB_FLIGHT_TICK_NS;
    r->row.head.sequence = tick;
    if (k <= OB_FLIGHT_IMU_B) {
      argument_vector(stream, r->row.imu.delta_angle_rad, 1e-5);
      argument_vector(stream, r->row.imu.delta_velocity_m_s, 1e-3);
      r->row.imu.delta_velocity_m_s[2] += 0.016;
    } else if (k <= OB_FLIGHT_RANGEFINDER_B) {
      r->row.range = (ob_range_row){tick * OB_FLIGHT_TICK_NS, tick, 1500.0 - 0.4 * (double)tick, 1};
    } else if (k == OB_FLIGHT_STAR_TRACKER) {
      r->row.attitude.q_mci_from_body[0] = r->row.attitude.valid = 1;
    } else if (k == OB_FLIGHT_LEGS) {
      r->row.legs.closed = tick > 300 ? 15 : 0;
    }
    count++;
  }
  return count;
}

static uint64_t fly(uint64_t *stream, ob_flight *f, uint64_t hash) {
  ob_sample rows[OB_FLIGHT_INTAKES];
  const int64_t all = (OB_FLIGHT_FAULTS << 1) - 1;
  for (int64_t tick = 1; tick <= 400; tick++) {
    const int64_t now_ns = tick * OB_FLIGHT_TICK_NS;
    const int64_t slow = tick % 10 ? OB_FLIGHT_GUIDANCE | OB_FLIGHT_FAULTS : 0;
    const int64_t count = read_rows(stream, f, tick, rows);
    ob_flight_tick(f, now_ns, all & ~slow, rows, count);
    if (tick % 25 == 0) {
      const ob_order order = {.kind = tick / 25 % (OB_ORDERS + 1), .argument = {tick % 4, tick % 2, 1}};
      hash = ob_hash_u64(hash, (uint64_t)ob_flight_order(f, now_ns, &order));
      CRAFT.channels.told[1] = (ob_told){(double)tick, now_ns};
    }
    hash = ob_flight_output_hash(f, ob_flight_hash(f, all & ~slow, hash));
  }
  return hash;
}

/* Four seconds of an approach with every member, and orders of every kind. */
uint64_t exercise_flight(void) {
  uint64_t stream = 80, hash = OB_HASH_SEED;
  const uint32_t size = make_image(&stream);
  hash = ob_hash_u64(hash, (uint64_t)ob_flight_begin(&CRAFT, IMAGE, size, &MAPS));
  return fly(&stream, &CRAFT.as.lander.flight, hash);
}

/* Rows of channels that lie in a part, and others; what is read from them. */
uint64_t exercise_flight_channel(void) {
  uint64_t stream = 81, hash = OB_HASH_SEED;
  static ob_flight_channels channels;
  double value = 0.0;
  int64_t age_ns = 0;
  const uint32_t size = make_image(&stream);
  ob_flight_begin(&CRAFT, IMAGE, size, &MAPS);
  for (int i = 0; i < 2000; i++) {
    const ob_flight_channel row = {(uint8_t)(argument_bits(&stream) % (OB_CHANNEL_TOLD + 2)), i % 2,
                                   (uint16_t)(argument_bits(&stream) % 64 * 4)};
    if (ob_flight_channels_init(&channels, CRAFT.part, &row, 1)) {
      ob_flight_channels_read(&channels, 0, &value, &age_ns);
      hash = ob_hash_u64(hash, (uint64_t)age_ns);
    }
    hash = ob_hash_u64(hash, (uint64_t)channels.count);
  }
  return hash;
}

/* What images are refused for, one bit wrong at a time. */
uint64_t exercise_flight_image(void) {
  uint64_t stream = 82, hash = OB_HASH_SEED;
  const uint32_t size = make_image(&stream), whole = (uint32_t)sizeof(ob_flight_header) + 8;
  for (int i = 0; i < 60; i++) {
    const uint64_t bit = argument_bits(&stream) % (8 * (i % 2 ? whole : size));
    IMAGE[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (i % 2 && bit / 8 >= offsetof(ob_flight_header, settings_size)) {
      seal(IMAGE, size);
    }
    hash = ob_hash_u64(hash, (uint64_t)ob_flight_begin(&CRAFT, IMAGE, size - (i == 7), &MAPS));
    IMAGE[bit / 8] ^= (uint8_t)(1 << bit % 8);
    seal(IMAGE, size);
  }
  return hash;
}

/* Two seconds of flight by grants that went through their octets, some of them damaged. */
uint64_t exercise_flight_exchange(void) {
  static ob_grant grant, received;
  static uint8_t octets[OB_EXCHANGE_OCTETS_MAX];
  uint64_t stream = 83, hash = OB_HASH_SEED;
  ob_reply reply = {.hash = OB_HASH_SEED}, answer;
  const uint32_t size = make_image(&stream);
  ob_flight_begin(&CRAFT, IMAGE, size, &MAPS);
  const ob_vehicle *vehicle = CRAFT.vehicle;
  for (int64_t tick = 1; tick <= 200; tick++) {
    grant = (ob_grant){.tick = tick, .now_ns = tick * OB_FLIGHT_TICK_NS, .members = 63, .told = tick % 3};
    grant.rows = read_rows(&stream, &CRAFT.as.lander.flight, tick, grant.row);
    grant.before = grant.after = tick % 7 == 0;
    grant.order_before[0].kind = tick % OB_ORDERS;
    grant.order_after[0] = (ob_order){.kind = OB_ORDER_INHIBIT, .argument = {tick % 3}};
    grant.tell[0].told = (ob_told){0.5 * (double)tick, grant.now_ns - tick};
    grant.tell[1].number = 1;
    const int32_t count = ob_grant_encode(octets, vehicle, &grant);
    const uint64_t bit = argument_bits(&stream) % (8 * (uint64_t)count);
    octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
    hash = ob_hash_u64(hash, (uint64_t)ob_grant_decode(&received, vehicle, octets, count - tick % 2));
    octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
    hash = ob_hash_u64(hash, (uint64_t)ob_grant_decode(&received, vehicle, octets, count));
    const int64_t refused = ob_exchange_before(&CRAFT, &received);
    vehicle->tick(&CRAFT, received.now_ns, received.members, received.row, received.rows);
    ob_exchange_after(&CRAFT, &received, refused, reply.hash, &reply);
    const int32_t answered = ob_reply_encode(octets, vehicle, &reply);
    hash = ob_hash_u64(hash, (uint64_t)ob_reply_decode(&answer, vehicle, octets, answered));
    hash = ob_hash_bytes(ob_hash_u64(hash, answer.hash), octets, answered);
  }
  return hash;
}

/* Requests and faults to unlatch, step by step. */
uint64_t exercise_protection(void) {
  uint64_t stream = 84, hash = OB_HASH_SEED;
  const uint32_t size = make_image(&stream);
  ob_flight_begin(&CRAFT, IMAGE, size, &MAPS);
  for (int64_t step = 1; step <= 300; step++) {
    const ob_order order = {.kind = step % 3 ? OB_ORDER_MODE : OB_ORDER_CLEAR, .argument = {step % 9 - 2}};
    CRAFT.channels.told[1] = (ob_told){(double)(step % 5), step * OB_FLIGHT_SLOW_NS};
    hash = ob_hash_u64(hash, (uint64_t)ob_protection_order(&CRAFT.protection, &order));
    ob_protection_step(&CRAFT.protection, step * OB_FLIGHT_SLOW_NS);
    hash = ob_protection_hash(&CRAFT.protection, hash);
  }
  return hash;
}
