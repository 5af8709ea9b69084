static const double OB_GRAVITY_RADIUS_M;
static const double OB_GRAVITY_J2;
static const double OB_GRAVITY_C22;

void ob_gravity_mcmf(const double *r_mcmf_m, double *out_m_s2);
