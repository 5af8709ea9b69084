#include "vision/correlation.h"

#include <float.h>
#include <string.h>

#include "correlation_spectral.h"
#include "lanes.h"
#include "onboard/elementary.h"

#define LINE 64
#define NOWHERE (-FLT_MAX) /* rank of a flat place, and of the columns behind the last */

/* Signed squares of correlations order places as correlations do, without a square root; times the
 * pattern's sum of squares they are `ranks`: the greatest that one can be within the numerators' error. */
typedef struct {
  ob_correlation_task task;
  ob_spectrum spectrum;
  int64_t count, sum, squares; /* of the pattern: pixels, their sum, and of their squares */
  double deviation;            /* sum of squares of the pattern's pixels less the mean */
  double error, least_squares; /* of a numerator; of a window's pixels that are not flat */
  float *ranks, *row_best;     /* [rows][stride]; of each row the greatest */
  float reached;               /* the rank that some place has for sure */
  int32_t *column_sums, *column_squares, *sums, *squares_under;
  float *under, *shift;
} search;

typedef struct {
  int64_t row, column;
  double correlation;
} place;

#define LANES_TARGET
#define LANES(name) name##_plain
#include "correlation_lanes.h"
#undef LANES_TARGET
#undef LANES
#if OB_HAS_X86
#define LANES_TARGET OB_AVX2
#define LANES(name) name##_avx2
#include "correlation_lanes.h"
#endif

/* --- sizes --- */

static int64_t sizes_are_allowed(int64_t window_width, int64_t window_height, int64_t width,
                                 int64_t height) {
  return window_width <= OB_CORRELATION_WINDOW_MAX && window_height <= OB_CORRELATION_WINDOW_MAX &&
         width >= OB_CORRELATION_PATTERN_MIN && height >= OB_CORRELATION_PATTERN_MIN &&
         width <= OB_CORRELATION_PATTERN_MAX && height <= OB_CORRELATION_PATTERN_MAX &&
         width <= window_width && height <= window_height;
}

static int64_t lined(int64_t octets) { return (octets + LINE - 1) / LINE * LINE; }

static int64_t stride_of(int64_t columns) { return (columns + 15) / 16 * 16; }

int64_t ob_correlation_workspace_octets(int64_t window_width, int64_t window_height,
                                        int64_t pattern_width, int64_t pattern_height) {
  if (!sizes_are_allowed(window_width, window_height, pattern_width, pattern_height)) {
    return 0;
  }
  const int64_t rows = window_height - pattern_height + 1;
  const int64_t stride = stride_of(window_width - pattern_width + 1);
  const int64_t words = rows * stride + rows + 2 * window_width + 4 * stride;
  return LINE + lined(words * (int64_t)sizeof(float)) +
         ob_correlation_spectral_octets(window_width, window_height, pattern_width);
}

/* For all windows and patterns of the sizes of the first. */
static void prepare(search *s, void *workspace) {
  ob_correlation_task *const task = &s->task;
  task->rows = task->window.height - task->pattern.height + 1;
  task->columns = task->window.width - task->pattern.width + 1;
  task->stride = stride_of(task->columns);
  s->count = task->pattern.width * task->pattern.height;
  uint8_t *const start = (uint8_t *)workspace + (LINE - (uintptr_t)workspace % LINE) % LINE;
  s->ranks = (float *)start;
  s->under = s->ranks + task->rows * task->stride;
  s->shift = s->under + task->stride;
  s->row_best = s->shift + task->stride;
  s->sums = (int32_t *)(s->row_best + task->rows);
  s->squares_under = s->sums + task->stride;
  s->column_sums = s->squares_under + task->stride;
  s->column_squares = s->column_sums + s->task.window.width;
  uint8_t *const after = start + lined((uint8_t *)(s->column_squares + task->window.width) - start);
  ob_correlation_spectral_prepare(&s->spectrum, task->window.width, task->window.height,
                                  task->pattern.width, after);
}

/* --- the pattern --- */

static void sum_pattern(search *s) {
  s->sum = s->squares = 0;
  for (int64_t y = 0; y < s->task.pattern.height; y++) {
    for (int64_t x = 0; x < s->task.pattern.width; x++) {
      const int64_t pixel = s->task.pattern.pixels[y * s->task.pattern.stride + x];
      s->sum += pixel;
      s->squares += pixel * pixel;
    }
  }
  const int64_t scaled = s->count * s->squares - s->sum * s->sum;
  s->deviation = (double)scaled / (double)s->count;
  const int64_t middle = (2 * s->sum + s->count) / (2 * s->count);
  s->task.middle = (int32_t)middle;
  s->task.length = ob_sqrt((double)(s->squares - 2 * middle * s->sum + middle * middle * s->count));
}

/* --- every place --- */

#if OB_HAS_X86
static int64_t wide(const search *s) { return s->task.simd == OB_SIMD_AVX2; }
#endif

