/* One main engine: valve delay, start-up and throttle lag, tail-off, thrust, flow, chamber
 * pressure.
 *
 * The engine is pulse modulated at a rate well above the tick, so only the mean thrust counts. A
 * command reaches the chamber `valve_delay_s` later (a whole number of ticks). The thrust then
 * follows the demanded thrust as a first-order lag, `lag_s` when on and `tail_off_s` after the
 * valves have closed; the lag is solved exactly over the tick, so a tick's impulse has no
 * discretisation error:
 *   F1 = D + (F0 - D) e,  mean F = D + (F0 - D) (1 - e) lag / h,  e = exp(-h / lag).
 * An engine may be hurt: `feed` is the share of the propellant flow that reaches the chamber (thrust, flow and
 * pressure fall alike), `nozzle` the share of the chamber's thrust that acts on the vehicle (flow and pressure
 * stay what they were).
 * Specific impulse is constant: the flow is F / (Isp g0) (Sutton and Biblarz, Rocket Propulsion
 * Elements, 9th ed. 2017, chapter 2), and the chamber pressure is proportional to the thrust
 * (chapter 3).
 */
#ifndef PLANT_ENGINE_H
#define PLANT_ENGINE_H

#include <stdint.h>

#include "plant/body.h"

#define PL_TICK_S 0.01
#define PL_STANDARD_GRAVITY_M_S2 9.80665 /* ISO 80000-3 */
#define PL_ENGINE_DELAY_TICKS_MAX 32

typedef struct {
  double position_body_m[3];  /* of the nozzle, where the thrust acts */
  double direction_body[3];   /* of the force on the vehicle, unit */
  double thrust_n;            /* rated */
  double specific_impulse_s;
  double throttle_minimum;    /* fraction of rated thrust below which the engine cannot burn */
  double valve_delay_s;       /* 0 to 0.32 */
  double lag_s;
  double tail_off_s;
  double chamber_pressure_pa; /* at rated thrust */
} pl_engine_spec;

typedef struct {
  pl_engine_spec spec;
  double thrust_scale;        /* true thrust over rated thrust */
  double thrust_n;            /* of the chamber, at the end of the last tick */
  double demand[PL_ENGINE_DELAY_TICKS_MAX]; /* throttle demands on their way, 0 when off */
  int64_t next;               /* where in `demand` the next one goes */
  int64_t delay_ticks;
  double burning;             /* the demand that has reached the chamber */
  double feed, nozzle;        /* 1 in a sound engine */
  double lag_decay, tail_decay; /* exp(-tick / lag) and exp(-tick / tail-off) */
} pl_engine;

void pl_engine_init(pl_engine *engine, const pl_engine_spec *spec, double thrust_scale);

/* As after a long burn at a throttle, within [minimum, 1]; before the first step. */
void pl_engine_burn(pl_engine *engine, double throttle);

/* One tick under a command; `fed` is 0 when the tank is empty. Returns the mean thrust in newton. A
 * throttle outside [minimum, 1] is held at the nearer end; NaN burns at the minimum. The thrust is the
 * chamber's: `nozzle` is not in it. */
double pl_engine_step(pl_engine *engine, int64_t on, double throttle, int64_t fed);

/* Adds force, torque about `centre_body_m` and flow of a mean thrust of the chamber. */
void pl_engine_wrench(const pl_engine *engine, double mean_thrust_n, const double centre_body_m[3],
                      pl_wrench *wrench);

/* 1 while the valves are open or thrust is left */
int64_t pl_engine_burns(const pl_engine *engine);
double pl_engine_pressure_pa(const pl_engine *engine);
uint64_t pl_engine_hash(uint64_t hash, const pl_engine *engine);

#endif
