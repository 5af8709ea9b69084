/* Where constant readings lead to: fixed points, and what must hold there. */
#include "fault_walk_private.h"
#include "onboard/hash.h"

static void look_at(fault_search *search, uint32_t at) {
  search->at = at;
  ob_fault_node_unpack(search->table, search->walk->packed + (size_t)at * search->bytes,
                       &search->node);
}

static uint32_t next_of(const fault_search *search, uint32_t at) {
  size_t row = (size_t)at * search->environment->combinations;
  return search->walk->constant[row + search->combination];
}

static ob_fault_link holding(const fault_search *search) {
  return (ob_fault_link){.parent = search->at,
                         .combination = (uint16_t)search->combination,
                         .scene = (uint8_t)search->node.scene,
                         .request = OB_FAULT_NO_REQUEST};
}

/* Whether tier `wanted` claims what a tier of fault `k` keeps, and must not come together with it. */
static int kept_from(const fault_search *search, const ob_fault_tier *wanted, uint32_t k) {
  const ob_fault_table *table = search->table;
  const ob_fault_fault row = fault_row(table, k);
  uint32_t kept = search->node.state.fault[k].kept;
  for (uint32_t i = 0; i < row.tiers; i++) {
    const ob_fault_tier keeper = tier_row(table, row.first_tier + i);
    size_t pair = (size_t)wanted->command * table->header.commands + keeper.command;
    if ((kept & keeper.keeps & wanted->claims) && search->environment->apart[pair]) {
      return 1;
    }
  }
  return 0;
}

/* Whether an action that must not come together with its own keeps what fault `k` waits for. */
static int on_purpose(const fault_search *search, uint32_t k) {
  const ob_fault_fault row = fault_row(search->table, k);
  for (uint32_t i = 0; i < row.tiers; i++) {
    const ob_fault_tier wanted = tier_row(search->table, row.first_tier + i);
    for (uint32_t other = 0; other < search->table->header.faults; other++) {
      if (other != k && kept_from(search, &wanted, other)) {
        return 1;
      }
    }
  }
  return 0;
}

static void check_waiting(fault_search *search, const ob_fault_link *last) {
  for (uint32_t k = 0; k < search->table->header.faults; k++) {
    const ob_fault_response *fault = &search->node.state.fault[k];
    int waits = fault->phase == OB_FAULT_BLOCKED && fault->status == OB_FAULT_ACTIVE;
    if (waits && !on_purpose(search, k)) {
      ob_fault_violate(search, OB_FAULT_WALK_DEADLOCK, k, 0, last);
    }
  }
}

static uint32_t lowest(uint64_t bits) {
  uint32_t bit = 0;
  while (!(bits >> bit & 1)) {
    bit++;
  }
  return bit;
}

/* Ask for a way out of a settled safe mode while the readings raise a fault that led there. */
static void try_to_leave(fault_search *search, int32_t request) {
  const ob_fault_environment *environment = search->environment;
  uint32_t scene = search->node.scene, mode = search->node.state.mode;
  size_t row = (size_t)scene * environment->combinations + search->combination;
  uint64_t alive = environment->raised[row] & mode_row(search->table, mode).led_by;
  search->after = search->node;
  ob_fault_step(search->table, &search->after.state,
                readings_of(search->table, environment, scene, search->combination), request, 0,
                &search->actions);
  if (search->after.state.mode != mode && alive != 0) {
    ob_fault_link last = holding(search);
    last.request = (int8_t)request;
    ob_fault_violate(search, OB_FAULT_WALK_LIVE_CAUSE, mode, lowest(alive), &last);
  }
}

/* The cycle through the node, by its length and its modes. */
static void check_cycle(fault_search *search, const ob_fault_link *last) {
  uint32_t at = search->at, states = 0;
  uint64_t modes = OB_HASH_SEED;
  do {
    const uint8_t *bytes = search->walk->packed + (size_t)at * search->bytes;
    ob_fault_node_unpack(search->table, bytes, &search->after);
    modes = ob_hash_u64(modes, search->after.state.mode);
    at = next_of(search, at);
    states++;
  } while (at != search->at);
  ob_fault_violate(search, OB_FAULT_WALK_CYCLE, states, (uint32_t)modes, last);
}

