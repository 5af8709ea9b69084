#define OB_INTEGRITY_PAIRS_MAX ...
enum {
  OB_INTEGRITY_HOLDS, OB_INTEGRITY_BAD_INPUT, OB_INTEGRITY_HINGES, OB_INTEGRITY_DEVIATES,
  OB_INTEGRITY_SCATTERS, OB_INTEGRITY_TURNED
};
typedef struct {
  double residual_px[2];
  double covariance_px2[3];
  double point_m[3];
} ob_integrity_pair;
typedef struct {
  double focal_px;
  double information[9];
  double attitude_sigma_rad;
} ob_integrity_view;
typedef struct {
  double growth;
  double deviation;
  double scatter;
  double turn;
} ob_integrity_limits;
typedef struct {
  double growth, deviation, scatter, turn;
  double shift_by_turn_m_rad[9];
} ob_integrity;
int64_t ob_integrity_test(const ob_integrity_pair *pairs, int64_t count, const ob_integrity_view *view,
                          const ob_integrity_limits *limits, ob_integrity *figures);
