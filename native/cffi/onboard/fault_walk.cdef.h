typedef struct {
  uint32_t combinations;
  const uint8_t *readings;
  const uint64_t *raised;
  const uint8_t *driven;
  const uint8_t *ending;
  const uint64_t *marks;
  const uint64_t *group;
  uint32_t groups;
  const uint8_t *apart;
  uint32_t disturbed;
} ob_fault_environment;

#define OB_FAULT_WALK_NO_RESET 0
#define OB_FAULT_WALK_ALONE 1
#define OB_FAULT_WALK_WITHIN 2

typedef struct {
  uint32_t parent;
  uint32_t depth;
  uint16_t combination;
  uint8_t scene;
  int8_t request;
  uint8_t reset;
  uint8_t zero[3];
} ob_fault_link;

#define OB_FAULT_WALK_UNSPENT 0
#define OB_FAULT_WALK_DROPPED 1
#define OB_FAULT_WALK_TERMINAL 2
#define OB_FAULT_WALK_LEFT_LIVE 3
#define OB_FAULT_WALK_ENDED 4
#define OB_FAULT_WALK_UNFINISHED 5
#define OB_FAULT_WALK_TOGETHER 6
#define OB_FAULT_WALK_FORGOTTEN 7
#define OB_FAULT_WALK_RESTORED 8
#define OB_FAULT_WALK_EVENT_LEFT 9
#define OB_FAULT_WALK_CYCLE 10
#define OB_FAULT_WALK_DEADLOCK 11
#define OB_FAULT_WALK_LIVE_CAUSE 12

typedef struct {
  uint32_t rule;
  uint32_t a, b;
  uint32_t node;
  ob_fault_link last;
} ob_fault_violation;

#define OB_FAULT_VIOLATIONS 256
typedef struct {

  uint32_t capacity;
  uint32_t slots;
  uint32_t *slot;
  uint8_t *packed;
  ob_fault_link *link;
  uint32_t *constant;
  uint8_t *done;

  uint32_t nodes;
  uint32_t depth;
  uint64_t transitions;
  uint32_t violations;
  ob_fault_violation violation[256];
} ob_fault_walk;

#define OB_FAULT_WALK_DONE 0
#define OB_FAULT_WALK_FULL 1

uint32_t ob_fault_walk_bytes(const ob_fault_table *table);

int ob_fault_walk_run(const ob_fault_table *table,
                                       const ob_fault_environment *environment,
                                       ob_fault_walk *walk);

typedef struct {
  uint32_t scene;
  uint32_t first, delay;
  uint32_t combination;
} ob_fault_course;

#define OB_FAULT_ACTS 32

typedef struct {
  int32_t steps;
  uint32_t mode;
  int32_t raised[64];
  int32_t answered[64];
  int32_t acted[32];
} ob_fault_held;

uint32_t ob_fault_walk_mode(const ob_fault_table *table, const ob_fault_walk *walk, uint32_t node);
void ob_fault_hold(const ob_fault_table *table, const ob_fault_environment *environment,
                   const ob_fault_course *course, ob_fault_held *held);
