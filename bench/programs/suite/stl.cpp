/* What C++ programs do all day: containers, strings, algorithms with lambdas, streams. Only results that the standard
 * fixes are in the checksum: no order of a hash table, no order of equal elements. */
#include "bench.h"
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

struct record {
    uint32_t key;
    std::string name;
    double weight;
};

static uint64_t fold(uint64_t sum, uint64_t value) {
    return (sum ^ value) * 0x100000001b3ull;
}

static uint64_t sorting(uint32_t &seed, std::vector<record> &records) {
    uint64_t sum = 0;
    for (record &record : records) record.key = rng_next(&seed);
    std::sort(records.begin(), records.end(), [](const record &a, const record &b) { return a.key < b.key; });
    sum = fold(sum, records[records.size() / 2].key);
    std::stable_sort(records.begin(), records.end(), [](const record &a, const record &b) { return a.name < b.name; });
    sum = fold(sum, records[records.size() / 3].key);
    auto heavy = [](const record &record) { return record.weight > 500; };
    auto end = std::stable_partition(records.begin(), records.end(), heavy);
    sum = fold(sum, (uint64_t)(end - records.begin()));
    double weight = std::accumulate(records.begin(), end, 0.0,
                                    [](double total, const record &record) { return total + record.weight; });
    return fold(sum, (uint64_t)weight);
}

static uint64_t counting(uint32_t &seed, const std::vector<record> &records) {
    std::unordered_map<std::string, std::vector<uint32_t>> index;
    std::map<uint32_t, uint64_t> totals;
    for (const record &record : records) {
        index[record.name].push_back(record.key);
        totals[record.key % 1009] += record.key;
    }
    uint64_t sum = 0;
    for (int i = 0; i < 20000; i++) {
        auto found = index.find(records[rng_next(&seed) % records.size()].name);
        sum += found->second.back();
        auto above = totals.lower_bound(rng_next(&seed) % 1009);
        if (above != totals.end()) sum = fold(sum, above->second);
    }
    return fold(sum, index.size());
}

static uint64_t paths(uint32_t &seed) {
    /* Dijkstra's algorithm on a made-up graph. */
    enum { NODES = 4000, EDGES = 5 };
    std::vector<std::vector<std::pair<int, uint32_t>>> graph(NODES);
    for (auto &edges : graph)
        for (int i = 0; i < EDGES; i++) {
            int next = (int)(rng_next(&seed) % NODES);
            edges.emplace_back(next, rng_next(&seed) % 1000 + 1);
        }
    std::vector<uint32_t> distance(NODES, UINT32_MAX);
    std::priority_queue<std::pair<uint32_t, int>, std::vector<std::pair<uint32_t, int>>, std::greater<>> queue;
    distance[0] = 0;
    queue.emplace(0, 0);
    while (!queue.empty()) {
        auto [so_far, node] = queue.top();
        queue.pop();
        if (so_far > distance[node]) continue;
        for (auto [next, length] : graph[node]) {
            if (so_far + length >= distance[next]) continue;
            distance[next] = so_far + length;
            queue.emplace(distance[next], next);
        }
    }
    return std::accumulate(distance.begin(), distance.end(), (uint64_t)0, fold);
}

static uint64_t text(uint32_t &seed, const std::vector<record> &records) {
    std::ostringstream out;
    for (int i = 0; i < 3000; i++) {
        const record &record = records[rng_next(&seed) % records.size()];
        out << record.name << '\t' << record.key << '\t' << record.weight << '\n';
    }
    std::istringstream in(out.str());
    std::string name;
    uint64_t key, sum = 0;
    double weight;
    while (in >> name >> key >> weight) sum = fold(sum, key + name.size() + (uint64_t)weight);
    return sum;
}

int main(int argc, char **argv) {
    int reps = scale_arg(argc, argv, 30);
    uint32_t seed = 2027;
    std::vector<record> records;
    for (int i = 0; i < 20000; i++) {
        uint32_t number = rng_next(&seed);
        /* Quarters: streams print all of their digits, and sums of them are exact. */
        records.push_back({number, "name-" + std::to_string(number % 5003), (number >> 8) % 4000 / 4.0});
    }
    std::vector<std::function<uint64_t()>> parts = {
        [&] { return sorting(seed, records); },
        [&] { return counting(seed, records); },
        [&] { return paths(seed); },
        [&] { return text(seed, records); },
    };
    uint64_t sum = 0;
    for (int i = 0; i < reps; i++)
        for (const auto &part : parts) sum = fold(sum, part());
    report("stl", sum);
    return 0;
}
