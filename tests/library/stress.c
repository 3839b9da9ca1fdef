/* Many instances, all alive at once, used from four threads, with traps in some. */
#include "stress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4 };

static int instances_of_thread;
static int exhausts_stacks;

static void check(int condition, const char *what) {
    if (!condition) {
        printf("not %s\n", what);
        exit(1);
    }
}

static void *run(void *argument) {
    int seed = *(int *)argument;
    stress_instance **instances = calloc(instances_of_thread, sizeof *instances);
    stress_error error;
    for (int i = 0; i < instances_of_thread; i++) {
        instances[i] = stress_instantiate(NULL, NULL, &error);
        check(instances[i] != NULL, error.message);
        stress_put(instances[i], 8 * i, seed + i, &error);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < instances_of_thread; i++) {
            stress_instance *instance = instances[i];
            if (i % 7 == 0) {
                stress_get(instance, 65536 + i, &error);
                check(error.code == STRESS_TRAP_MEMORY_OUT_OF_BOUNDS, "a trap in memory");
            }
            if (i % 11 == 0) {
                stress_div(instance, 1, 0, &error);
                check(error.code == STRESS_TRAP_INTEGER_DIVIDE_BY_ZERO, "a trap by division");
            }
            if (exhausts_stacks && i % 61 == 0) {
                stress_deep(instance, 0, &error);
                check(error.code == STRESS_TRAP_STACK_OVERFLOW, "the end of the stack");
            }
            check(stress_fib(instance, 10, &error) == 55 && error.kind == STRESS_OK, "55");
            check(stress_get(instance, 8 * i, &error) == seed + i, "what was put");
        }
    }
    for (int i = 0; i < instances_of_thread; i++) {
        check(stress_calls_get(instances[i]) == 3 * 177, "each instance's own global");
        stress_destroy(instances[i]);
    }
    free(instances);
    return NULL;
}

int main(int argc, char **argv) {
    instances_of_thread = argc > 1 ? atoi(argv[1]) / THREADS : 0;
    exhausts_stacks = argc < 3;
    pthread_t threads[THREADS];
    int seeds[THREADS];
    for (int i = 0; i < THREADS; i++) {
        seeds[i] = 1000000 * i;
        check(pthread_create(&threads[i], NULL, run, &seeds[i]) == 0, "a thread");
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%d instances in %d threads\n", instances_of_thread * THREADS, THREADS);
    return 0;
}
