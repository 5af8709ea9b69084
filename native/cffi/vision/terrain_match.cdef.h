#define OB_TERRAIN_PATCHES_MAX ...
typedef struct {
  double focal_px, center_px[2], q_camera_from_world[4], position_m[3];
  double attitude_sigma_rad, position_sigma_m;
} ob_terrain_prior;
typedef struct {
  double correlation_min, contrast_min, log10_chance_max;
  int64_t patches_max, simd;
} ob_terrain_settings;
typedef struct {
  double point_m[3], pixel[2], covariance[3], correlation;
  int64_t inlier;
} ob_terrain_patch;
typedef struct {
  double q_camera_from_world[4], position_m[3], covariance[36], residual_rms_px, log10_chance;
  int64_t patches, inliers, level;
} ob_terrain_fix;
enum {
  OB_TERRAIN_OK,
  OB_TERRAIN_BAD_GROUND,
  OB_TERRAIN_BAD_IMAGE,
  OB_TERRAIN_BAD_PRIOR,
  OB_TERRAIN_BAD_SETTING,
  OB_TERRAIN_FEW,
  OB_TERRAIN_CHANCE,
  OB_TERRAIN_WEAK,
};
int64_t ob_terrain_workspace_octets(int64_t width, int64_t height, int64_t columns, int64_t rows);
int64_t ob_terrain_match(const ob_image *image, const ob_relief *ground, const uint8_t *grey,
                         const ob_terrain_prior *prior, const ob_terrain_settings *settings,
                         ob_terrain_fix *fix, ob_terrain_patch *patches, void *workspace);
