typedef struct {
  int64_t time_ns;
  double position_site_m[3];
  double velocity_site_m_s[3];
  double q_site_from_body[4];
  double delta_angle_rad[3];
  double delta_velocity_m_s[3];
  double dv_site_m_s[3];
} ob_strapdown;

void ob_strapdown_init(ob_strapdown *s, int64_t time_ns, const double position_site_m[3],
                       const double velocity_site_m_s[3], const double q_site_from_body[4]);
void ob_strapdown_step(ob_strapdown *s, const ob_site *site, int64_t dt_ns,
                       const double delta_angle_rad[3], const double delta_velocity_m_s[3]);
void ob_strapdown_gravity(const ob_site *site, const double position_site_m[3],
                          double out_site_m_s2[3]);
uint64_t ob_strapdown_hash(const ob_strapdown *s, uint64_t hash);
