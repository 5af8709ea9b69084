typedef struct {
  double q_second_from_first[4], shift[3], scale, covariance[49], residual_rms;
  int64_t inliers, iterations;
} ob_alignment;
int64_t ob_alignment_rigid(const double *first, const double *second, int64_t count,
                           const ob_robust_settings *settings, ob_alignment *alignment,
                           uint8_t *inlier, void *workspace);
int64_t ob_alignment_scaled(const double *first, const double *second, int64_t count,
                            const ob_robust_settings *settings, ob_alignment *alignment,
                            uint8_t *inlier, void *workspace);
