#define OB_PART_IMU_CHOICE 10
#define OB_PART_FAULT_STATE 16
#define OB_PART_FAULT_MEMORY 17
#define OB_PART_SLOW_HASH 20
#define OB_PART_TIMES 22
#define OB_PARTS 31
#define OB_CHANNEL_TOLD 31
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
