#include "batch/run.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"

#define TICK_NS PL_TICK_NS
#define SLOW_TICKS 10
#define LEGS_WITHIN_NS 50000000 /* older switch readings count as unknown: no leg closed */

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

/* Reads one instrument, as a port does: each sample once. Returns 1 when it is passed on. */
static int64_t take(bt_batch *b, int64_t output, int64_t now_ns) {
  static const size_t size[BT_INTAKES] = {
      [PL_IMU_A] = sizeof(pl_imu_row),           [PL_IMU_B] = sizeof(pl_imu_row),
      [PL_RANGEFINDER_A] = sizeof(pl_range_row), [PL_RANGEFINDER_B] = sizeof(pl_range_row),
      [PL_VELOCIMETER_A] = sizeof(pl_velocity_row),
      [PL_STAR_TRACKER_A] = sizeof(pl_attitude_row),
      [PL_LEGS_A] = sizeof(pl_leg_row),          [PL_ENGINE_A] = sizeof(pl_engine_row),
      [PL_ENGINE_B] = sizeof(pl_engine_row),     [PL_TANK] = sizeof(pl_tank_row)};
  if (!b->plant->fresh[output] || b->intake[output] == NULL) {
    return 0;
  }
  ob_row row;
  memcpy(&row, row_of(&b->plant->out, output), size[output]);
  b->plant->fresh[output] = 0;
  return ob_intake_take(b->intake[output], now_ns, &row);
}

static int64_t sense_imu(bt_batch *b, int64_t now_ns) {
  const int64_t count = b->plant->config.imu_count, in_use = b->imu_choice->selected;
  int64_t came = 0;
  for (int64_t k = 0; k < count; k++) {
    const int64_t passed = take(b, PL_IMU_A + k, now_ns);
    came = k == in_use ? passed : came;
  }
  if (came) {
    b->navigation->arrivals.imu = b->intake[PL_IMU_A + in_use]->row.imu;
  }
  const ob_intake *imus[PL_IMUS] = {b->intake[PL_IMU_A], b->intake[PL_IMU_B]};
  ob_imu_choice_step(b->imu_choice, imus, count, came, now_ns);
  return came ? OB_ARRIVED_IMU : 0;
}

static int64_t sense_slow(bt_batch *b, int64_t now_ns) {
  ob_arrivals *a = &b->navigation->arrivals;
  int64_t arrived = 0;
  for (int64_t k = 0; k < OB_FILTER_BEAMS; k++) {
    if (take(b, PL_RANGEFINDER_A + k, now_ns)) {
      a->range[k] = b->intake[PL_RANGEFINDER_A + k]->row.range;
      arrived |= 1 << (OB_STREAM_RANGE_A + k);
    }
  }
  if (take(b, PL_VELOCIMETER_A, now_ns)) {
    a->velocity = b->intake[PL_VELOCIMETER_A]->row.velocity;
    arrived |= 1 << OB_STREAM_VELOCITY;
  }
  if (take(b, PL_STAR_TRACKER_A, now_ns)) {
    a->attitude = b->intake[PL_STAR_TRACKER_A]->row.attitude;
    arrived |= 1 << OB_STREAM_STAR;
  }
  take(b, PL_ENGINE_A, now_ns);
  take(b, PL_ENGINE_B, now_ns);
  take(b, PL_TANK, now_ns);
  for (int64_t k = 0; k < b->slow_count; k++) {
    *b->slow_hash = ob_intake_hash(b->slow[k], *b->slow_hash);
  }
  *b->slow_hash = ob_hash_i64s(*b->slow_hash, b->frame_words, 3);
  return arrived;
}

static int64_t sense(bt_batch *b, int64_t now_ns) {
  const int64_t arrived = sense_imu(b, now_ns);
  take(b, PL_LEGS_A, now_ns);
  return b->tick % SLOW_TICKS == 0 ? arrived | sense_slow(b, now_ns) : arrived;
}

/* ---- rows to the plant ---- */

