/* The mode graph; the rules are those of onboard/modes/graph.py. */
#include "fault_work.h"

static void about_modes(fault_work *work, ob_fault_action_kind kind, uint32_t mode) {
  ob_fault_act(work->actions, (ob_fault_action){.kind = (uint8_t)kind,
                                                .before = (uint8_t)work->mode,
                                                .mode = (uint8_t)mode});
}

void ob_fault_enter(const ob_fault_table *table, uint32_t mode, ob_fault_actions *actions) {
  const ob_fault_mode row = mode_row(table, mode);
  for (uint32_t i = 0; i < row.entries; i++) {
    uint16_t command = entry_row(table, row.first_entry + i);
    ob_fault_act(actions, (ob_fault_action){.kind = OB_FAULT_DO_COMMAND, .command = command});
  }
}

static uint32_t change(fault_work *work, uint32_t mode) {
  about_modes(work, OB_FAULT_DO_MODE_CHANGED, mode);
  ob_fault_enter(work->table, mode, work->actions);
  return mode;
}

/* Whether a mode lets itself be left for `target` by command. */
static int grants(const fault_work *work, const ob_fault_mode *mode, uint32_t target, int held) {
  if (target == mode->fallback) {
    return !mode->finishes || value_of(work, mode->finished_when) == OB_FAULT_TRUE;
  }
  for (uint32_t i = 0; i < mode->edges && !held; i++) {
    const ob_fault_edge edge = edge_row(work->table, mode->first_edge + i);
    if (edge.by_command && edge.target == target && value_of(work, edge.when) == OB_FAULT_TRUE) {
      return 1;
    }
  }
  return 0;
}

uint32_t ob_fault_next_mode(fault_work *work, int32_t request, uint64_t live) {
  const ob_fault_mode mode = mode_row(work->table, work->mode);
  int held = (mode.led_by & live) != 0 || value_of(work, mode.exit_guard) != OB_FAULT_TRUE;
  int32_t target = request == OB_FAULT_REQUEST_SAFE ? mode.fallback : request;
  if (target != OB_FAULT_NO_REQUEST && target != (int32_t)work->mode) {
    if (grants(work, &mode, (uint32_t)target, held)) {
      return change(work, (uint32_t)target);
    }
    about_modes(work, OB_FAULT_DO_MODE_REFUSED, (uint32_t)target);
  }
  for (uint32_t i = 0; i < mode.edges && !held; i++) {
    const ob_fault_edge edge = edge_row(work->table, mode.first_edge + i);
    if (!edge.by_command && value_of(work, edge.when) == OB_FAULT_TRUE) {
      return change(work, edge.target);
    }
  }
  return work->mode;
}
