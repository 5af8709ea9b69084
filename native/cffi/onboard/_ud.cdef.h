typedef struct {
  double u[19][19];
  double d[19];
} ob_ud;

#define OB_UD_STATES 19
#define OB_UD_DYNAMIC 9
#define OB_UD_WIDTH 10
void ob_ud_init(ob_ud *ud, const double sigma[19]);
double ob_ud_diagonal(const ob_ud *ud, int32_t index);
double ob_ud_variance(const ob_ud *ud, const double h[19]);
double ob_ud_covariance(const ob_ud *ud, const double g[19], const double h[19]);
void ob_ud_update(ob_ud *ud, const double h[19], double variance, double gain[19]);
void ob_ud_add(ob_ud *ud, const double v[19], double variance);
void ob_ud_markov(ob_ud *ud, int32_t index, double phi, double variance);
void ob_ud_propagate(ob_ud *ud, const double phi[19][10], const double variance[9]);
void ob_ud_matrix(const ob_ud *ud, double p[361]);
uint64_t ob_ud_hash(const ob_ud *ud, uint64_t hash);
