/* The flight image: all that a board has to be told before it flies, as bytes.
 *
 * An image is a header, the settings, the rows of fault protection's channels and the image of its table
 * (fault_table.h), one after the other without gaps. Made by the desk from parameters, knowledge and map;
 * numbers are little-endian, every field of the settings is 8 octets, so its bytes are the same
 * everywhere. Heights of the map do not fit a link: they lie where the board keeps maps, and the image
 * says where and with which CRC.
 *
 * Header, sizes, CRCs and every index are checked. That the settings are ones that a vehicle can fly with
 * is for the desk to see to, as it does for its own flight software.
 */
#ifndef ONBOARD_FLIGHT_IMAGE_H
#define ONBOARD_FLIGHT_IMAGE_H

#include <stdint.h>

#include "onboard/flight.h"
#include "onboard/flight_channel.h"

#define OB_FLIGHT_MAGIC UINT32_C(0x4946424f) /* "OBFI" */
#define OB_FLIGHT_VERSION 1

typedef struct {
  uint32_t magic, version;
  uint32_t size; /* octets of the image, the header's included */
  uint32_t crc;  /* CRC-32 (IEEE 802.3) of all that follows it */
  uint32_t settings_size;
  uint32_t channels;   /* rows */
  uint32_t fault_size; /* octets of the table's image; 0: no fault protection */
  uint32_t zero;
} ob_flight_header;

/* A grid of the map: ob_map_grid with a place for a pointer. */
typedef struct {
  double along0_m, cross0_m;
  double spacing_m;
  double sigma_m;
  int64_t n_along, n_cross;
  int64_t offset; /* octets from the beginning of the board's memory for maps */
  int64_t crc;    /* of the heights */
} ob_flight_grid;

typedef struct {
  int64_t fitted;  /* bits of the instruments */
  int64_t time_ns; /* of the initial state */
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4];
  ob_filter_prior prior;
  double latitude_rad, longitude_rad, elevation_m, azimuth_rad; /* of the landing site */
  int64_t grids;
  ob_flight_grid grid[OB_MAP_GRIDS];
  ob_filter_params filter;
  ob_camera camera;
  ob_guidance_params guidance;
  ob_orbit_burn_params orbit_burn;
  ob_touchdown_params touchdown;
  ob_attitude_params attitude;
  int64_t request, resuming; /* as in ob_flight */
  double guidance_mass_kg, control_mass_kg; /* to begin with */
  int64_t mode;              /* of fault protection */
} ob_flight_settings;

#define OB_FLIGHT_MATCHES OB_FILTER_CRATERS /* the filter uses no more of a frame */

/* The parts of a flight and what they are made from. */
typedef struct {
  ob_intake intake[OB_FLIGHT_INTAKES];
  ob_imu_choice imu_choice;
  uint64_t slow_hash;
  int64_t frame_words[3];
  ob_terrain_map map;
  ob_camera camera;
  ob_crater_matched matches[OB_FLIGHT_MATCHES];
  ob_navigation navigation;
  ob_guidance guidance;
  ob_guidance_command guidance_command;
  ob_touchdown touchdown;
  ob_attitude_control control;
  ob_effectors effectors;
  ob_fault_table fault_table;
  ob_fault_state fault_state;
  ob_fault_memory fault_memory;
  ob_fault_actions fault_actions;
  ob_flight_channels channels;
  ob_flight_faults faults;
} ob_flight_memory;

typedef enum {
  OB_FLIGHT_IMAGE_OK = 0,
  OB_FLIGHT_IMAGE_HEADER = 1, /* not an image, of another version, or for other structs */
  OB_FLIGHT_IMAGE_SIZE = 2,
  OB_FLIGHT_IMAGE_CRC = 3,
  OB_FLIGHT_IMAGE_SETTINGS = 4, /* an index or a count out of range, or a set of thrusters without torque */
  OB_FLIGHT_IMAGE_MAP = 5,      /* a grid beyond the memory for maps, or its CRC is wrong */
  OB_FLIGHT_IMAGE_CHANNELS = 6,
  OB_FLIGHT_IMAGE_FAULTS = 7    /* the table's image is none */
} ob_flight_image_error;

#define OB_FLIGHT_IMAGE_MAX 12288 /* octets */

/* Check `size` octets and begin a flight as they say. The image, in which the table of fault protection
 * is read, and `maps`, the board's memory for maps, stay as they are while it flies. On an error nothing
 * may be flown. */
ob_flight_image_error ob_flight_begin(ob_flight *flight, ob_flight_memory *memory,
                                      const uint8_t *image, uint32_t size, const uint8_t *maps,
                                      uint32_t maps_size);

#endif
