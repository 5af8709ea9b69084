typedef struct {
  double position_body_m[12][3];
  double direction_body[12][3];
  double thrust_n;
  double specific_impulse_s;
  int64_t minimum_on_time_us;
} pl_thruster_spec;

typedef struct {
  double force_body_n[12][3];
  double torque_body_n_m[12][3];
  double mass_flow_kg_s[12];
  int64_t minimum_on_time_us;
  int64_t open;
} pl_thruster_bank;

void pl_thruster_init(pl_thruster_bank *bank, const pl_thruster_spec *spec,
                      const double *thrust_scale, const double *centre_body_m);
int64_t pl_thruster_step(pl_thruster_bank *bank, const int64_t *on_time_us, pl_wrench *wrench);
