typedef struct {
  double F[9], covariance[81], residual_rms;
  int64_t inliers, iterations;
} ob_fundamental;
int64_t ob_fundamental_robust(const double *first, const double *second, int64_t count,
                              const ob_robust_settings *settings, ob_fundamental *fundamental,
                              uint8_t *inlier, void *workspace);
