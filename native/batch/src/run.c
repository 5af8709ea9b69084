#include "batch/run.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"

#define TICK_NS PL_TICK_NS

_Static_assert(sizeof(ob_imu_row) == sizeof(pl_imu_row), "ImuSample");
_Static_assert(sizeof(ob_range_row) == sizeof(pl_range_row), "RangeSample");
_Static_assert(sizeof(ob_velocity_row) == sizeof(pl_velocity_row), "VelocitySample");
_Static_assert(sizeof(ob_attitude_row) == sizeof(pl_attitude_row), "AttitudeSample");
_Static_assert(sizeof(ob_leg_row) == sizeof(pl_leg_row), "LegSample");
_Static_assert(sizeof(ob_engine_row) == sizeof(pl_engine_row), "EngineSample");
_Static_assert(sizeof(ob_tank_row) == sizeof(pl_tank_row), "TankSample");
_Static_assert(sizeof(ob_engine_command_row) == sizeof(pl_engine_command_row), "EngineCommand");
_Static_assert(sizeof(ob_thruster_command_row) == sizeof(pl_thruster_command_row),
               "ThrusterCommand");
_Static_assert(PL_IMU_A == (int)OB_FLIGHT_IMU_A && PL_LEGS_A == (int)OB_FLIGHT_LEGS &&
                   PL_TANK == (int)OB_FLIGHT_TANK && BT_INTAKES == OB_FLIGHT_INTAKES,
               "the flight core numbers instruments as the plant does");

/* ---- rows from the plant ---- */

static const void *row_of(const pl_lander_output *out, int64_t output) {
  switch (output) {
    case PL_IMU_A:
      return &out->imu[0];
    case PL_IMU_B:
      return &out->imu[1];
    case PL_RANGEFINDER_A:
      return &out->range[0];
    case PL_RANGEFINDER_B:
      return &out->range[1];
    case PL_VELOCIMETER_A:
      return &out->velocity;
    case PL_STAR_TRACKER_A:
      return &out->attitude;
    case PL_LEGS_A:
      return &out->leg;
    case PL_ENGINE_A:
      return &out->engine[0];
    case PL_ENGINE_B:
      return &out->engine[1];
    default:
      return &out->tank;
  }
}

/* Reads the instruments that are due, as ports do: each sample once. Returns how many came. */
static int64_t read_rows(bt_batch *b, int64_t now_ns, ob_sample rows[BT_INTAKES]) {
  static const size_t size[BT_INTAKES] = {
      [PL_IMU_A] = sizeof(pl_imu_row),           [PL_IMU_B] = sizeof(pl_imu_row),
      [PL_RANGEFINDER_A] = sizeof(pl_range_row), [PL_RANGEFINDER_B] = sizeof(pl_range_row),
      [PL_VELOCIMETER_A] = sizeof(pl_velocity_row),
      [PL_STAR_TRACKER_A] = sizeof(pl_attitude_row),
      [PL_LEGS_A] = sizeof(pl_leg_row),          [PL_ENGINE_A] = sizeof(pl_engine_row),
      [PL_ENGINE_B] = sizeof(pl_engine_row),     [PL_TANK] = sizeof(pl_tank_row)};
  const int slow = now_ns % OB_FLIGHT_SLOW_NS == 0;
  int64_t count = 0;
  for (int64_t k = 0; k < BT_INTAKES; k++) {
    const int due = slow || k == PL_IMU_A || k == PL_IMU_B || k == PL_LEGS_A;
    if (due && b->plant->fresh[k] && b->flight->intake[k] != NULL) {
      rows[count].intake = k;
      memcpy(&rows[count].row, row_of(&b->plant->out, k), size[k]);
      b->plant->fresh[k] = 0;
      count++;
    }
  }
  return count;
}

/* ---- rows to the plant ---- */

