/* Quicksort, heapsort and qsort of the same numbers, which a linear congruence makes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 20000

static uint32_t original[COUNT], quick[COUNT], heap[COUNT], library[COUNT];

static void quicksort(uint32_t *items, int low, int high) {
    while (low < high) {
        uint32_t pivot = items[low + (high - low) / 2];
        int left = low, right = high;
        while (left <= right) {
            while (items[left] < pivot) left++;
            while (items[right] > pivot) right--;
            if (left <= right) {
                uint32_t swapped = items[left];
                items[left++] = items[right];
                items[right--] = swapped;
            }
        }
        quicksort(items, low, right);
        low = left;
    }
}

static void sift(uint32_t *items, int at, int count) {
    uint32_t item = items[at];
    for (int child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && items[child + 1] > items[child]) child++;
        if (items[child] <= item) break;
        items[at] = items[child];
    }
    items[at] = item;
}

static void heapsort_numbers(uint32_t *items, int count) {
    for (int at = count / 2; at-- > 0;) sift(items, at, count);
    while (count-- > 1) {
        uint32_t largest = items[0];
        items[0] = items[count];
        items[count] = largest;
        sift(items, 0, count);
    }
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t checksum(const uint32_t *items) {
    uint32_t sum = 2166136261u;
    for (int index = 0; index < COUNT; index++) sum = (sum ^ items[index]) * 16777619u;
    return sum;
}

int main(void) {
    uint32_t state = 12345;
    for (int index = 0; index < COUNT; index++) {
        state = state * 1664525u + 1013904223u;
        original[index] = state >> 7;
    }
    memcpy(quick, original, sizeof original);
    memcpy(heap, original, sizeof original);
    memcpy(library, original, sizeof original);
    quicksort(quick, 0, COUNT - 1);
    heapsort_numbers(heap, COUNT);
    qsort(library, COUNT, sizeof *library, compare);
    printf("unsorted  %08x\n", checksum(original));
    printf("quicksort %08x\n", checksum(quick));
    printf("heapsort  %08x\n", checksum(heap));
    printf("qsort     %08x\n", checksum(library));
    printf("%u <= %u <= %u\n", quick[0], quick[COUNT / 2], quick[COUNT - 1]);
    return memcmp(quick, heap, sizeof quick) || memcmp(quick, library, sizeof quick);
}
