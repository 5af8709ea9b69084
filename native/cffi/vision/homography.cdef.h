#define OB_HOMOGRAPHY_MATCHES_MAX ...
#define OB_HOMOGRAPHY_ITERATIONS_MAX ...
typedef struct {
  double H[9];
  double covariance[81];
  double residual_rms;
  int64_t inliers;
  int64_t iterations;
} ob_homography;
typedef struct {
  double threshold, sigma, confidence;
  uint64_t seed;
  int64_t iterations_max, by_quality, simd;
} ob_homography_settings;
enum {
  OB_HOMOGRAPHY_OK,
  OB_HOMOGRAPHY_BAD_COUNT,
  OB_HOMOGRAPHY_BAD_SETTING,
  OB_HOMOGRAPHY_NOT_FINITE,
  OB_HOMOGRAPHY_DEGENERATE,
  OB_HOMOGRAPHY_NONE,
};
int64_t ob_homography_workspace_octets(int64_t count);
int64_t ob_homography_robust(const double *first, const double *second, int64_t count,
                             const ob_homography_settings *settings, ob_homography *homography,
                             uint8_t *inlier, void *workspace);
