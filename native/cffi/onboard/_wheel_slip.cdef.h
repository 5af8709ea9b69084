typedef struct {
  double wheel_radius_m;
  double friction_n_m;
  double viscous_n_m_s_rad;
  double strength_n;
  double contact_shear;
  double straight_rad_s;
  double filter_s;
  double settle_s;
} ob_wheel_slip_params;

typedef struct {
  ob_wheel_slip_params params;
  double traction_n;
  int64_t straight_ticks;
  double slip;
} ob_wheel_slip;

void ob_wheel_slip_init(ob_wheel_slip *slip, const ob_wheel_slip_params *params);

void ob_wheel_slip_step(ob_wheel_slip *slip, const ob_wheel *wheels);

double ob_wheel_slip_of_share(double share, double contact_shear);

uint64_t ob_wheel_slip_hash(const ob_wheel_slip *slip, uint64_t hash);
