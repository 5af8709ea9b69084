#define OB_ORDER_FRAMES 0
#define OB_ORDER_GUIDANCE 1
#define OB_ORDER_ORBIT_BURN 2
#define OB_ORDER_INHIBIT 3
#define OB_ORDER_EXCLUDE 4
#define OB_ORDER_IMU 5
#define OB_ORDER_INTAKE 6
#define OB_ORDER_GATE 7
#define OB_ORDER_MODE 8
#define OB_ORDER_CLEAR 9
#define OB_ORDER_MATCHES 10
#define OB_ORDER_PATH_CLEAR 11
#define OB_ORDER_PATH_ADD 12
#define OB_ORDER_PATH_DRIVE 13
#define OB_ORDER_DRIVE_STOP 14
#define OB_ORDER_WHEELS_RESET 15
#define OB_ORDER_WHEELS_INHIBIT 16

typedef struct {
  int64_t kind;
  int64_t argument[3];
} ob_order;
