/* The exhaustive walk of a table: the engine, breadth first, from every mode, with everything that the
 * environment may do at every step. A ground tool: no board calls it.
 *
 * What is walked and which properties are looked at is written in onboard/fault_protection/walk.py,
 * whose walk this is: it visits the same states in the same order and finds the same violations.
 *
 * Memory is the caller's. A walk that does not fit ends with OB_FAULT_WALK_FULL; begin again with more.
 */
#ifndef ONBOARD_FAULT_WALK_H
#define ONBOARD_FAULT_WALK_H

#include <stdint.h>

#include "onboard/fault.h"

/* What the environment can do, and what the table forbids. A scene is the mode whose conditions hold; a
 * combination is one choice of wrong readings, the first of them none at all. */
typedef struct {
  uint32_t combinations;   /* 1 to 65535 */
  const uint8_t *readings; /* [mode][combination][monitor] */
  const uint64_t *raised;  /* [mode][combination]: faults that these readings alone raise in any mode */
  const uint8_t *driven;   /* [mode]: 1 where the mode has conditions of its own */
  const uint8_t *ending;   /* [command]: 1 where it ends a critical event */
  const uint64_t *marks;   /* [command]: its bits in the lists of what must not come together */
  const uint64_t *group;   /* each list's bits */
  uint32_t groups;
  const uint8_t *apart;    /* [command][command]: 1 where they must not come together */
  uint32_t disturbed;      /* 1: the ground asks for modes and the computer is reset, at every step */
} ob_fault_environment;

typedef enum { OB_FAULT_WALK_NO_RESET = 0, OB_FAULT_WALK_ALONE = 1, OB_FAULT_WALK_WITHIN = 2 }
    ob_fault_walk_reset;

/* One step of the environment, and the node it was taken from. */
typedef struct {
  uint32_t parent; /* of a start: itself */
  uint32_t depth;
  uint16_t combination;
  uint8_t scene;
  int8_t request; /* of the ground */
  uint8_t reset;  /* ob_fault_walk_reset */
  uint8_t zero[3];
} ob_fault_link;

typedef enum {
  OB_FAULT_WALK_UNSPENT = 0,      /* a: fault */
  OB_FAULT_WALK_DROPPED = 1,      /* a: fault */
  OB_FAULT_WALK_TERMINAL = 2,     /* a: mode */
  OB_FAULT_WALK_LEFT_LIVE = 3,    /* a: mode */
  OB_FAULT_WALK_ENDED = 4,        /* a: command */
  OB_FAULT_WALK_UNFINISHED = 5,   /* a: mode left, b: mode entered */
  OB_FAULT_WALK_TOGETHER = 6,
  OB_FAULT_WALK_FORGOTTEN = 7,    /* a: fault */
  OB_FAULT_WALK_RESTORED = 8,     /* a: fault */
  OB_FAULT_WALK_EVENT_LEFT = 9,
  OB_FAULT_WALK_CYCLE = 10,       /* a: states in it, b: hash of its modes */
  OB_FAULT_WALK_DEADLOCK = 11,    /* a: fault */
  OB_FAULT_WALK_LIVE_CAUSE = 12   /* a: mode, b: fault */
} ob_fault_walk_rule;

typedef struct {
  uint32_t rule; /* ob_fault_walk_rule */
  uint32_t a, b;
  uint32_t node;      /* where the last step was taken */
  ob_fault_link last; /* that step */
} ob_fault_violation;

#define OB_FAULT_VIOLATIONS 256 /* kinds of them that are kept, the first of each */

typedef struct {
  /* the caller's memory */
  uint32_t capacity;       /* nodes */
  uint32_t slots;          /* of `slot`, a power of two above `capacity` */
  uint32_t *slot;          /* [slots] */
  uint8_t *packed;         /* [capacity * ob_fault_walk_bytes()] */
  ob_fault_link *link;     /* [capacity] */
  uint32_t *constant;      /* [capacity * combinations]: the node after unchanged readings */
  uint8_t *done;           /* [capacity] */
  /* the result */
  uint32_t nodes;
  uint32_t depth;
  uint64_t transitions;
  uint32_t violations;
  ob_fault_violation violation[OB_FAULT_VIOLATIONS];
} ob_fault_walk;

typedef enum { OB_FAULT_WALK_DONE = 0, OB_FAULT_WALK_FULL = 1 } ob_fault_walk_status;

/* Bytes of a packed node of this table. */
uint32_t ob_fault_walk_bytes(const ob_fault_table *table);

/* Visit every reachable state, then follow every constant input to its end. */
ob_fault_walk_status ob_fault_walk_run(const ob_fault_table *table,
                                       const ob_fault_environment *environment,
                                       ob_fault_walk *walk);

/* The mode of a node of a finished walk. */
uint32_t ob_fault_walk_mode(const ob_fault_table *table, const ob_fault_walk *walk, uint32_t node);

/* Readings in time: `first` for `delay` steps, from the state in which nothing has been wrong for long in
 * mode `scene`, then `combination` for ever. */
typedef struct {
  uint32_t scene;
  uint32_t first, delay;
  uint32_t combination;
} ob_fault_course;

#define OB_FAULT_ACTS 32 /* steps in which something is done that are told, the first of them */

/* What a course leads to, in steps from when `combination` begins; the first such step is 1. */
typedef struct {
  int32_t steps; /* to the fixed point; -1 when there is none */
  uint32_t mode; /* when `combination` begins */
  int32_t raised[OB_FAULT_FAULTS];   /* when the fault was raised; 0: never */
  int32_t answered[OB_FAULT_FAULTS]; /* when its first command was issued */
  int32_t acted[OB_FAULT_ACTS];      /* when a tier of any response began a try; 0 after the last */
} ob_fault_held;

void ob_fault_hold(const ob_fault_table *table, const ob_fault_environment *environment,
                   const ob_fault_course *course, ob_fault_held *held);

#endif
