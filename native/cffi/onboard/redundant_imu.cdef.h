#define OB_IMUS 2
#define OB_IMU_AXES 6
#define OB_IMU_SILENT_STEPS 3

typedef struct {
  int64_t time_ns;
  double last[OB_IMU_AXES];
  int64_t still[OB_IMU_AXES];
  double jump[2];
} ob_imu_habit;

typedef struct {
  int64_t selected;
  int64_t distrusted;
  int64_t switch_count;
  int64_t silent_steps;
  int64_t compared;
  int64_t agreed_steps;
  double quick[OB_IMU_AXES];
  double slow[OB_IMU_AXES];
  ob_imu_habit habit[OB_IMUS];
} ob_imu_choice;

void ob_imu_choice_step(ob_imu_choice *choice, const ob_intake *const imu[], int64_t count,
                        int64_t came, int64_t now_ns);
int64_t ob_imu_choice_select(ob_imu_choice *choice, const ob_intake *imu, int64_t index,
                             int64_t now_ns);
uint64_t ob_imu_choice_word(const ob_imu_choice *choice, const ob_intake *imu_in_use);
