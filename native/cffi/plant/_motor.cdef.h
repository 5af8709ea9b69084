typedef struct {
  double winding_ohm;
  double constant_n_m_a;
  double inertia_kg_m2;
  double friction_n_m;
  double viscous_n_m_s_rad;
  double counts_per_rad;
  double current_noise_a;
  double current_quantum_a;
} pl_motor_spec;

typedef struct {
  double rate_rad_s;
  double angle_rad;
  double current_a;
  double jam_n_m;
  double winding_j, friction_j, work_j;
} pl_motor;

typedef struct {
  double capacity_wh;
  double full_v, empty_v;
  double resistance_ohm;
  double idle_w;
  double voltage_noise_v, current_noise_a;
} pl_battery_spec;

typedef struct {
  double energy_j;
  double voltage_v, current_a;
  double delivered_j;
  double drain_w;
} pl_battery;

void pl_motor_step(pl_motor *motor, const pl_motor_spec *spec, double duty, double voltage_v,
                   double ground_n_m, double dt_s);
void pl_battery_init(pl_battery *battery, const pl_battery_spec *spec, double charge);
void pl_battery_step(pl_battery *battery, const pl_battery_spec *spec, double bridges_a,
                     double dt_s);
