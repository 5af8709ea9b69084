#include "onboard/intake.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"

#define ANGLE_RAD 0.2  /* in one sample: 20 rad/s */
#define PUSH_M_S 2.0   /* in one sample: 20 g */
#define RANGE_M 100000.0
#define SPEED_M_S 3000.0
#define PRESSURE_PA 1.0e7
#define PROPELLANT_KG 10000.0
#define COUNTS INT64_C(1000000000000)
#define CURRENT_A 100.0
#define VOLTAGE_V 100.0
#define ENERGY_WH 1.0e5
#define UNIT_TOLERANCE 1.0e-3
#define SWITCHES 15

/* ---- the check of each kind; NaN and infinities fail every comparison ---- */

static double length2(const double v[3]) { return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]; }

static int increments_are_good(const ob_imu_row *row) {
  return length2(row->delta_angle_rad) < ANGLE_RAD * ANGLE_RAD &&
         length2(row->delta_velocity_m_s) < PUSH_M_S * PUSH_M_S;
}

static int velocity_is_good(const ob_velocity_row *row) {
  int good = row->valid == 1;
  for (int32_t i = 0; i < 3; i++) {
    good = good && ob_fabs(row->velocity_body_m_s[i]) < SPEED_M_S;
  }
  return good;
}

static int attitude_is_good(const ob_attitude_row *row) {
  const double *q = row->q_mci_from_body;
  return row->valid == 1 && ob_fabs(length2(q) + q[3] * q[3] - 1.0) < UNIT_TOLERANCE;
}

static int pressure_is_good(double pressure_pa) {
  return -0.1 * PRESSURE_PA < pressure_pa && pressure_pa < PRESSURE_PA;
}

static int tank_is_good(const ob_tank_row *row) {
  return -0.1 * PROPELLANT_KG < row->propellant_kg && row->propellant_kg < PROPELLANT_KG &&
         pressure_is_good(row->pressure_pa);
}

static int wheel_is_good(const ob_wheel_row *row) {
  return -COUNTS < row->counts && row->counts < COUNTS && ob_fabs(row->current_a) < CURRENT_A;
}

static int battery_is_good(const ob_battery_row *row) {
  return -1.0 < row->voltage_v && row->voltage_v < VOLTAGE_V &&
         ob_fabs(row->current_a) < CURRENT_A && ob_fabs(row->energy_wh) < ENERGY_WH;
}

static int is_good(int64_t kind, const ob_row *row) {
  switch (kind) {
    case OB_ROW_IMU:
      return increments_are_good(&row->imu);
    case OB_ROW_RANGE:
      return row->range.valid == 1 && 0.0 < row->range.range_m && row->range.range_m < RANGE_M;
    case OB_ROW_VELOCITY:
      return velocity_is_good(&row->velocity);
    case OB_ROW_ATTITUDE:
      return attitude_is_good(&row->attitude);
    case OB_ROW_LEGS:
      return 0 <= row->legs.closed && row->legs.closed <= SWITCHES;
    case OB_ROW_ENGINE:
      return pressure_is_good(row->engine.chamber_pressure_pa);
    case OB_ROW_WHEEL:
      return wheel_is_good(&row->wheel);
    case OB_ROW_BATTERY:
      return battery_is_good(&row->battery);
    default:
      return tank_is_good(&row->tank);
  }
}

/* ---- intake ---- */

void ob_intake_init(ob_intake *intake, int64_t kind) {
  assert(0 <= kind && kind < OB_ROW_KINDS);
  *intake = (ob_intake){.kind = kind, .enabled = 1, .sequence = -1, .time_ns = OB_NEVER_NS};
  intake->row.head.time_ns = OB_NEVER_NS;
}

int64_t ob_intake_age_max_ns(int64_t kind) {
  static const int64_t age_max_ns[OB_ROW_KINDS] = {
      [OB_ROW_IMU] = 25000000,       [OB_ROW_RANGE] = 250000000, [OB_ROW_VELOCITY] = 250000000,
      [OB_ROW_ATTITUDE] = 300000000, [OB_ROW_LEGS] = 30000000,   [OB_ROW_ENGINE] = 250000000,
      [OB_ROW_TANK] = 2500000000,    [OB_ROW_WHEEL] = 25000000,  [OB_ROW_BATTERY] = 250000000};
  assert(0 <= kind && kind < OB_ROW_KINDS);
  return age_max_ns[kind];
}

int64_t ob_intake_is_young(const ob_intake *intake, int64_t now_ns, int64_t time_ns) {
  return now_ns - ob_intake_age_max_ns(intake->kind) <= time_ns && time_ns <= now_ns;
}

/* ---- clocks: numbers and stamps may be anything, so all is reckoned without sign ---- */

#define REACH (INT64_C(1) << 31) /* of a number from the last one; products stay within 64 bits */

typedef enum { NO_TWO, STAMP_AND_NUMBER, STAMP_AND_ARRIVAL, NUMBER_AND_ARRIVAL } ob_clocks;

static int64_t period_ns(const ob_intake *intake) {
  static const int64_t period[OB_ROW_KINDS] = {
      [OB_ROW_IMU] = 10000000,       [OB_ROW_RANGE] = 100000000, [OB_ROW_VELOCITY] = 100000000,
      [OB_ROW_ATTITUDE] = 200000000, [OB_ROW_LEGS] = 10000000,   [OB_ROW_ENGINE] = 100000000,
      [OB_ROW_TANK] = 1000000000,    [OB_ROW_WHEEL] = 10000000,  [OB_ROW_BATTERY] = 100000000};
  return period[intake->kind];
}

