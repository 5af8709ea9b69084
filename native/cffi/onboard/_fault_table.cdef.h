#define OB_FAULT_MAGIC ...
#define OB_FAULT_VERSION ...

#define OB_FAULT_CHANNELS 256
#define OB_FAULT_MONITORS 128
#define OB_FAULT_FAULTS 64
#define OB_FAULT_TIERS 16
#define OB_FAULT_MODES 24
#define OB_FAULT_ENTRIES 32
#define OB_FAULT_ROWS 4096
#define OB_FAULT_COUNT 3000
#define OB_FAULT_STACK 32

typedef struct {
  uint16_t first, count;
} ob_fault_code;

#define OB_FAULT_OP_CONSTANT 0
#define OB_FAULT_OP_MONITOR 1
#define OB_FAULT_OP_IN_MODE 2
#define OB_FAULT_OP_NOT 3
#define OB_FAULT_OP_VOTE 4

typedef struct {
  uint32_t magic, version;
  uint32_t size;
  uint32_t crc;
  int64_t reset_window_ns;
  uint16_t channels, monitors, faults, tiers, masks, modes, edges, entries, commands, code;
  uint16_t initial_mode;
  uint16_t reset_count;
  uint16_t step_hz;
  uint16_t zero[3];
} ob_fault_header;

#define OB_FAULT_AS_TRIP 0
#define OB_FAULT_AS_CLEAR 1
#define OB_FAULT_HOLDS 2
#define OB_FAULT_AS_UNKNOWN 3

typedef struct {
  uint16_t persistence, clear;
  uint8_t when_stale, when_error;
  ob_fault_code valid_when;
} ob_fault_rule;

#define OB_FAULT_CHECK_LIMITS 0
#define OB_FAULT_CHECK_WITHIN 1
#define OB_FAULT_CHECK_EXPECTED 2
#define OB_FAULT_CHECK_DELTA 3
#define OB_FAULT_CHECK_RATE 4
#define OB_FAULT_CHECK_STUCK 5
#define OB_FAULT_CHECK_STALE 6
#define OB_FAULT_CHECK_GAP 7
#define OB_FAULT_CHECK_CONSISTENCY 8

typedef struct {
  int64_t stale_ns;
  double enter_low, enter_high, exit_low, exit_high;
  double scale, offset;
  uint16_t kind;
  uint16_t channel;
  uint16_t other;
  uint16_t zero;
} ob_fault_check;

typedef struct {
  ob_fault_code when, clear_when;
  uint16_t first_tier;
  uint8_t tiers;
  uint8_t latch, survives_reset;
  uint8_t zero;
} ob_fault_fault;

typedef struct {
  ob_fault_code allowed, success;
  uint32_t timeout;
  uint32_t claims, keeps;
  uint16_t command;
  uint16_t first_mask;
  uint8_t masks;
  uint8_t tries;
  uint16_t zero;
} ob_fault_tier;

typedef struct {
  uint32_t steps;
  uint32_t monitor;
} ob_fault_mask;

#define OB_FAULT_KIND_NOMINAL 0
#define OB_FAULT_KIND_CRITICAL 1
#define OB_FAULT_KIND_SAFE 2
#define OB_FAULT_KIND_TERMINAL 3

typedef struct {
  uint64_t led_by;
  ob_fault_code exit_guard, finished_when;
  uint16_t first_edge, first_entry;
  uint8_t edges, entries;
  uint8_t fallback;
  uint8_t after_reset;
  uint8_t kind;
  uint8_t finishes;
  uint8_t zero[6];
} ob_fault_mode;

typedef struct {
  ob_fault_code when;
  uint16_t target;
  uint16_t by_command;
} ob_fault_edge;

#define OB_FAULT_NO_REQUEST -1
#define OB_FAULT_REQUEST_SAFE -2

typedef struct {
  int16_t request;
  uint16_t zero;
} ob_fault_command;

typedef struct {
  ob_fault_header header;
  const uint8_t *rule, *check;
  const uint8_t *fault, *tier, *mask, *mode, *edge;
  const uint8_t *entry;
  const uint8_t *command;
  const uint8_t *code;
} ob_fault_table;

#define OB_FAULT_TABLE_OK 0
#define OB_FAULT_TABLE_HEADER 1
#define OB_FAULT_TABLE_SIZE 2
#define OB_FAULT_TABLE_CRC 3
#define OB_FAULT_TABLE_CODE 4
#define OB_FAULT_TABLE_ROW 5

int ob_fault_table_check(ob_fault_table *table, const uint8_t *image, uint32_t size);
