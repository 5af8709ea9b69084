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
      [OB_ROW_TANK] = 2500000000};
  assert(0 <= kind && kind < OB_ROW_KINDS);
  return age_max_ns[kind];
}

int64_t ob_intake_is_young(const ob_intake *intake, int64_t now_ns, int64_t time_ns) {
  return now_ns - ob_intake_age_max_ns(intake->kind) <= time_ns && time_ns <= now_ns;
}

/* The number may be anything that a broken device sends, so the difference is taken without sign. */
static void count_gap(ob_intake *intake, int64_t sequence) {
  if (intake->started) {
    const uint64_t missed = (uint64_t)sequence - (uint64_t)intake->sequence - 1;
    intake->gap_count = (int64_t)((uint64_t)intake->gap_count + missed);
  }
}

static int64_t accepts(ob_intake *intake, int64_t now_ns, const ob_row *row) {
  if (intake->started && row->head.sequence <= intake->sequence) {
    intake->repeated_count++;
    return 0;
  }
  count_gap(intake, row->head.sequence);
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
  return 1;
}

int64_t ob_intake_take(ob_intake *intake, int64_t now_ns, const ob_row *row) {
  if (!accepts(intake, now_ns, row) || !intake->enabled) {
    return 0;
  }
  intake->row = *row;
  intake->passed_count++;
  return 1;
}

uint64_t ob_intake_hash(const ob_intake *intake, uint64_t hash) {
  const int64_t words[] = {intake->sequence,   intake->good_count,     intake->bad_count,
                           intake->late_count, intake->repeated_count, intake->enabled};
  return ob_hash_i64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
}
