//! What a measurement ran on. Figures without it mean nothing.

use std::fmt;
use std::fs;

use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub processors: usize,
    pub kernel: String,
    /// Average number of runnable processes over the last minute, before and after. Much above what the benchmark
    /// itself adds means that others took part of the machine.
    pub load_before: f64,
    pub load_after: f64,
}

impl Machine {
    pub fn describe() -> Machine {
        let cpuinfo = read("/proc/cpuinfo");
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Machine {
            cpu: model.map_or("unknown", |(_, name)| name).trim().to_owned(),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_before: load(),
            load_after: 0.0,
        }
    }

    /// The benchmark is over.
    pub fn finish(&mut self) {
        self.load_after = load();
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cpu, processors, kernel, load_before, load_after } = self;
        write!(f, "{cpu}, {processors} processors, Linux {kernel}; load {load_before:.1} before, {load_after:.1} after")
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn load() -> f64 {
    read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}
