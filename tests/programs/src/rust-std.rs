//! A program that uses the standard library: collections, formatting, iterators, traits, arguments, standard input,
//! time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::io::{self, BufRead, Write};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Circle { radius: f64 },
    Polygon(Vec<(f64, f64)>),
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Circle { radius } => write!(f, "circle of {radius:.3}"),
            Shape::Polygon(points) => write!(f, "polygon of {} points", points.len()),
        }
    }
}

trait Area {
    fn area(&self) -> f64;
}

impl Area for Shape {
    fn area(&self) -> f64 {
        match self {
            Shape::Circle { radius } => std::f64::consts::PI * radius * radius,
            Shape::Polygon(points) => {
                let next = points.iter().cycle().skip(1);
                points.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs() / 2.0
            }
        }
    }
}

fn primes(below: usize) -> Vec<usize> {
    let mut composite = vec![false; below];
    (2..below)
        .filter(|&n| {
            if composite[n] {
                return false;
            }
            (n * n..below).step_by(n).for_each(|m| composite[m] = true);
            true
        })
        .collect()
}

fn main() {
    println!("arguments: {:?}", std::env::args().skip(1).collect::<Vec<_>>());
    let mut words: HashMap<String, usize> = HashMap::new();
    let mut lines = 0;
    for line in io::stdin().lock().lines() {
        let line = line.expect("standard input can be read");
        lines += 1;
        for word in line.split_whitespace() {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    let sorted: BTreeMap<_, _> = words.iter().collect();
    println!("{lines} lines, {sorted:?}");

    let shapes: Vec<Box<dyn Area>> = vec![
        Box::new(Shape::Circle { radius: 1.5 }),
        Box::new(Shape::Polygon(vec![(0.0, 0.0), (4.0, 0.0), (4.0, 3.0)])),
    ];
    println!("areas: {:?}", shapes.iter().map(|shape| shape.area()).collect::<Vec<_>>());
    println!("{} and {}", Shape::Circle { radius: 2.0 / 3.0 }, Shape::Polygon(vec![(0.0, 0.0); 3]));

    let found = primes(200_000);
    println!("{} primes, the last is {:?}, their sum {}", found.len(), found.last(), found.iter().sum::<usize>());

    let mut queue: VecDeque<u128> = VecDeque::from([1, 1]);
    for _ in 0..180 {
        queue.push_back(queue[0] + queue[1]);
        queue.pop_front();
    }
    println!("fibonacci: {:?}, {:e}", queue, 6.02214076e23f64);

    let shared = Rc::new(String::from("größer als ASCII: 𝄞"));
    let copies: Vec<_> = (0..3).map(|_| Rc::clone(&shared)).collect();
    println!("{} references to {:?}, {} bytes", Rc::strong_count(&shared), copies[0], shared.len());

    let parsed: Result<i32, _> = "12x".parse::<i32>();
    println!("{parsed:?}, {:?}, {:?}", "-77".parse::<i8>(), f32::MAX.to_string());

    let before = Instant::now();
    assert!(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() > Duration::from_secs(1_700_000_000));
    assert!(before.elapsed() < Duration::from_secs(60));
    io::stdout().flush().unwrap();
    eprintln!("leaving");
    std::process::exit(7);
}
