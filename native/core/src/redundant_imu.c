#include "onboard/redundant_imu.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/vector.h"

#define QUICK (1.0 / 4.0)
#define SLOW (1.0 / 100.0)
#define FORGET (1.0 / 500.0)
#define STILL_SAMPLES 5   /* of one that disagrees */
#define DEAD_SAMPLES 100  /* of one that does not */
#define AGREED_STEPS 500
#define NEXT_SAMPLE_NS INT64_C(15000000) /* later than that, samples are missing in between */
#define JUMP_RATIO 2.0

enum { GYROSCOPE, ACCELEROMETER, GROUPS };

/* rad and m/s a sample of 10 ms */
static const double QUICK_MAX[GROUPS] = {2.0e-4, 5.0e-3};
static const double SLOW_MAX[GROUPS] = {2.0e-5, 1.0e-3};
static const double NOISE_MAX[GROUPS] = {5.0e-5, 1.0e-3}; /* change between samples: 8 sigma and 7 sigma */

static double norm(const double axes[OB_IMU_AXES], int64_t group) {
  const double *v = axes + 3 * group;
  return ob_sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

static void read_axes(double axes[OB_IMU_AXES], const ob_imu_row *row) {
  ob_v3_copy(axes, row->delta_angle_rad);
  ob_v3_copy(axes + 3, row->delta_velocity_m_s);
}

/* ---- one by itself ---- */

static void observe(ob_imu_habit *habit, const ob_imu_row *row) {
  const int follows = habit->time_ns != 0 && row->time_ns - habit->time_ns < NEXT_SAMPLE_NS;
  double change[OB_IMU_AXES], axes[OB_IMU_AXES];
  read_axes(axes, row);
  for (int32_t i = 0; i < OB_IMU_AXES; i++) {
    change[i] = follows ? axes[i] - habit->last[i] : 0.0;
    habit->still[i] = follows && change[i] == 0.0 ? habit->still[i] + 1 : 0;
    habit->last[i] = axes[i];
  }
  for (int64_t group = 0; group < GROUPS; group++) {
    habit->jump[group] = ob_max(norm(change, group), (1.0 - FORGET) * habit->jump[group]);
  }
  habit->time_ns = row->time_ns;
}

static int is_frozen(const ob_imu_habit *habit, int64_t samples) {
  int frozen = 0;
  for (int32_t i = 0; i < OB_IMU_AXES; i++) {
    frozen = frozen || habit->still[i] >= samples;
  }
  return frozen;
}

/* ---- two together ---- */

static void compare(ob_imu_choice *choice) {
  const double *a = choice->habit[0].last, *b = choice->habit[1].last;
  for (int32_t i = 0; i < OB_IMU_AXES; i++) {
    const double difference = a[i] - b[i];
    choice->quick[i] += QUICK * (difference - choice->quick[i]);
    choice->slow[i] += SLOW * (difference - choice->slow[i]);
  }
  choice->compared++;
}

static int disagree(const ob_imu_choice *choice, int64_t group) {
  return norm(choice->quick, group) > QUICK_MAX[group] || norm(choice->slow, group) > SLOW_MAX[group];
}

/* Bit of the one that shows a sign and the other not, 0 if both or none do. */
static int64_t lone(int first, int second) { return first == second ? 0 : first ? 1 : 2; }

static int64_t jumped(const ob_imu_choice *choice, int64_t group) {
  const double first = choice->habit[0].jump[group], second = choice->habit[1].jump[group];
  if (!disagree(choice, group) || ob_max(first, second) < NOISE_MAX[group]) {
    return 0;
  }
  return lone(first > JUMP_RATIO * second, second > JUMP_RATIO * first);
}

static int64_t frozen(const ob_imu_choice *choice, int64_t samples) {
  return lone(is_frozen(&choice->habit[0], samples), is_frozen(&choice->habit[1], samples));
}

/* Who is, of two that disagree. */
static int64_t wrong(const ob_imu_choice *choice, const ob_imu_row *a, const ob_imu_row *b) {
  const int64_t by_sign[] = {frozen(choice, STILL_SAMPLES), lone(a->saturated != 0, b->saturated != 0),
                             jumped(choice, GYROSCOPE), jumped(choice, ACCELEROMETER)};
  int64_t found = 0;
  for (int32_t k = 0; k < 4 && !found; k++) {
    found = by_sign[k];
  }
  return found;
}

static void judge(ob_imu_choice *choice, const ob_imu_row *a, const ob_imu_row *b) {
  const int apart = disagree(choice, GYROSCOPE) || disagree(choice, ACCELEROMETER);
  const int64_t dead = frozen(choice, DEAD_SAMPLES);
  choice->agreed_steps = apart || dead ? 0 : choice->agreed_steps + 1;
  if (choice->agreed_steps >= AGREED_STEPS) {
    choice->distrusted = 0;
  } else if (!choice->distrusted) {
    choice->distrusted = dead ? dead : apart ? wrong(choice, a, b) : 0;
  }
}

/* ---- the choice ---- */

static void use(ob_imu_choice *choice, int64_t index) {
  choice->selected = index;
  choice->switch_count++;
  choice->silent_steps = 0;
}

static int is_new(const ob_imu_choice *choice, const ob_intake *imu, int64_t k) {
  return imu->row.head.time_ns > choice->habit[k].time_ns;
}

static void look_at_both(ob_imu_choice *choice, const ob_intake *const imu[]) {
  if (!is_new(choice, imu[0], 0) || !is_new(choice, imu[1], 1)) {
    return;
  }
  const ob_imu_row *a = &imu[0]->row.imu, *b = &imu[1]->row.imu;
  observe(&choice->habit[0], a);
  observe(&choice->habit[1], b);
  compare(choice);
  judge(choice, a, b);
}

void ob_imu_choice_step(ob_imu_choice *choice, const ob_intake *const imu[], int64_t count,
                        int64_t came, int64_t now_ns) {
  assert(0 <= choice->selected && choice->selected < count && count <= OB_IMUS);
  choice->silent_steps = came ? 0 : choice->silent_steps + 1;
  if (count < OB_IMUS) {
    return;
  }
  look_at_both(choice, imu);
  const int64_t other = 1 - choice->selected;
  const int given_up = choice->silent_steps >= OB_IMU_SILENT_STEPS ||
                       choice->distrusted == INT64_C(1) << choice->selected;
  if (given_up && ob_intake_is_young(imu[other], now_ns, imu[other]->time_ns)) {
    use(choice, other);
  }
}

int64_t ob_imu_choice_select(ob_imu_choice *choice, const ob_intake *imu, int64_t index,
                             int64_t now_ns) {
  assert(0 <= index && index < OB_IMUS);
  if (!ob_intake_is_young(imu, now_ns, imu->time_ns)) {
    return 0;
  }
  choice->distrusted &= ~(INT64_C(1) << index);
  if (index != choice->selected) {
    use(choice, index);
  }
  return 1;
}

uint64_t ob_imu_choice_word(const ob_imu_choice *choice, const ob_intake *imu_in_use) {
  const uint64_t last = imu_in_use->started ? (uint64_t)imu_in_use->sequence : 0;
  const uint64_t word = last << 16 | ((uint64_t)choice->silent_steps & 0xFFF) << 4 |
                        (uint64_t)choice->distrusted << 1 | (uint64_t)choice->selected;
  return choice->compared ? ob_hash_f64s(word, choice->slow, OB_IMU_AXES) : word;
}
