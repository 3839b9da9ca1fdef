/* Everything that a C interface can have, and every way in which a call can end. Also compiled as C++. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static int data;

/* How deep guest and host called each other, and whether that is over. */
static int32_t depth, is_over;

static double scale(void *user_data, api_instance *instance, int32_t a, int64_t b, float c, double d) {
    CHECK(user_data == &data);
    CHECK(api_memory_data(instance)[100] == 'h');
    return a + (double)b + c + d;
}

static void split(void *user_data, api_instance *instance, int64_t value, api_imports_env_split *results) {
    (void)user_data, (void)instance;
    results->r0 = (int32_t)(value >> 32);
    results->r1 = (int32_t)value;
}

static void vector(void *user_data, api_instance *instance, const api_v128 *value, api_imports_env_vector *results) {
    (void)user_data, (void)instance;
    results->r0.lanes[0] = value->lanes[1];
    results->r0.lanes[1] = value->lanes[0];
}

static api_externref reference(void *user_data, api_instance *instance, api_externref value) {
    (void)user_data, (void)instance;
    return value == NULL ? &data : value;
}

/* Calls the guest again; asks for a trap at a negative number; never ends by itself at large ones. */
static int32_t again(void *user_data, api_instance *instance, int32_t count) {
    (void)user_data;
    api_error error;
    if (count < 0) {
        api_raise(instance, "a number below zero");
        return 0;
    }
    if (count >= 1000000) {
        /* Each level needs some of both stacks: that of the guest must end first. */
        depth = count - 1000000;
        int32_t result = api_again_forever(instance, count + 1, &error);
        if (error.kind != API_OK) {
            CHECK(error.kind == API_TRAP && error.code == (is_over ? API_RAISED : API_TRAP_STACK_OVERFLOW));
            is_over = 1;
            api_raise(instance, "no more");
            return 0;
        }
        return result;
    }
    if (count == 7777) {
        /* It is this call that ends by it, whatever is called before it returns. */
        api_raise(instance, "asked for before");
        CHECK(api_down(instance, 2, &error) == 2 && error.kind == API_OK);
        return 0;
    }
    if (count == 5) {
        CHECK(api_div(instance, 1, 0, &error) == 0);
        CHECK(error.kind == API_TRAP && error.code == API_TRAP_INTEGER_DIVIDE_BY_ZERO);
    }
    int32_t result = api_down(instance, count, &error);
    CHECK(error.kind == API_OK);
    return result;
}

static void check_values(api_instance *instance) {
    api_error error;
    CHECK(api_add(instance, 2, -3, &error) == -1 && error.kind == API_OK);
    CHECK(api_add(instance, 2, 3, NULL) == 5);
    api_swap_results swapped;
    api_swap(instance, 42, 2.5, &swapped, &error);
    CHECK(swapped.r0 == 2.5 && swapped.r1 == 42);
    CHECK(api_many(instance, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, &error) == 55);
    CHECK(api_scale(instance, -1, 1LL << 40, 0.5f, 0.25, &error) == -1 + (double)(1LL << 40) + 0.75);
    CHECK(api_split(instance, (7LL << 32) + 3, &error) == 4);
    api_v128 value = {{1, 2}};
    api_vector_results result;
    api_vector(instance, &value, &result, &error);
    CHECK(result.r0.lanes[0] == 0x100000003 && result.r0.lanes[1] == 0x100000002);
    CHECK(api_reference(instance, NULL, &error) == &data);
    CHECK(api_reference(instance, &error, &error) == &error);
    CHECK(api_down(instance, 100, &error) == 100 && error.kind == API_OK);
    CHECK(api_call_indirect(instance, 1, &error) == 42);
    CHECK(api_destroy_2(instance, &error) == 1);
    CHECK(api_a_b(instance, &error) == 2 && api_a_b_2(instance, &error) == 3);
    CHECK(api_____error__(instance, &error) == 4 && api_(instance, &error) == 5);
}

static void check_state(api_instance *instance) {
    api_error error;
    CHECK(memcmp(api_memory_data(instance) + 100, "hello", 5) == 0);
    CHECK(api_memory_size(instance) == 65536);
    CHECK(api_memory_grow(instance, 1) == 1 && api_size(instance, &error) == 2);
    CHECK(api_grow(instance, 1, &error) == 2 && api_memory_size(instance) == 3 * 65536);
    CHECK(api_memory_grow(instance, 1) == -1 && api_grow(instance, 1, &error) == -1);
    api_store(instance, 3 * 65536 - 4, 77, &error);
    CHECK(error.kind == API_OK && api_memory_data(instance)[3 * 65536 - 4] == 77);
    CHECK(api_second_memory_size(instance) == 65536 && api_second_memory_data(instance)[0] == 0);
    CHECK(api_second_memory_grow(instance, 0) == 1 && api_second_memory_grow(instance, 1) == -1);
    api_fill(instance, &error);
    CHECK(memcmp(api_memory_data(instance) + 200, "passive", 7) == 0);
    api_fill(instance, &error);
    CHECK(error.code == API_TRAP_MEMORY_OUT_OF_BOUNDS);

    CHECK(api_counter_get(instance) == 7);
    api_count(instance, &error);
    CHECK(api_counter_get(instance) == 8);
    api_counter_set(instance, -1);
    api_count(instance, &error);
    CHECK(api_counter_get(instance) == 0);
    CHECK(api_pi_get(instance) == 3.25);
    api_v128 wide = {{3, 4}}, found;
    api_wide_get(instance, &found);
    CHECK(found.lanes[0] == 1 && found.lanes[1] == 2);
    api_wide_set(instance, &wide);
    api_wide_get(instance, &found);
    CHECK(memcmp(&wide, &found, sizeof wide) == 0);
    CHECK(api_held_get(instance) == NULL);
    api_held_set(instance, &data);
    CHECK(api_held_get(instance) == &data);

    CHECK(api_table_size(instance) == 3);
    CHECK(api_table_get(instance, 0).word == 0 && api_table_get(instance, 3).word == 0);
    CHECK(api_table_get(instance, 1).word != 0);
    CHECK(api_keep(instance, &wide, &error) == 1 && api_kept(instance, 1, &error) == &wide);
}

