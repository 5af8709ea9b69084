typedef struct {
  double u[20][20];
  double d[20];
} ob_ud;

#define OB_UD_STATES 20
#define OB_UD_DYNAMIC 9
#define OB_UD_WIDTH 10
void ob_ud_init(ob_ud *ud, const double sigma[20]);
double ob_ud_diagonal(const ob_ud *ud, int32_t index);
double ob_ud_variance(const ob_ud *ud, const double h[20]);
double ob_ud_covariance(const ob_ud *ud, const double g[20], const double h[20]);
void ob_ud_update(ob_ud *ud, const double h[20], double variance, double gain[20]);
void ob_ud_add(ob_ud *ud, const double v[20], double variance);
void ob_ud_markov(ob_ud *ud, int32_t index, double phi, double variance);
void ob_ud_propagate(ob_ud *ud, const double phi[20][10], const double variance[9]);
void ob_ud_matrix(const ob_ud *ud, double p[361]);
uint64_t ob_ud_hash(const ob_ud *ud, uint64_t hash);
