/* Which of the inertial measurement units flies.
 *
 * The first is used until it is silent while another is not, or until two disagree and it is the one that is
 * wrong. The choice then stays until it fails in turn.
 *
 * Two that disagree: the difference of their samples is filtered twice. They disagree from the bounds below on
 *                  over 4 samples    over 100 samples
 *   gyroscopes     0.02 rad/s        2 mrad/s
 *   accelerometers 0.5 m/s2          0.1 m/s2
 * which leaves 40 sigma for white noise of 0.15 deg/sqrt(h) and 0.06 m/s/sqrt(h), and in the quick filter
 * for samples taken 10 ms apart under 2 rad/s2 and an engine that starts at 50 m/s3.
 *
 * Who is wrong is asked of each unit by itself, in this order:
 *   frozen    an axis has repeated its value to the last bit for 5 samples: a healthy one trembles;
 *   at its end it says that it is saturated;
 *   jumped    its largest change from sample to sample within some 5 s is twice the other's and more than
 *             noise: a body with mass cannot jump, and if it is shaken both feel it.
 * An axis that repeats its value for a second is dead, whether they disagree or not.
 * Where one is and the other is not, that one is distrusted until they have agreed for 5 s; otherwise nothing is
 * changed. A unit that drifts away slowly leaves no such trace: it is for navigation to reject.
 */
#ifndef ONBOARD_REDUNDANT_IMU_H
#define ONBOARD_REDUNDANT_IMU_H

#include <stdint.h>

#include "onboard/intake.h"

#define OB_IMUS 2
#define OB_IMU_AXES 6 /* delta angle, delta velocity */
#define OB_IMU_SILENT_STEPS 3

/* How one unit has behaved. */
typedef struct {
  int64_t time_ns;             /* of the sample last looked at */
  double last[OB_IMU_AXES];    /* rad, m/s */
  int64_t still[OB_IMU_AXES];  /* samples in which the axis repeated its value */
  double jump[2];              /* gyroscope (rad), accelerometer (m/s): largest change, slowly forgotten */
} ob_imu_habit;

/* All zero before the first step. */
typedef struct {
  int64_t selected;            /* index of the instance in use */
  int64_t distrusted;          /* bit k: instance k is the wrong one of two that disagree */
  int64_t switch_count;
  int64_t silent_steps;        /* since the last good sample of the one in use */
  int64_t compared;            /* pairs of samples */
  int64_t agreed_steps;        /* since they disagreed */
  double quick[OB_IMU_AXES];   /* difference, filtered over 4 samples: rad, m/s a sample */
  double slow[OB_IMU_AXES];    /* over 100 */
  ob_imu_habit habit[OB_IMUS];
} ob_imu_choice;

/* After all `count` (at most OB_IMUS) instances were read; `came` is 1 when the one in use gave a good sample. */
void ob_imu_choice_step(ob_imu_choice *choice, const ob_intake *const imu[], int64_t count,
                        int64_t came, int64_t now_ns);

/* Use one instance from now on and trust it again. Returns 0, nothing changed, if it gives no good samples. */
int64_t ob_imu_choice_select(ob_imu_choice *choice, const ob_intake *imu, int64_t index,
                             int64_t now_ns);

/* 64 bits that change with the choice, the comparison and the sequence of the instance in use. */
uint64_t ob_imu_choice_word(const ob_imu_choice *choice, const ob_intake *imu_in_use);

#endif
