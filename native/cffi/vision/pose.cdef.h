typedef struct {
  double q_camera_from_world[4];
  double position_world_m[3];
  double covariance[36];
  double residual_rms;
  int64_t inliers;
  int64_t iterations;
} ob_pose;
int64_t ob_pose_robust(const double *points, const double *image, int64_t count,
                       const ob_robust_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);
int64_t ob_pose_from_points(const double *points, const double *image, int64_t count,
                            const ob_robust_settings *settings, ob_pose *pose, void *workspace);
int64_t ob_pose_refine(const double *points, const double *image, int64_t count,
                       const ob_robust_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);