static int64_t difference(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }

static int agree(const ob_intake *intake, int64_t a, int64_t b) {
  const int64_t most = period_ns(intake) / 4, apart = difference(a, b);
  return -most <= apart && apart <= most;
}

/* When a sample was taken, as the last time by a number and its number tell. */
static int64_t by_number_ns(const ob_intake *intake, int64_t sequence) {
  const uint64_t since = (uint64_t)sequence - (uint64_t)intake->sequence;
  return (int64_t)((uint64_t)intake->numbered_ns + since * (uint64_t)period_ns(intake));
}

static int is_in_reach(const ob_intake *intake, int64_t sequence) {
  const int64_t since = difference(sequence, intake->sequence);
  return -REACH <= since && since <= REACH;
}

static ob_clocks compare_clocks(const ob_intake *intake, int64_t now_ns, const ob_row *row) {
  const int64_t by_number = by_number_ns(intake, row->head.sequence);
  const int64_t by_arrival = difference(now_ns, intake->on_its_way_ns);
  const int numbered = is_in_reach(intake, row->head.sequence);
  if (numbered && agree(intake, row->head.time_ns, by_number)) {
    return STAMP_AND_NUMBER;
  }
  if (agree(intake, row->head.time_ns, by_arrival)) {
    return STAMP_AND_ARRIVAL;
  }
  return numbered && agree(intake, by_number, by_arrival) ? NUMBER_AND_ARRIVAL : NO_TWO;
}

static int64_t follow(const ob_intake *intake, int64_t from_ns, int64_t to_ns) {
  const int64_t most = period_ns(intake) / 1024, apart = difference(to_ns, from_ns);
  return difference(from_ns, apart > most ? -most : apart < -most ? most : -apart);
}

/* Puts the stamp right if it is outvoted, and learns from it if not. Returns 0 if no two agree. */
static int settle_time(ob_intake *intake, int64_t now_ns, ob_clocks clocks, ob_row *row) {
  const int first = intake->time_ns == OB_NEVER_NS;
  const int64_t on_its_way_ns = difference(now_ns, row->head.time_ns);
  int64_t by_number = by_number_ns(intake, row->head.sequence);
  if (first || (clocks == NO_TWO && ++intake->adrift >= OB_CLOCK_PATIENCE)) {
    by_number = row->head.time_ns;
    intake->on_its_way_ns = on_its_way_ns;
  } else if (clocks == NO_TWO) {
    return 0;
  } else if (clocks == NUMBER_AND_ARRIVAL) {
    row->head.time_ns = by_number;
    intake->stamped_count++;
  } else {
    by_number = clocks == STAMP_AND_ARRIVAL ? row->head.time_ns
                                            : follow(intake, by_number, row->head.time_ns);
    intake->on_its_way_ns = follow(intake, intake->on_its_way_ns, on_its_way_ns);
  }
  intake->numbered_ns = by_number;
  intake->adrift = 0;
  return 1;
}

/* ---- whether a sample is taken ---- */

static int has_number(ob_clocks clocks) {
  return clocks == STAMP_AND_NUMBER || clocks == NUMBER_AND_ARRIVAL;
}

static int is_repeated(const ob_intake *intake, ob_clocks clocks, const ob_row *row) {
  return intake->started && row->head.sequence <= intake->sequence &&
         (has_number(clocks) || row->head.time_ns <= intake->time_ns);
}

/* 0: not taken; 1: taken as it came; 2: with another stamp, which is in the row then. */
static int64_t accepts(ob_intake *intake, int64_t now_ns, ob_row *row) {
  const int64_t stamp_ns = row->head.time_ns;
  const ob_clocks clocks = compare_clocks(intake, now_ns, row);
  if (is_repeated(intake, clocks, row)) {
    intake->repeated_count++;
    return 0;
  }
  if (!settle_time(intake, now_ns, clocks, row)) {
    intake->late_count++;
    return 0;
  }
  if (intake->started && has_number(clocks)) {
    intake->gap_count += row->head.sequence - intake->sequence - 1;
  }
  intake->started = 1;
  intake->sequence = row->head.sequence;
  if (!ob_intake_is_young(intake, now_ns, row->head.time_ns)) {
    intake->late_count++;
    return 0;
  }
  if (!is_good(intake->kind, row)) {
    intake->bad_count++;
    return 0;
  }
  intake->good_count++;
  intake->time_ns = row->head.time_ns;
  return row->head.time_ns == stamp_ns ? 1 : 2;
}

int64_t ob_intake_take(ob_intake *intake, int64_t now_ns, const ob_row *row) {
  ob_row taken = *row;
  const int64_t passes = accepts(intake, now_ns, &taken);
  if (passes == 0 || !intake->enabled) {
    return 0;
  }
  intake->row = taken;
  intake->passed_count++;
  return passes;
}

uint64_t ob_intake_hash(const ob_intake *intake, uint64_t hash) {
  const int64_t words[] = {intake->sequence,    intake->good_count,     intake->bad_count,
                           intake->late_count,  intake->repeated_count, intake->enabled,
                           intake->numbered_ns, intake->on_its_way_ns,  intake->stamped_count,
                           intake->adrift};
  return ob_hash_i64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
}
