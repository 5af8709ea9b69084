/* The engine of fault protection and modes: one pure step over a checked table, of integers only.
 *
 * In one step the monitors count, faults in the order of priority follow their expressions and
 * responses, and the mode follows its guards. Equal states given equal readings answer equally. The
 * readable reference, step for step the same, is onboard/fault_protection/engine.py; what the fields
 * mean is written there and in docs/fault_protection.md.
 *
 * State and memory are flat: copy them, keep them as a checkpoint, compare them by hash. A step of the
 * largest table takes at most OB_FAULT_MONITORS + OB_FAULT_FAULTS (2 + 2 OB_FAULT_TIERS) expressions.
 */
#ifndef ONBOARD_FAULT_H
#define ONBOARD_FAULT_H

#include <stdint.h>

#include "onboard/fault_table.h"

typedef enum { OB_FAULT_FALSE = 0, OB_FAULT_TRUE = 1, OB_FAULT_STALE = 2, OB_FAULT_ERROR = 3 }
    ob_fault_value;

/* What one look at the channels says. The last three are the engine's own. */
typedef enum {
  OB_FAULT_READ_CLEAR = 0,
  OB_FAULT_READ_HOLD = 1, /* between the exit and the enter limit */
  OB_FAULT_READ_TRIP = 2,
  OB_FAULT_READ_NO_NEWS = 3, /* the check needs a new sample */
  OB_FAULT_READ_STALE = 4,
  OB_FAULT_READ_ERROR = 5,
  OB_FAULT_READ_NOT_VALID = 6, /* valid_when is false */
  OB_FAULT_READ_HIDDEN = 7,    /* a response masks the monitor */
  OB_FAULT_READ_FROZEN = 8     /* nobody knows whether it is valid */
} ob_fault_reading;

typedef enum { OB_FAULT_UNKNOWN = 0, OB_FAULT_CLEARED = 1, OB_FAULT_TRIPPED = 2 } ob_fault_verdict;

typedef enum { OB_FAULT_INACTIVE = 0, OB_FAULT_ACTIVE = 1, OB_FAULT_LATCHED = 2 } ob_fault_status;

typedef enum {
  OB_FAULT_IDLE = 0,
  OB_FAULT_SEEKING = 1,
  OB_FAULT_INHIBITED = 2,
  OB_FAULT_BLOCKED = 3,
  OB_FAULT_RUNNING = 4,
  OB_FAULT_SUCCEEDED = 5,
  OB_FAULT_HOLDING = 6
} ob_fault_phase;

/* Where one fault and its response stand; all zero when nothing is wrong. */
typedef struct {
  uint32_t timer; /* steps until this try is judged */
  uint32_t spent; /* bit k: tier k is spent */
  uint32_t kept;  /* resources that an attempted tier keeps until the fault clears */
  uint8_t status; /* ob_fault_status */
  uint8_t phase;  /* ob_fault_phase */
  uint8_t tier;   /* the one that runs, holds or succeeded last */
  uint8_t tries;  /* that this tier has made */
} ob_fault_response;

/* All that the engine remembers. Rows beyond those of the table are zero. */
typedef struct {
  ob_fault_response fault[OB_FAULT_FAULTS];
  uint32_t masked[OB_FAULT_MONITORS];  /* steps that the monitor is not looked at */
  int16_t counted[OB_FAULT_MONITORS];  /* towards another verdict: trips up, clears down from zero */
  uint8_t verdict[OB_FAULT_MONITORS];  /* ob_fault_verdict */
  uint32_t mode;
  uint32_t resets; /* in a row, each within the window of the one before */
} ob_fault_state;

/* What monitors that compare remember of the sample before; NaN while there is none. */
typedef struct {
  double value[OB_FAULT_MONITORS];
  double time_ns[OB_FAULT_MONITORS];
} ob_fault_memory;

typedef enum {
  OB_FAULT_DO_COMMAND = 0, /* issue `command` of the table's list */
  OB_FAULT_DO_ACTIVE = 1,  /* the others are events about `fault`, */
  OB_FAULT_DO_LATCHED = 2,
  OB_FAULT_DO_CLEARED = 3,
  OB_FAULT_DO_TIER = 4, /* with `tier` (from 1) and `attempt`, */
  OB_FAULT_DO_SUCCEEDED = 5,
  OB_FAULT_DO_TIER_SPENT = 6,
  OB_FAULT_DO_HOLDING = 7,
  OB_FAULT_DO_BLOCKED = 8,
  OB_FAULT_DO_INHIBITED = 9,
  OB_FAULT_DO_MODE_CHANGED = 10, /* about modes: `before` and `mode`, */
  OB_FAULT_DO_MODE_REFUSED = 11,
  OB_FAULT_DO_RESET = 12, /* and about a restart: `mode` and `resets` */
  OB_FAULT_DO_BUDGET_SPENT = 13
} ob_fault_action_kind;

typedef struct {
  uint16_t command;
  uint8_t kind; /* ob_fault_action_kind */
  uint8_t fault, tier, attempt;
  uint8_t before, mode;
  uint8_t resets;
  uint8_t zero;
} ob_fault_action;

/* A fault that becomes active, its tier and its command; a refusal, a change and an entry sequence. */
#define OB_FAULT_ACTIONS (3 * OB_FAULT_FAULTS + 2 + OB_FAULT_ENTRIES)

typedef struct {
  int32_t count;
  ob_fault_action action[OB_FAULT_ACTIONS];
} ob_fault_actions;

#define OB_FAULT_NEVER_NS (INT64_C(1) << 62) /* age of a channel that was never produced */

/* The state at power-up in a mode of the table. */
void ob_fault_init(const ob_fault_table *table, ob_fault_state *state, uint32_t mode);
void ob_fault_memory_init(ob_fault_memory *memory);

/* Classify channels: `values` and `ages_ns` have a number for each channel of the table, `readings`
 * gets one for each monitor. */
void ob_fault_read(const ob_fault_table *table, ob_fault_memory *memory, int64_t now_ns,
                   const double *values, const int64_t *ages_ns, uint8_t *readings);

/* One step. `request` is a mode of the table, OB_FAULT_REQUEST_SAFE or OB_FAULT_NO_REQUEST; bit k of
 * `clear` unlatches fault k. `actions` is written whole, `state` in place. */
void ob_fault_step(const ob_fault_table *table, ob_fault_state *state, const uint8_t *readings,
                   int32_t request, uint64_t clear, ob_fault_actions *actions);

/* What each monitor would answer in a step with these readings. */
void ob_fault_values(const ob_fault_table *table, const ob_fault_state *state,
                     const uint8_t *readings, uint8_t *values);

/* What a restarted computer begins with; `within_window`: the last reset was within the budget's
 * window. */
void ob_fault_reset(const ob_fault_table *table, ob_fault_state *state, int within_window,
                    ob_fault_actions *actions);

/* Whether the numbers of a state (from a checkpoint) are ones that a step can work with. */
int ob_fault_state_is_sound(const ob_fault_table *table, const ob_fault_state *state);

uint64_t ob_fault_hash(const ob_fault_table *table, const ob_fault_state *state, uint64_t hash);
uint64_t ob_fault_memory_hash(const ob_fault_table *table, const ob_fault_memory *memory,
                              uint64_t hash);

#endif
