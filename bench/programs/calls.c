/* Nanoseconds of a call, least of many batches: host to guest and back; the same with a call of the host in between; guest
   to host and back. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#ifdef WASM2C
#include "calls-w2c.h"
#include "wasm-rt-impl.h"
static Z_calls_instance_t instance;
uint32_t Z_hostZ_callback(struct Z_host_instance_t *host, uint32_t value) { (void)host; return value + 1; }
static void begin(void) {
    wasm_rt_init();
    Z_calls_init_module();
    Z_calls_instantiate(&instance, NULL);
}
/* Without this, a trap ends the process. */
#ifdef CATCH
#define TRY(call) (wasm_rt_impl_try() == 0 ? (call) : 0)
#else
#define TRY(call) (call)
#endif
#define ADD(a, b) TRY(Z_callsZ_add(&instance, a, b))
#define BACK(a) TRY(Z_callsZ_back(&instance, a))
#define LOOP(a) Z_callsZ_loop(&instance, a)
#else
#include "calls.h"
static calls_instance *instance;
static calls_error error;
static int32_t callback(void *user_data, calls_instance *caller, int32_t value) {
    (void)user_data, (void)caller;
    return value + 1;
}
static void begin(void) {
    static const calls_imports imports = {NULL, callback};
    instance = calls_instantiate(&imports, NULL, &error);
}
#define ADD(a, b) calls_add(instance, a, b, &error)
#define BACK(a) calls_back(instance, a, &error)
#define LOOP(a) calls_loop(instance, a, &error)
#endif

enum { CALLS = 100000, BATCHES = 300 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static double least(double before, double start) {
    double found = (now() - start) / CALLS;
    return found < before ? found : before;
}

int main(void) {
    begin();
    double add = 1e9, back = 1e9, loop = 1e9;
    uint32_t value = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
        double start = now();
        for (uint32_t i = 0; i < CALLS; i++) value = ADD(value, i);
        add = least(add, start);
        start = now();
        for (uint32_t i = 0; i < CALLS; i++) value = BACK(value);
        back = least(back, start);
        start = now();
        value += LOOP(CALLS);
        loop = least(loop, start);
    }
    printf("%.2f %.2f %.2f\n", add, back, loop);
    return value == 42;
}
