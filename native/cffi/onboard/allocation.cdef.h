typedef struct {
  double position_m[OB_THRUSTERS][3];
  double direction[OB_THRUSTERS][3];
  double force_n[OB_THRUSTERS];
  double minimum_on_s;
} ob_thruster_set;

typedef struct {
  double torque_nm[OB_THRUSTERS][3];
  double share_1_nm[OB_THRUSTERS][3];
  double minimum_on_s;
  double bound_nms[3];
  double pending_nms[3];
  int64_t excluded;
} ob_allocation;

int64_t ob_allocation_init(ob_allocation *allocation, const ob_thruster_set *set,
                           int64_t excluded);

void ob_allocation_step(ob_allocation *allocation, const double torque_nm[3],
                        int64_t on_time_us[OB_THRUSTERS], double given_nm[3]);

uint64_t ob_allocation_hash(const ob_allocation *allocation, uint64_t hash);
