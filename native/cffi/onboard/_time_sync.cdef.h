#define OB_TIME_SYNC_WINDOW ...

typedef struct {
  int64_t asked_ns, received_ns, answered_ns, arrived_ns;
} ob_time_exchange;

typedef struct {
  int64_t offset_ns, round_trip_ns, arrived_ns;
} ob_time_offset;

typedef struct {
  int64_t taken, refused;
  ob_time_offset best;
  int64_t error_ns;
  ob_time_offset last[...];
} ob_time_sync;

void ob_time_sync_init(ob_time_sync *sync);
int64_t ob_time_sync_take(ob_time_sync *sync, const ob_time_exchange *exchange);
int64_t ob_time_there_ns(const ob_time_sync *sync, int64_t here_ns);
int64_t ob_time_here_ns(const ob_time_sync *sync, int64_t there_ns);
