#include "onboard/fault_walk.h"

#include <assert.h>

#include "fault_walk_private.h"
#include "onboard/hash.h"

#define EMPTY UINT32_MAX

/* -- nodes */

static size_t section(void *to, const void *from, size_t bytes) {
  memcpy(to, from, bytes);
  return bytes;
}

uint32_t ob_fault_walk_bytes(const ob_fault_table *table) {
  return 24u + table->header.monitors * 7u +
         table->header.faults * (uint32_t)sizeof(ob_fault_response);
}

void ob_fault_node_pack(const ob_fault_table *table, const fault_node *node, uint8_t *bytes) {
  size_t monitors = table->header.monitors, faults = table->header.faults;
  const ob_fault_state *state = &node->state;
  uint8_t *to = bytes;
  to += section(to, &node->issued, 8);
  to += section(to, &node->request, 4);
  to += section(to, &node->scene, 4);
  to += section(to, &state->mode, 4);
  to += section(to, &state->resets, 4);
  to += section(to, state->fault, faults * sizeof state->fault[0]);
  to += section(to, state->masked, monitors * sizeof state->masked[0]);
  to += section(to, state->counted, monitors * sizeof state->counted[0]);
  to += section(to, state->verdict, monitors * sizeof state->verdict[0]);
  assert(to == bytes + ob_fault_walk_bytes(table));
}

/* What lies beyond the table's rows is left as it is. */
void ob_fault_node_unpack(const ob_fault_table *table, const uint8_t *bytes, fault_node *node) {
  size_t monitors = table->header.monitors, faults = table->header.faults;
  ob_fault_state *state = &node->state;
  const uint8_t *from = bytes;
  from += section(&node->issued, from, 8);
  from += section(&node->request, from, 4);
  from += section(&node->scene, from, 4);
  from += section(&state->mode, from, 4);
  from += section(&state->resets, from, 4);
  from += section(state->fault, from, faults * sizeof state->fault[0]);
  from += section(state->masked, from, monitors * sizeof state->masked[0]);
  from += section(state->counted, from, monitors * sizeof state->counted[0]);
  from += section(state->verdict, from, monitors * sizeof state->verdict[0]);
  assert(from == bytes + ob_fault_walk_bytes(table));
}

/* Counts that are enough for every monitor to forget where it began. */
static uint32_t settling_steps(const ob_fault_table *table) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < table->header.monitors; i++) {
    const ob_fault_rule rule = rule_row(table, i);
    uint32_t counts = (uint32_t)rule.persistence + rule.clear;
    most = counts > most ? counts : most;
  }
  return 2 * most;
}

void ob_fault_node_settle(const ob_fault_table *table, const ob_fault_environment *environment,
                          uint32_t scene, fault_node *node) {
  ob_fault_actions actions;
  const uint8_t *readings = readings_of(table, environment, scene, 0);
  *node = (fault_node){.scene = scene, .request = OB_FAULT_NO_REQUEST};
  ob_fault_init(table, &node->state, scene);
  for (uint32_t steps = settling_steps(table); steps > 0; steps--) {
    ob_fault_step(table, &node->state, readings, OB_FAULT_NO_REQUEST, 0, &actions);
    node->state.mode = scene;
  }
}

int32_t ob_fault_request_of(const ob_fault_table *table, const ob_fault_actions *actions) {
  int32_t request = OB_FAULT_NO_REQUEST;
  for (int32_t i = 0; i < actions->count; i++) {
    if (actions->action[i].kind == OB_FAULT_DO_COMMAND) {
      int32_t asked = command_row(table, actions->action[i].command).request;
      if (asked == OB_FAULT_REQUEST_SAFE) {
        return asked;
      }
      request = asked == OB_FAULT_NO_REQUEST ? request : asked;
    }
  }
  return request;
}

/* -- the set of nodes */

