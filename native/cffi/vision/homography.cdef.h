typedef struct {
  double H[9];
  double covariance[81];
  double residual_rms;
  int64_t inliers;
  int64_t iterations;
} ob_homography;
int64_t ob_homography_robust(const double *first, const double *second, int64_t count,
                             const ob_robust_settings *settings, ob_homography *homography,
                             uint8_t *inlier, void *workspace);
