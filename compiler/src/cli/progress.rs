//! What the user sees while the compiler works: a bar if it takes long, times if asked for.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::{CompiledFunction, Observer};

/// A bar appears when a compile takes longer than this.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many of the slowest functions are in the table of `--timings`.
const SLOWEST: usize = 10;

/// Shows the progress on standard error, if that is a terminal, and remembers when each phase began.
pub struct Progress {
    start: Instant,
    phases: Mutex<Vec<(&'static str, Instant)>>,
    /// When each function was compiled, if someone wants to know.
    functions: Option<Mutex<Vec<FunctionTime>>>,
    compiled: AtomicUsize,
    bar: Mutex<Option<ProgressBar>>,
    notes: Mutex<Vec<String>>,
    terminal: bool,
}

struct FunctionTime {
    name: String,
    /// Number of the thread.
    thread: usize,
    begin: Instant,
    end: Instant,
}

impl Progress {
    /// With `timings`, remembers each function too.
    pub fn new(timings: bool) -> Progress {
        Progress {
            start: Instant::now(),
            phases: Mutex::new(Vec::new()),
            functions: timings.then(Mutex::default),
            compiled: AtomicUsize::new(0),
            bar: Mutex::new(None),
            notes: Mutex::default(),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Removes the bar; afterwards others may print. What took how long until now can be asked of the result.
    pub fn finish(self) -> Times {
        if let Some(bar) = self.bar.into_inner().expect("no observer panics") {
            bar.finish_and_clear();
        }
        let end = Instant::now();
        let phases = self.phases.into_inner().expect("no observer panics");
        let ends: Vec<Instant> = phases.iter().skip(1).map(|(_, begin)| *begin).chain([end]).collect();
        let phases = phases.into_iter().zip(ends).map(|((name, begin), end)| (name, begin, end)).collect();
        let functions = self.functions.map(|functions| functions.into_inner().expect("no observer panics"));
        let notes = self.notes.into_inner().expect("no observer panics");
        Times { start: self.start, end, phases, notes, functions: functions.unwrap_or_default() }
    }
}

impl Observer for Progress {
    fn phase(&self, name: &'static str) {
        self.phases.lock().expect("no observer panics").push((name, Instant::now()));
        // An image of several targets has their functions one target behind the other.
        self.compiled.store(0, Ordering::Relaxed);
    }

    fn note(&self, text: &str) {
        let mut notes = self.notes.lock().expect("no observer panics");
        // For an image, each target says it.
        if !notes.iter().any(|note| note == text) {
            notes.push(text.to_owned());
        }
    }

    fn compiled_function(&self, function: &CompiledFunction<'_>) {
        if let Some(functions) = &self.functions {
            let (name, begin, end) = ((function.name)(), function.begin, Instant::now());
            let thread = rayon::current_thread_index().unwrap_or(0);
            functions.lock().expect("no observer panics").push(FunctionTime { name, thread, begin, end });
        }
        let compiled = self.compiled.fetch_add(1, Ordering::Relaxed) + 1;
        // Looking at the clock for each function would be the dearest thing here.
        if !self.terminal || !compiled.is_multiple_of(32) || self.start.elapsed() < PATIENCE {
            return;
        }
        if let Ok(mut bar) = self.bar.try_lock() {
            let total = function.total as u64;
            let bar = bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{bar:40} {pos}/{len} functions").expect("a valid template");
                ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style)
            });
            bar.set_position(compiled as u64);
        }
    }
}

/// What took how long.
pub struct Times {
    start: Instant,
    end: Instant,
    /// Name, begin and end.
    phases: Vec<(&'static str, Instant, Instant)>,
    /// What was left out.
    pub notes: Vec<String>,
    functions: Vec<FunctionTime>,
}

impl Times {
    /// One line for each phase, in milliseconds, and the total.
    pub fn report(&self) -> String {
        let line = |name: &str, time: Duration| format!("{:>9.1} ms  {name}\n", milliseconds(time));
        let mut report: String = self.phases.iter().map(|(name, begin, end)| line(name, *end - *begin)).collect();
        report.push_str(&line("total", self.end - self.start));
        report
    }

    /// A table of the phases with their shares of the total, and of the slowest functions with their shares of the
    /// time that all threads spent on functions.
    pub fn table(&self) -> String {
        let mut table = String::new();
        let mut row = |time: Duration, whole: Duration, name: &str| {
            let share = 100.0 * time.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE);
            let _ = writeln!(table, "{:>9.1} ms {share:>5.1} %  {name}", milliseconds(time));
        };
        let total = self.end - self.start;
        for (name, begin, end) in &self.phases {
            row(*end - *begin, total, name);
        }
        row(total, total, "total");

        let spent = |function: &FunctionTime| function.end - function.begin;
        let mut slowest: Vec<&FunctionTime> = self.functions.iter().collect();
        slowest.sort_by(|a, b| spent(b).cmp(&spent(a)).then_with(|| a.name.cmp(&b.name)));
        let all: Duration = slowest.iter().map(|function| spent(function)).sum();
        let count = slowest.len();
        row(all, all, &format!("functions: {count}, on all threads; the slowest of them:"));
        for function in slowest.into_iter().take(SLOWEST) {
            row(spent(function), all, &function.name);
        }
        table
    }

    /// All of it in the Trace Event Format of Chrome and Perfetto: complete events, in microseconds. The first row has
    /// the phases, the next ones the functions that each thread compiled.
    pub fn trace(&self) -> String {
        let event = |name: &str, category: &str, row: usize, begin: Instant, end: Instant| {
            let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
            json!({
                "name": name, "cat": category, "ph": "X", "pid": 1, "tid": row,
                "ts": microseconds(begin - self.start), "dur": microseconds(end - begin),
            })
        };
        let row_name = |row: usize, name: String| {
            let args = json!({ "name": name });
            json!({ "name": "thread_name", "ph": "M", "pid": 1, "tid": row, "args": args })
        };
        let mut events = vec![row_name(0, "phases".to_owned())];
        let threads = self.functions.iter().map(|function| function.thread + 1).max().unwrap_or(0);
        events.extend((1..=threads).map(|row| row_name(row, format!("thread {row}"))));
        events.extend(self.phases.iter().map(|(name, begin, end)| event(name, "phase", 0, *begin, *end)));
        let functions = self.functions.iter();
        events.extend(functions.map(|f| event(&f.name, "function", f.thread + 1, f.begin, f.end)));
        json!({ "traceEvents": events, "displayTimeUnit": "ms" }).to_string() + "\n"
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
