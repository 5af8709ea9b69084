#include "vision/terrain_match.h"

#include <string.h>

#include "onboard/elementary.h"
#include "onboard/quaternion.h"
#include "terrain_patch.h"
#include "terrain_pose.h"
#include "vision/correlation.h"
#include "vision/pose.h"
#include "vision/pyramid.h"

#define LINE 64
#define PATCHES_MIN 8
#define EACH (int64_t)(sizeof(ob_terrain_patch) + 7 * sizeof(double) + 1) /* octets for each patch */
#define WINDOW_MAX (OB_TERRAIN_SIDE + 2 * OB_TERRAIN_REACH_MAX)

typedef struct {
  ob_terrain_scene scene;
  const ob_terrain_settings *settings;
  ob_pyramid pyramid;
  int64_t level, reach, step; /* of the pyramid; px of the level, and from patch to patch */
  ob_terrain_patch *patches;
  double (*offsets)[2]; /* px of the image: where a patch was found less where it was looked for */
  int64_t count;
  double scatter; /* of the position, m^2: by the residuals alone */
  double *points, *image;
  uint8_t *flags;
  void *pose_memory, *correlation_memory;
} match;

static int64_t lined(int64_t octets) { return (octets + LINE - 1) / LINE * LINE; }

static int64_t fixed_octets(void) {
  return lined(EACH * OB_TERRAIN_PATCHES_MAX) + lined(ob_robust_workspace_octets(OB_TERRAIN_PATCHES_MAX, 5)) +
         lined(ob_correlation_workspace_octets(WINDOW_MAX, WINDOW_MAX, OB_TERRAIN_SIDE, OB_TERRAIN_SIDE));
}

int64_t ob_terrain_workspace_octets(int64_t width, int64_t height, int64_t columns, int64_t rows) {
  return LINE + fixed_octets() + lined(ob_pyramid_storage(width, height, OB_TERRAIN_LEVELS_MAX)) +
         ob_pyramid_storage(columns, rows, OB_TERRAIN_LEVELS_MAX);
}

static uint8_t *divide_workspace(match *m, void *workspace) {
  uint8_t *at = (uint8_t *)workspace + (LINE - (uintptr_t)workspace % LINE) % LINE;
  m->patches = (ob_terrain_patch *)at;
  m->points = (double *)(m->patches + OB_TERRAIN_PATCHES_MAX);
  m->image = m->points + 3 * OB_TERRAIN_PATCHES_MAX;
  m->offsets = (double (*)[2])(m->image + 2 * OB_TERRAIN_PATCHES_MAX);
  m->flags = (uint8_t *)(m->offsets + OB_TERRAIN_PATCHES_MAX);
  at += lined(EACH * OB_TERRAIN_PATCHES_MAX);
  m->pose_memory = at;
  at += lined(ob_robust_workspace_octets(OB_TERRAIN_PATCHES_MAX, 5));
  m->correlation_memory = at;
  return at + lined(ob_correlation_workspace_octets(WINDOW_MAX, WINDOW_MAX, OB_TERRAIN_SIDE,
                                                    OB_TERRAIN_SIDE));
}

/* --- levels --- */

static double power(int64_t level) { return (double)(INT64_C(1) << level); }

/* Three standard deviations of where a point is seen, px of the image. */
static double doubt_px(const match *m) {
  const ob_terrain_prior *const prior = m->scene.prior;
  const double turn = prior->attitude_sigma_rad, move = prior->position_sigma_m / m->scene.range_m;
  return 3.0 * prior->focal_px * ob_sqrt(turn * turn + move * move);
}

/* The first level at which patches reach as far as the doubt, unless the image would hold no four of them. */
static int64_t first_level(const match *m) {
  const ob_image *const image = &m->pyramid.level[0];
  const int64_t side = image->width < image->height ? image->width : image->height;
  int64_t level = 0;
  while (level < OB_TERRAIN_LEVELS_MAX - 1 && doubt_px(m) > OB_TERRAIN_REACH_MAX * power(level) &&
         (side >> (level + 1)) >= OB_TERRAIN_SIDE + 2 * OB_TERRAIN_REACH_MAX + OB_TERRAIN_SIDE / 2) {
    level++;
  }
  return level;
}

