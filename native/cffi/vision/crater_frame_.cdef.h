int ob_crater_prior_at(const ob_nav_state *state, const ob_site *site, int64_t time_ns,
                       double sigma_min_m, ob_crater_prior *prior);
int ob_crater_light(const ob_camera *camera, const ob_crater_prior *prior, const double *sun_mcmf,
                    ob_crater_lighting *lighting);
