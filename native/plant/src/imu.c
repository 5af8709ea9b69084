#include "plant/imu.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/vector.h"
#include "plant/engine.h"

#define SAMPLES_A_SECOND 100

static void triad_init(pl_triad *t, const pl_triad_spec *spec, pl_random *random) {
  assert(spec->correlation_s > 0.0 && spec->quantum > 0.0 && spec->range > 0.0);
  *t = (pl_triad){.quantum = spec->quantum, .limit = spec->range * PL_TICK_S};
  t->noise = spec->random_walk * ob_sqrt(PL_TICK_S);
  t->wander_decay = ob_exp(-1.0 / spec->correlation_s);
  t->wander_kick = spec->bias_instability * ob_sqrt(1.0 - t->wander_decay * t->wander_decay);
  for (int32_t i = 0; i < 9; i++) {
    const int32_t diagonal = i % 4 == 0;
    t->matrix[i] = (diagonal ? 1.0 : 0.0) + (diagonal ? spec->scale : spec->misalignment_rad) *
                                                pl_random_normal(random);
  }
  for (int32_t i = 0; i < 3; i++) {
    t->bias[i] = spec->bias * pl_random_normal(random);
    t->wander[i] = spec->bias_instability * pl_random_normal(random);
  }
}

static void triad_wander(pl_triad *t, pl_random *random) {
  for (int32_t i = 0; i < 3; i++) {
    t->wander[i] = t->wander_decay * t->wander[i] + t->wander_kick * pl_random_normal(random);
  }
}

/* Rounds to the quantum and keeps the rest for the next sample. */
static double quantise(pl_triad *t, int32_t axis, double x) {
  const double whole = ob_floor((x + t->carry[axis]) / t->quantum + 0.5) * t->quantum;
  t->carry[axis] += x - whole;
  return whole;
}

/* Returns the saturation bits of the three axes. */
static int64_t triad_step(pl_triad *t, const double truth[3], pl_random *random, double out[3]) {
  double x[3];
  int64_t saturated = 0;
  ob_m3_v3(x, t->matrix, truth);
  for (int32_t i = 0; i < 3; i++) {
    x[i] += (t->bias[i] + t->wander[i]) * PL_TICK_S + t->noise * pl_random_normal(random);
    if (ob_fabs(x[i]) < t->limit) {
      out[i] = quantise(t, i, x[i]);
    } else {
      out[i] = ob_clamp(x[i], -t->limit, t->limit);
      t->carry[i] = 0.0;
      saturated |= (int64_t)1 << i;
    }
  }
  return saturated;
}

void pl_imu_init(pl_imu *imu, const pl_imu_spec *spec, uint64_t seed, uint64_t stream) {
  imu->samples = 0;
  pl_random_init(&imu->random, seed, stream);
  triad_init(&imu->gyroscope, &spec->gyroscope, &imu->random);
  triad_init(&imu->accelerometer, &spec->accelerometer, &imu->random);
}

void pl_imu_step(pl_imu *imu, const pl_increment *felt, int64_t time_ns, pl_imu_row *row) {
  if (imu->samples % SAMPLES_A_SECOND == 0) {
    triad_wander(&imu->gyroscope, &imu->random);
    triad_wander(&imu->accelerometer, &imu->random);
  }
  row->time_ns = time_ns;
  row->sequence = imu->samples++;
  row->saturated =
      triad_step(&imu->gyroscope, felt->angle_rad, &imu->random, row->delta_angle_rad);
  row->saturated |= triad_step(&imu->accelerometer, felt->velocity_m_s, &imu->random,
                               row->delta_velocity_m_s)
                    << 3;
}

static uint64_t triad_hash(uint64_t hash, const pl_triad *t) {
  hash = ob_hash_f64s(hash, t->wander, 3);
  return ob_hash_f64s(hash, t->carry, 3);
}

uint64_t pl_imu_hash(uint64_t hash, const pl_imu *imu) {
  hash = triad_hash(hash, &imu->gyroscope);
  hash = triad_hash(hash, &imu->accelerometer);
  hash = ob_hash_u64(hash, (uint64_t)imu->samples);
  return pl_random_hash(hash, &imu->random);
}