static void check_end(fault_search *search, uint32_t at) {
  look_at(search, at);
  ob_fault_link last = holding(search);
  if (next_of(search, at) != at) {
    check_cycle(search, &last);
    return;
  }
  check_waiting(search, &last);
  if (mode_row(search->table, search->node.state.mode).kind == OB_FAULT_KIND_SAFE) {
    ob_fault_requests(search, try_to_leave);
  }
}

void ob_fault_settle(fault_search *search) {
  enum { NEW = 0, IN_THIS_RUN = 1, BEFORE = 2 };
  ob_fault_walk *walk = search->walk;
  memset(walk->done, NEW, walk->nodes);
  for (uint32_t start = 0; start < walk->nodes; start++) {
    uint32_t at = start;
    for (; walk->done[at] == NEW; at = next_of(search, at)) {
      walk->done[at] = IN_THIS_RUN;
    }
    if (walk->done[at] == IN_THIS_RUN) {
      check_end(search, at);
    }
    for (at = start; walk->done[at] == IN_THIS_RUN; at = next_of(search, at)) {
      walk->done[at] = BEFORE;
    }
  }
}

static void note_first(int32_t *first, int32_t number) {
  if (*first == 0) {
    *first = number;
  }
}

static void note_act(ob_fault_held *held, int32_t number) {
  uint32_t i = 0;
  while (i < OB_FAULT_ACTS && held->acted[i] != 0 && held->acted[i] != number) {
    i++;
  }
  if (i < OB_FAULT_ACTS) {
    held->acted[i] = number;
  }
}

static void note(ob_fault_held *held, const ob_fault_actions *actions, int32_t number) {
  for (int32_t i = 0; i < actions->count; i++) {
    const ob_fault_action *action = &actions->action[i];
    if (action->kind == OB_FAULT_DO_ACTIVE) {
      note_first(&held->raised[action->fault], number);
    } else if (action->kind == OB_FAULT_DO_TIER) {
      note_first(&held->answered[action->fault], number);
      note_act(held, number);
    }
  }
}

static int same(const ob_fault_table *table, const fault_node *a, const fault_node *b) {
  size_t monitors = table->header.monitors, faults = table->header.faults;
  return a->request == b->request && a->state.mode == b->state.mode &&
         memcmp(a->state.verdict, b->state.verdict, monitors) == 0 &&
         memcmp(a->state.counted, b->state.counted, monitors * sizeof a->state.counted[0]) == 0 &&
         memcmp(a->state.masked, b->state.masked, monitors * sizeof a->state.masked[0]) == 0 &&
         memcmp(a->state.fault, b->state.fault, faults * sizeof a->state.fault[0]) == 0;
}

static void advance(const ob_fault_table *table, fault_node *node, const uint8_t *readings,
                    ob_fault_actions *actions) {
  ob_fault_step(table, &node->state, readings, node->request, 0, actions);
  node->request = ob_fault_request_of(table, actions);
}

/* A run that never settles meets a state again: the one kept at the last power of two (Brent 1980). */
void ob_fault_hold(const ob_fault_table *table, const ob_fault_environment *environment,
                   const ob_fault_course *course, ob_fault_held *held) {
  const uint8_t *first = readings_of(table, environment, course->scene, course->first);
  const uint8_t *readings = readings_of(table, environment, course->scene, course->combination);
  fault_node node, kept;
  ob_fault_actions actions;
  ob_fault_node_settle(table, environment, course->scene, &node);
  for (uint32_t i = 0; i < course->delay; i++) {
    advance(table, &node, first, &actions);
  }
  *held = (ob_fault_held){.steps = -1, .mode = node.state.mode};
  kept = node;
  for (int32_t number = 1, keep_at = 1;; number++) {
    fault_node before = node;
    advance(table, &node, readings, &actions);
    note(held, &actions, number);
    if (same(table, &node, &before)) {
      held->steps = number - 1;
      return;
    }
    if (same(table, &node, &kept)) {
      return;
    }
    if (number == keep_at) {
      kept = node;
      keep_at *= 2;
    }
  }
}
