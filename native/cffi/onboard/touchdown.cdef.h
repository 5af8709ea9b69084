#define OB_LEGS 4

enum {
  OB_CUE_ONE_LEG = 1,
  OB_CUE_TWO_LEGS = 2,
  OB_CUE_SHOCK = 4,
  OB_CUE_SUPPORT = 8,
  OB_CUE_REST = 16,
  OB_CUE_GROUND = 32
};

typedef struct {
  double arm_altitude_m;
  double body_height_m;
  double leg_persistence_s;
  double shock_m_s2;
  double shock_hold_s;
  double support_m_s2;
  double support_filter_s;
  double rest_speed_m_s;
  double rest_persistence_s;
  double thrust_lag_s;
} ob_touchdown_params;

typedef struct {
  ob_touchdown_params params;
  int64_t time_ns;
  int64_t started;
  int64_t armed;
  int64_t confirmed;
  int64_t confirmed_ns;
  int64_t cues;
  int64_t leg_armed;
  int64_t leg_ticks[OB_LEGS];
  int64_t shock_ticks;
  int64_t rest_ticks;
  double thrust_m_s2;
  double support_m_s2;
} ob_touchdown;

void ob_touchdown_init(ob_touchdown *touchdown, const ob_touchdown_params *params);

void ob_touchdown_step(ob_touchdown *touchdown, const ob_nav_state *nav,
                       const ob_guidance_command *guidance, int64_t legs_closed);

uint64_t ob_touchdown_hash(const ob_touchdown *touchdown, uint64_t hash);
