//! Parses a document, changes it, and writes it again, with `serde_json`.

use serde_json::{Value, json};
use wasmc_bench_samples::{Random, fold, repetitions, report, text};

fn main() {
    let mut random = Random::new(1);
    let records: Vec<Value> = (0..2000)
        .map(|id| {
            json!({
                "id": id,
                "name": text(&mut random, 20),
                "ratio": random.below(1_000_000) as f64 / 128.0,
                "tags": [text(&mut random, 8), null, random.below(2) == 0],
                "nested": {
                    "x": random.below(1 << 40),
                    "y": -(random.below(1000) as i64),
                    "text": text(&mut random, 90),
                },
            })
        })
        .collect();
    let mut document = serde_json::to_string(&records).expect("values can be written");
    let mut checksum = 0;
    for repetition in 0..repetitions() {
        let mut value: Value = serde_json::from_str(&document).expect("this is what was written");
        for record in value.as_array_mut().expect("an array") {
            record["id"] = json!(record["id"].as_u64().expect("a number") + u64::from(repetition));
            let half = record["ratio"].as_f64().expect("a number") / 1.5;
            record["ratio"] = json!(half);
        }
        document = value.to_string();
        checksum = fold(checksum, document.as_bytes());
    }
    report("json", checksum);
}
