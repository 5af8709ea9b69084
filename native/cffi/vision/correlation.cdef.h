#define OB_CORRELATION_WINDOW_MAX ...
#define OB_CORRELATION_PATTERN_MAX ...
#define OB_CORRELATION_PATTERN_MIN ...
#define OB_CORRELATION_AGAIN_MAX ...
typedef struct {
  double row, column, correlation, second, covariance[3];
  int32_t row_px, column_px, proven, status;
} ob_correlation_peak;
typedef struct {
  double contrast_min;
  int64_t apart, simd;
} ob_correlation_settings;
enum {
  OB_CORRELATION_OK,
  OB_CORRELATION_BAD_IMAGE,
  OB_CORRELATION_BAD_SETTING,
  OB_CORRELATION_FLAT,
  OB_CORRELATION_EDGE,
  OB_CORRELATION_RIDGE,
};
int64_t ob_correlation_workspace_octets(int64_t window_width, int64_t window_height,
                                        int64_t pattern_width, int64_t pattern_height);
int64_t ob_correlation_find(const ob_image *window, const ob_image *pattern,
                            const ob_correlation_settings *settings, ob_correlation_peak *peak,
                            void *workspace);
int64_t ob_correlation_find_all(const ob_image *first_window, const ob_image *first_pattern, int64_t count,
                                const ob_correlation_settings *settings, ob_correlation_peak *peaks,
                                void *workspace);
