#include "onboard/rover.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "onboard/hash.h"

#define COMMAND_WITHIN_NS INT64_C(300000000) /* older commands of the path are not obeyed */
#define BATTERY_WITHIN_NS INT64_C(1000000000)

static int64_t kind_of(int32_t intake) {
  return intake == OB_ROVER_IMU ? OB_ROW_IMU
                                : (intake == OB_ROVER_BATTERY ? OB_ROW_BATTERY : OB_ROW_WHEEL);
}

void ob_rover_init(ob_rover *r, const ob_rover_settings *s) {
  *r = (ob_rover){.supply_v = s->supply_v, .times = {OB_NEVER_NS, OB_NEVER_NS, OB_NEVER_NS}};
  for (int32_t k = 0; k < OB_ROVER_INTAKES; k++) {
    ob_intake_init(&r->intake[k], kind_of(k));
  }
  ob_odometry_init(&r->odometry, &s->odometry, s->east_m, s->north_m, s->heading_rad);
  ob_drive_init(&r->drive, &s->drive);
  ob_wheels_init(&r->wheels, &s->wheel, &s->slip);
}

static void sense(ob_rover *r, int64_t now_ns, const ob_sample *rows, int64_t count) {
  const ob_intake *imu = &r->intake[OB_ROVER_IMU];
  int64_t came = 0;
  for (int64_t k = 0; k < count; k++) {
    const int64_t intake = rows[k].intake;
    assert(0 <= intake && intake < OB_ROVER_INTAKES);
    if (ob_intake_take(&r->intake[intake], now_ns, &rows[k].row)) {
      came |= intake == OB_ROVER_IMU;
    }
  }
  ob_imu_choice_step(&r->imu_choice, &imu, 1, came, now_ns);
  if (now_ns % OB_ROVER_SLOW_NS == 0) {
    r->slow_hash = ob_intake_hash(&r->intake[OB_ROVER_BATTERY], r->slow_hash);
  }
}

static void wheel_rows(const ob_rover *r, ob_wheel_row rows[OB_WHEELS]) {
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    rows[k] = r->intake[OB_ROVER_WHEEL + k].row.wheel;
  }
}

static void reckon(ob_rover *r, int64_t now_ns) {
  ob_wheel_row rows[OB_WHEELS];
  wheel_rows(r, rows);
  ob_odometry_step(&r->odometry, &r->intake[OB_ROVER_IMU].row.imu, rows, now_ns);
  r->times.odometry_ns = now_ns;
}

static void drive(ob_rover *r, int64_t now_ns) {
  const ob_odometry_state *state = &r->odometry.state;
  const int64_t held = !state->valid || r->wheels.resting || r->wheels.out;
  ob_drive_step(&r->drive, state, held, &r->command);
  r->times.drive_ns = now_ns;
}

static void turn_wheels(ob_rover *r, int64_t now_ns) {
  static const double still[OB_WHEELS] = {0.0};
  const ob_battery_row *battery = &r->intake[OB_ROVER_BATTERY].row.battery;
  const int told = now_ns - r->times.drive_ns <= COMMAND_WITHIN_NS;
  const int known = now_ns - battery->time_ns <= BATTERY_WITHIN_NS;
  ob_wheel_row rows[OB_WHEELS];
  wheel_rows(r, rows);
  r->sent = ob_wheels_step(&r->wheels, rows, told ? r->command.wheel_rate_rad_s : still,
                           known ? battery->voltage_v : r->supply_v, now_ns);
  r->times.wheels_ns = now_ns;
}

void ob_rover_tick(ob_rover *r, int64_t now_ns, int64_t members, const ob_sample *rows,
                   int64_t count) {
  if (members & OB_ROVER_SENSORS) {
    r->sent = 0;
    sense(r, now_ns, rows, count);
  }
  if (members & OB_ROVER_ODOMETRY) {
    reckon(r, now_ns);
  }
  if (members & OB_ROVER_DRIVE) {
    drive(r, now_ns);
  }
  if (members & OB_ROVER_WHEELS) {
    turn_wheels(r, now_ns);
  }
  if (r->faults != NULL && (members & OB_ROVER_FAULTS)) {
    ob_protection_step(r->faults, now_ns);
  }
}

uint64_t ob_rover_hash(const ob_rover *r, int64_t members, uint64_t hash) {
  if (members & OB_ROVER_SENSORS) {
    const ob_intake *imu = &r->intake[OB_ROVER_IMU];
    hash = ob_hash_u64(hash, ob_imu_choice_word(&r->imu_choice, imu) ^ r->slow_hash);
  }
  if (members & OB_ROVER_ODOMETRY) {
    hash = ob_odometry_hash(&r->odometry, hash);
  }
  if (members & OB_ROVER_DRIVE) {
    hash = ob_drive_hash(&r->drive, hash);
  }
  if (members & OB_ROVER_WHEELS) {
    hash = ob_wheels_hash(&r->wheels, hash);
  }
  return r->faults != NULL && (members & OB_ROVER_FAULTS) ? ob_protection_hash(r->faults, hash)
                                                         : hash;
}

uint64_t ob_rover_output_hash(const ob_rover *r, uint64_t hash) {
  return r->sent ? ob_hash_bytes(hash, (const uint8_t *)&r->wheels.row, sizeof r->wheels.row)
                 : hash;
}

/* ---- orders ---- */

static double real(int64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static int64_t add_waypoint(ob_drive *drive, double east_m, double north_m) {
  const int64_t moves = drive->phase == OB_DRIVE_TURN || drive->phase == OB_DRIVE_LEG;
  return !moves && ob_drive_add(drive, east_m, north_m);
}

int64_t ob_rover_order(ob_rover *r, const ob_order *order) {
  const int64_t *argument = order->argument;
  switch (order->kind) {
    case OB_ORDER_PATH_CLEAR:
      ob_drive_clear(&r->drive);
      return 1;
    case OB_ORDER_PATH_ADD:
      return add_waypoint(&r->drive, real(argument[0]), real(argument[1]));
    case OB_ORDER_PATH_DRIVE:
      return ob_drive_start(&r->drive, real(argument[0]));
    case OB_ORDER_DRIVE_STOP:
      ob_drive_stop(&r->drive);
      return 1;
    case OB_ORDER_WHEELS_RESET:
      ob_wheels_reset(&r->wheels);
      return 1;
    case OB_ORDER_WHEELS_INHIBIT:
      r->wheels.inhibited = argument[0] != 0;
      return 1;
    default:
      return r->faults != NULL && ob_protection_order(r->faults, order);
  }
}
