//! What the user sees while the compiler works: a bar if it takes long, times if asked for.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Observer;

/// A bar appears when a compile takes longer than this.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows the progress on standard error, if that is a terminal, and remembers when each phase began.
pub struct Progress {
    start: Instant,
    phases: Mutex<Vec<(&'static str, Instant)>>,
    compiled: AtomicUsize,
    bar: Mutex<Option<ProgressBar>>,
    terminal: bool,
}

impl Progress {
    pub fn new() -> Progress {
        Progress {
            start: Instant::now(),
            phases: Mutex::new(Vec::new()),
            compiled: AtomicUsize::new(0),
            bar: Mutex::new(None),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Removes the bar; afterwards others may print.
    pub fn finish(&self) {
        if let Some(bar) = self.bar.lock().expect("no observer panics").take() {
            bar.finish_and_clear();
        }
    }

    /// One line for each phase, in milliseconds, and the total.
    pub fn report(&self) -> String {
        let end = Instant::now();
        let phases = self.phases.lock().expect("no observer panics");
        let ends = phases.iter().skip(1).map(|(_, at)| *at).chain([end]);
        let line = |name: &str, time: Duration| format!("{:>9.1} ms  {name}\n", time.as_secs_f64() * 1e3);
        let mut report: String = phases.iter().zip(ends).map(|((name, at), end)| line(name, end - *at)).collect();
        report.push_str(&line("total", end - self.start));
        report
    }
}

impl Observer for Progress {
    fn phase(&self, name: &'static str) {
        self.phases.lock().expect("no observer panics").push((name, Instant::now()));
    }

    fn compiled_function(&self, total: usize) {
        let compiled = self.compiled.fetch_add(1, Ordering::Relaxed) + 1;
        // Looking at the clock for each function would be the dearest thing here.
        if !self.terminal || !compiled.is_multiple_of(32) || self.start.elapsed() < PATIENCE {
            return;
        }
        if let Ok(mut bar) = self.bar.try_lock() {
            let bar = bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{bar:40} {pos}/{len} functions").expect("a valid template");
                ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr()).with_style(style)
            });
            bar.set_position(compiled as u64);
        }
    }
}
