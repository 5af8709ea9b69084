#define OB_CRATER_MATCH_SIDE_MAX ...
#define OB_CRATER_PREDICTED ...
#define OB_CRATER_DETECTED ...

typedef struct {
  double position_mcmf_m[3];
  double diameter_m;
  double position_sigma_m;
} ob_crater_map_entry;

typedef struct {
  double pixel[2];
  double radius_px;
  double pixel_covariance[3];
} ob_crater_detection;

typedef struct {
  double position_mcmf_m[3];
  double q_mcmf_from_body[4];
  double position_covariance_m2[9];
  double attitude_sigma_rad;
} ob_crater_prior;

typedef struct {
  double radius_min_px, radius_max_px;
  double radius_ratio_max;
  double gate_sigma;
  double log10_chance_max;
  double rival_fraction_max;
  int64_t count_min;
} ob_crater_match_settings;

typedef struct {
  double pixel[2];
  double radius_px;
  int64_t catalogue_index;
} ob_crater_predicted;

enum {
  OB_CRATER_FIX_ACCEPTED,
  OB_CRATER_FIX_BAD_INPUT,
  OB_CRATER_FIX_FEW_PREDICTED,
  OB_CRATER_FIX_FEW_DETECTED,
  OB_CRATER_FIX_FEW_MATCHED,
  OB_CRATER_FIX_CHANCE,
  OB_CRATER_FIX_RIVAL,
  OB_CRATER_FIX_OUTSIDE_PRIOR,
  OB_CRATER_FIX_HINGES,
  OB_CRATER_FIX_DEVIATES,
  OB_CRATER_FIX_SCATTERS,
  OB_CRATER_FIX_TURNED,
  ...
};

typedef struct {
  int64_t status;
  int64_t count;
  int64_t predicted;
  int64_t rival_count;
  double log10_chance;
  double residual_rms_px;
  double position_offset_mcmf_m[3];
  double position_covariance_m2[9];
  double shift_by_turn_m_rad[9];
  ob_integrity integrity;
} ob_crater_fix;

typedef struct {
  ob_crater_predicted predicted[...];
  int64_t predicted_count;
  ...;
} ob_crater_matcher;

int64_t ob_crater_predict(const ob_camera *camera, const ob_crater_prior *prior,
                          const ob_crater_map_entry *catalogue, int64_t catalogue_count,
                          const ob_crater_match_settings *settings, ob_crater_predicted *predicted,
                          int64_t capacity);
int64_t ob_crater_match(const ob_camera *camera, const ob_crater_prior *prior,
                        const ob_crater_map_entry *catalogue, int64_t catalogue_count,
                        const ob_crater_detection *detections, int64_t detection_count,
                        const ob_crater_match_settings *settings, ob_crater_matcher *matcher,
                        ob_crater_matched *matched, int64_t capacity, ob_crater_fix *fix);
