/* What each main engine fails to give, from the acceleration that the vehicle feels; 100 Hz.
 *
 * The thrust that was commanded is carried through valve and chamber as two lags and compared with mass times
 * specific force. The engines are canted apart, so an engine that gives less than it should leaves two traces:
 * along body z, and across, along the line in which the thrust directions differ. Each trace by itself says
 * what share of the engine's thrust is missing; the smaller share is believed. A wrong accelerometer leaves one
 * trace only, and so do a wrong mass, a throttle in motion or a gain that both engines have in common: none
 * of them costs an engine. Chamber pressure has no say: a transducer fails more often than an engine, and a
 * nozzle can break while the chamber burns on (SLIM, 2024).
 *
 * An engine that goes out may come back: valves bounce, bubbles pass, a command gets lost. How long that can be
 * awaited is a matter of height. Above 1 km a loss of half of the thrust is reported after a second, below 300 m
 * at once, between in proportion: the report grows that slowly, and falls at once.
 *
 * Below a tenth of its rated thrust an engine is not judged. Filter of 0.05 s: a loss of 90 % within 0.1 s
 * shows as half of the thrust 0.12 s after its beginning; white noise of 0.01 m/s2 a sample on 210 kg, half
 * throttle on two 500 N engines canted 10.6 deg, leaves 0.02 of share.
 */
#ifndef ONBOARD_THRUST_MONITOR_H
#define ONBOARD_THRUST_MONITOR_H

#include <stdint.h>

#include "onboard/messages.h"

typedef struct {
  double thrust_n[OB_ENGINES];      /* rated */
  double direction[OB_ENGINES][3];  /* of the force on the vehicle, unit, body axes */
  double valve_delay_s;             /* of the engines */
  double lag_s;
} ob_thrust_params;

typedef struct {
  ob_thrust_params params;
  double across[3];                 /* unit; 0 where the engines push in parallel and cannot be told apart */
  double valve[OB_ENGINES];         /* throttle behind the valve */
  double throttle[OB_ENGINES];      /* as it should show in the thrust */
  double expected_n[OB_ENGINES];    /* filtered */
  double missing_n[2];              /* filtered: along z, across */
  double loss[OB_ENGINES];          /* reported: share of the expected thrust that is missing, 0 to 1 */
} ob_thrust_monitor;

void ob_thrust_monitor_init(ob_thrust_monitor *monitor, const ob_thrust_params *params);

/* One tick: judges what was felt over the tick that ends, then takes in the command for the next one. While
 * the navigation is not valid the losses stand. */
void ob_thrust_monitor_step(ob_thrust_monitor *monitor, const ob_nav_state *nav,
                            const ob_actuator_command *command, double mass_kg);

uint64_t ob_thrust_monitor_hash(const ob_thrust_monitor *monitor, uint64_t hash);

#endif
