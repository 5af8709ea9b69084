typedef struct {
  int64_t time_ns;
  double position_mci_m[3];
  double velocity_mci_m_s[3];
  double q_mci_from_body[4];
  double rate_body_rad_s[3];
} pl_state;

typedef struct {
  double latitude_rad, longitude_rad;
  double azimuth_rad;
  double range_m;
  double perilune_m, apolune_m;
  double lead_s;
} pl_descent_orbit;

void pl_descent_orbit_state(const pl_descent_orbit *orbit, pl_state *out);
