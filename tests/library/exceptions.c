/* Exceptions of the guest: what is held stays while the host calls the guest again, and what nothing catches is a trap. */
#include "exceptions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int condition, const char *what) {
    if (!condition) {
        printf("not %s\n", what);
        exit(1);
    }
}

static void churn(void *user_data, exceptions_instance *instance, int32_t depth) {
    (void)user_data;
    exceptions_error error;
    /* Three times as many as fit before unused ones are looked for. */
    exceptions_waste(instance, 100000, &error);
    check(error.kind == EXCEPTIONS_OK, error.message);
    if (depth > 0) {
        check(exceptions_hold(instance, depth - 1, &error) == 4 * (depth - 1), "an exception further in");
    }
    exceptions_escape(instance, 1, &error);
    check(error.code == EXCEPTIONS_TRAP_UNCAUGHT_EXCEPTION, "an exception that does not reach the host");
}

int main(void) {
    exceptions_imports imports = {NULL, churn};
    exceptions_error error;
    exceptions_instance *instance = exceptions_instantiate(&imports, NULL, &error);
    check(instance != NULL, error.message);
    for (int depth = 0; depth < 5; depth++) {
        check(exceptions_hold(instance, depth, &error) == 4 * depth && error.kind == EXCEPTIONS_OK, "what was held");
    }
    exceptions_escape(instance, 1, &error);
    check(strstr(error.message, "wasmc: trap: uncaught exception: tag") != NULL, error.message);
    exceptions_destroy(instance);
    puts("exceptions stay where they belong");
    return 0;
}
