typedef struct ob_flight_channels ob_flight_channels;

typedef struct {
  const ob_fault_table *table;
  const ob_flight_channels *channels;
  ob_fault_state *state;
  ob_fault_memory *memory;
  ob_fault_actions *actions;
  int64_t request;
  uint64_t clear;
} ob_protection;

uint64_t ob_protection_hash(const ob_protection *protection, uint64_t hash);