static void send(bt_batch *b, const void *row, size_t size, void *to, int64_t command) {
  memcpy(to, row, size);
  b->plant->pending[command] = 1;
  b->output[b->output_count] = b->tick;
  memcpy(&b->output[b->output_count + 1], row, size);
  b->output_count += 1 + (int64_t)(size / sizeof(int64_t));
}

static void send_rows(bt_batch *b) {
  const ob_effectors *e = b->flight->effectors;
  pl_lander_input *in = &b->plant->in;
  const int64_t sent = b->flight->sent;
  b->output_count = 0;
  if (sent & OB_SEND_THRUSTERS) {
    send(b, &e->thruster, sizeof e->thruster, &in->thruster, PL_COMMAND_THRUSTERS);
  }
  for (int32_t k = 0; (sent & OB_SEND_ENGINES) && k < OB_ENGINES; k++) {
    send(b, &e->engine[k], sizeof e->engine[k], &in->engine[k], PL_COMMAND_ENGINE_A + k);
  }
}

/* ---- the tick ---- */

#define EVERY_TICK \
  (OB_FLIGHT_SENSORS | OB_FLIGHT_NAVIGATION | OB_FLIGHT_TOUCHDOWN | OB_FLIGHT_CONTROL)

static void run_tick(bt_batch *b) {
  ob_sample rows[BT_INTAKES];
  pl_lander_step(b->plant);
  b->tick++;
  const int64_t now_ns = b->tick * TICK_NS;
  assert(b->plant->time_ns == now_ns);
  const int64_t guidance = b->guidance_due[b->tick % BT_FRAMES] ? OB_FLIGHT_GUIDANCE : 0;
  const int64_t count = read_rows(b, now_ns, rows);
  ob_flight_tick(b->flight, now_ns, EVERY_TICK | guidance, rows, count);
  send_rows(b);
}

static uint64_t chain_words(uint64_t hash, const uint64_t words[3]) {
  for (int32_t k = 0; k < 3; k++) {
    hash = ob_hash_u64(hash, words[k]);
  }
  return hash;
}

static void remember(bt_batch *b) {
  b->history[*b->history_count % b->history_length] = b->flight->navigation->state;
  ++*b->history_count;
}

/* Closes a tick as the executive and the recorder do; what went to outputs is one string of octets. */
static void close_tick(bt_batch *b, int64_t asleep) {
  const int64_t guidance = b->guidance_due[b->tick % BT_FRAMES] ? OB_FLIGHT_GUIDANCE : 0;
  b->hash = ob_flight_hash(b->flight, OB_FLIGHT_SENSORS | OB_FLIGHT_NAVIGATION, b->hash);
  if (asleep & BT_CRATERS) {
    remember(b);
    b->hash = chain_words(b->hash, b->crater_words);
  }
  b->hash = ob_flight_hash(b->flight, guidance | OB_FLIGHT_TOUCHDOWN | OB_FLIGHT_CONTROL, b->hash);
  if (asleep & BT_COMMANDS) {
    b->hash = chain_words(b->hash, b->command_words);
  }
  if (b->output_count) {
    b->hash = ob_hash_i64s(b->hash, b->output, (int32_t)b->output_count);
    b->hash = ob_hash_u64(b->hash, 0); /* the empty tail of the octets */
  }
}

static int frame_comes(const pl_lander *plant) {
  return plant->pending[PL_COMMAND_CAMERA_A] || plant->fresh[PL_CAMERA_A];
}

int64_t bt_run(bt_batch *b, int64_t count) {
  for (int64_t n = 0; n < count && !frame_comes(b->plant); n++) {
    const int64_t confirmed = b->flight->touchdown->confirmed;
    run_tick(b);
    const int64_t due = b->due[b->tick % BT_FRAMES];
    const int milestone = b->flight->touchdown->confirmed != confirmed; /* its checkpoint is due */
    if (milestone || (due & (b->awake | BT_OTHERS))) {
      return 1;
    }
    close_tick(b, due);
  }
  return 0;
}
