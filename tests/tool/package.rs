//! `packaging/package.sh`: the Debian package and the archive hold what they should, and work.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::process::{End, Finished};

use super::{PROGRAM, Place, has_tool, succeeded};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/package.sh");

const FILES: &[&str] = &[
    "usr/bin/wasmc",
    "usr/share/man/man1/wasmc.1.gz",
    "usr/share/man/man1/wasmc-run.1.gz",
    "usr/share/bash-completion/completions/wasmc",
    "usr/share/zsh/vendor-completions/_wasmc",
    "usr/share/fish/vendor_completions.d/wasmc.fish",
    "usr/share/doc/wasmc/copyright",
    "usr/share/doc/wasmc/changelog.gz",
    "usr/share/doc/wasmc/cli.md",
    "usr/share/doc/wasmc/licences-of-crates.gz",
];

impl Place {
    fn shell(&self, command: &str) -> Finished {
        self.run("bash", &["-euo", "pipefail", "-c", command])
    }
}

#[test]
fn a_debian_package_works() {
    if !has_tool("dpkg-deb") {
        return;
    }
    let place = Place::new();
    let (architecture, debian) = match Architecture::host().unwrap() {
        Architecture::X86_64 => ("x86_64", "amd64"),
        Architecture::Aarch64 => ("aarch64", "arm64"),
    };
    let version = env!("CARGO_PKG_VERSION");
    let run = |binary: &str, architecture: &str, directory: &str| {
        let wasmc = wasmc().display().to_string();
        place.run_for(Duration::from_secs(300), SCRIPT, &[binary, architecture, directory, &wasmc])
    };
    succeeded(run(wasmc().to_str().unwrap(), architecture, "packages"));
    let package = format!("packages/wasmc_{version}_{debian}.deb");
    let control = succeeded(place.run("dpkg-deb", &["--field", &package])).stdout_text();
    for field in ["Package: wasmc", &format!("Version: {version}"), &format!("Architecture: {debian}")] {
        assert!(control.lines().any(|line| line == field), "{control}");
    }
    succeeded(place.run("dpkg-deb", &["--raw-extract", &package, "root"]));
    for file in FILES {
        assert!(place.path("root").join(file).is_file(), "{file}");
    }
    succeeded(place.shell("cd root && md5sum --check --quiet DEBIAN/md5sums"));
    // As installed, and in a directory with nothing else.
    place.write("app.wat", PROGRAM);
    let installed = place.path("root/usr/bin/wasmc");
    let said = place.run(&installed, &["run", "--no-cache", "app.wat"]);
    assert_eq!(succeeded(said).stdout_text(), "hi\n");
    let page = succeeded(place.shell("gzip -dc root/usr/share/man/man1/wasmc.1.gz")).stdout_text();
    assert_eq!(page, place.wasmc(&["man"]));
    let licences = succeeded(place.shell("gzip -dc root/usr/share/doc/wasmc/licences-of-crates.gz")).stdout_text();
    assert!(licences.contains("==== cranelift-codegen ") && licences.matches("\n---- ").count() > 50, "{licences}");

    // The archive has the same files.
    let archive = format!("packages/wasmc-{version}-{architecture}-linux");
    succeeded(place.shell(&format!("tar xzf {archive}.tar.gz")));
    let unpacked = archive.replace("packages/", "");
    succeeded(place.shell(&format!("diff -r {unpacked} root/usr")));
}

#[test]
fn packages_depend_on_their_input_only() {
    if !has_tool("dpkg-deb") {
        return;
    }
    let place = Place::new();
    // What is packaged need not run here.
    place.write("binary", "of another machine");
    let package = |directory: &str| {
        let wasmc = wasmc().display().to_string();
        let arguments = ["binary", "aarch64", directory, &wasmc];
        succeeded(place.run_for(Duration::from_secs(300), SCRIPT, &arguments));
        let mut files: Vec<_> = fs::read_dir(place.path(directory)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
            .into_iter()
            .map(|file| (file.file_name().unwrap().to_owned(), fs::read(file).unwrap()))
            .collect::<Vec<_>>()
    };
    let first = package("first");
    assert_eq!(first.len(), 2);
    assert!(Path::new(&first[1].0).to_str().unwrap().ends_with("_arm64.deb"));
    assert!(package("second") == first);

    let wasmc = wasmc().display().to_string();
    let unknown = place.run(SCRIPT, &["binary", "mips", "third", &wasmc]);
    assert_eq!(unknown.end, End::Exit(2), "{}", unknown.epitaph());
    assert_eq!(fs::read_dir(place.path("third")).map_or(0, Iterator::count), 0);
}
