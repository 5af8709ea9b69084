#define OB_APPROACH_SCAN 196

typedef struct {
  double position_m[3];
  double velocity_m_s[3];
  double acceleration_m_s2[3];
} ob_approach_end;

void ob_approach_acceleration(const ob_approach_end *end, const double *position_m,
                              const double *velocity_m_s, double time_to_go_s, double *out);
double ob_approach_peak(const ob_approach_end *end, const double *position_m,
                        const double *velocity_m_s, const double *fall_m_s2, double time_to_go_s);
double ob_approach_time(const ob_approach_end *end, const double *position_m,
                        const double *velocity_m_s, const double *fall_m_s2, double limit_m_s2,
                        double *peak_m_s2);
double ob_approach_lengthen(const ob_approach_end *end, const double *position_m,
                            const double *velocity_m_s, const double *fall_m_s2,
                            double limit_m_s2, double time_to_go_s);
