//! Structures, enumerations, references and slices: what a debugger shall show of a program in Rust.
//!
//! Without the standard library, so that all debug information is that of this file.
#![no_std]
#![no_main]

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn proc_exit(status: i32) -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { proc_exit(101) }
}

pub struct Point {
    pub x: i32,
    pub y: f64,
    pub label: &'static str,
}

pub enum Shape {
    Circle(f64),
    Rect { w: i32, h: i32 },
    Empty,
}

pub struct Link<'a> {
    pub value: u64,
    pub next: Option<&'a Link<'a>>,
}

#[inline(never)]
pub fn area(shape: &Shape, scale: i64) -> i64 {
    let result = match shape {
        Shape::Circle(radius) => (radius * radius * 3.0) as i64 * scale,
        Shape::Rect { w, h } => *w as i64 * *h as i64 * scale,
        Shape::Empty => 0,
    };
    result
}

#[inline(never)]
pub fn sum(link: &Link<'_>) -> u64 {
    let rest = match link.next {
        Some(next) => sum(next),
        None => 0,
    };
    link.value + rest
}

#[inline(never)]
pub fn show(point: &Point, name: &str, numbers: &[u16]) -> i32 {
    let flag = name.len() == 5;
    let wide = point.x as i64 * 1_000_000_000_000;
    let second = match numbers {
        [_, second, ..] => *second as i32,
        _ => 0,
    };
    point.x + flag as i32 + second + (wide >> 40) as i32
}

fn run() -> i32 {
    let point = Point { x: 3, y: 1.5, label: "origin" };
    let last = Link { value: 30, next: None };
    let link = Link { value: 12, next: Some(&last) };
    let shape = Shape::Rect { w: 2, h: 5 };
    let all = area(&shape, 10) + area(&Shape::Circle(2.0), 1) + area(&Shape::Empty, 7);
    let name = "rusty";
    let status = show(&point, name, &[7, 8, 9]) + all as i32;
    status + sum(&link) as i32
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() {
    unsafe { proc_exit(run()) }
}
