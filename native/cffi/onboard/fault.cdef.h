#define OB_FAULT_FALSE 0
#define OB_FAULT_TRUE 1
#define OB_FAULT_STALE 2
#define OB_FAULT_ERROR 3

#define OB_FAULT_READ_CLEAR 0
#define OB_FAULT_READ_HOLD 1
#define OB_FAULT_READ_TRIP 2
#define OB_FAULT_READ_NO_NEWS 3
#define OB_FAULT_READ_STALE 4
#define OB_FAULT_READ_ERROR 5
#define OB_FAULT_READ_NOT_VALID 6
#define OB_FAULT_READ_HIDDEN 7
#define OB_FAULT_READ_FROZEN 8

#define OB_FAULT_UNKNOWN 0
#define OB_FAULT_CLEARED 1
#define OB_FAULT_TRIPPED 2

#define OB_FAULT_INACTIVE 0
#define OB_FAULT_ACTIVE 1
#define OB_FAULT_LATCHED 2

#define OB_FAULT_IDLE 0
#define OB_FAULT_SEEKING 1
#define OB_FAULT_INHIBITED 2
#define OB_FAULT_BLOCKED 3
#define OB_FAULT_RUNNING 4
#define OB_FAULT_SUCCEEDED 5
#define OB_FAULT_HOLDING 6

typedef struct {
  uint32_t timer;
  uint32_t spent;
  uint32_t kept;
  uint8_t status;
  uint8_t phase;
  uint8_t tier;
  uint8_t tries;
} ob_fault_response;

typedef struct {
  ob_fault_response fault[64];
  uint32_t masked[128];
  int16_t counted[128];
  uint8_t verdict[128];
  uint32_t mode;
  uint32_t resets;
} ob_fault_state;

typedef struct {
  double value[128];
  double time_ns[128];
} ob_fault_memory;

#define OB_FAULT_DO_COMMAND 0
#define OB_FAULT_DO_ACTIVE 1
#define OB_FAULT_DO_LATCHED 2
#define OB_FAULT_DO_CLEARED 3
#define OB_FAULT_DO_TIER 4
#define OB_FAULT_DO_SUCCEEDED 5
#define OB_FAULT_DO_TIER_SPENT 6
#define OB_FAULT_DO_HOLDING 7
#define OB_FAULT_DO_BLOCKED 8
#define OB_FAULT_DO_INHIBITED 9
#define OB_FAULT_DO_MODE_CHANGED 10
#define OB_FAULT_DO_MODE_REFUSED 11
#define OB_FAULT_DO_RESET 12
#define OB_FAULT_DO_BUDGET_SPENT 13

typedef struct {
  uint16_t command;
  uint8_t kind;
  uint8_t fault, tier, attempt;
  uint8_t before, mode;
  uint8_t resets;
  uint8_t zero;
} ob_fault_action;

#define OB_FAULT_ACTIONS ...

typedef struct {
  int32_t count;
  ob_fault_action action[226];
} ob_fault_actions;

#define OB_FAULT_NEVER_NS ...

void ob_fault_init(const ob_fault_table *table, ob_fault_state *state, uint32_t mode);
void ob_fault_memory_init(ob_fault_memory *memory);

void ob_fault_read(const ob_fault_table *table, ob_fault_memory *memory, int64_t now_ns,
                   const double *values, const int64_t *ages_ns, uint8_t *readings);

void ob_fault_step(const ob_fault_table *table, ob_fault_state *state, const uint8_t *readings,
                   int32_t request, uint64_t clear, ob_fault_actions *actions);

void ob_fault_values(const ob_fault_table *table, const ob_fault_state *state,
                     const uint8_t *readings, uint8_t *values);

void ob_fault_reset(const ob_fault_table *table, ob_fault_state *state, int within_window,
                    ob_fault_actions *actions);

int ob_fault_state_is_sound(const ob_fault_table *table, const ob_fault_state *state);

uint64_t ob_fault_hash(const ob_fault_table *table, const ob_fault_state *state, uint64_t hash);
uint64_t ob_fault_memory_hash(const ob_fault_table *table, const ob_fault_memory *memory,
                              uint64_t hash);
