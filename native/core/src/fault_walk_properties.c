/* What must hold at every transition of the walk. */
#include "fault_walk_private.h"

void ob_fault_violate(fault_search *search, ob_fault_walk_rule rule, uint32_t a, uint32_t b,
                      const ob_fault_link *last) {
  ob_fault_walk *walk = search->walk;
  for (uint32_t i = 0; i < walk->violations; i++) {
    const ob_fault_violation *known = &walk->violation[i];
    if (known->rule == (uint32_t)rule && known->a == a && known->b == b) {
      return;
    }
  }
  if (walk->violations < OB_FAULT_VIOLATIONS) {
    walk->violation[walk->violations++] =
        (ob_fault_violation){.rule = (uint32_t)rule, .a = a, .b = b, .node = search->at, .last = *last};
  }
}

/* Whether the node is in a critical mode whose event is not finished. */
static int unfinished(const fault_search *search, const uint8_t *values) {
  uint32_t mode = search->node.state.mode;
  const ob_fault_mode row = mode_row(search->table, mode);
  return row.kind == OB_FAULT_KIND_CRITICAL &&
         ob_fault_evaluate(search->table, row.finished_when, values, mode) != OB_FAULT_TRUE;
}

static void check_commands(fault_search *search, int open, const ob_fault_link *last) {
  for (int32_t i = 0; i < search->actions.count && open; i++) {
    const ob_fault_action *action = &search->actions.action[i];
    if (action->kind == OB_FAULT_DO_COMMAND && search->environment->ending[action->command]) {
      ob_fault_violate(search, OB_FAULT_WALK_ENDED, action->command, 0, last);
    }
  }
}

/* A live fault is dropped by a false expression only, and spent tiers stay spent. */
static void check_fault(fault_search *search, uint32_t k, const uint8_t *values,
                        const ob_fault_link *last) {
  const ob_fault_response *before = &search->node.state.fault[k];
  const ob_fault_response *after = &search->after.state.fault[k];
  if (before->status == OB_FAULT_INACTIVE) {
    return;
  }
  if (after->status != OB_FAULT_INACTIVE) {
    if (before->spent & ~after->spent) {
      ob_fault_violate(search, OB_FAULT_WALK_UNSPENT, k, 0, last);
    }
  } else if (ob_fault_evaluate(search->table, fault_row(search->table, k).when, values,
                               search->node.state.mode) != OB_FAULT_FALSE) {
    ob_fault_violate(search, OB_FAULT_WALK_DROPPED, k, 0, last);
  }
}

static uint64_t live_after(const fault_search *search) {
  uint64_t live = 0;
  for (uint32_t k = 0; k < search->table->header.faults; k++) {
    live |= (uint64_t)(search->after.state.fault[k].status != OB_FAULT_INACTIVE) << k;
  }
  return live;
}

static void check_move(fault_search *search, int open, const ob_fault_link *last) {
  uint32_t left = search->node.state.mode, entered = search->after.state.mode;
  const ob_fault_mode row = mode_row(search->table, left);
  if (open && mode_row(search->table, entered).kind != OB_FAULT_KIND_CRITICAL) {
    ob_fault_violate(search, OB_FAULT_WALK_UNFINISHED, left, entered, last);
  }
  if (row.kind == OB_FAULT_KIND_TERMINAL) {
    ob_fault_violate(search, OB_FAULT_WALK_TERMINAL, left, 0, last);
  }
  if (row.kind == OB_FAULT_KIND_SAFE && (row.led_by & live_after(search))) {
    ob_fault_violate(search, OB_FAULT_WALK_LEFT_LIVE, left, 0, last);
  }
}

void ob_fault_check_step(fault_search *search, const uint8_t *readings, const ob_fault_link *last) {
  uint8_t values[OB_FAULT_MONITORS];
  ob_fault_values(search->table, &search->node.state, readings, values);
  int open = unfinished(search, values);
  check_commands(search, open, last);
  for (uint32_t k = 0; k < search->table->header.faults; k++) {
    check_fault(search, k, values, last);
  }
  if (search->after.state.mode != search->node.state.mode) {
    check_move(search, open, last);
  }
  for (uint32_t i = 0; i < search->environment->groups; i++) {
    uint64_t group = search->environment->group[i];
    if ((search->after.issued & group) == group && (search->node.issued & group) != group) {
      ob_fault_violate(search, OB_FAULT_WALK_TOGETHER, 0, 0, last);
    }
  }
}

static int is_quiet(const ob_fault_response *fault) {
  static const ob_fault_response quiet;
  return memcmp(fault, &quiet, sizeof quiet) == 0;
}

void ob_fault_check_reset(fault_search *search, const ob_fault_link *last) {
  for (uint32_t k = 0; k < search->table->header.faults; k++) {
    const ob_fault_response *before = &search->node.state.fault[k];
    const ob_fault_response *after = &search->after.state.fault[k];
    int survives = fault_row(search->table, k).survives_reset;
    int lost = after->status == OB_FAULT_INACTIVE || (before->spent & ~after->spent) != 0;
    if (survives && before->status != OB_FAULT_INACTIVE && lost) {
      ob_fault_violate(search, OB_FAULT_WALK_FORGOTTEN, k, 0, last);
    }
    if (!survives && !is_quiet(after)) {
      ob_fault_violate(search, OB_FAULT_WALK_RESTORED, k, 0, last);
    }
  }
  uint32_t mode = search->node.state.mode;
  if (mode_row(search->table, mode).kind == OB_FAULT_KIND_CRITICAL &&
      search->after.state.mode != mode) {
    ob_fault_violate(search, OB_FAULT_WALK_EVENT_LEFT, 0, 0, last);
  }
}
