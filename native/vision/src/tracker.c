#include "vision/tracker.h"

#include <stddef.h>
#include <string.h>

#include "onboard/elementary.h"
#include "tracker_window.h"

#define COARSE_STEP_PX 0.2 /* the last step on a coarse level, in its pixels: the next one goes on */

/* --- a path of one lane: any processor --- */

#define PATH static inline
#define LANES 1
typedef int16_t lanes;
typedef int32_t sums;

PATH lanes pixels(const uint8_t *from) { return *from; }
PATH lanes load(const int16_t *from) { return *from; }
PATH void store(int16_t *to, lanes a) { *to = a; }
PATH lanes every(int16_t number) { return number; }
PATH lanes plus(lanes a, lanes b) { return (lanes)(a + b); }
PATH lanes minus(lanes a, lanes b) { return (lanes)(a - b); }
PATH lanes both(lanes a, lanes b) { return a & b; }
PATH lanes times(lanes a, lanes b) { return (lanes)(a * b); }
PATH lanes share(lanes a, lanes b) { return (lanes)(((int32_t)a * b) >> 16); }
PATH lanes half(lanes a) { return a >> 1; }
PATH lanes eighth(lanes a) { return a >> 3; }
PATH lanes clamp(lanes a, int16_t most) { return a > most ? most : a < -most ? (lanes)-most : a; }
PATH sums none(void) { return 0; }
PATH sums dot(sums sum, lanes a, lanes b) { return sum + (int32_t)a * b; }
PATH int64_t total(sums sum) { return sum; }

#define FILL static void fill_one
#define COMPARE static void compare_one
#include "tracker_lanes.h"

typedef struct {
  ob_track_fill *fill;
  ob_track_compare *compare;
} path;

static path path_for(int64_t simd) {
  switch (simd) {
#if OB_HAS_X86
    case OB_SIMD_AVX2:
      return (path){ob_track_fill_avx2, ob_track_compare_avx2};
#elif OB_HAS_NEON
    case OB_SIMD_NEON:
      return (path){ob_track_fill_neon, ob_track_compare_neon};
#endif
    default:
      return (path){fill_one, compare_one};
  }
}

/* --- places --- */

typedef struct {
  double x, y;
} point;

static double square(point p) { return p.x * p.x + p.y * p.y; }

/* A position in OB_TRACK_STEPS of a pixel. */
typedef struct {
  int64_t x, y;
} place;

/* Of -65536 and more. */
static int64_t rounded(double steps) { return (int64_t)(steps + 0.5 + 65536.0) - 65536; }

static place place_of(point p) {
  return (place){rounded(p.x * OB_TRACK_STEPS), rounded(p.y * OB_TRACK_STEPS)};
}

static point point_of(place p) {
  return (point){(double)p.x / OB_TRACK_STEPS, (double)p.y / OB_TRACK_STEPS};
}

/* False for what is not a number. */
static int64_t is_within(const ob_image *image, point p, double reach) {
  return p.x >= -reach && p.x <= (double)(image->width - 1) + reach && p.y >= -reach &&
         p.y <= (double)(image->height - 1) + reach;
}

/* Of the pixel `reach` to the left and above the centre. */
static ob_track_place corner_of(const ob_image *image, place centre, int64_t reach) {
  const int64_t x = centre.x - reach * OB_TRACK_STEPS, y = centre.y - reach * OB_TRACK_STEPS;
  const int64_t beyond_x = x & (OB_TRACK_STEPS - 1), beyond_y = y & (OB_TRACK_STEPS - 1);
  const int64_t column = (x - beyond_x) / OB_TRACK_STEPS, row = (y - beyond_y) / OB_TRACK_STEPS;
  return (ob_track_place){image->pixels + row * image->stride + column, image->stride, (int32_t)beyond_x,
                          (int32_t)beyond_y};
}

/* --- a window, and how it moves --- */

/* The normal matrix of x and y once the mean brightness is eliminated, in squared units of slope. */
typedef struct {
  double xx, xy, yy, determinant, inverse;
  double mean_x, mean_y; /* of the slopes */
} normal;

static normal normal_of(const ob_track_slopes *s, double pixels) {
  const double x = (double)s->x, y = (double)s->y;
  normal n = {.mean_x = x / pixels, .mean_y = y / pixels};
  n.xx = (double)s->xx - x * n.mean_x;
  n.xy = (double)s->xy - x * n.mean_y;
  n.yy = (double)s->yy - y * n.mean_y;
  n.determinant = n.xx * n.yy - n.xy * n.xy;
  n.inverse = n.determinant > 0.0 ? 1.0 / n.determinant : 0.0;
  return n;
}

/* The smaller eigenvalue for each pixel of the window, squared grey levels per squared pixel. */
static double texture_of(const normal *n, double pixels) {
  const double apart = n->xx - n->yy;
  const double eigenvalue = 0.5 * (n->xx + n->yy - ob_sqrt(apart * apart + 4.0 * n->xy * n->xy));
  return eigenvalue / (pixels * OB_TRACK_SLOPE * OB_TRACK_SLOPE);
}

