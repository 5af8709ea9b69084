#include "onboard/flight_image.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(ob_flight_settings) % 8 == 0, "fields of 8 octets");

static const int8_t KIND[OB_FLIGHT_INTAKES] = {
    [OB_FLIGHT_IMU_A] = OB_ROW_IMU,           [OB_FLIGHT_IMU_B] = OB_ROW_IMU,
    [OB_FLIGHT_RANGEFINDER_A] = OB_ROW_RANGE, [OB_FLIGHT_RANGEFINDER_B] = OB_ROW_RANGE,
    [OB_FLIGHT_VELOCIMETER] = OB_ROW_VELOCITY, [OB_FLIGHT_STAR_TRACKER] = OB_ROW_ATTITUDE,
    [OB_FLIGHT_LEGS] = OB_ROW_LEGS,           [OB_FLIGHT_ENGINE_A] = OB_ROW_ENGINE,
    [OB_FLIGHT_ENGINE_B] = OB_ROW_ENGINE,     [OB_FLIGHT_TANK] = OB_ROW_TANK};

/* ---- what can be wrong ---- */

static ob_flight_image_error check(const ob_flight_header *h, const uint8_t *image, uint32_t size) {
  if (h->magic != OB_FLIGHT_MAGIC || h->version != OB_FLIGHT_VERSION ||
      h->settings_size != sizeof(ob_flight_settings)) {
    return OB_FLIGHT_IMAGE_HEADER;
  }
  if (h->channels > OB_FAULT_CHANNELS || h->fault_size > OB_FLIGHT_IMAGE_MAX || h->size != size ||
      size != sizeof *h + h->settings_size + h->channels * sizeof(ob_flight_channel) +
                  h->fault_size) {
    return OB_FLIGHT_IMAGE_SIZE;
  }
  const uint32_t behind = offsetof(ob_flight_header, crc) + sizeof h->crc;
  return ob_fault_crc(image + behind, size - behind) == h->crc ? OB_FLIGHT_IMAGE_OK
                                                              : OB_FLIGHT_IMAGE_CRC;
}

static int64_t can_fly(const ob_flight_settings *s) {
  return (s->fitted & 1 << OB_FLIGHT_IMU_A) && s->fitted >> OB_FLIGHT_INTAKES == 0 &&
         1 <= s->grids && s->grids <= OB_MAP_GRIDS && s->filter.tick_ns == OB_FLIGHT_TICK_NS &&
         s->filter.covariance_ticks >= 1 && OB_GUIDANCE_HOLD <= s->request &&
         s->request <= OB_GUIDANCE_STOP && OB_GUIDANCE_IDLE <= s->resuming &&
         s->resuming <= OB_GUIDANCE_VERTICAL;
}

static int64_t grid_is_there(const ob_flight_grid *g, const uint8_t *maps, uint32_t maps_size) {
  const int64_t most = maps_size / sizeof(float);
  if (g->n_along < 2 || g->n_cross < 2 || g->n_along > most || g->n_cross > most ||
      g->n_along > most / g->n_cross || g->offset % (int64_t)sizeof(float) != 0 ||
      g->offset < 0 || g->offset / (int64_t)sizeof(float) > most - g->n_along * g->n_cross) {
    return 0;
  }
  const uint32_t size = (uint32_t)(g->n_along * g->n_cross) * (uint32_t)sizeof(float);
  return g->spacing_m > 0.0 && g->sigma_m > 0.0 && ob_fault_crc(maps + g->offset, size) == g->crc;
}

/* ---- the parts, each as the flight software of the desk begins it ---- */

static int64_t begin_map(ob_terrain_map *map, const ob_flight_settings *s, const uint8_t *maps,
                         uint32_t maps_size) {
  *map = (ob_terrain_map){.count = s->grids};
  ob_corridor_init(&map->corridor, s->latitude_rad, s->longitude_rad, s->azimuth_rad);
  for (int64_t k = 0; k < s->grids; k++) {
    const ob_flight_grid *g = &s->grid[k];
    if (!grid_is_there(g, maps, maps_size)) {
      return 0;
    }
    map->grid[k] = (ob_map_grid){g->along0_m, g->cross0_m, g->spacing_m, g->sigma_m,
                                 g->n_along,  g->n_cross,  (const float *)(const void *)(maps + g->offset)};
  }
  return 1;
}

