typedef struct {
  int64_t touched;
  int64_t time_ns;
  double position_mcmf_m[3];
  double speed_vertical_m_s;
  double speed_horizontal_m_s;
  double tilt_rad;
  double rate_rad_s;
  int64_t at_rest;
  int64_t rest_time_ns;
  double rest_position_mcmf_m[3];
  double rest_tilt_rad;
} pl_touchdown;
