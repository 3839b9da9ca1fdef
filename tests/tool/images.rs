//! Images: what the specification says of them, that tools of others read them, and that they run.
//!
//! The rules are those of <https://github.com/opencontainers/image-spec> 1.1. The types of the crate `oci-spec` stand
//! for its schemas.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use oci_spec::image::{Arch, Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType, OciLayout, Os};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wasmc::options::Architecture;
use wasmc_tests::command::{has_tool, wasmc};
use wasmc_tests::emulator;
use wasmc_tests::process::End;

use super::{Place, read};

/// The files of an archive. Checks that it says nothing of where it was made.
fn unpack(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (0, 0, 0));
        assert!(header.entry_type().is_file());
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut contents = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut contents).unwrap();
        assert!(files.insert(path.clone(), contents).is_none(), "{path} is there twice");
    }
    files
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An image layout, and which of its blobs have been read.
struct Layout {
    files: BTreeMap<String, Vec<u8>>,
    reached: HashSet<String>,
}

impl Layout {
    /// The blob of a descriptor, which must have its size and digest.
    fn blob(&mut self, descriptor: &Descriptor, media_type: &MediaType) -> Vec<u8> {
        assert_eq!(descriptor.media_type(), media_type);
        let path = format!("blobs/sha256/{}", descriptor.digest().digest());
        let blob = self.files.get(&path).unwrap_or_else(|| panic!("{path} is missing")).clone();
        assert_eq!(descriptor.size(), blob.len() as u64);
        assert_eq!(descriptor.digest().to_string(), format!("sha256:{}", sha256(&blob)));
        self.reached.insert(path);
        blob
    }

    /// Checks everything from `index.json` down. Gives the executables.
    fn check(mut self, name: &str) -> Vec<(Architecture, Vec<u8>)> {
        let version = OciLayout::from_reader(self.files["oci-layout"].as_slice()).unwrap();
        assert_eq!(version.image_layout_version(), "1.0.0");
        let index = ImageIndex::from_reader(self.files["index.json"].as_slice()).unwrap();
        assert_eq!((index.schema_version(), index.media_type()), (2, &Some(MediaType::ImageIndex)));
        let [root] = index.manifests().as_slice() else { panic!("one image has one name") };
        let annotations = root.annotations().as_ref().unwrap();
        assert_eq!(annotations["org.opencontainers.image.ref.name"], format!("{name}:latest"));

        let manifests = match root.media_type() {
            MediaType::ImageIndex => {
                let index = self.blob(root, &MediaType::ImageIndex);
                ImageIndex::from_reader(index.as_slice()).unwrap().manifests().clone()
            }
            _ => vec![root.clone()],
        };
        let mut executables = Vec::new();
        let mut for_docker = Vec::new();
        for descriptor in &manifests {
            let manifest = self.blob(descriptor, &MediaType::ImageManifest);
            let manifest = ImageManifest::from_reader(manifest.as_slice()).unwrap();
            assert_eq!(manifest.schema_version(), 2);
            let config = self.blob(manifest.config(), &MediaType::ImageConfig);
            let config = ImageConfiguration::from_reader(config.as_slice()).unwrap();
            let platform = descriptor.platform().as_ref().expect("a manifest of an index says its platform");
            assert_eq!((platform.architecture(), platform.os()), (config.architecture(), &Os::Linux));
            assert!(config.created().is_none() && config.history().as_ref().is_none_or(Vec::is_empty));

            let [layer] = manifest.layers().as_slice() else { panic!("there is one layer") };
            let digest = layer.digest().to_string();
            assert_eq!(config.rootfs().diff_ids(), std::slice::from_ref(&digest), "the layer is not compressed");
            let mut layer = unpack(&self.blob(layer, &MediaType::ImageLayer));
            let process = config.config().as_ref().unwrap();
            assert_eq!(process.entrypoint().as_deref(), Some(&[format!("/{name}")][..]));
            executables.push((architecture(config.architecture()), layer.remove(name).expect("the entry point")));
            assert!(layer.is_empty(), "there is nothing else");
            let path = |digest: &str| format!("blobs/{}", digest.replace(':', "/"));
            let tag = if manifests.len() == 1 { "latest".to_owned() } else { config.architecture().to_string() };
            for_docker.push(serde_json::json!({
                "Config": path(manifest.config().digest().as_ref()),
                "RepoTags": [format!("{name}:{tag}")],
                "Layers": [path(&digest)],
            }));
        }
        let manifest: Value = serde_json::from_slice(&self.files["manifest.json"]).unwrap();
        assert_eq!(manifest, Value::from(for_docker));
        let unknown = |path: &&String| {
            let is_known = ["oci-layout", "index.json", "manifest.json"].contains(&path.as_str());
            !is_known && !self.reached.contains(*path)
        };
        assert_eq!(self.files.keys().find(unknown), None, "nothing is left over");
        executables
    }
}

fn architecture(name: &Arch) -> Architecture {
    Architecture::parse(&name.to_string()).expect("an architecture of ours")
}

/// Checks an archive. Gives the executables in it.
fn check(path: &Path, name: &str) -> Vec<(Architecture, Vec<u8>)> {
    Layout { files: unpack(&read(path)), reached: HashSet::new() }.check(name)
}