static void rank_all(search *s) {
#if OB_HAS_X86
  if (wide(s)) {
    rank_avx2(s);
    return;
  }
#endif
  rank_plain(s);
}

static double correlation_at(const search *s, int64_t row, int64_t column) {
  int64_t sums[3] = {0};
#if OB_HAS_X86
  if (wide(s)) {
    sum_under_avx2(s, row, column, sums);
  } else
#endif
  {
    sum_under_plain(s, row, column, sums);
  }
  const int64_t numerator = s->count * sums[0] - s->sum * sums[1];
  const int64_t under = s->count * sums[2] - sums[1] * sums[1];
  const double length = ob_sqrt((double)under) * ob_sqrt((double)s->count * s->deviation);
  return under > 0 ? (double)numerator / length : 0.0;
}

/* The lowest rank that a place with at least that correlation may show. */
static float rank_of(const search *s, double correlation) {
  const double rank = correlation * ob_fabs(correlation) * s->deviation;
  return (float)(rank - ob_fabs(rank) * 1e-6);
}

static place exactly(const search *s, int64_t row, int64_t column) {
  return (place){row, column, correlation_at(s, row, column)};
}

/* Of a row, from the first to before `end`, the first column of the greatest rank; -1 if all are flat. */
static int64_t best_column(const float *ranks, int64_t first, int64_t end) {
  int64_t best = -1;
  for (int64_t x = first; x < end; x++) {
    if (ranks[x] > (best < 0 ? NOWHERE : ranks[best])) {
      best = x;
    }
  }
  return best;
}

static int64_t best_row(const search *s) {
  int64_t best = 0;
  for (int64_t y = 1; y < s->task.rows; y++) {
    best = s->row_best[y] > s->row_best[best] ? y : best;
  }
  return best;
}

/* The greatest of all, from the one of the greatest rank. Returns whether none was left. */
static int32_t find_greatest(search *s, place *best) {
  const int64_t row = best_row(s);
  *best = exactly(s, row, best_column(s->ranks + row * s->task.stride, 0, s->task.columns));
  float least = rank_of(s, best->correlation);
  least = least > s->reached ? least : s->reached;
  int64_t left = OB_CORRELATION_AGAIN_MAX;
  for (int64_t y = 0; y < s->task.rows; y++) {
    const float *const ranks = s->ranks + y * s->task.stride;
    for (int64_t x = 0; s->row_best[y] >= least && x < s->task.columns; x++) {
      if (ranks[x] < least) {
        continue;
      }
      if (left-- == 0) {
        return 0;
      }
      const place other = exactly(s, y, x);
      const int64_t earlier = y < best->row || (y == best->row && x < best->column);
      if (other.correlation > best->correlation || (other.correlation == best->correlation && earlier)) {
        *best = other;
        const float raised = rank_of(s, best->correlation);
        least = raised > least ? raised : least;
      }
    }
  }
  return 1;
}

/* The greatest rank farther than `apart` from the best, and its correlation; -1 without any. */
static double second_to(const search *s, const place *best, int64_t apart) {
  float greatest = NOWHERE;
  int64_t row = -1, column = -1;
  for (int64_t y = 0; y < s->task.rows; y++) {
    const int64_t beside = y >= best->row - apart && y <= best->row + apart;
    const float *const ranks = s->ranks + y * s->task.stride;
    for (int64_t side = 0; side < 1 + beside && s->row_best[y] > greatest; side++) {
      const int64_t after = best->column + apart + 1, before = best->column - apart;
      const int64_t x = best_column(ranks, side ? after : 0, beside && !side ? before : s->task.columns);
      if (x >= 0 && ranks[x] > greatest) {
        greatest = ranks[x];
        row = y;
        column = x;
      }
    }
  }
  return row < 0 ? -1.0 : correlation_at(s, row, column);
}

/* --- between pixels --- */

/* Inverse of a symmetric matrix (yy, yx, xx); 0 if it is not positive. */
static int64_t invert(const double a[3], double inverse[3]) {
  const double determinant = a[0] * a[2] - a[1] * a[1];
  inverse[0] = a[2] / determinant;
  inverse[1] = -a[1] / determinant;
  inverse[2] = a[0] / determinant;
  return a[0] > 0.0 && determinant > 0.0;
}

static int64_t set_covariance(const search *s, double correlation, const double curvature[3],
                              double covariance[3]) {
  const double count = (double)s->count, noise = ob_max(1.0 - correlation, 0.0);
  const double signal = 2.0 * noise / count, both = noise * noise / (2.0 * count);
  const double doubt = noise * ob_sqrt(6.0 / count);
  const double low[3] = {curvature[0] - 4.0 * doubt, curvature[1], curvature[2] - 4.0 * doubt};
  const double sure[3] = {curvature[0] - doubt, curvature[1], curvature[2] - doubt};
  double inverse[3];
  if (!invert(low, inverse) || !invert(sure, inverse)) {
    return 0;
  }
  const double yy = inverse[0], yx = inverse[1], xx = inverse[2];
  const double bias = OB_CORRELATION_BIAS_PX * OB_CORRELATION_BIAS_PX;
  covariance[0] = signal * yy + both * (yy * yy + yx * yx) + bias;
  covariance[1] = signal * yx + both * (yy * yx + yx * xx);
  covariance[2] = signal * xx + both * (yx * yx + xx * xx) + bias;
  return 1;
}

