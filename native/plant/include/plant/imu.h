/* Inertial measurement unit: a triad of gyroscopes and one of accelerometers, giving increments.
 *
 * Both triads have one error model (IEEE Std 952-1997 and 1293-2018, annexes on noise terms):
 *   x = M u + (b + w(t)) h + N sqrt(h) n,  limited to +-range h, rounded to the quantum,
 * u the true increment over the tick h; M = 1 + scale errors on the diagonal + six independent
 * misalignments; b the turn-on bias that calibration left; w the bias instability, a first-order
 * Gauss-Markov process advanced exactly once a second; N the random walk density; n normal
 * deviates. What rounding leaves is carried to the next sample, as a device that counts pulses
 * does. After limiting, the carry is dropped and the axis is flagged.
 */
#ifndef PLANT_IMU_H
#define PLANT_IMU_H

#include <stdint.h>

#include "plant/body.h"
#include "plant/data_row.h"
#include "plant/random.h"

/* One sigma figures; the unit u is rad for gyroscopes and m/s for accelerometers. */
typedef struct {
  double bias;               /* u/s, turn-on residual */
  double bias_instability;   /* u/s */
  double correlation_s;      /* of the bias instability */
  double random_walk;        /* u/sqrt(s) */
  double scale;              /* 1 */
  double misalignment_rad;
  double quantum;            /* u a sample */
  double range;              /* u/s */
} pl_triad_spec;

typedef struct {
  pl_triad_spec gyroscope, accelerometer;
} pl_imu_spec;

typedef struct {
  double matrix[9];
  double bias[3], wander[3], carry[3];
  double wander_decay, wander_kick; /* over one second */
  double noise;                     /* of one sample */
  double quantum, limit;            /* of one sample */
} pl_triad;

typedef struct {
  pl_triad gyroscope, accelerometer;
  pl_random random;
  int64_t samples;
} pl_imu;

/* Draws the constant errors from stream (seed, stream). */
void pl_imu_init(pl_imu *imu, const pl_imu_spec *spec, uint64_t seed, uint64_t stream);

/* One sample of one tick from the true increments; fills everything of the row. */
void pl_imu_step(pl_imu *imu, const pl_increment *felt, int64_t time_ns, pl_imu_row *row);

uint64_t pl_imu_hash(uint64_t hash, const pl_imu *imu);

#endif