/* How far the window has to move, pixels. */
static point step_of(const normal *n, const ob_track_difference *d) {
  const double x = (double)d->x - n->mean_x * (double)d->one, y = (double)d->y - n->mean_y * (double)d->one;
  return (point){(n->xy * y - n->yy * x) * n->inverse, (n->xy * x - n->xx * y) * n->inverse};
}

/* What is left of the variance of independent pixels when they are sampled between them. */
static double left_between(place p) {
  const double x = (double)(p.x & (OB_TRACK_STEPS - 1)) / OB_TRACK_STEPS;
  const double y = (double)(p.y & (OB_TRACK_STEPS - 1)) / OB_TRACK_STEPS;
  return (1.0 - 2.0 * x * (1.0 - x)) * (1.0 - 2.0 * y * (1.0 - y));
}

/* `left` is what the samples of both windows left of the variances of pixels. */
static void describe_end(const normal *n, const ob_track_difference *d, double pixels, double left,
                         ob_track *track) {
  const double one = (double)d->one, sum = (double)d->square - one * one / pixels;
  const double variance = (sum > 0.0 ? sum : 0.0) / (pixels - 3.0), scale = 2.0 / left * n->inverse;
  track->residual = ob_sqrt(variance) / OB_TRACK_SLOPE;
  track->covariance_xx = variance * scale * n->yy;
  track->covariance_xy = -variance * scale * n->xy;
  track->covariance_yy = variance * scale * n->xx;
}

/* --- levels --- */

typedef struct {
  const ob_track_settings *settings;
  path path;
  double reach;  /* from the centre to the outermost pixels of a window */
  double pixels; /* of the window that count */
  ob_track_window window;
} tracker;

/* Columns or rows of a window, from `first` to before `end`. */
typedef struct {
  int64_t first, end;
} span;

/* Those in an image of `side` pixels, with the centre at `at` in the one before and `to` in that after. */
static span span_inside(double at, double to, int64_t window_side, int64_t side) {
  const double reach = (double)(window_side / 2), last = (double)(side - 1);
  const double before = reach - (at < to ? at : to), behind = reach - (last - (at > to ? at : to));
  span s = {0, window_side};
  if (before > 0.0) {
    s.first = (int64_t)before + (before > (double)(int64_t)before);
  }
  if (behind > 0.0) {
    s.end -= (int64_t)behind + (behind > (double)(int64_t)behind);
  }
  return s;
}

/* Lets those pixels of the window count that lie in both images; false if they are too few. */
static int64_t clip(tracker *t, const ob_image *image, point at, point to) {
  ob_track_window *const w = &t->window;
  const span columns = span_inside(at.x, to.x, w->side, image->width);
  const span rows = span_inside(at.y, to.y, w->side, image->height);
  for (int64_t x = 0; x < w->side; x++) {
    w->inside[x] = x >= columns.first && x < columns.end;
  }
  w->first_row = rows.first;
  w->end_row = rows.end;
  t->pixels = (double)((columns.end - columns.first) * (rows.end - rows.first));
  return columns.end - columns.first >= 3 && rows.end - rows.first >= 3;
}

/* Moves `to`, the window's place on this level, and says how that ended; `last` is what differed before
 * the last step. */
static ob_track_status move(const tracker *t, const ob_image *image, const normal *n, double shortest,
                            point *to, ob_track_difference *last, int32_t *iterations) {
  point before = {0.0, 0.0};
  for (int64_t i = 0; i < t->settings->iterations; i++) {
    if (!is_within(image, *to, t->reach + 1.0)) {
      return OB_TRACK_OUTSIDE;
    }
    const place sampled = place_of(*to);
    t->path.compare(&t->window, corner_of(image, sampled, t->window.side / 2), last);
    const point start = point_of(sampled), step = step_of(n, last);
    const point moved = {start.x + step.x - to->x, start.y + step.y - to->y};
    const point turn = {moved.x + before.x, moved.y + before.y};
    to->x = start.x + step.x;
    to->y = start.y + step.y;
    ++*iterations;
    if (square(moved) < shortest * shortest) {
      return OB_TRACKED;
    }
    if (i > 0 && square(turn) < shortest * shortest) { /* to and fro */
      to->x -= 0.5 * moved.x;
      to->y -= 0.5 * moved.y;
      return OB_TRACKED;
    }
    before = moved;
  }
  return OB_TRACK_NO_END;
}

/* Tracks on one level; `shift` is how far the point moved, in its pixels. It stays where there is no
 * texture. */