static void check_trap(api_error *error, int32_t code, const char *line, const char *frame) {
    CHECK(error->kind == API_TRAP && error->code == code);
    if (strncmp(error->message, line, strlen(line)) != 0 || strstr(error->message, frame) == NULL) {
        printf("%s\n", error->message);
        exit(1);
    }
    memset(error, 0xff, sizeof *error);
}

static void check_traps(api_instance *instance) {
    api_error error;
    CHECK(api_div(instance, 1, 0, &error) == 0);
    check_trap(&error, API_TRAP_INTEGER_DIVIDE_BY_ZERO, "wasmc: trap: integer divide by zero\n", "- div");
    CHECK(api_div(instance, INT32_MIN, -1, NULL) == 0);
    api_load(instance, 3 * 65536, &error);
    check_trap(&error, API_TRAP_MEMORY_OUT_OF_BOUNDS, "wasmc: trap: out of bounds memory access", "- load");
    api_load(instance, -1, &error);
    check_trap(&error, API_TRAP_MEMORY_OUT_OF_BOUNDS, "wasmc: trap: out of bounds memory access", "- load");
    api_trap(instance, &error);
    check_trap(&error, API_TRAP_UNREACHABLE, "wasmc: trap: wasm `unreachable`", "0x");
    CHECK(strstr(error.message, "inner") == NULL);
    /* At the address to which the call returns. */
    api_trap_behind_a_call(instance, &error);
    check_trap(&error, API_TRAP_UNREACHABLE, "wasmc: trap: wasm `unreachable`", "- trap behind a call");
    api_call_indirect(instance, 0, &error);
    check_trap(&error, API_TRAP_INDIRECT_CALL_TO_NULL, "wasmc: trap: uninitialized element", "call-indirect");
    api_call_indirect(instance, 3, &error);
    check_trap(&error, API_TRAP_UNDEFINED_ELEMENT, "wasmc: trap: undefined element", "call-indirect");
    api_recurse(instance, 0, &error);
    check_trap(&error, API_TRAP_STACK_OVERFLOW, "wasmc: trap: call stack exhausted\n", "frames left out");
    api_again_forever(instance, -1, &error);
    check_trap(&error, API_RAISED, "wasmc: trap: a number below zero\n", "again forever");
    api_again_forever(instance, 7777, &error);
    check_trap(&error, API_RAISED, "wasmc: trap: asked for before\n", "again forever");
    /* What was nested is over. */
    CHECK(api_down(instance, 10, &error) == 10 && error.kind == API_OK);
    api_again_forever(instance, 1000000, &error);
    check_trap(&error, API_RAISED, "wasmc: trap: no more\n", "again forever");
    /* 8 MiB of stack, at 4 KiB each. */
    CHECK(10 < depth && depth <= 2048 + 64);
    is_over = 0;
    CHECK(api_add(instance, 1, 1, &error) == 2 && error.kind == API_OK);
}

int main(void) {
    api_imports imports;
    memset(&imports, 0, sizeof imports);
    api_options options;
    memset(&options, 0, sizeof options);
    api_error error;
    CHECK(api_instantiate(NULL, NULL, &error) == NULL && error.kind == API_REFUSED);
    CHECK(api_instantiate(&imports, NULL, NULL) == NULL);
    imports.user_data = &data;
    imports.env_scale = scale;
    imports.env_split = split;
    imports.env_vector = vector;
    imports.env_reference = reference;
    imports.env_again = again;
    options.max_memory = 1;
    CHECK(api_instantiate(&imports, &options, &error) == NULL && error.kind == API_REFUSED);
    CHECK(strcmp(error.message, "wasmc: the module begins with more memory than it may have") == 0);

    api_instance *first = api_instantiate(&imports, NULL, &error);
    CHECK(first != NULL && error.kind == API_OK);
    /* It is copied. */
    memset(&imports.env_scale, 0, sizeof imports.env_scale);
    imports.env_scale = scale;
    options.max_memory = 65536;
    api_instance *second = api_instantiate(&imports, &options, &error);
    CHECK(second != NULL);
    CHECK(api_memory_grow(second, 1) == -1 && api_grow(second, 1, &error) == -1);
    check_values(first);
    check_values(second);
    check_state(first);
    check_traps(first);
    CHECK(api_counter_get(second) == 7 && api_memory_size(second) == 65536);
    check_values(first);
    api_destroy(first);
    check_values(second);
    api_destroy(second);
    api_destroy(NULL);
    puts("everything is as it should be");
    return 0;
}