/* The finest that the ground still resolves. */
static int64_t last_level(const match *m, int64_t first) {
  const double pixel_m = m->scene.range_m / m->scene.prior->focal_px;
  int64_t level = 0;
  while (level < first && pixel_m * power(level) < 0.7 * m->scene.ground->spacing_m) {
    level++;
  }
  return level;
}

/* --- patches --- */

static int64_t reach_for(const match *m, double doubt) {
  const double px = doubt / power(m->level) + 1.0;
  return (int64_t)ob_clamp(px, OB_TERRAIN_REACH_MIN, OB_TERRAIN_REACH_MAX);
}

/* Looks for the patch around a pixel of the level. The window is moved to lie in the image. */
static void look_for(match *m, int64_t x, int64_t y) {
  const ob_image *const level = &m->pyramid.level[m->level];
  uint8_t pixels[OB_TERRAIN_SIDE * OB_TERRAIN_SIDE];
  ob_terrain_patch patch = {.inlier = 0};
  if (!ob_terrain_render(&m->scene, m->level, (double)x, (double)y, pixels, patch.point_m)) {
    return;
  }
  const int64_t side = OB_TERRAIN_SIDE + 2 * m->reach, half = side / 2;
  const int64_t left = x - half < 0 ? 0 : x - half > level->width - side ? level->width - side : x - half;
  const int64_t top = y - half < 0 ? 0 : y - half > level->height - side ? level->height - side : y - half;
  const ob_image window = {level->pixels + top * level->stride + left, side, side, level->stride};
  const ob_image pattern = {pixels, OB_TERRAIN_SIDE, OB_TERRAIN_SIDE, OB_TERRAIN_SIDE};
  const ob_correlation_settings settings = {.contrast_min = m->settings->contrast_min, .apart = 3,
                                            .simd = m->settings->simd};
  ob_correlation_peak peak;
  if (ob_correlation_find(&window, &pattern, &settings, &peak, m->correlation_memory) !=
          OB_CORRELATION_OK ||
      peak.correlation < m->settings->correlation_min) {
    return;
  }
  const double scale = power(m->level), middle = OB_TERRAIN_SIDE / 2;
  patch.correlation = peak.correlation;
  patch.pixel[0] = ((double)left + peak.column + middle) * scale;
  patch.pixel[1] = ((double)top + peak.row + middle) * scale;
  for (int32_t i = 0; i < 3; i++) {
    patch.covariance[i] = peak.covariance[2 - i] * scale * scale;
  }
  m->offsets[m->count][0] = patch.pixel[0] - (double)x * scale;
  m->offsets[m->count][1] = patch.pixel[1] - (double)y * scale;
  m->patches[m->count++] = patch;
}

/* Patches on a grid, at most half over each other. */
static void look_all_over(match *m) {
  const ob_image *const level = &m->pyramid.level[m->level];
  const int64_t margin = OB_TERRAIN_SIDE / 2, window = OB_TERRAIN_SIDE + 2 * m->reach;
  const int64_t across = level->width - 2 * margin, down = level->height - 2 * margin;
  m->step = OB_TERRAIN_SIDE / 2;
  while ((across / m->step + 1) * (down / m->step + 1) > m->settings->patches_max) {
    m->step++;
  }
  m->count = 0;
  if (level->width < window || level->height < window) {
    return;
  }
  for (int64_t y = margin + down % m->step / 2; y < level->height - margin; y += m->step) {
    for (int64_t x = margin + across % m->step / 2; x < level->width - margin; x += m->step) {
      look_for(m, x, y);
    }
  }
}

/* --- agreement --- */

static int64_t agree(const match *m, int64_t i, int64_t j, double within) {
  const double dx = m->offsets[i][0] - m->offsets[j][0], dy = m->offsets[i][1] - m->offsets[j][1];
  return dx * dx + dy * dy < within * within;
}

/* Flags those whose offset agrees with the one that most agree with. */
static void agree_on_offset(match *m, double within) {
  int64_t most = 0, chosen = 0;
  for (int64_t i = 0; i < m->count; i++) {
    int64_t votes = 0;
    for (int64_t j = 0; j < m->count; j++) {
      votes += agree(m, i, j, within);
    }
    if (votes > most) {
      most = votes;
      chosen = i;
    }
  }
  for (int64_t j = 0; j < m->count; j++) {
    m->patches[j].inlier = agree(m, j, chosen, within);
  }
}