/* The slot that holds these bytes, or the empty one where they belong. */
static uint32_t slot_of(const fault_search *search, const uint8_t *bytes) {
  const ob_fault_walk *walk = search->walk;
  uint64_t hash = ob_hash_bytes(OB_HASH_SEED, bytes, (int32_t)search->bytes);
  uint32_t slot = (uint32_t)(hash >> 20) & (walk->slots - 1);
  while (walk->slot[slot] != EMPTY &&
         memcmp(walk->packed + (size_t)walk->slot[slot] * search->bytes, bytes, search->bytes) != 0) {
    slot = (slot + 1) & (walk->slots - 1);
  }
  return slot;
}

/* The number of the node `after`, which was reached by `link`; 0 when there is no room for it. */
static uint32_t visit(fault_search *search, const ob_fault_link *link) {
  ob_fault_walk *walk = search->walk;
  if (walk->nodes == walk->capacity) {
    search->full = 1;
    return 0;
  }
  uint8_t *bytes = walk->packed + (size_t)walk->nodes * search->bytes;
  ob_fault_node_pack(search->table, &search->after, bytes);
  uint32_t slot = slot_of(search, bytes);
  if (walk->slot[slot] == EMPTY) {
    walk->slot[slot] = walk->nodes;
    walk->link[walk->nodes++] = *link;
    walk->depth = link->depth > walk->depth ? link->depth : walk->depth;
  }
  return walk->slot[slot];
}

/* -- the search */

static int is_critical(const fault_search *search, uint32_t mode) {
  return mode_row(search->table, mode).kind == OB_FAULT_KIND_CRITICAL;
}

static ob_fault_link link_from(const fault_search *search, uint32_t scene, uint32_t combination) {
  return (ob_fault_link){.parent = search->at,
                         .depth = search->walk->link[search->at].depth + 1,
                         .combination = (uint16_t)combination,
                         .scene = (uint8_t)scene,
                         .request = OB_FAULT_NO_REQUEST};
}

/* The marks of the actions of this critical event so far. */
static uint64_t issued_after(const fault_search *search) {
  if (!is_critical(search, search->node.state.mode)) {
    return 0;
  }
  uint64_t issued = search->node.issued;
  for (int32_t i = 0; i < search->actions.count; i++) {
    const ob_fault_action *action = &search->actions.action[i];
    if (action->kind == OB_FAULT_DO_COMMAND) {
      issued |= search->environment->marks[action->command];
    }
  }
  return issued;
}

/* Where no phase drives the mode, the conditions become those of the mode. */
static uint32_t scene_after(const fault_search *search, uint32_t scene) {
  uint32_t mode = search->after.state.mode;
  int moved = mode != search->node.state.mode;
  return moved && !search->environment->driven[mode] ? mode : scene;
}

/* One step from the node; returns the number of the node after it. */
static uint32_t step(fault_search *search, const ob_fault_link *link, int32_t request) {
  const uint8_t *readings =
      readings_of(search->table, search->environment, link->scene, link->combination);
  ob_fault_node_unpack(search->table, search->walk->packed + (size_t)search->at * search->bytes,
                       &search->after);
  ob_fault_step(search->table, &search->after.state, readings, request, 0, &search->actions);
  search->walk->transitions++;
  search->after.request = ob_fault_request_of(search->table, &search->actions);
  search->after.issued = issued_after(search);
  search->after.scene = scene_after(search, link->scene);
  ob_fault_check_step(search, readings, link);
  return visit(search, link);
}

void ob_fault_requests(fault_search *search, void (*make)(fault_search *, int32_t request)) {
  if (search->node.request != OB_FAULT_NO_REQUEST) {
    return; /* a command of the engine's own is under way */
  }
  const ob_fault_table *table = search->table;
  const ob_fault_mode mode = mode_row(table, search->node.state.mode);
  uint32_t targets = 0;
  for (uint32_t i = 0; i < mode.edges; i++) {
    const ob_fault_edge edge = edge_row(table, mode.first_edge + i);
    targets |= (uint32_t)edge.by_command << edge.target;
  }
  for (uint32_t target = 0; target < table->header.modes; target++) {
    if (targets >> target & 1) {
      make(search, (int32_t)target);
    }
  }
  if (mode.fallback != search->node.state.mode) {
    make(search, OB_FAULT_REQUEST_SAFE);
  }
}

