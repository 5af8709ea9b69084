/* Intake of an instrument: what can be believed at sight, and what was wrong with the rest.
 *
 * A sample is taken when it is newer than the last one, young enough, not from the future, and the
 * check of its kind holds: flagged valid, finite, within what a healthy instrument of a small lander
 * can say. Everything else is counted by cause. Whether a measurement agrees with the rest of the
 * world is for navigation to say.
 *
 * kind       taken while younger than     and if
 * IMU        25 ms   angle below 0.2 rad, push below 2 m/s a sample; saturated samples pass
 * RANGE      250 ms  valid, 0 < range < 100 km
 * VELOCITY   250 ms  valid, each component below 3 km/s
 * ATTITUDE   300 ms  valid, a unit quaternion (squared length within 0.001 of 1)
 * LEGS       30 ms   a mask of four switches
 * ENGINE     250 ms  pressure within -1 MPa (noise about zero) and 10 MPa
 * TANK       2.5 s   pressure as ENGINE, propellant within -1 t and 10 t
 */
#ifndef ONBOARD_INTAKE_H
#define ONBOARD_INTAKE_H

#include <stdint.h>

#include "onboard/row.h"

/* Time of what never was: older than anything, and far enough from the end to subtract. */
#define OB_NEVER_NS (-(INT64_C(1) << 62))

typedef struct {
  int64_t kind;           /* ob_row_kind */
  int64_t enabled;        /* 0: read and counted, but not passed on */
  int64_t started;        /* 1 once a sample came */
  int64_t sequence;       /* of the last sample that was new, -1 before */
  int64_t time_ns;        /* of the last good sample, OB_NEVER_NS before */
  int64_t good_count;
  int64_t bad_count;      /* the check of the kind failed */
  int64_t late_count;     /* too old, or from the future */
  int64_t repeated_count; /* not newer than the last */
  int64_t gap_count;      /* samples that never came */
  int64_t passed_count;   /* samples passed on: good while enabled */
  ob_row row;             /* the last one passed on; its time is OB_NEVER_NS before */
} ob_intake;

void ob_intake_init(ob_intake *intake, int64_t kind);

/* Largest age of a kind's samples (ns). */
int64_t ob_intake_age_max_ns(int64_t kind);

/* One sample. Returns 1 when it is passed on. */
int64_t ob_intake_take(ob_intake *intake, int64_t now_ns, const ob_row *row);

/* Covers the last sequence and the counters but that of gaps. */
uint64_t ob_intake_hash(const ob_intake *intake, uint64_t hash);

/* ---- which IMU flies ---- */

#define OB_IMU_SILENT_STEPS 3

/* The first is used until it has given no good sample for OB_IMU_SILENT_STEPS steps while another
 * has; the choice then stays until it fails in turn. */
typedef struct {
  int64_t selected;     /* index of the instance in use */
  int64_t switch_count;
  int64_t silent_steps; /* since its last good sample */
} ob_imu_choice;

/* After all instances were read; `came` is 1 when the one in use gave a good sample. */
void ob_imu_choice_step(ob_imu_choice *choice, const ob_intake *const imu[], int64_t count,
                        int64_t came, int64_t now_ns);

/* Use one instance from now on. Returns 0, nothing changed, if it gives no good samples. */
int64_t ob_imu_choice_select(ob_imu_choice *choice, const ob_intake *imu, int64_t index,
                             int64_t now_ns);

/* 64 bits that change with the choice and with the sequence of the instance in use. */
uint64_t ob_imu_choice_word(const ob_imu_choice *choice, const ob_intake *imu_in_use);

#endif
