#define OB_CHANNEL_TOLD 0
#define OB_CHANNEL_NAVIGATION 1
#define OB_CHANNEL_GUIDANCE 2
#define OB_CHANNEL_ACTUATORS 3
#define OB_CHANNEL_THRUST 4
#define OB_CHANNEL_TOUCHDOWN 5
#define OB_CHANNEL_GATES 6
#define OB_CHANNEL_IMU 7
#define OB_CHANNEL_INTAKE 8
#define OB_CHANNELS_TOLD 16

typedef struct {
  uint8_t part;
  uint8_t integer;
  uint16_t offset;
} ob_flight_channel;

typedef struct {
  double value;
  int64_t time_ns;
} ob_told;

struct ob_flight_channels {
  int64_t count;
  ob_flight_channel channel[256];
  ob_told told[16];
};

int64_t ob_flight_channels_init(ob_flight_channels *channels, const ob_flight_channel *rows,
                                int64_t count);
void ob_flight_channels_read(const ob_flight_channels *channels, const ob_flight *flight,
                             int64_t now_ns, double *values, int64_t *ages_ns);
