//! The same input and options give the same bytes, with any number of threads, and in every run.

use std::path::Path;
use std::process::Command;

use wasmc::{Emit, Entry, InstanceSource, Options, Program, Step};
use wasmc_tests::differential::generate::{self, Group};
use wasmc_tests::{command, process};

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

fn assert_threads_do_not_matter(program: &Program<'_>, what: &str) {
    for emit in [Emit::Executable, Emit::Object] {
        let compile = || wasmc::compile(program, &Options::default(), emit).unwrap_or_else(|e| panic!("{what}: {e}"));
        let one = pool(1).install(compile);
        for threads in [2, 2, 7] {
            let several = pool(threads).install(compile);
            assert!(one == several, "{what}, {emit:?}: {threads} threads give other bytes than one");
        }
    }
}

#[test]
fn threads_do_not_matter() {
    for seed in 0..20 {
        let wasm = generate::module(Group::Version2, seed);
        let instances = vec![InstanceSource { name: "module".into(), wasm: &wasm, wiring: Vec::new() }];
        let entry = Entry::Script(vec![Step::Instantiate(0)]);
        assert_threads_do_not_matter(&Program { instances, entry }, &format!("seed {seed}"));
    }
}

#[test]
fn threads_do_not_matter_to_many_modules() {
    let modules: Vec<Vec<u8>> = (100..116).map(|seed| generate::module(Group::Version2, seed)).collect();
    let instances = modules.iter().enumerate().map(|(index, wasm)| InstanceSource {
        name: format!("module {index}"),
        wasm,
        wiring: Vec::new(),
    });
    let steps = (0..modules.len()).map(Step::Instantiate).collect();
    let program = Program { instances: instances.collect(), entry: Entry::Script(steps) };
    assert_threads_do_not_matter(&program, "16 modules");
}

/// Hash tables with random keys, addresses, times and paths differ from one run of the command to the next.
#[test]
fn runs_do_not_matter() {
    let directory = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/sort.wasm");
    let compile = |name: &str, threads: &str| {
        let target = directory.path().join(name);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        let mut command = Command::new(command::wasmc());
        command.arg(&source).arg("-o").arg(&target).env("RAYON_NUM_THREADS", threads);
        let finished = process::run(&mut command, b"", process::limit(60)).unwrap();
        assert_eq!(finished.end, process::End::Exit(0), "{}", finished.stderr_text());
        std::fs::read(target).unwrap()
    };
    let first = compile("first", "1");
    assert!(first == compile("second", "2") && first == compile("elsewhere/third", "3"));
}
