/* Many threads one after the other, then as many at a time as may be. The argument is how many. */
#include "layer.h"

static uint32_t sum;

static void add(void *argument) { __atomic_fetch_add(&sum, (uint32_t)(uintptr_t)argument, __ATOMIC_RELAXED); }

static uint32_t gate, arrived;

static void pass(void *argument) {
    (void)argument;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
    while (!__atomic_load_n(&gate, __ATOMIC_ACQUIRE)) word_wait(&gate, 0);
    __atomic_fetch_sub(&arrived, 1, __ATOMIC_RELAXED);
}

void program(void) {
    int count = argument(1000);
    for (int index = 1; index <= count; index++) {
        thread *started = thread_start(add, (void *)(uintptr_t)index);
        if (!started) quit(1);
        thread_join(started);
    }
    print("sum of those in sequence:", sum);

    thread *together[50];
    for (int index = 0; index < 50; index++) {
        if (!(together[index] = thread_start(pass, NULL))) quit(2);
    }
    while (__atomic_load_n(&arrived, __ATOMIC_RELAXED) < 50) {}
    print("at a time:", 50);
    __atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
    word_wake(&gate, 1 << 30);
    for (int index = 0; index < 50; index++) thread_join(together[index]);
    print("left:", arrived);
}
