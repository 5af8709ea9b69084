void ob_q_mul(double *out, const double *a, const double *b);
void ob_q_conj(double *out, const double *q);
void ob_q_rotate(double *out, const double *q, const double *v);
void ob_q_rotate_back(double *out, const double *q, const double *v);
void ob_q_from_rotvec(double *out, const double *r);
void ob_q_to_rotvec(double *out, const double *q);
void ob_q_normalize(double *q);
void ob_q_to_matrix(double *out, const double *q);
void ob_q_from_matrix(double *out, const double *C);
