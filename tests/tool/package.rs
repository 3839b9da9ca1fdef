//! `packaging/package.sh`: the Debian package and the archive hold what they should, and work.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::process::{self, End, Finished};

use super::{PROGRAM, Place, has_tool};

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
    fn bash(&self, command: &str) -> Finished {
        self.run("bash", &["-euo", "pipefail", "-c", command])
    }

    /// Runs the script behind a command of a shell.
    fn package(&self, before: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Finished {
        let mut command = self.command("bash");
        command.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), SCRIPT]).args(arguments).arg(wasmc());
        // The checkout need not be a repository.
        command.env("SOURCE_DATE_EPOCH", "1700000000").envs(environment.iter().copied());
        process::run(&mut command, b"", process::limit(300)).unwrap()
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
    place.package(":", &[], &[wasmc().to_str().unwrap(), architecture, "packages"]).succeeded();
    let package = format!("packages/wasmc_{version}_{debian}.deb");
    let control = place.run("dpkg-deb", &["--field", &package]).succeeded().stdout_text();
    for field in ["Package: wasmc", &format!("Version: {version}"), &format!("Architecture: {debian}")] {
        assert!(control.lines().any(|line| line == field), "{control}");
    }
    place.run("dpkg-deb", &["--raw-extract", &package, "root"]).succeeded();
    for file in FILES {
        assert!(place.path("root").join(file).is_file(), "{file}");
    }
    place.bash("cd root && md5sum --check --quiet DEBIAN/md5sums").succeeded();
    // As installed, and in a directory with nothing else.
    place.write("app.wat", PROGRAM);
    let installed = place.path("root/usr/bin/wasmc");
    let said = place.run(&installed, &["run", "--no-cache", "app.wat"]);
    assert_eq!(said.succeeded().stdout_text(), "hi\n");
    let page = place.bash("gzip -dc root/usr/share/man/man1/wasmc.1.gz").succeeded().stdout_text();
    assert_eq!(page, place.wasmc(&["man"]));
    let licences = place.bash("gzip -dc root/usr/share/doc/wasmc/licences-of-crates.gz").succeeded().stdout_text();
    assert!(licences.contains("==== cranelift-codegen ") && licences.matches("\n---- ").count() > 50, "{licences}");

    // The archive has the same files, but for where zsh looks.
    let archive = format!("packages/wasmc-{version}-{architecture}-linux");
    place.bash(&format!("tar xzf {archive}.tar.gz")).succeeded();
    let unpacked = archive.replace("packages/", "");
    place.bash(&format!("mv {unpacked}/share/zsh/site-functions {unpacked}/share/zsh/vendor-completions")).succeeded();
    place.bash(&format!("diff -r {unpacked} root/usr")).succeeded();
}

#[test]
fn packages_depend_on_their_input_only() {
    if !has_tool("dpkg-deb") {
        return;
    }
    let place = Place::new();
    // What is packaged need not run here.
    place.write("binary", "of another machine");
    let package = |directory: &str, umask: &str, environment: &[(&str, &str)]| {
        place.package(umask, environment, &["binary", "aarch64", directory]).succeeded();
        let mut files: Vec<_> = fs::read_dir(place.path(directory)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
            .into_iter()
            .map(|file| (file.file_name().unwrap().to_owned(), fs::read(file).unwrap()))
            .collect::<Vec<_>>()
    };
    let first = package("first", "umask 022", &[("TZ", "UTC"), ("LC_ALL", "C")]);
    assert_eq!(first.len(), 2);
    assert!(Path::new(&first[1].0).to_str().unwrap().ends_with("_arm64.deb"));
    let binary = fs::File::options().write(true).open(place.path("binary")).unwrap();
    binary.set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
    let second = package("second", "umask 077", &[("TZ", "Asia/Kathmandu"), ("LC_ALL", "C.UTF-8")]);
    assert!(second == first, "time, place or modes matter");

    let unknown = place.package(":", &[], &["binary", "mips", "third"]);
    assert_eq!(unknown.end, End::Exit(2), "{}", unknown.epitaph());
    assert_eq!(fs::read_dir(place.path("third")).map_or(0, Iterator::count), 0);
}