/// The image has what `wasmc` writes as an executable with the same options, which runs.
#[test]
fn an_image_has_the_executable() {
    let place = Place::new();
    for target in emulator::architectures() {
        place.wasmc(&["app.wat", "--emit", "oci", "--target", target.name()]);
        place.wasmc(&["app.wat", "--target", target.name()]);
        let [(architecture, executable)] = check(&place.path("app.tar"), "app").try_into().unwrap();
        assert!(architecture == target && executable == read(&place.path("app")));
        if emulator::can_run(target) {
            let mut command = emulator::command(target, &place.path("app"));
            assert_eq!(place.finish(&mut command, "").succeeded().stdout_text(), "hi\n");
        }
    }
}

#[test]
fn one_image_for_all_targets() {
    let place = Place::new();
    let arguments = ["app.wat", "--emit", "oci", "--target", "x86_64", "--target", "aarch64", "-o"];
    place.wasmc(&[&arguments[..], &["My_App.tar"]].concat());
    let architectures: Vec<_> = check(&place.path("My_App.tar"), "my-app").iter().map(|(a, _)| *a).collect();
    assert_eq!(architectures, [Architecture::X86_64, Architecture::Aarch64]);

    // The same again, whatever the threads, the time and the directory.
    let other = Place::new();
    other.wasmc(&[&arguments[..], &["My_App.tar", "-j", "1"]].concat());
    assert!(read(&place.path("My_App.tar")) == read(&other.path("My_App.tar")), "images are reproducible");
}

#[test]
fn several_targets_are_for_images() {
    let place = Place::new();
    for (arguments, message) in [
        (&["--target", "x86_64", "--target", "aarch64"][..], "several targets can be in an image only: --emit oci"),
        (&["--emit", "oci", "--target", "arm64", "--target", "aarch64"], "--target names aarch64 twice"),
        (&["--emit", "oci", "--target", "x86_64", "--target", "aarch64", "--cpu", "x86-64-v3"], "aarch64 has no CPU"),
    ] {
        let finished = place.run(wasmc(), &[&["app.wat"], arguments].concat());
        assert_eq!(finished.end, End::Exit(2));
        assert!(finished.stderr_text().contains(message), "{}", finished.stderr_text());
        assert!(!place.path("app.tar").exists() && !place.path("app").exists());
    }
}

/// skopeo reads both formats, and finds the image of each architecture.
#[test]
fn skopeo_reads_images() {
    if !has_tool("skopeo") {
        return;
    }
    let place = Place::new();
    place.wasmc(&["app.wat", "--emit", "oci", "--target", "x86_64", "--target", "aarch64"]);
    let executables = check(&place.path("app.tar"), "app");
    for (architecture, executable) in &executables {
        let arch = if *architecture == Architecture::X86_64 { "amd64" } else { "arm64" };
        let for_docker = format!("docker-archive:app.tar:app:{arch}");
        let images = [("oci-archive:app.tar:app:latest", "oci"), (for_docker.as_str(), "docker")];
        for (image, format) in images {
            let inspected = place.run("skopeo", &["--override-arch", arch, "inspect", image]).succeeded().stdout_text();
            let inspected: Value = serde_json::from_str(&inspected).unwrap();
            assert_eq!((inspected["Architecture"].as_str(), inspected["Os"].as_str()), (Some(arch), Some("linux")));
            // It checks all digests when it copies.
            let copy = format!("{format}-{arch}");
            let directory = format!("dir:{copy}");
            let arguments = ["--insecure-policy", "--override-arch", arch, "copy", image, &directory];
            place.run("skopeo", &arguments).succeeded();
            let layers = inspected["Layers"].as_array().unwrap();
            let [layer] = layers.as_slice() else { panic!("{inspected:#}") };
            let layer = layer.as_str().unwrap().strip_prefix("sha256:").unwrap();
            let copied = unpack(&read(&place.path(&copy).join(layer)));
            assert!(copied["app"] == *executable, "{image}");
        }
    }
    place.run("skopeo", &["--insecure-policy", "copy", "--all", "oci-archive:app.tar", "oci:all:app"]).succeeded();
}

/// umoci makes of an image the directory and configuration that a container is started with; the entry point runs.
#[test]
fn umoci_unpacks_images() {
    if !has_tool("umoci") {
        return;
    }
    let place = Place::new();
    place.wasmc(&["app.wat", "--emit", "oci"]);
    fs::create_dir(place.path("layout")).unwrap();
    for (path, contents) in unpack(&read(&place.path("app.tar"))) {
        let path = place.path("layout").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    place.run("umoci", &["unpack", "--rootless", "--image", "layout:app:latest", "bundle"]).succeeded();
    let config: Value = serde_json::from_slice(&read(&place.path("bundle/config.json"))).unwrap();
    assert_eq!(config["process"]["args"], serde_json::json!(["/app"]));
    assert_eq!(place.run(place.path("bundle/rootfs/app"), &[]).succeeded().stdout_text(), "hi\n");
}

/// The names that images have for architectures are ones that the specification knows.
#[test]
fn architectures_have_names_of_the_specification() {
    for architecture in Architecture::ALL {
        let known = Arch::from(architecture.go_name());
        assert!(!matches!(known, Arch::Other(_)), "{architecture:?}");
    }
}
