enum {
  OB_CRATER_INDEX_OK, OB_CRATER_INDEX_SHORT, OB_CRATER_INDEX_MAGIC, OB_CRATER_INDEX_FORMAT,
  OB_CRATER_INDEX_CRC, OB_CRATER_INDEX_SIZES, OB_CRATER_INDEX_CONTENTS, OB_CRATER_INDEX_ALIGNMENT
};
#define OB_CRATER_INDEX_VERSION ...
#define OB_CRATER_INDEX_CRATERS_MAX ...
#define OB_CRATER_NEIGHBOURS_MAX ...
static const double OB_MOON_SPHERE_M, OB_CRATER_DIRECTION_UNIT;
typedef struct {
  int64_t count, neighbour_count, class_count, tile_count;
  double radius_unit_m;
  const int32_t *x, *y, *z;
  const uint32_t *row;
  const uint16_t *radius;
  const int16_t *height_m;
  ...;
} ob_crater_catalogue;
int64_t ob_crater_index_open(ob_crater_catalogue *catalogue, const uint8_t *octets, int64_t size);
