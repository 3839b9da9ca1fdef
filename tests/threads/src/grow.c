/* Threads that allocate, which grows the memory, write everywhere in what they got, and read it again. */
#include "layer.h"

#define THREADS 4
#define BLOCKS 60
#define BYTES 70000

static uint32_t wrong;

static void fill(void *argument) {
    unsigned char *blocks[BLOCKS], mine = (unsigned char)(uintptr_t)argument;
    for (int block = 0; block < BLOCKS; block++) {
        blocks[block] = allocate(BYTES);
        for (int at = 0; at < BYTES; at += 61) blocks[block][at] = (unsigned char)(mine + block);
    }
    for (int block = 0; block < BLOCKS; block++) {
        for (int at = 0; at < BYTES; at += 61) {
            if (blocks[block][at] != (unsigned char)(mine + block)) __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
        }
    }
}

void program(void) {
    thread *started[THREADS];
    for (int index = 0; index < THREADS; index++) {
        if (!(started[index] = thread_start(fill, (void *)(uintptr_t)(index * 50 + 1)))) quit(1);
    }
    for (int index = 0; index < THREADS; index++) thread_join(started[index]);
    print("blocks:", THREADS * BLOCKS);
    print("wrong:", wrong);
}
