/* What the parts of the walk share. */
#ifndef ONBOARD_FAULT_WALK_PRIVATE_H
#define ONBOARD_FAULT_WALK_PRIVATE_H

#include "fault_work.h"
#include "onboard/fault_walk.h"

/* A state of the walk. */
typedef struct {
  ob_fault_state state;
  uint64_t issued; /* marks of the actions of this critical event */
  int32_t request; /* of the engine's own command, to be served in the next step */
  uint32_t scene;
} fault_node;

typedef struct {
  const ob_fault_table *table;
  const ob_fault_environment *environment;
  ob_fault_walk *walk;
  uint32_t bytes; /* of a packed node */
  uint32_t at;    /* the node that is looked at */
  uint32_t combination; /* that is held, while constant readings are followed */
  fault_node node, after;
  ob_fault_actions actions;
  int full;
} fault_search;

static inline const uint8_t *readings_of(const ob_fault_table *table,
                                         const ob_fault_environment *environment, uint32_t scene,
                                         uint32_t combination) {
  return environment->readings +
         (scene * environment->combinations + combination) * (size_t)table->header.monitors;
}

/* Packed nodes are equal when the nodes are. */
void ob_fault_node_pack(const ob_fault_table *table, const fault_node *node, uint8_t *bytes);
void ob_fault_node_unpack(const ob_fault_table *table, const uint8_t *bytes, fault_node *node);

/* The node in which nothing has been wrong for long. */
void ob_fault_node_settle(const ob_fault_table *table, const ob_fault_environment *environment,
                          uint32_t scene, fault_node *node);

/* What the mode manager is asked by the engine's own commands; SAFE wins. */
int32_t ob_fault_request_of(const ob_fault_table *table, const ob_fault_actions *actions);

/* Call `visit` with every request that the ground may make of the node, in order. */
void ob_fault_requests(fault_search *search, void (*visit)(fault_search *, int32_t request));

/* Note a violation; of one kind the first is the shortest. */
void ob_fault_violate(fault_search *search, ob_fault_walk_rule rule, uint32_t a, uint32_t b,
                      const ob_fault_link *last);

/* The properties of the step `last` with these readings, and of a reset, from node to after. */
void ob_fault_check_step(fault_search *search, const uint8_t *readings, const ob_fault_link *last);
void ob_fault_check_reset(fault_search *search, const ob_fault_link *last);

/* Follow `combination` from every node to where it ends. */
void ob_fault_settle(fault_search *search);

#endif
