#define OB_ROBUST_MATCHES_MAX ...
#define OB_ROBUST_ITERATIONS_MAX ...
typedef struct {
  double threshold, sigma, confidence;
  uint64_t seed;
  int64_t iterations_max, by_quality, simd;
} ob_robust_settings;
enum {
  OB_ROBUST_OK,
  OB_ROBUST_BAD_COUNT,
  OB_ROBUST_BAD_SETTING,
  OB_ROBUST_NOT_FINITE,
  OB_ROBUST_DEGENERATE,
  OB_ROBUST_NONE,
  OB_ROBUST_NO_PARALLAX,
};
int64_t ob_robust_workspace_octets(int64_t count, int64_t columns);
