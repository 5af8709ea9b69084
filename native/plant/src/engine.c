#include "plant/engine.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/vector.h"

/* Below this thrust a closed engine is out; it also keeps the decay away from subnormal numbers. */
#define RESIDUAL_N 1e-3

void pl_engine_init(pl_engine *engine, const pl_engine_spec *spec, double thrust_scale) {
  assert(spec->lag_s > 0.0 && spec->tail_off_s > 0.0 && thrust_scale > 0.0);
  *engine = (pl_engine){
      .spec = *spec, .thrust_scale = thrust_scale, .feed = 1.0, .nozzle = 1.0};
  engine->delay_ticks = ob_to_i64(ob_floor(spec->valve_delay_s / PL_TICK_S + 0.5));
  assert(engine->delay_ticks >= 0 && engine->delay_ticks <= PL_ENGINE_DELAY_TICKS_MAX);
  engine->lag_decay = ob_exp(-PL_TICK_S / spec->lag_s);
  engine->tail_decay = ob_exp(-PL_TICK_S / spec->tail_off_s);
}

void pl_engine_burn(pl_engine *engine, double throttle) {
  const pl_engine_spec *s = &engine->spec;
  engine->burning = ob_clamp(throttle, s->throttle_minimum, 1.0);
  for (int32_t i = 0; i < PL_ENGINE_DELAY_TICKS_MAX; i++) {
    engine->demand[i] = engine->burning;
  }
  engine->thrust_n = engine->burning * s->thrust_n * engine->thrust_scale;
}

/* The demand given `delay_ticks` ago. */
static double delayed(pl_engine *engine, double demand) {
  if (engine->delay_ticks == 0) {
    return demand;
  }
  const double due = engine->demand[engine->next];
  engine->demand[engine->next] = demand;
  engine->next = (engine->next + 1) % engine->delay_ticks;
  return due;
}

double pl_engine_step(pl_engine *engine, int64_t on, double throttle, int64_t fed) {
  const pl_engine_spec *s = &engine->spec;
  const double demand = on ? ob_clamp(throttle, s->throttle_minimum, 1.0) : 0.0;
  engine->burning = delayed(engine, demand);
  const double target =
      fed ? engine->feed * engine->burning * s->thrust_n * engine->thrust_scale : 0.0;
  const double decay = target > 0.0 ? engine->lag_decay : engine->tail_decay;
  const double lag_s = target > 0.0 ? s->lag_s : s->tail_off_s;
  const double excess = fed ? engine->thrust_n - target : 0.0;
  engine->thrust_n = target + excess * decay;
  if (!(target > 0.0) && engine->thrust_n < RESIDUAL_N) {
    engine->thrust_n = 0.0;
  }
  return target + excess * (1.0 - decay) * lag_s / PL_TICK_S;
}

void pl_engine_wrench(const pl_engine *engine, double mean_thrust_n, const double centre_body_m[3],
                      pl_wrench *wrench) {
  double force[3], arm[3], torque[3];
  ob_v3_scale(force, engine->spec.direction_body, engine->nozzle * mean_thrust_n);
  ob_v3_sub(arm, engine->spec.position_body_m, centre_body_m);
  ob_v3_cross(torque, arm, force);
  ob_v3_axpy(wrench->force_body_n, 1.0, force);
  ob_v3_axpy(wrench->torque_body_n_m, 1.0, torque);
  wrench->mass_flow_kg_s +=
      mean_thrust_n / (engine->spec.specific_impulse_s * PL_STANDARD_GRAVITY_M_S2);
}

int64_t pl_engine_burns(const pl_engine *engine) {
  return engine->burning > 0.0 || engine->thrust_n > 0.0;
}

double pl_engine_pressure_pa(const pl_engine *engine) {
  return engine->spec.chamber_pressure_pa * engine->thrust_n / engine->spec.thrust_n;
}

uint64_t pl_engine_hash(uint64_t hash, const pl_engine *engine) {
  hash = ob_hash_f64(hash, engine->thrust_n);
  hash = ob_hash_f64(hash, engine->burning);
  hash = ob_hash_f64(hash, engine->feed);
  hash = ob_hash_f64(hash, engine->nozzle);
  hash = ob_hash_u64(hash, (uint64_t)engine->next);
  return ob_hash_f64s(hash, engine->demand, (int32_t)engine->delay_ticks);
}
