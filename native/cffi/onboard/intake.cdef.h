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
  int64_t passed_count;
  ob_row row;
} ob_intake;

void ob_intake_init(ob_intake *intake, int64_t kind);
int64_t ob_intake_age_max_ns(int64_t kind);
int64_t ob_intake_take(ob_intake *intake, int64_t now_ns, const ob_row *row);
uint64_t ob_intake_hash(const ob_intake *intake, uint64_t hash);

#define OB_IMU_SILENT_STEPS 3

typedef struct {
  int64_t selected;
  int64_t switch_count;
  int64_t silent_steps;
} ob_imu_choice;

void ob_imu_choice_step(ob_imu_choice *choice, const ob_intake *const imu[], int64_t count,
                        int64_t came, int64_t now_ns);
int64_t ob_imu_choice_select(ob_imu_choice *choice, const ob_intake *imu, int64_t index,
                             int64_t now_ns);
uint64_t ob_imu_choice_word(const ob_imu_choice *choice, const ob_intake *imu_in_use);
