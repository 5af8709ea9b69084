#define OB_FLIGHT_MAGIC ...
#define OB_FLIGHT_VERSION 2

typedef struct {
  uint32_t magic, version;
  uint32_t size;
  uint32_t crc;
  uint32_t settings_size;
  uint32_t channels;
  uint32_t fault_size;
  uint16_t vehicle;
  uint16_t mode;
} ob_flight_header;

#define OB_FLIGHT_IMAGE_OK 0
#define OB_FLIGHT_IMAGE_HEADER 1
#define OB_FLIGHT_IMAGE_SIZE 2
#define OB_FLIGHT_IMAGE_CRC 3
#define OB_FLIGHT_IMAGE_SETTINGS 4
#define OB_FLIGHT_IMAGE_MAP 5
#define OB_FLIGHT_IMAGE_CHANNELS 6
#define OB_FLIGHT_IMAGE_FAULTS 7
