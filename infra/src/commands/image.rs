//! `infra image`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use artifact::{Image, Packed, Program};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::push::{failure, upload};
use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::report::say;

/// Which program is packed, and where to.
#[derive(Args, Debug)]
pub(crate) struct ImageArgs {
    /// The program
    #[arg(value_enum)]
    pub(crate) program: ImageProgram,
    /// Push it to a registry under this tag
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) push: Option<String>,
    /// Write it into a folder, as an OCI image layout
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// The program, linked statically; without it, cargo builds it in the repository
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
    /// A variable of its environment, such as `SSL_CERT_FILE`; may be given several times
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) variables: Vec<(String, String)>,
    /// The profile that cargo builds it with
    #[arg(
        long,
        value_name = "NAME",
        default_value = "release",
        conflicts_with = "binary"
    )]
    pub(crate) profile: String,
    /// Speak plain HTTP with the registry, as with one on this machine
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,
}

/// What there are images of.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ImageProgram {
    /// What runs the functions where no shim does
    Host,
    /// The job
    Precompute,
}

impl ImageProgram {
    /// What its package and its binary are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Precompute => "precompute",
        }
    }
}

/// What makes a program need no other file. With a target named, it is for that alone, and not for what runs while it is built.
const STATIC_FLAGS: &str = "-C target-feature=+crt-static";

/// Packs a program as a container image, without a container engine.
pub(crate) fn image(global: &Global, args: &ImageArgs) -> Result<(), Failure> {
    let binary = match &args.binary {
        Some(path) => path.clone(),
        None => build(args.program, &args.profile)?,
    };
    let content = fs::read(&binary);
    let content = content
        .with_context(|| format!("could not read the program {}", binary.display()))
        .map_err(|error| Refusal::Invalid.because(error))?;
    let mut program = program(args.program, &content);
    program.environment.extend(args.variables.clone());
    let packed = program.pack().map_err(failure)?;
    if let Some(folder) = &args.out {
        packed.write_layout(folder).map_err(failure)?;
    }
    match &args.push {
        Some(tag) => push(global, args, tag, &packed),
        None => tell(global, packed.digest(), &packed, None),
    }
}

fn push(global: &Global, args: &ImageArgs, tag: &str, packed: &Packed) -> Result<(), Failure> {
    let image = Image::parse(tag).map_err(failure)?;
    let pushed = upload(&image, args.insecure, packed)?;
    tell(
        global,
        &pushed.image.to_string(),
        packed,
        Some(pushed.uploaded_blobs),
    )
}

fn tell(
    global: &Global,
    name: &str,
    packed: &Packed,
    uploaded_blobs: Option<usize>,
) -> Result<(), Failure> {
    let size_bytes = packed.size_bytes();
    say(&format!("{} kB", size_bytes.div_ceil(1000)));
    let event =
        json!({ "image": name, "size_bytes": size_bytes, "uploaded_blobs": uploaded_blobs });
    Ok(global.output.tell("image", &event, name)?)
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// What is in the image of each program beside it.
fn program(program: ImageProgram, binary: &[u8]) -> Program<'_> {
    let (writable_folder, environment): (_, &[(&str, &str)]) = match program {
        ImageProgram::Host => (
            "/state",
            &[
                // Where a pod has the keys of a registry, if it has some.
                ("DOCKER_CONFIG", "/registry"),
                ("KINDRED_CACHE_DIR", "/state/cache"),
                // As long as it takes until nobody sends requests to a pod that ends.
                ("KINDRED_DRAIN_DELAY", "5"),
                ("KINDRED_STATE_DIR", "/state"),
            ],
        ),
        ImageProgram::Precompute => ("/scratch", &[("KINDRED_WORK", "/scratch")]),
    };
    let environment = environment.iter();
    Program {
        name: program.name(),
        binary,
        writable_folder,
        environment: environment
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// Builds a program of this repository and says where it is.
fn build(program: ImageProgram, profile: &str) -> Result<PathBuf> {
    let name = program.name();
    let target = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--package",
        name,
        "--bin",
        name,
        "--profile",
        profile,
        "--target",
        &target,
    ]);
    let variable = format!(
        "CARGO_TARGET_{}_RUSTFLAGS",
        target.to_uppercase().replace('-', "_")
    );
    let status = cargo.env(variable, STATIC_FLAGS).status();
    let status = status.with_context(|| {
        format!("could not start cargo, which builds {name}: give a program that is built by `--binary FILE`")
    })?;
    if !status.success() {
        bail!(
            "cargo did not build {name} ({status}): give a program that is built by `--binary FILE`"
        );
    }
    let folder =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    // The profile `dev` is built into the folder of old.
    let profile_folder = if profile == "dev" { "debug" } else { profile };
    Ok(folder
        .join(Path::new(&target))
        .join(profile_folder)
        .join(name))
}
