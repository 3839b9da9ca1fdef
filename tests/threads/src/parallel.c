/* A picture of the Mandelbrot set by several threads that take its rows from a counter. The argument is how many. */
#include "layer.h"

#define SIZE 600

static uint32_t next, total;

static void rows(void *argument) {
    (void)argument;
    uint32_t sum = 0, row;
    while ((row = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < SIZE) {
        for (int column = 0; column < SIZE; column++) {
            double cx = column * 3.0 / SIZE - 2, cy = row * 3.0 / SIZE - 1.5, x = 0, y = 0;
            int steps = 0;
            for (; steps < 500 && x * x + y * y < 4; steps++) {
                double t = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = t;
            }
            sum += (uint32_t)steps * (row + 1);
        }
    }
    __atomic_fetch_add(&total, sum, __ATOMIC_RELAXED);
}

void program(void) {
    thread *started[64];
    int threads = argument(2);
    for (int index = 0; index < threads; index++) {
        if (!(started[index] = thread_start(rows, NULL))) quit(1);
    }
    for (int index = 0; index < threads; index++) thread_join(started[index]);
    print("sum:", total);
}
