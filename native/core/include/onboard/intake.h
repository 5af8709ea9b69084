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

/* Whether a time is young enough for a sample of this instrument to be taken. */
int64_t ob_intake_is_young(const ob_intake *intake, int64_t now_ns, int64_t time_ns);

/* Covers the last sequence and the counters but that of gaps. */
uint64_t ob_intake_hash(const ob_intake *intake, uint64_t hash);

#endif
