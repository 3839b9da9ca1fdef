/* Four threads and one lock, then two that wait for each other in turns, then a barrier. The argument is how often. */
#include "layer.h"

#define THREADS 4

static mutex lock;
static uint64_t count;
static int rounds;

static void increment(void *argument) {
    (void)argument;
    for (int round = 0; round < rounds; round++) {
        mutex_lock(&lock);
        count++;
        mutex_unlock(&lock);
    }
}

static uint32_t turn;

static void take_turns(void *argument) {
    uint32_t mine = (uint32_t)(uintptr_t)argument;
    for (int round = 0; round < rounds / 20; round++) {
        uint32_t now;
        while ((now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) % 2 != mine) word_wait(&turn, now);
        __atomic_store_n(&turn, now + 1, __ATOMIC_RELEASE);
        word_wake(&turn, 1);
    }
}

static uint32_t arrived, generation, sums[THREADS];

static void meet(void) {
    uint32_t now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == THREADS) {
        __atomic_store_n(&arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&generation, now + 1, __ATOMIC_RELEASE);
        word_wake(&generation, THREADS);
    } else {
        while (__atomic_load_n(&generation, __ATOMIC_ACQUIRE) == now) word_wait(&generation, now);
    }
}

/* Each adds, to what the one before it had in the last round. */
static void pass_on(void *argument) {
    uint32_t mine = (uint32_t)(uintptr_t)argument;
    for (int round = 0; round < rounds / 100; round++) {
        uint32_t seen = sums[(mine + 1) % THREADS];
        meet();
        sums[mine] = seen + mine + 1;
        meet();
    }
}

static void all(int threads, void (*function)(void *)) {
    thread *started[THREADS];
    for (int index = 0; index < threads; index++) {
        if (!(started[index] = thread_start(function, (void *)(uintptr_t)index))) quit(1);
    }
    for (int index = 0; index < threads; index++) thread_join(started[index]);
}

void program(void) {
    rounds = argument(20000);
    all(THREADS, increment);
    print("count:", count);
    all(2, take_turns);
    print("turns:", turn);
    all(THREADS, pass_on);
    for (int index = 0; index < THREADS; index++) print("passed on:", sums[index]);
}
