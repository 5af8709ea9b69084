#define OB_TRACK_SIDE_MAX ...
#define OB_TRACK_ITERATIONS_MAX ...
static const double OB_TRACK_TEXTURE_LEAST;
typedef struct {
  int64_t side, iterations;
  double step_px, texture_least, residual_most, return_most_px;
} ob_track_settings;
typedef enum {
  OB_TRACKED,
  OB_TRACK_OUTSIDE,
  OB_TRACK_FLAT,
  OB_TRACK_NO_END,
  OB_TRACK_DIFFERENT,
  OB_TRACK_NO_RETURN
} ob_track_status;
typedef struct {
  double x, y, covariance_xx, covariance_xy, covariance_yy, residual;
  int32_t status, iterations;
} ob_track;
enum { OB_TRACK_OK, OB_TRACK_BAD_SETTINGS, OB_TRACK_BAD_PYRAMIDS };
int64_t ob_track_points(const ob_pyramid *before, const ob_pyramid *after, const double *from,
                        const double *guesses, int64_t count, const ob_track_settings *settings,
                        ob_track *tracks, int64_t simd);
