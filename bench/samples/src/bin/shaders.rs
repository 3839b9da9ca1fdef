//! A compiler: translates shaders from WGSL to SPIR-V and to Metal's language, with `naga`: parser, types, validation
//! and back ends.

use std::fmt::Write as _;

use naga::back::{msl, spv};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use wasmc_bench_samples::{Random, fold, repetitions, report};

/// A module with functions that call each other, structs, loops, switches, vectors and matrices.
fn source() -> String {
    let mut random = Random::new(11);
    let mut source = String::from(
        "struct Light { position: vec4<f32>, colour: vec3<f32>, power: f32 }\n\
         struct Scene { lights: array<Light, 16>, view: mat4x4<f32>, count: u32 }\n\
         @group(0) @binding(0) var<uniform> scene: Scene;\n\
         @group(0) @binding(1) var<storage, read_write> pixels: array<vec4<f32>>;\n\
         fn shade0(p: vec3<f32>, i: u32) -> f32 { return dot(p, vec3<f32>(0.3, 0.6, 0.1)) + f32(i); }\n",
    );
    for function in 1..60 {
        let (first, second) = (random.below(function), random.below(function));
        let (number, part) = (random.below(100), ["x", "y", "z"][random.below(3) as usize]);
        write!(
            source,
            "fn shade{function}(p: vec3<f32>, i: u32) -> f32 {{\n\
             var total = {number}.5;\n\
             for (var step = 0u; step < i % 8u; step = step + 1u) {{\n\
             let light = scene.lights[(step + {number}u) % 16u];\n\
             let towards = normalize(light.position.xyz - p) * light.power;\n\
             if (towards.{part} > 0.25) {{ total += shade{first}(towards.zxy, step) * light.colour.{part}; }}\n\
             else {{ total -= max(shade{second}(p.yzx * 0.5, step), 0.01) / (1.0 + length(towards)); }}\n\
             }}\n\
             switch (i & 3u) {{\n\
             case 0u: {{ total = sqrt(abs(total)); }}\n\
             case 1u, 2u: {{ total = mix(total, p.{part}, 0.{number}); }}\n\
             default: {{ total = clamp(total, -{number}.0, {number}.0); }}\n\
             }}\n\
             return total;\n\
             }}\n"
        )
        .unwrap();
    }
    source.push_str(
        "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {\n\
         let p = scene.view * vec4<f32>(vec3<f32>(id), 1.0);\n\
         pixels[id.x] = vec4<f32>(shade59(p.xyz, id.x), shade58(p.zyx, id.y), shade57(p.yxz, scene.count), 1.0);\n}\n",
    );
    source
}

fn main() {
    let source = source();
    let mut checksum = 0;
    for _ in 0..repetitions() {
        let module = naga::front::wgsl::parse_str(&source).expect("a valid shader");
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::all());
        let info = validator.validate(&module).expect("a valid module");
        let words = spv::write_vec(&module, &info, &spv::Options::default(), None).expect("SPIR-V");
        checksum = words.iter().fold(checksum, |checksum, word| fold(checksum, &word.to_le_bytes()));
        let options = msl::Options { fake_missing_bindings: true, ..msl::Options::default() };
        let text = msl::write_string(&module, &info, &options, &msl::PipelineOptions::default()).expect("Metal").0;
        checksum = fold(checksum, text.as_bytes());
    }
    report("shaders", checksum);
}
