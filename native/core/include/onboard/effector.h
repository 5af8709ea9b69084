/* Effectors, engines and thrusters: from what control asks for to the rows that they get.
 *
 * A thruster row goes out for every tick in which a thruster fires (a pulse ends by itself), engine
 * rows with each new guidance command and whenever an engine is stopped or released. Confirmed
 * touchdown closes both engines within the tick.
 */
#ifndef ONBOARD_EFFECTOR_H
#define ONBOARD_EFFECTOR_H

#include <stdint.h>

#include "onboard/attitude_control.h"
#include "onboard/row.h"

#define OB_ALL_ENGINES ((1 << OB_ENGINES) - 1)

/* Which rows are to be sent, as bits. */
#define OB_SEND_THRUSTERS 1
#define OB_SEND_ENGINES 2

typedef struct {
  int64_t inhibited;       /* bit k: engine k must not burn */
  int64_t mask;            /* engines kept from burning in the last engine rows */
  int64_t guided;          /* guidance commands given by the last engine rows */
  int64_t thruster_sequence, engine_sequence;
  ob_actuator_command command;
  ob_thruster_command_row thruster;
  ob_engine_command_row engine[OB_ENGINES];
} ob_effectors;

void ob_effectors_init(ob_effectors *effectors);

/* One tick of control; `guided` counts the guidance commands so far. Returns what is to be sent. */
int64_t ob_effectors_step(ob_effectors *effectors, ob_attitude_control *control,
                          const ob_nav_state *nav, const ob_guidance_command *guidance,
                          int64_t guided, int64_t touchdown_confirmed, int64_t now_ns);

#endif
