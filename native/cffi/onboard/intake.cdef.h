#define OB_CLOCK_PATIENCE 10

typedef struct {
  int64_t kind;
  int64_t enabled;
  int64_t started;
  int64_t sequence;
  int64_t time_ns;
  int64_t good_count;
  int64_t bad_count;
  int64_t late_count;
  int64_t repeated_count;
  int64_t gap_count;
  int64_t stamped_count;
  int64_t numbered_ns;
  int64_t on_its_way_ns;
  int64_t adrift;
  int64_t passed_count;
  ob_row row;
} ob_intake;

void ob_intake_init(ob_intake *intake, int64_t kind);
int64_t ob_intake_age_max_ns(int64_t kind);
int64_t ob_intake_take(ob_intake *intake, int64_t now_ns, const ob_row *row);
uint64_t ob_intake_hash(const ob_intake *intake, uint64_t hash);