static int64_t look_and_move(match *m, double doubt) {
  m->reach = reach_for(m, doubt);
  look_all_over(m);
  if (m->count < PATCHES_MIN) {
    return OB_TERRAIN_FEW;
  }
  const double gate = OB_TERRAIN_GATE_PX * power(m->level);
  agree_on_offset(m, 2.0 * gate + 0.15 * doubt);
  ob_terrain_move(&m->scene, m->patches, m->count, gate, power(m->level));
  return OB_TERRAIN_OK;
}

/* --- the fix --- */

static double divergence(double a, double p) {
  const double hit = a > 0.0 ? a * ob_log(a / p) : 0.0;
  return hit + (a < 1.0 ? (1.0 - a) * ob_log((1.0 - a) / (1.0 - p)) : 0.0);
}

static double log10_chance(const match *m, int64_t inliers) {
  const double window = (double)(2 * m->reach + 1), n = (double)m->count;
  const double p = OB_PI * OB_TERRAIN_GATE_PX * OB_TERRAIN_GATE_PX / (window * window);
  const double share = (double)(inliers - 3) / (n - 3.0), part = (double)m->step / OB_TERRAIN_SIDE;
  if (inliers <= 3 || share <= p) {
    return 0.0;
  }
  const double apart = (n - 3.0) * ob_min(part * part, 1.0);
  const double chance = ob_log(n * n * n / 6.0) - apart * divergence(share, p);
  return ob_min(chance / ob_log(10.0), 0.0);
}

static int64_t conclude(match *m, ob_terrain_fix *fix) {
  const ob_terrain_prior *const prior = m->scene.prior;
  const double scale = power(m->level), per = 1.0 / prior->focal_px;
  for (int64_t i = 0; i < m->count; i++) {
    memcpy(m->points + 3 * i, m->patches[i].point_m, 3 * sizeof(double));
    m->image[2 * i] = (m->patches[i].pixel[0] - prior->center_px[0]) * per;
    m->image[2 * i + 1] = (m->patches[i].pixel[1] - prior->center_px[1]) * per;
  }
  const ob_robust_settings settings = {.threshold = OB_TERRAIN_GATE_PX * scale * per, .sigma = 0.0,
                                     .confidence = 0.999, .iterations_max = 1,
                                     .simd = m->settings->simd};
  ob_pose pose = {.q_camera_from_world = {0.0}};
  memcpy(pose.q_camera_from_world, m->scene.q, sizeof m->scene.q);
  memcpy(pose.position_world_m, m->scene.position_m, sizeof m->scene.position_m);
  fix->patches = m->count;
  fix->level = m->level;
  if (ob_pose_refine(m->points, m->image, m->count, &settings, &pose, m->flags, m->pose_memory) !=
      OB_ROBUST_OK) {
    return OB_TERRAIN_WEAK;
  }
  for (int64_t i = 0; i < m->count; i++) {
    m->patches[i].inlier = m->flags[i];
  }
  memcpy(m->scene.q, pose.q_camera_from_world, sizeof m->scene.q);
  memcpy(m->scene.position_m, pose.position_world_m, sizeof m->scene.position_m);
  const double across = OB_TERRAIN_SIDE / (double)m->step, copies = ob_max(across * across, 1.0);
  for (int32_t i = 0; i < 36; i++) {
    fix->covariance[i] = pose.covariance[i] * copies;
  }
  m->scatter = fix->covariance[21] + fix->covariance[28] + fix->covariance[35];
  ob_terrain_add_bias(&m->scene, m->patches, m->count, OB_TERRAIN_BIAS_PX * scale, fix->covariance);
  fix->inliers = pose.inliers;
  fix->log10_chance = log10_chance(m, pose.inliers);
  fix->residual_rms_px = pose.residual_rms * prior->focal_px;
  memcpy(fix->q_camera_from_world, pose.q_camera_from_world, sizeof pose.q_camera_from_world);
  memcpy(fix->position_m, pose.position_world_m, sizeof pose.position_world_m);
  return fix->log10_chance <= m->settings->log10_chance_max ? OB_TERRAIN_OK : OB_TERRAIN_CHANCE;
}

static int64_t fix_level(match *m, double doubt, ob_terrain_fix *fix) {
  const int64_t status = look_and_move(m, doubt);
  *fix = (ob_terrain_fix){.patches = m->count};
  return status == OB_TERRAIN_OK ? conclude(m, fix) : status;
}