static void begin_sensors(ob_flight *f, ob_flight_memory *m, int64_t fitted) {
  for (int64_t k = 0; k < OB_FLIGHT_INTAKES; k++) {
    f->intake[k] = fitted >> k & 1 ? &m->intake[k] : NULL;
    ob_intake_init(&m->intake[k], KIND[k]);
  }
  f->imu_choice = &m->imu_choice;
  f->slow_hash = &m->slow_hash;
  f->frame_words = m->frame_words;
  m->frame_words[2] = 1; /* enabled */
}

static void begin_navigation(ob_flight *f, ob_flight_memory *m, const ob_flight_settings *s,
                             const ob_site *site) {
  m->camera = s->camera;
  f->navigation = &m->navigation;
  ob_filter_init(&m->navigation.filter, &s->filter, site, &m->map, s->time_ns, s->position_site_m,
                 s->velocity_site_m_s, s->q_site_from_body, &s->prior);
  ob_navigation_init(&m->navigation, &m->camera, s->time_ns);
  m->navigation.arrivals.matches = m->matches;
}

static int64_t begin_control(ob_flight *f, ob_flight_memory *m, const ob_flight_settings *s,
                             const ob_site *site) {
  f->guidance = &m->guidance;
  f->guidance_command = &m->guidance_command;
  f->touchdown = &m->touchdown;
  f->control = &m->control;
  f->effectors = &m->effectors;
  ob_guidance_init(&m->guidance, &s->guidance, site);
  ob_orbit_burn_init(&m->guidance.orbit, &s->orbit_burn);
  ob_touchdown_init(&m->touchdown, &s->touchdown);
  ob_effectors_init(&m->effectors);
  if (!ob_attitude_control_init(&m->control, &s->attitude)) {
    return 0;
  }
  f->request = s->request;
  f->resuming = s->resuming;
  m->guidance.mass_kg = s->guidance_mass_kg;
  m->control.mass_kg = s->control_mass_kg;
  return 1;
}

static ob_flight_image_error begin_faults(ob_flight *f, ob_flight_memory *m, const uint8_t *rows,
                                          const ob_flight_header *h, int64_t mode) {
  ob_flight_channel channels[OB_FAULT_CHANNELS];
  memcpy(channels, rows, h->channels * sizeof *channels);
  if (!ob_flight_channels_init(&m->channels, channels, h->channels)) {
    return OB_FLIGHT_IMAGE_CHANNELS;
  }
  const uint8_t *table = rows + h->channels * sizeof *channels;
  if (ob_fault_table_check(&m->fault_table, table, h->fault_size) ||
      m->fault_table.header.channels != h->channels || mode < 0 ||
      mode >= m->fault_table.header.modes) {
    return OB_FLIGHT_IMAGE_FAULTS;
  }
  ob_fault_init(&m->fault_table, &m->fault_state, (uint32_t)mode);
  ob_fault_memory_init(&m->fault_memory);
  m->faults = (ob_flight_faults){.table = &m->fault_table,
                                 .channels = &m->channels,
                                 .state = &m->fault_state,
                                 .memory = &m->fault_memory,
                                 .actions = &m->fault_actions,
                                 .request = OB_FAULT_NO_REQUEST};
  f->faults = &m->faults;
  return OB_FLIGHT_IMAGE_OK;
}

ob_flight_image_error ob_flight_begin(ob_flight *f, ob_flight_memory *m, const uint8_t *image,
                                      uint32_t size, const uint8_t *maps, uint32_t maps_size) {
  ob_flight_header h = {.size = 0};
  ob_flight_settings s;
  ob_site site;
  if (size < sizeof h) {
    return OB_FLIGHT_IMAGE_SIZE;
  }
  memcpy(&h, image, sizeof h);
  const ob_flight_image_error error = check(&h, image, size);
  if (error != OB_FLIGHT_IMAGE_OK) {
    return error;
  }
  memcpy(&s, image + sizeof h, sizeof s);
  if (!can_fly(&s)) {
    return OB_FLIGHT_IMAGE_SETTINGS;
  }
  memset(m, 0, sizeof *m);
  *f = (ob_flight){.sent = 0};
  ob_flight_init(f);
  if (!begin_map(&m->map, &s, maps, maps_size)) {
    return OB_FLIGHT_IMAGE_MAP;
  }
  ob_site_init(&site, s.latitude_rad, s.longitude_rad, s.elevation_m);
  begin_sensors(f, m, s.fitted);
  begin_navigation(f, m, &s, &site);
  if (!begin_control(f, m, &s, &site)) {
    return OB_FLIGHT_IMAGE_SETTINGS;
  }
  return h.fault_size ? begin_faults(f, m, image + sizeof h + sizeof s, &h, s.mode)
                      : OB_FLIGHT_IMAGE_OK;
}
