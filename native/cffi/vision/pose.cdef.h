#define OB_POSE_POINTS_MAX ...
#define OB_POSE_ITERATIONS_MAX ...
typedef struct {
  double q_camera_from_world[4];
  double position_world_m[3];
  double covariance[36];
  double residual_rms;
  int64_t inliers;
  int64_t iterations;
} ob_pose;
typedef struct {
  double threshold, sigma, confidence;
  uint64_t seed;
  int64_t iterations_max, by_quality, simd;
} ob_pose_settings;
enum {
  OB_POSE_OK,
  OB_POSE_BAD_COUNT,
  OB_POSE_BAD_SETTING,
  OB_POSE_NOT_FINITE,
  OB_POSE_DEGENERATE,
  OB_POSE_NONE,
};
int64_t ob_pose_workspace_octets(int64_t count);
int64_t ob_pose_robust(const double *points, const double *image, int64_t count,
                       const ob_pose_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);
int64_t ob_pose_from_points(const double *points, const double *image, int64_t count,
                            const ob_pose_settings *settings, ob_pose *pose, void *workspace);
int64_t ob_pose_refine(const double *points, const double *image, int64_t count,
                       const ob_pose_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);
