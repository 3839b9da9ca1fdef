/* Functions for an executable, and what they need of other objects. */
#include <stdint.h>
#include <string.h>

struct memory {
    uint8_t *data;
    uint64_t size;
};

#ifdef NATIVE
extern int step;
static int calls;
int *const pointer = &calls;

int64_t native_sum(const struct memory *memory, int32_t at, int32_t count) {
    uint8_t copy[300];
    uint64_t start = (uint32_t)at, bytes = (uint32_t)count;
    if (start > memory->size || bytes > memory->size - start || bytes > sizeof copy) {
        return -1;
    }
    memcpy(copy, memory->data + start, bytes);
    int64_t sum = 0;
    for (uint64_t i = 0; i < bytes; i++) {
        sum += copy[i];
    }
    return sum;
}

double native_half(const struct memory *memory, double value) {
    (void)memory;
    return value / 2;
}

int32_t native_count(const struct memory *memory) {
    (void)memory;
    return *pointer += step;
}
#elif defined(STEP)
int step = 1;
#elif defined(UNUSED)
extern int nowhere(void);
int unused(void) { return nowhere(); }
#endif
