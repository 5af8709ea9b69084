#define OB_BURN_STEPS 20

typedef struct {
  double position_site_m[3];
  double velocity_site_m_s[3];
} ob_burn_end;

typedef struct {
  double retro[3], up[3], side[3];
  double tangent[2];
  double tangent_rate_1_s[2];
  double throttle;
  double duration_s;
  double shift_m;
  double position_error_m;
  double velocity_error_m_s;
  int64_t converged;
} ob_burn;

void ob_burn_init(ob_burn *burn, const double *flight, double speed_m_s, double acceleration_m_s2);
void ob_burn_direction(const ob_burn *burn, double elapsed_s, double *out);
void ob_burn_advance(ob_burn *burn, double elapsed_s);
void ob_burn_predict(const ob_burn *burn, const ob_site *site, const double *position_m,
                     const double *velocity_m_s, double acceleration_m_s2,
                     double exhaust_velocity_m_s, double *end_position_m, double *end_velocity_m_s);
int64_t ob_burn_correct(ob_burn *burn, const ob_site *site, const double *position_m,
                        const double *velocity_m_s, double acceleration_m_s2,
                        double exhaust_velocity_m_s, double throttle_max,
                        const ob_burn_end *gate);
void ob_site_fall(const ob_site *site, const double *position_m, const double *velocity_m_s,
                  double *out_m_s2);
uint64_t ob_burn_hash(const ob_burn *burn, uint64_t hash);
