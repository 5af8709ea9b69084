/* What the parts of one step of fault protection share. */
#ifndef ONBOARD_FAULT_WORK_H
#define ONBOARD_FAULT_WORK_H

#include "fault_rows.h"
#include "onboard/fault.h"

typedef struct {
  const ob_fault_table *table;
  const uint8_t *values; /* of the monitors */
  uint32_t mode;
  uint32_t claimed; /* resources that are held */
  uint32_t begun[OB_FAULT_MONITORS]; /* masks, in steps */
  ob_fault_actions *actions;
} fault_work;

/* One step of all monitors: their next verdicts and counts into `after` (which may be `state`), their
 * values into `values`. */
void ob_fault_count(const ob_fault_table *table, const ob_fault_state *state,
                    const uint8_t *readings, ob_fault_state *after, uint8_t *values);

/* One step of fault `k` and its response. */
void ob_fault_respond(fault_work *work, ob_fault_response *fault, uint32_t k, int clear);

/* The resources that a response holds. */
uint32_t ob_fault_claims(const ob_fault_table *table, const ob_fault_response *fault, uint32_t k);

/* The mode after this step; `live` has the bits of all faults that are active or latched. */
uint32_t ob_fault_next_mode(fault_work *work, int32_t request, uint64_t live);

/* The commands that a mode issues on entering. */
void ob_fault_enter(const ob_fault_table *table, uint32_t mode, ob_fault_actions *actions);

void ob_fault_act(ob_fault_actions *actions, ob_fault_action action);

static inline uint8_t value_of(const fault_work *work, ob_fault_code code) {
  return ob_fault_evaluate(work->table, code, work->values, work->mode);
}

#endif