static void ask(fault_search *search, int32_t request) {
  for (uint32_t c = 0; c < search->environment->combinations; c++) {
    ob_fault_link link = link_from(search, search->node.scene, c);
    link.request = (int8_t)request;
    step(search, &link, request);
  }
}

static void reset(fault_search *search, ob_fault_walk_reset kind) {
  ob_fault_link link = link_from(search, search->node.scene, 0);
  link.reset = (uint8_t)kind;
  search->after = search->node;
  ob_fault_reset(search->table, &search->after.state, kind == OB_FAULT_WALK_WITHIN,
                 &search->actions);
  search->after.request = OB_FAULT_NO_REQUEST;
  ob_fault_check_reset(search, &link);
  visit(search, &link);
}

/* Bits of the scenes that may follow by themselves. */
static uint32_t following(const ob_fault_table *table, uint32_t scene) {
  const ob_fault_mode mode = mode_row(table, scene);
  uint32_t scenes = 0;
  for (uint32_t i = 0; i < mode.edges; i++) {
    const ob_fault_edge edge = edge_row(table, mode.first_edge + i);
    scenes |= (uint32_t)!edge.by_command << edge.target;
  }
  return scenes;
}

static void expand(fault_search *search) {
  const ob_fault_environment *environment = search->environment;
  uint32_t scene = search->node.scene, combinations = environment->combinations;
  for (uint32_t c = 0; c < combinations; c++) {
    ob_fault_link link = link_from(search, scene, c);
    uint32_t after = step(search, &link, search->node.request);
    search->walk->constant[(size_t)search->at * combinations + c] = after;
  }
  for (uint32_t next = 0, scenes = following(search->table, scene); scenes >> next; next++) {
    for (uint32_t c = 0; (scenes >> next & 1) && c < combinations; c++) {
      ob_fault_link link = link_from(search, next, c);
      step(search, &link, search->node.request);
    }
  }
  if (environment->disturbed) {
    ob_fault_requests(search, ask);
    reset(search, OB_FAULT_WALK_ALONE);
    reset(search, OB_FAULT_WALK_WITHIN);
  }
}

static void begin(fault_search *search) {
  ob_fault_walk *walk = search->walk;
  assert((walk->slots & (walk->slots - 1)) == 0 && walk->slots > walk->capacity);
  memset(walk->slot, 0xff, walk->slots * sizeof walk->slot[0]);
  walk->nodes = walk->depth = walk->violations = 0;
  walk->transitions = 0;
  for (uint32_t scene = 0; scene < search->table->header.modes; scene++) {
    ob_fault_link start = {.parent = walk->nodes, .request = OB_FAULT_NO_REQUEST};
    ob_fault_node_settle(search->table, search->environment, scene, &search->after);
    visit(search, &start);
  }
}

ob_fault_walk_status ob_fault_walk_run(const ob_fault_table *table,
                                       const ob_fault_environment *environment,
                                       ob_fault_walk *walk) {
  fault_search search = {.table = table,
                         .environment = environment,
                         .walk = walk,
                         .bytes = ob_fault_walk_bytes(table)};
  begin(&search);
  for (; search.at < walk->nodes && !search.full; search.at++) {
    ob_fault_node_unpack(table, walk->packed + (size_t)search.at * search.bytes, &search.node);
    expand(&search);
  }
  for (; search.combination < environment->combinations && !search.full; search.combination++) {
    ob_fault_settle(&search);
  }
  return search.full ? OB_FAULT_WALK_FULL : OB_FAULT_WALK_DONE;
}

uint32_t ob_fault_walk_mode(const ob_fault_table *table, const ob_fault_walk *walk, uint32_t node) {
  assert(node < walk->nodes);
  fault_node found;
  ob_fault_node_unpack(table, walk->packed + (size_t)node * ob_fault_walk_bytes(table), &found);
  return found.state.mode;
}
