/* Intake of an instrument: what can be believed at sight, and what was wrong with the rest.
 *
 * A sample is taken when it is newer than the last one, young enough, not from the future, and the
 * check of its kind holds: flagged valid, finite, within what a healthy instrument of a small lander
 * can say. Everything else is counted by cause. Whether a measurement agrees with the rest of the
 * world is for navigation to say.
 *
 * Three clocks say when a sample was taken: its stamp; its number, for an instrument samples at a
 * known period; its arrival, for it is on its way as long as those before. Each may break, and two
 * that agree within a quarter of the period outvote the third:
 *   stamp and number    it came late or early: taken as it is;
 *   stamp and arrival   the number is wrong, or the instrument counts anew: taken as it is;
 *   number and arrival  the stamp is wrong: the sample is stamped by its number;
 *   no two              refused, until OB_CLOCK_PATIENCE in a row: then the stamp is believed, as
 *                       that of the first sample is.
 * What number and arrival are compared with follows the stamps by at most 1/1024 of the period a
 * sample, so that a stamp that runs away is outvoted, too. (Ingenuity's sixth flight, 2021: one
 * picture was lost, and all later ones bore the time of another.)
 *
 * kind       every   taken while younger than     and if
 * IMU        10 ms   25 ms   angle below 0.2 rad, push below 2 m/s a sample; saturated samples pass
 * RANGE      100 ms  250 ms  valid, 0 < range < 100 km
 * VELOCITY   100 ms  250 ms  valid, each component below 3 km/s
 * ATTITUDE   200 ms  300 ms  valid, a unit quaternion (squared length within 0.001 of 1)
 * LEGS       10 ms   30 ms   a mask of four switches
 * ENGINE     100 ms  250 ms  pressure within -1 MPa (noise about zero) and 10 MPa
 * TANK       1 s     2.5 s   pressure as ENGINE, propellant within -1 t and 10 t
 * WHEEL      10 ms   25 ms   counts within 1e12, current within 100 A
 * BATTERY    100 ms  250 ms  voltage from -1 to 100 V, current within 100 A, energy within 1e5 Wh
 */
#ifndef ONBOARD_INTAKE_H
#define ONBOARD_INTAKE_H

#include <stdint.h>

#include "onboard/row.h"

/* Time of what never was: older than anything, and far enough from the end to subtract. */
#define OB_NEVER_NS (-(INT64_C(1) << 62))

#define OB_CLOCK_PATIENCE 10

typedef struct {
  int64_t kind;           /* ob_row_kind */
  int64_t enabled;        /* 0: read and counted, but not passed on */
  int64_t started;        /* 1 once a sample came */
  int64_t sequence;       /* of the last sample that was new, -1 before */
  int64_t time_ns;        /* of the last good sample, OB_NEVER_NS before */
  int64_t good_count;
  int64_t bad_count;      /* the check of the kind failed */
  int64_t late_count;     /* too old, from the future, or of no time that two clocks agree on */
  int64_t repeated_count; /* not newer than the last */
  int64_t gap_count;      /* samples that never came */
  int64_t stamped_count;  /* samples whose stamp was put right */
  int64_t numbered_ns;    /* when the sample with the last number was taken, by the numbers */
  int64_t on_its_way_ns;  /* from the taking of a sample to its arrival */
  int64_t adrift;         /* samples in a row of which no two clocks agreed */
  int64_t passed_count;   /* samples passed on: good while enabled */
  ob_row row;             /* the last one passed on; its time is OB_NEVER_NS before */
} ob_intake;

void ob_intake_init(ob_intake *intake, int64_t kind);

/* Largest age of a kind's samples (ns). */
int64_t ob_intake_age_max_ns(int64_t kind);

/* One sample. Returns 0 unless it is passed on, 1 when that is as it came, 2 when its stamp was put
 * right. */
int64_t ob_intake_take(ob_intake *intake, int64_t now_ns, const ob_row *row);

/* Whether a time is young enough for a sample of this instrument to be taken. */
int64_t ob_intake_is_young(const ob_intake *intake, int64_t now_ns, int64_t time_ns);

/* Covers the last sequence, the clocks and the counters but that of gaps. */
uint64_t ob_intake_hash(const ob_intake *intake, uint64_t hash);

#endif