static ob_track_status track_level(tracker *t, const ob_image *before, const ob_image *after, point from,
                                   double shortest, point *shift, ob_track *track) {
  const place centre = place_of(from);
  const point sampled = point_of(centre);
  point to = {sampled.x + shift->x, sampled.y + shift->y};
  if (!is_within(after, to, t->reach) || !clip(t, before, sampled, to)) {
    return OB_TRACK_OUTSIDE;
  }
  ob_track_slopes slopes;
  t->path.fill(&t->window, corner_of(before, centre, t->window.side / 2 + 1), &slopes);
  const normal n = normal_of(&slopes, t->pixels);
  if (texture_of(&n, t->pixels) < t->settings->texture_least) {
    return OB_TRACK_FLAT;
  }
  ob_track_difference last = {0, 0, 0, 0};
  const ob_track_status status = move(t, after, &n, shortest, &to, &last, &track->iterations);
  if (status != OB_TRACK_OUTSIDE) {
    *shift = (point){to.x - sampled.x, to.y - sampled.y};
    describe_end(&n, &last, t->pixels, left_between(centre) + left_between(place_of(to)), track);
  }
  return status;
}

static double scale_of(int64_t level) { return 1.0 / (double)(INT64_C(1) << level); }

/* From the coarsest level on; what goes wrong on a coarse one is left to the finer ones. */
static ob_track track_down(tracker *t, const ob_pyramid *before, const ob_pyramid *after, point from,
                           point guess) {
  ob_track track = {.x = guess.x, .y = guess.y, .status = OB_TRACK_OUTSIDE};
  if (!is_within(&before->level[0], from, 0.0) || !is_within(&after->level[0], guess, t->reach)) {
    return track;
  }
  point shift = {guess.x - from.x, guess.y - from.y};
  for (int64_t level = before->levels - 1; level >= 0; level--) {
    const double scale = scale_of(level), shortest = level > 0 ? COARSE_STEP_PX : t->settings->step_px;
    const point here = {from.x * scale, from.y * scale};
    point moved = {shift.x * scale, shift.y * scale};
    track.status = (int32_t)track_level(t, &before->level[level], &after->level[level], here, shortest,
                                        &moved, &track);
    shift = (point){moved.x / scale, moved.y / scale};
  }
  track.x = from.x + shift.x;
  track.y = from.y + shift.y;
  if (!is_within(&after->level[0], (point){track.x, track.y}, 0.0)) {
    track.status = OB_TRACK_OUTSIDE;
  } else if (track.status == OB_TRACKED && track.residual > t->settings->residual_most) {
    track.status = OB_TRACK_DIFFERENT;
  }
  return track;
}

static int64_t returns(tracker *t, const ob_pyramid *before, const ob_pyramid *after, point from, point guess,
                       const ob_track *track) {
  const point end = {track->x, track->y};
  const point back = {end.x + from.x - guess.x, end.y + from.y - guess.y};
  const ob_track other = track_down(t, after, before, end, back);
  const double most = t->settings->return_most_px;
  return other.status == OB_TRACKED && square((point){other.x - from.x, other.y - from.y}) <= most * most;
}

/* --- all --- */

static int64_t are_sound(const ob_track_settings *s) {
  return s->side >= 3 && s->side <= OB_TRACK_SIDE_MAX && s->side % 2 == 1 && s->iterations >= 1 &&
         s->iterations <= OB_TRACK_ITERATIONS_MAX && s->step_px > 0.0 &&
         s->texture_least >= OB_TRACK_TEXTURE_LEAST && s->residual_most > 0.0 && s->return_most_px >= 0.0;
}

static int64_t agree(const ob_pyramid *a, const ob_pyramid *b) {
  return a->levels == b->levels && a->levels >= 1 && a->levels <= OB_PYRAMID_LEVELS_MAX &&
         a->level[0].width == b->level[0].width && a->level[0].height == b->level[0].height;
}

static tracker start(const ob_track_settings *settings, int64_t simd) {
  tracker t = {.settings = settings, .path = path_for(simd), .reach = (double)(settings->side / 2)};
  t.window.side = settings->side;
  return t;
}

int64_t ob_track_points(const ob_pyramid *before, const ob_pyramid *after, const double *from,
                        const double *guesses, int64_t count, const ob_track_settings *settings,
                        ob_track *tracks, int64_t simd) {
  if (!are_sound(settings)) {
    return OB_TRACK_BAD_SETTINGS;
  }
  if (!agree(before, after)) {
    return OB_TRACK_BAD_PYRAMIDS;
  }
  tracker t = start(settings, simd);
  for (int64_t i = 0; i < count; i++) {
    const point start_at = {from[2 * i], from[2 * i + 1]};
    const point guess = guesses == NULL ? start_at : (point){guesses[2 * i], guesses[2 * i + 1]};
    tracks[i] = track_down(&t, before, after, start_at, guess);
    if (tracks[i].status == OB_TRACKED && settings->return_most_px > 0.0 &&
        !returns(&t, before, after, start_at, guess, &tracks[i])) {
      tracks[i].status = OB_TRACK_NO_RETURN;
    }
  }
  return OB_TRACK_OK;
}
