//! The standard library: sorting by closures, maps, trees, heaps, strings, trait objects, the allocator.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};

use wasmc_bench_samples::{Random, fold, repetitions, report, text};

trait Shape {
    fn area(&self) -> f64;
}

struct Square(f64);
struct Circle(f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.0 * self.0 * std::f64::consts::PI
    }
}

fn main() {
    let mut random = Random::new(8);
    let text = text(&mut random, 1 << 17);
    let mut checksum = 0;
    for _ in 0..repetitions() {
        // `DefaultHasher` has no random keys: the same order of work everywhere.
        let mut counts: HashMap<&str, u64, BuildHasherDefault<DefaultHasher>> = HashMap::default();
        for word in text.split_whitespace() {
            *counts.entry(word).or_default() += 1;
        }
        let mut ranking: Vec<(String, u64)> =
            counts.iter().map(|(word, &count)| (word.to_uppercase(), count)).collect();
        ranking.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        checksum = ranking.iter().fold(checksum, |checksum, (word, _)| fold(checksum, word.as_bytes()));

        let mut tree = BTreeMap::new();
        for _ in 0..40_000 {
            *tree.entry(random.below(20_000)).or_insert(0u64) += 1;
        }
        checksum = tree
            .range(5_000..15_000)
            .fold(checksum, |checksum, (key, count)| checksum.wrapping_mul(31).wrapping_add(key * count));

        let mut heap: BinaryHeap<u64> = (0..40_000).map(|_| random.below(1 << 40)).collect();
        while let Some(number) = heap.pop().filter(|_| heap.len() > 20_000) {
            checksum = checksum.wrapping_mul(31).wrapping_add(number);
        }

        let mut shapes: Vec<Box<dyn Shape>> = (0..20_000)
            .map(|index| -> Box<dyn Shape> {
                let size = random.below(1000) as f64;
                if index % 3 == 0 { Box::new(Square(size)) } else { Box::new(Circle(size)) }
            })
            .collect();
        shapes.sort_by(|a, b| a.area().total_cmp(&b.area()));
        let total: f64 = shapes.iter().map(|shape| shape.area()).sum();
        checksum = checksum.wrapping_mul(31) ^ total.to_bits();
    }
    report("collections", checksum);
}
