typedef struct {
  double scale, turn_rad, shift[2], covariance[16], residual_rms;
  int64_t inliers, iterations;
} ob_similarity;
int64_t ob_similarity_robust(const double *first, const double *second, int64_t count,
                             const ob_robust_settings *settings, ob_similarity *similarity,
                             uint8_t *inlier, void *workspace);