/* Coarse to fine, as long as it gets better. A level that does is looked at once more from its own pose: the
 * errors of a peak are odd in where it lies, and nearly 0 where it was looked for. */
static int64_t descend(match *m, ob_terrain_fix *fix, ob_terrain_patch *patches) {
  const int64_t first = first_level(m), last = last_level(m, first);
  double doubt = doubt_px(m), best = 0.0;
  int64_t answer = OB_TERRAIN_FEW;
  for (m->level = first; m->level >= last; m->level--) {
    ob_terrain_fix found;
    int64_t status = fix_level(m, doubt, &found);
    const double gate = OB_TERRAIN_GATE_PX * power(m->level);
    doubt = ob_max(gate, 0.5 * doubt);
    if (answer == OB_TERRAIN_OK && (status != OB_TERRAIN_OK || m->scatter > best)) {
      break;
    }
    status = status == OB_TERRAIN_OK ? fix_level(m, gate, &found) : status;
    answer = status;
    best = m->scatter;
    *fix = found;
    memcpy(patches, m->patches, (size_t)m->count * sizeof *patches);
  }
  return answer;
}

/* --- all --- */

static int64_t all_finite(const double *x, int64_t count, double below) {
  for (int64_t i = 0; i < count; i++) {
    if (!(ob_fabs(x[i]) < below)) {
      return 0;
    }
  }
  return 1;
}

static int64_t prior_is_sound(const ob_terrain_prior *p) {
  const double *const q = p->q_camera_from_world;
  const double norm = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  return all_finite(q, 4, 2.0) && ob_fabs(norm - 1.0) < 1e-6 && all_finite(p->position_m, 3, 1e9) &&
         all_finite(p->center_px, 2, 1e6) && p->focal_px >= 1.0 && p->focal_px < 1e7 &&
         p->attitude_sigma_rad > 1e-9 && p->attitude_sigma_rad < 1.0 && p->position_sigma_m > 1e-6 &&
         p->position_sigma_m < 1e6;
}

static int64_t settings_are_sound(const ob_terrain_settings *s) {
  return s->correlation_min >= 0.0 && s->correlation_min < 1.0 && s->contrast_min > 0.0 &&
         s->contrast_min <= 255.0 && s->log10_chance_max < 0.0 && s->log10_chance_max > -1e6 &&
         s->patches_max >= 16 && s->patches_max <= OB_TERRAIN_PATCHES_MAX;
}

static int64_t check(const ob_image *image, const ob_relief *ground, const ob_terrain_prior *prior,
                     const ob_terrain_settings *settings) {
  if (!ob_relief_is_sound(ground)) {
    return OB_TERRAIN_BAD_GROUND;
  }
  if (!ob_image_is_sound(image) || image->width < WINDOW_MAX || image->height < WINDOW_MAX) {
    return OB_TERRAIN_BAD_IMAGE;
  }
  if (!prior_is_sound(prior)) {
    return OB_TERRAIN_BAD_PRIOR;
  }
  return settings_are_sound(settings) ? OB_TERRAIN_OK : OB_TERRAIN_BAD_SETTING;
}

int64_t ob_terrain_match(const ob_image *image, const ob_relief *ground, const uint8_t *grey,
                         const ob_terrain_prior *prior, const ob_terrain_settings *settings,
                         ob_terrain_fix *fix, ob_terrain_patch *patches, void *workspace) {
  int64_t status = check(image, ground, prior, settings);
  if (status != OB_TERRAIN_OK) {
    return status;
  }
  *fix = (ob_terrain_fix){.log10_chance = 0.0};
  match m = {.settings = settings, .scene = {.half_px = 0.5 * (double)image->width}};
  uint8_t *const storage = divide_workspace(&m, workspace);
  const int64_t image_octets = ob_pyramid_storage(image->width, image->height, OB_TERRAIN_LEVELS_MAX);
  const ob_image whole = {grey, ground->columns, ground->rows, ground->columns};
  ob_pyramid_build(image, OB_TERRAIN_LEVELS_MAX, &m.pyramid, storage, settings->simd);
  ob_pyramid_build(&whole, OB_TERRAIN_LEVELS_MAX, &m.scene.ground_levels, storage + lined(image_octets),
                   settings->simd);
  if (!ob_terrain_scene_begin(&m.scene, ground, prior)) {
    return OB_TERRAIN_FEW;
  }
  return descend(&m, fix, patches);
}
