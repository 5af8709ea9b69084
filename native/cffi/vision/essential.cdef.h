typedef struct {
  double q_second_from_first[4], direction[3], across[6], covariance[25];
  double residual_rms, parallax_rms;
  int64_t inliers, iterations, plane;
} ob_motion;
int64_t ob_essential_robust(const double *first, const double *second, int64_t count,
                            const ob_robust_settings *settings, ob_motion *motion, uint8_t *inlier,
                            void *workspace);
