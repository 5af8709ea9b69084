/* The pose of the camera from its image and the ground that the vehicle carries, below the scale of craters.
 *
 * Patches of the ground's brightness (relief.h), as the camera would see them from the pose known so far, are
 * looked for in the image (correlation.h), coarse to fine, as by the Lander Vision System of Mars 2020
 * (Johnson et al. 2017): at a level of the pyramid 2^n times as coarse, in windows as wide as the pose is
 * doubtful there. At each level:
 * - the middle of a patch and a lattice over it are met with the ground (rays, ob_relief_meet); between
 *   the lattice's nodes the place on the ground is bilinear;
 * - the offsets of the peaks agree with the one that most others agree with (all are tried);
 * - the pose is moved to the least squares of those that agree and of what was known before, as known by
 *   its standard deviations, with gates that narrow to OB_TERRAIN_GATE_PX pixels of the level.
 * The fix is the pose of the matches of one level alone (ob_pose_refine), without what was known before, with
 * the covariance that their residuals tell (times how many patches share a pixel, as these err alike), and that
 * of an error of OB_TERRAIN_BIAS_PX that all patches have in common, in each direction and at the image's sides
 * in scale: light and shade are a model. It can be fused with what the search began from. It is the fix of
 * the level, of those that are no chance, after which none finer scatters less: fine levels fail first, in noise or
 * where the map is less sharp than its grid.
 *
 * Chance. If image and ground had nothing to do with each other, each peak would lie anywhere in its window:
 * within the gate with a chance of p = the gate's area over the window's. A pose goes through any three of n
 * peaks; that k - 3 of the other n - 3 lie within the gates of one of these is at most n^3 / 6 exp(-(n - 3)
 * D), D = the divergence of (k - 3) / (n - 3) from p (Chernoff 1952; the count of models as in a contrario
 * tests, Desolneux, Moisan and Morel 2000). `log10_chance` is that, with (n - 3) D times the
 * share of a patch that no other covers, as the peaks of patches that overlap are not independent; above
 * `log10_chance_max` there is no fix. It does not tell of ground that repeats itself.
 *
 * The time is bounded by patches_max and the window's side.
 */
#ifndef VISION_TERRAIN_MATCH_H
#define VISION_TERRAIN_MATCH_H

#include "vision/relief.h"
#include "vision/image.h"

#define OB_TERRAIN_PATCHES_MAX 1024
#define OB_TERRAIN_SIDE 21      /* pixels of a patch */
#define OB_TERRAIN_REACH_MAX 10 /* pixels of a level that a patch is looked for to either side */
#define OB_TERRAIN_REACH_MIN 5
#define OB_TERRAIN_LEVELS_MAX 6
#define OB_TERRAIN_GATE_PX 1.5
#define OB_TERRAIN_BIAS_PX 0.03 /* of a level */

typedef struct {
  double focal_px, center_px[2];  /* of the image; center: column, row */
  double q_camera_from_world[4];  /* unit: camera x right, y down, z along the boresight */
  double position_m[3];           /* world: that of the ground */
  double attitude_sigma_rad, position_sigma_m; /* of each axis, > 0 */
} ob_terrain_prior;

typedef struct {
  double correlation_min;  /* of a patch that counts, 0 to 1 */
  double contrast_min;     /* grey levels: correlation.h */
  double log10_chance_max; /* below 0 */
  int64_t patches_max;     /* of a level, 16 to OB_TERRAIN_PATCHES_MAX */
  int64_t simd;
} ob_terrain_settings;

typedef struct {
  double point_m[3];   /* of the ground, under the middle of the patch */
  double pixel[2];     /* where it was found: column, row */
  double covariance[3]; /* px^2: column and column, column and row, row and row */
  double correlation;
  int64_t inlier;
} ob_terrain_patch;

typedef struct {
  double q_camera_from_world[4];
  double position_m[3];
  double covariance[36]; /* as ob_pose: turn in camera axes, rad; position, m */
  double residual_rms_px;
  double log10_chance;
  int64_t patches, inliers; /* of the level: peaks, and those within the gate */
  int64_t level;            /* 2^level pixels of the image are one */
} ob_terrain_fix;

enum {
  OB_TERRAIN_OK = 0,
  OB_TERRAIN_BAD_GROUND = 1,
  OB_TERRAIN_BAD_IMAGE = 2,
  OB_TERRAIN_BAD_PRIOR = 3,
  OB_TERRAIN_BAD_SETTING = 4,
  OB_TERRAIN_FEW = 5,    /* fewer than 8 patches in sight with a peak: shadow, or beyond the grid */
  OB_TERRAIN_CHANCE = 6, /* as good a fit may be chance: log10_chance tells */
  OB_TERRAIN_WEAK = 7,   /* the matches do not determine a pose */
};

/* Octets of workspace for an image of that size and a ground with that many samples. */
int64_t ob_terrain_workspace_octets(int64_t width, int64_t height, int64_t columns, int64_t rows);

/* `grey`: the ground's brightness, [rows][columns]. `patches`: room for OB_TERRAIN_PATCHES_MAX; those of the fix's
 * level that had a peak, without a fix those of the last. Patches and the counts are written from OB_TERRAIN_FEW on and when OK, the pose when
 * OK. */
int64_t ob_terrain_match(const ob_image *image, const ob_relief *ground, const uint8_t *grey,
                         const ob_terrain_prior *prior, const ob_terrain_settings *settings,
                         ob_terrain_fix *fix, ob_terrain_patch *patches, void *workspace);

#endif
