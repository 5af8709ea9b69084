#define OB_ALL_ENGINES ...
#define OB_SEND_THRUSTERS 1
#define OB_SEND_ENGINES 2

typedef struct {
  int64_t inhibited;
  int64_t mask;
  int64_t guided;
  int64_t thruster_sequence, engine_sequence;
  ob_actuator_command command;
  ob_thruster_command_row thruster;
  ob_engine_command_row engine[2];
} ob_effectors;

void ob_effectors_init(ob_effectors *effectors);
int64_t ob_effectors_step(ob_effectors *effectors, ob_attitude_control *control,
                          const ob_nav_state *nav, const ob_guidance_command *guidance,
                          int64_t guided, int64_t touchdown_confirmed, int64_t now_ns);