static void send(bt_batch *b, const void *row, size_t size, void *to, int64_t command) {
  memcpy(to, row, size);
  b->plant->pending[command] = 1;
  b->output[b->output_count] = b->tick;
  memcpy(&b->output[b->output_count + 1], row, size);
  b->output_count += 1 + (int64_t)(size / sizeof(int64_t));
}

static void control(bt_batch *b, int64_t now_ns) {
  ob_effectors *e = b->effectors;
  pl_lander_input *in = &b->plant->in;
  const int64_t sent =
      ob_effectors_step(e, b->control, &b->navigation->state, b->guidance_command, b->guided,
                        b->touchdown->confirmed, now_ns);
  b->output_count = 0;
  if (sent & OB_SEND_THRUSTERS) {
    send(b, &e->thruster, sizeof e->thruster, &in->thruster, PL_COMMAND_THRUSTERS);
  }
  for (int32_t k = 0; (sent & OB_SEND_ENGINES) && k < OB_ENGINES; k++) {
    send(b, &e->engine[k], sizeof e->engine[k], &in->engine[k], PL_COMMAND_ENGINE_A + k);
  }
}

/* ---- the tick ---- */

static int64_t legs_closed(const ob_intake *legs, int64_t now_ns) {
  return now_ns - legs->row.legs.time_ns <= LEGS_WITHIN_NS ? legs->row.legs.closed : 0;
}

static void run_tick(bt_batch *b) {
  pl_lander_step(b->plant);
  b->tick++;
  const int64_t now_ns = b->tick * TICK_NS;
  assert(b->plant->time_ns == now_ns);
  if (ob_navigation_step(b->navigation, now_ns, sense(b, now_ns))) {
    b->watched_ns = now_ns;
  }
  if (b->guidance_due[b->tick % BT_FRAMES]) {
    ob_guidance_engines(b->guidance, b->effectors->command.engine_inhibit);
    ob_guidance_step(b->guidance, &b->navigation->state, b->request, b->touchdown->confirmed,
                     b->guidance_command);
    b->guided++;
  }
  ob_touchdown_step(b->touchdown, &b->navigation->state, b->guidance_command,
                    legs_closed(b->intake[PL_LEGS_A], now_ns));
  control(b, now_ns);
}

uint64_t bt_chain(const bt_batch *b, int64_t members, uint64_t hash) {
  if (members & BT_SENSORS) {
    const ob_intake *in_use = b->intake[PL_IMU_A + b->imu_choice->selected];
    hash = ob_hash_u64(hash, ob_imu_choice_word(b->imu_choice, in_use) ^ *b->slow_hash);
  }
  if (members & BT_NAVIGATION) {
    hash = ob_navigation_hash(b->navigation, hash);
  }
  if (members & BT_GUIDANCE) {
    hash = ob_guidance_hash(b->guidance, hash);
  }
  if (members & BT_TOUCHDOWN) {
    hash = ob_touchdown_hash(b->touchdown, hash);
  }
  return members & BT_CONTROL ? ob_attitude_control_hash(b->control, hash) : hash;
}

static uint64_t chain_words(uint64_t hash, const uint64_t words[3]) {
  for (int32_t k = 0; k < 3; k++) {
    hash = ob_hash_u64(hash, words[k]);
  }
  return hash;
}

static void remember(bt_batch *b) {
  b->history[*b->history_count % b->history_length] = b->navigation->state;
  ++*b->history_count;
}

/* Closes a tick as the executive and the recorder do; what went to outputs is one string of octets. */
static void close_tick(bt_batch *b, int64_t asleep) {
  const int64_t guidance = b->guidance_due[b->tick % BT_FRAMES] ? BT_GUIDANCE : 0;
  b->hash = bt_chain(b, BT_SENSORS | BT_NAVIGATION, b->hash);
  if (asleep & BT_CRATERS) {
    remember(b);
    b->hash = chain_words(b->hash, b->crater_words);
  }
  b->hash = bt_chain(b, guidance | BT_TOUCHDOWN | BT_CONTROL, b->hash);
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
    run_tick(b);
    const int64_t due = b->due[b->tick % BT_FRAMES];
    if (due & (b->awake | BT_OTHERS)) {
      return 1;
    }
    close_tick(b, due);
  }
  return 0;
}
