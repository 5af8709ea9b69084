static const double OB_MOON_RADIUS_M;
static const double OB_MOON_RATE_RAD_S;
static const double OB_MOON_MU_M3_S2;

typedef struct {
  double radius_m;
  double latitude_rad;
  double longitude_rad;
  double C_site_from_mcmf[9];
  double origin_mcmf_m[3];
  double rate_site_rad_s[3];
} ob_site;

void ob_site_init(ob_site *site, double latitude_rad, double longitude_rad, double elevation_m);
void ob_site_from_mcmf(const ob_site *site, const double *r_mcmf_m, double *out_site_m);
void ob_mcmf_from_site(const ob_site *site, const double *r_site_m, double *out_mcmf_m);
void ob_q_mcmf_from_mci(double *out, int64_t time_ns);
void ob_q_site_from_mci(const ob_site *site, int64_t time_ns, double *out);

typedef struct {
  double C_corridor_from_mcmf[9];
} ob_corridor;

void ob_corridor_init(ob_corridor *corridor, double latitude_rad, double longitude_rad,
                      double azimuth_rad);
void ob_corridor_from_mcmf(const ob_corridor *corridor, const double *r_mcmf_m, double *out);
void ob_mcmf_from_corridor(const ob_corridor *corridor, const double *in, double *out_mcmf_m);
