#define OB_FLIGHT_MAGIC ...
#define OB_FLIGHT_VERSION 1
#define OB_FLIGHT_MATCHES 64

typedef struct {
  uint32_t magic, version;
  uint32_t size;
  uint32_t crc;
  uint32_t settings_size;
  uint32_t channels;
  uint32_t fault_size;
  uint32_t zero;
} ob_flight_header;

typedef struct {
  double along0_m, cross0_m;
  double spacing_m;
  double sigma_m;
  int64_t n_along, n_cross;
  int64_t offset;
  int64_t crc;
} ob_flight_grid;

typedef struct {
  int64_t fitted;
  int64_t time_ns;
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4];
  ob_filter_prior prior;
  double latitude_rad, longitude_rad, elevation_m, azimuth_rad;
  int64_t grids;
  ob_flight_grid grid[4];
  ob_filter_params filter;
  ob_camera camera;
  ob_guidance_params guidance;
  ob_orbit_burn_params orbit_burn;
  ob_touchdown_params touchdown;
  ob_attitude_params attitude;
  int64_t request, resuming;
  double guidance_mass_kg, control_mass_kg;
  int64_t mode;
} ob_flight_settings;

typedef struct {
  ob_crater_matched matches[64];
  ob_flight_channels channels;
  ...;
} ob_flight_memory;

#define OB_FLIGHT_IMAGE_OK 0
#define OB_FLIGHT_IMAGE_HEADER 1
#define OB_FLIGHT_IMAGE_SIZE 2
#define OB_FLIGHT_IMAGE_CRC 3
#define OB_FLIGHT_IMAGE_SETTINGS 4
#define OB_FLIGHT_IMAGE_MAP 5
#define OB_FLIGHT_IMAGE_CHANNELS 6
#define OB_FLIGHT_IMAGE_FAULTS 7

int ob_flight_begin(ob_flight *flight, ob_flight_memory *memory, const uint8_t *image,
                    uint32_t size, const uint8_t *maps, uint32_t maps_size);