static int64_t place_between(const search *s, ob_correlation_peak *peak) {
  double r[3][3], inverse[3];
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t j = 0; j < 3; j++) {
      r[i][j] = correlation_at(s, peak->row_px + i - 1, peak->column_px + j - 1);
    }
  }
  const double slope[2] = {0.5 * (r[2][1] - r[0][1]), 0.5 * (r[1][2] - r[1][0])};
  const double curvature[3] = {2.0 * r[1][1] - r[0][1] - r[2][1],
                               0.25 * (r[0][2] + r[2][0] - r[0][0] - r[2][2]),
                               2.0 * r[1][1] - r[1][0] - r[1][2]};
  if (!invert(curvature, inverse)) {
    return OB_CORRELATION_RIDGE;
  }
  const double down = inverse[0] * slope[0] + inverse[1] * slope[1];
  const double right = inverse[1] * slope[0] + inverse[2] * slope[1];
  const double top = r[1][1] + 0.5 * (down * slope[0] + right * slope[1]);
  if (!(ob_fabs(down) <= 1.0 && ob_fabs(right) <= 1.0 &&
        set_covariance(s, top, curvature, peak->covariance))) {
    return OB_CORRELATION_RIDGE;
  }
  peak->row += down;
  peak->column += right;
  return OB_CORRELATION_OK;
}

static int64_t is_at_edge(const search *s, const place *best) {
  return best->row == 0 || best->column == 0 || best->row == s->task.rows - 1 ||
         best->column == s->task.columns - 1;
}

/* --- all --- */

static int64_t find(search *s, const ob_correlation_settings *settings, ob_correlation_peak *peak) {
  *peak = (ob_correlation_peak){.row = -1.0, .column = -1.0, .second = -1.0, .row_px = -1,
                                .column_px = -1};
  sum_pattern(s);
  s->least_squares = settings->contrast_min * settings->contrast_min * (double)s->count;
  if (!(s->deviation > 0.0 && s->deviation >= s->least_squares)) {
    return OB_CORRELATION_FLAT;
  }
  s->error = ob_correlation_spectral(&s->spectrum, &s->task, s->ranks);
  rank_all(s);
  if (s->row_best[best_row(s)] == NOWHERE) {
    return OB_CORRELATION_FLAT;
  }
  place best;
  peak->proven = find_greatest(s, &best);
  peak->second = second_to(s, &best, settings->apart);
  peak->correlation = best.correlation;
  peak->row = (double)best.row;
  peak->column = (double)best.column;
  peak->row_px = (int32_t)best.row;
  peak->column_px = (int32_t)best.column;
  return is_at_edge(s, &best) ? OB_CORRELATION_EDGE : place_between(s, peak);
}

static int64_t check(const ob_image *window, const ob_image *pattern,
                     const ob_correlation_settings *settings) {
  if (!ob_image_is_sound(window) || !ob_image_is_sound(pattern) ||
      !sizes_are_allowed(window->width, window->height, pattern->width, pattern->height)) {
    return OB_CORRELATION_BAD_IMAGE;
  }
  const int64_t sound = settings->contrast_min > 0.0 && settings->contrast_min <= 255.0 &&
                        settings->apart >= 0 && settings->apart <= OB_CORRELATION_WINDOW_MAX;
  return sound ? OB_CORRELATION_OK : OB_CORRELATION_BAD_SETTING;
}

int64_t ob_correlation_find_all(const ob_image *first_window, const ob_image *first_pattern, int64_t count,
                                const ob_correlation_settings *settings, ob_correlation_peak *peaks,
                                void *workspace) {
  const int64_t status = check(first_window, first_pattern, settings);
  if (status != OB_CORRELATION_OK) {
    return status;
  }
  search s = {.task = {.window = *first_window, .pattern = *first_pattern, .simd = settings->simd}};
  prepare(&s, workspace);
  for (int64_t i = 0; i < count; i++) {
    peaks[i].status = (int32_t)find(&s, settings, &peaks[i]);
    s.task.window.pixels += s.task.window.stride * s.task.window.height;
    s.task.pattern.pixels += s.task.pattern.stride * s.task.pattern.height;
  }
  return OB_CORRELATION_OK;
}

int64_t ob_correlation_find(const ob_image *window, const ob_image *pattern,
                            const ob_correlation_settings *settings, ob_correlation_peak *peak,
                            void *workspace) {
  const int64_t status = ob_correlation_find_all(window, pattern, 1, settings, peak, workspace);
  return status == OB_CORRELATION_OK ? peak->status : status;
}
