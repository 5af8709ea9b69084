int64_t ob_scaled_side(int64_t side);
int64_t ob_scale_workspace(int64_t width);
void ob_scale_down(const ob_image *image, uint8_t *pixels, uint16_t *workspace);
