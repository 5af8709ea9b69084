typedef struct {
  double direction[3], across[6], covariance[4], residual_rms, parallax_rms;
  int64_t inliers, iterations;
} ob_direction;
int64_t ob_two_point_robust(const double q_second_from_first[4], const double *first,
                            const double *second, int64_t count, const ob_robust_settings *settings,
                            ob_direction *direction, uint8_t *inlier, void *workspace);
