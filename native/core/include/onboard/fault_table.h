/* The table of fault protection as bytes: what is watched, what counts as a fault, what is done about
 * it, and the modes. Made from the dictionary by onboard/fault_protection/image.py.
 *
 * An image is a header and nine sections of rows, one after the other in the order of `ob_fault_table`
 * and without gaps; sections refer to each other by index. It may lie anywhere, at any alignment, and
 * is read where it lies. Numbers are little-endian, as on every target; `magic` tells another order.
 *
 * `ob_fault_table_check` looks at everything that a step relies on, so that no accepted image can make
 * one read out of bounds, loop or overflow its stack, whatever its CRC. The caller keeps the bytes,
 * unchanged, for as long as the table is in use.
 */
#ifndef ONBOARD_FAULT_TABLE_H
#define ONBOARD_FAULT_TABLE_H

#include <stdint.h>

#define OB_FAULT_MAGIC UINT32_C(0x5446424f) /* "OBFT" */
#define OB_FAULT_VERSION 1

#define OB_FAULT_CHANNELS 256
#define OB_FAULT_MONITORS 128
#define OB_FAULT_FAULTS 64
#define OB_FAULT_TIERS 16   /* of one response */
#define OB_FAULT_MODES 24
#define OB_FAULT_ENTRIES 32 /* commands of one entry sequence */
#define OB_FAULT_ROWS 4096  /* of every other section, each */
#define OB_FAULT_COUNT 3000 /* persistence and clear */
#define OB_FAULT_STACK 32   /* operands of an expression that wait at a time */

/* An expression: `count` words of the code section in postfix order; without words it is true. A word
 * is an `ob_fault_operation` in bits 24 and up, and its operand below. */
typedef struct {
  uint16_t first, count;
} ob_fault_code;

typedef enum {
  OB_FAULT_OP_CONSTANT = 0, /* operand: the value */
  OB_FAULT_OP_MONITOR = 1,  /* operand: the monitor whose value it is */
  OB_FAULT_OP_IN_MODE = 2,  /* operand: bits of the modes in which it is true */
  OB_FAULT_OP_NOT = 3,      /* of one operand on the stack; operand 0 */
  OB_FAULT_OP_VOTE = 4      /* operand: K << 12 | N: at least K of the N on the stack */
} ob_fault_operation;

typedef struct {
  uint32_t magic, version;
  uint32_t size; /* bytes of the image, the header's included */
  uint32_t crc;  /* CRC-32 (IEEE 802.3) of all that follows it */
  int64_t reset_window_ns;
  uint16_t channels, monitors, faults, tiers, masks, modes, edges, entries, commands, code;
  uint16_t initial_mode;
  uint16_t reset_count; /* resets within the window that are still resumed */
  uint16_t step_hz;
  uint16_t zero[3];
} ob_fault_header;

typedef enum { OB_FAULT_AS_TRIP = 0, OB_FAULT_AS_CLEAR = 1, OB_FAULT_HOLDS = 2, OB_FAULT_AS_UNKNOWN = 3 }
    ob_fault_behaviour;

/* How one monitor counts. `valid_when` looks at earlier monitors only. */
typedef struct {
  uint16_t persistence, clear; /* steps in a row, 1 to OB_FAULT_COUNT */
  uint8_t when_stale, when_error; /* ob_fault_behaviour */
  ob_fault_code valid_when;
} ob_fault_rule;

typedef enum {
  OB_FAULT_CHECK_LIMITS = 0,      /* trips outside enter, clears inside exit */
  OB_FAULT_CHECK_WITHIN = 1,      /* trips inside enter, clears outside exit */
  OB_FAULT_CHECK_EXPECTED = 2,    /* trips unless equal to enter_high */
  OB_FAULT_CHECK_DELTA = 3,       /* trips on a step above enter_high, clears up to exit_high */
  OB_FAULT_CHECK_RATE = 4,        /* the same of the change a second between samples */
  OB_FAULT_CHECK_STUCK = 5,       /* trips on a new sample within enter_high of the last */
  OB_FAULT_CHECK_STALE = 6,   /* trips on an age above enter_high ns, clears up to exit_high ns */
  OB_FAULT_CHECK_GAP = 7,         /* the same of the time between samples */
  OB_FAULT_CHECK_CONSISTENCY = 8  /* of |channel - (scale other + offset)|, as delta */
} ob_fault_check_kind;

