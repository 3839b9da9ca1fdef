//! Executables → an image for containers: one archive that is an OCI image layout and what `docker save` writes.
//!
//! The image has one layer with one file, the executable, which is its entry point; an image for several architectures
//! is an index of such images. Nothing in it depends on when, where or by whom it is made. Layers are not compressed,
//! so that a blob has one digest whoever looks at it, and both formats share all blobs.
//!
//! ```text
//! oci-layout                    the version of the layout
//! index.json                    the image, by name                    (OCI: image-layout.md)
//! manifest.json                 an entry for each architecture        (docker load)
//! blobs/sha256/…                index, manifests, configurations, layers
//! ```
//!
//! Source: <https://github.com/opencontainers/image-spec>, version 1.1.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use crate::error::{Error, Result};
use crate::options::Architecture;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The annotation that gives an image of a layout its name.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The archive of an image called `NAME:latest` whose entry point is `/NAME`: see [`image_name`]. In `docker load`'s
/// part of it, images for several architectures are called `NAME:amd64` and so on.
///
/// # Errors
///
/// If the name is longer than an archive can hold, which [`image_name`] sees to.
pub fn image(name: &str, executables: &[(Architecture, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut blobs = Blobs::default();
    let mut manifests = Vec::new();
    let mut for_docker = Vec::new();
    for (architecture, executable) in executables {
        let layer = blobs.add(LAYER, archive([(name, 0o755, executable.as_slice())])?);
        let config = json!({
            "architecture": architecture.go_name(),
            "os": "linux",
            "config": { "Entrypoint": [format!("/{name}")], "WorkingDir": "/" },
            "rootfs": { "type": "layers", "diff_ids": [layer["digest"]] },
        });
        let config = blobs.add(CONFIG, config.to_string().into_bytes());
        let tag = if executables.len() == 1 { "latest" } else { architecture.go_name() };
        for_docker.push(json!({
            "Config": path(&config),
            "RepoTags": [format!("{name}:{tag}")],
            "Layers": [path(&layer)],
        }));
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
        let mut manifest = blobs.add(MANIFEST, manifest.to_string().into_bytes());
        manifest["platform"] = json!({ "architecture": architecture.go_name(), "os": "linux" });
        manifests.push(manifest);
    }
    let mut root = match manifests.len() {
        1 => manifests.remove(0),
        _ => blobs.add(INDEX, index(&manifests).into_bytes()),
    };
    root["annotations"] = json!({ REF_NAME: format!("{name}:latest") });

    let layout = json!({ "imageLayoutVersion": "1.0.0" }).to_string();
    let (index, for_docker) = (index(&[root]), Value::from(for_docker).to_string());
    let files = [("index.json", &index), ("manifest.json", &for_docker), ("oci-layout", &layout)];
    let files = files.map(|(name, text)| (name, 0o644, text.as_bytes()));
    let blobs = blobs.0.iter().map(|(path, blob)| (path.as_str(), 0o644, blob.as_slice()));
    archive(files.into_iter().chain(blobs))
}

/// The name for an image of a program: what a name may not have is replaced
/// (<https://github.com/opencontainers/distribution-spec>, "Pulling manifests").
pub fn image_name(program: &str) -> String {
    let letters = program.chars().map(|letter| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9') => letter,
        _ => '-',
    });
    let letters: String = letters.collect();
    let words: Vec<&str> = letters.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "program".to_owned() } else { words.join("-") }
}

/// Contents by their paths in the archive.
#[derive(Default)]
struct Blobs(BTreeMap<String, Vec<u8>>);

impl Blobs {
    /// Adds a blob. Gives its descriptor.
    fn add(&mut self, media_type: &str, blob: Vec<u8>) -> Value {
        let digest: String = Sha256::digest(&blob).iter().map(|byte| format!("{byte:02x}")).collect();
        let descriptor = json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": blob.len() });
        self.0.insert(path(&descriptor), blob);
        descriptor
    }
}

/// Where the blob of a descriptor lies.
fn path(descriptor: &Value) -> String {
    let digest = descriptor["digest"].as_str().expect("a descriptor has a digest");
    format!("blobs/{}", digest.replace(':', "/"))
}

fn index(manifests: &[Value]) -> String {
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }).to_string()
}

/// A tar archive of files, which belong to root and have no time.
fn archive<'a>(files: impl IntoIterator<Item = (&'a str, u32, &'a [u8])>) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::unsupported(format!("the image: {error}"));
    let mut archive = Builder::new(Vec::new());
    for (path, mode, contents) in files {
        let mut header = Header::new_ustar();
        header.set_path(path).map_err(failed)?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        archive.append(&header, contents).map_err(failed)?;
    }
    archive.into_inner().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images() {
        for (program, name) in [
            ("app", "app"),
            ("My App_2", "my-app-2"),
            ("..hidden", "hidden"),
            ("a--b", "a-b"),
            ("größe", "gr-e"),
            ("", "program"),
            ("東京", "program"),
        ] {
            assert_eq!(image_name(program), name, "{program}");
        }
    }
}