/* What one monitor makes of its channel. No number is a NaN. */
typedef struct {
  int64_t stale_ns; /* older is unknown */
  double enter_low, enter_high, exit_low, exit_high;
  double scale, offset;
  uint16_t kind; /* ob_fault_check_kind */
  uint16_t channel;
  uint16_t other; /* of consistency; the channel itself elsewhere */
  uint16_t zero;
} ob_fault_check;

/* One fault; the order of rows is that of priority. */
typedef struct {
  ob_fault_code when, clear_when;
  uint16_t first_tier;
  uint8_t tiers; /* at least one */
  uint8_t latch, survives_reset;
  uint8_t zero;
} ob_fault_fault;

typedef struct {
  ob_fault_code allowed, success;
  uint32_t timeout;       /* steps, at least one */
  uint32_t claims, keeps; /* bits of resources */
  uint16_t command;
  uint16_t first_mask;
  uint8_t masks;
  uint8_t tries; /* at least one */
  uint16_t zero;
} ob_fault_tier;

typedef struct {
  uint32_t steps; /* at least one */
  uint32_t monitor;
} ob_fault_mask;

typedef enum { OB_FAULT_KIND_NOMINAL = 0, OB_FAULT_KIND_CRITICAL = 1, OB_FAULT_KIND_SAFE = 2, OB_FAULT_KIND_TERMINAL = 3 }
    ob_fault_mode_kind;

typedef struct {
  uint64_t led_by; /* bits of the faults whose response leads here */
  ob_fault_code exit_guard, finished_when;
  uint16_t first_edge, first_entry;
  uint8_t edges, entries;
  uint8_t fallback; /* itself where there is none */
  uint8_t after_reset;
  uint8_t kind;     /* ob_fault_mode_kind */
  uint8_t finishes; /* policy: finish the event */
  uint8_t zero[6];
} ob_fault_mode;

typedef struct {
  ob_fault_code when;
  uint16_t target;
  uint16_t by_command;
} ob_fault_edge;

#define OB_FAULT_NO_REQUEST (-1)
#define OB_FAULT_REQUEST_SAFE (-2)

/* A command that the table may issue; the list of them in the same order is the dictionary's part. */
typedef struct {
  int16_t request; /* the mode that it asks for, or one of the above */
  uint16_t zero;
} ob_fault_command;

/* A checked image. */
typedef struct {
  ob_fault_header header;
  const uint8_t *rule, *check; /* monitors: ob_fault_rule, ob_fault_check */
  const uint8_t *fault, *tier, *mask, *mode, *edge;
  const uint8_t *entry; /* uint16_t: a command */
  const uint8_t *command;
  const uint8_t *code; /* uint32_t */
} ob_fault_table;

typedef enum {
  OB_FAULT_TABLE_OK = 0,
  OB_FAULT_TABLE_HEADER = 1, /* not an image, of another version or byte order */
  OB_FAULT_TABLE_SIZE = 2,   /* cut, or counts that are out of bounds or do not add up */
  OB_FAULT_TABLE_CRC = 3,
  OB_FAULT_TABLE_CODE = 4, /* an expression that is none */
  OB_FAULT_TABLE_ROW = 5   /* a field out of range */
} ob_fault_table_error;

/* Check `size` bytes and make them a table; `table` is written only when they are one. */
ob_fault_table_error ob_fault_table_check(ob_fault_table *table, const uint8_t *image, uint32_t size);

#endif
