//! Where the compiler for WebAssembly comes from.
//!
//! Three ways, tried in this order: the active toolchain already has the target; rustup adds it; or, where rustup cannot download, the compiler
//! of the Debian packages, whose standard library for the target is built here once. That library lives in a sysroot under the cache home and is
//! handed to the compiler with `--sysroot`, so nothing that belongs to the package manager is written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;

use super::TARGET;
use crate::process::{self, run, say, timed};
use crate::workspace::Workspace;

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "lld", "wasi-libc"];

/// Where Debian's wasi-libc keeps its start-up objects and its archive.
const DEBIAN_WASI_LIBC: &str = "/usr/lib/wasm32-wasi";
const WASI_LIBC_FILES: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];

/// What makes a function smaller. The linker leaves room for the longest number wherever code refers to something, unless it is told not to: a tenth of a
/// function. SHA-256, which signs a few requests to S3, need not be unrolled: 7 kB. And vectors, which every WebAssembly engine of servers has, save 4 kB and 3 % of
/// a request's time.
const COMPILER_FLAGS: &str = "-Ctarget-feature=+simd128 -Clink-arg=--compress-relocations --cfg=sha2_backend_soft=\"compact\"";

/// Which way to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ToolchainChoice {
    /// The first that works
    Auto,
    /// The active toolchain, completed by rustup
    Rustup,
    /// The compiler of the Debian packages
    Debian,
}

/// A compiler that has the standard library for the target.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The one that compiles everything else.
    Active,
    /// The Debian packages', with the library we built for it.
    Debian {
        /// The folder that holds `lib/rustlib/wasm32-wasip1`.
        sysroot: PathBuf,
    },
}

impl Toolchain {
    /// Finds one, installing what is missing.
    pub(crate) fn find(workspace: &Workspace, choice: ToolchainChoice) -> Result<Toolchain> {
        if choice == ToolchainChoice::Debian {
            return Toolchain::from_debian();
        }
        if active_toolchain_has_target(workspace) {
            return Ok(Toolchain::Active);
        }
        let from_rustup = add_with_rustup(workspace);
        match (from_rustup, choice) {
            (Ok(()), _) => Ok(Toolchain::Active),
            (Err(error), ToolchainChoice::Rustup) => Err(error),
            (Err(error), _) => {
                say(&format!(
                    "{error:#}; trying the compiler of the Debian packages"
                ));
                Toolchain::from_debian()
            }
        }
    }

    /// A cargo that compiles for the target with this toolchain.
    pub(crate) fn cargo(&self) -> Command {
        let (mut command, flags) = match self {
            Toolchain::Active => (process::cargo(), COMPILER_FLAGS.to_owned()),
            Toolchain::Debian { sysroot } => (
                debian_cargo(),
                format!("{COMPILER_FLAGS} --sysroot={}", sysroot.display()),
            ),
        };
        // Names this target alone, so build scripts and macros are compiled without them.
        command.env("CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS", flags);
        command
    }

    /// The target folder for this toolchain. Another compiler wants one of its own, or the two would take turns in rebuilding each other's work.
    pub(crate) fn target_directory(&self, of_active: &Path) -> PathBuf {
        match self {
            Toolchain::Active => of_active.to_owned(),
            Toolchain::Debian { .. } => of_active.join("wasm-debian"),
        }
    }

    fn from_debian() -> Result<Toolchain> {
        if !debian_packages_are_there() {
            install_debian_packages()?;
        }
        let version = process::output_of(
            Command::new(DEBIAN_RUSTC)
                .arg("--version")
                .env_remove("LD_LIBRARY_PATH"),
        )?;
        let sysroot = Workspace::cache_folder()?
            .join("wasm-sysroot")
            .join(sysroot_name(&version));
        if !sysroot.join("complete").exists() {
            timed(&format!("standard library for {TARGET} built"), || {
                build_sysroot(&sysroot)
            })?;
        }
        Ok(Toolchain::Debian { sysroot })
    }
}

/// A folder name for what belongs to this compiler alone: a newer package gets a library of its own.
fn sysroot_name(rustc_version: &str) -> String {
    // The words are "rustc", "1.96.0", "(ac68faa20", "2026-05-25)", and where it was built.
    let words = rustc_version.split_whitespace().skip(1).take(2);
    let words: Vec<&str> = words.map(|word| word.trim_matches(['(', ')'])).collect();
    words.join("-")
}

fn active_toolchain_has_target(workspace: &Workspace) -> bool {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command
        .current_dir(&workspace.root)
        .args(["--print", "target-libdir", "--target", TARGET]);
    let Ok(folder) = process::output_of(&mut command) else {
        return false;
    };
    contains_standard_library(Path::new(folder.trim()))
}

fn contains_standard_library(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

fn add_with_rustup(workspace: &Workspace) -> Result<()> {
    let mut command = Command::new("rustup");
    command
        .current_dir(&workspace.root)
        .args(["target", "add", TARGET])
        .env("RUSTUP_MAX_RETRIES", "1");
    run(&mut command)?;
    if !active_toolchain_has_target(workspace) {
        bail!(
            "`rustup target add {TARGET}` succeeded, but the active compiler does not have the target; is `rustc` of another toolchain first in PATH?"
        );
    }
    Ok(())
}

fn debian_packages_are_there() -> bool {
    let in_place = [DEBIAN_RUSTC, DEBIAN_CARGO]
        .iter()
        .all(|program| Path::new(program).exists());
    let library_source = debian_sysroot()
        .is_ok_and(|sysroot| sysroot.join("lib/rustlib/src/rust/library/std").exists());
    let libc = WASI_LIBC_FILES
        .iter()
        .all(|file| Path::new(DEBIAN_WASI_LIBC).join(file).exists());
    in_place && library_source && libc && process::exists("wasm-ld")
}

fn debian_sysroot() -> Result<PathBuf> {
    let mut command = Command::new(DEBIAN_RUSTC);
    command
        .args(["--print", "sysroot"])
        .env_remove("LD_LIBRARY_PATH");
    Ok(PathBuf::from(process::output_of(&mut command)?.trim()))
}

fn install_debian_packages() -> Result<()> {
    let packages = DEBIAN_PACKAGES.join(" ");
    let by_hand = format!(
        "no compiler for {TARGET}: connect to the network and run `rustup target add {TARGET}`, or install the packages as root: `apt-get install {packages}`"
    );
    if !process::exists("apt-get") {
        bail!(
            "{by_hand} (this machine has no apt-get: other distributions carry the target in packages such as rust-std-static-{TARGET})"
        );
    }
    if !process::runs_as_root() {
        bail!("{by_hand}");
    }
    timed("packages for WebAssembly installed", || {
        process::apt_install(&DEBIAN_PACKAGES).map_err(|error| anyhow!("{error:#}; {by_hand}"))
    })?;
    if !debian_packages_are_there() {
        bail!(
            "the packages {packages} are installed, but {DEBIAN_RUSTC}, its library source, wasm-ld or {DEBIAN_WASI_LIBC} is missing; is this Debian 12 or newer?"
        );
    }
    Ok(())
}

/// Debian's cargo and rustc, free of what the rustup toolchain that started us has put into the environment.
fn debian_cargo() -> Command {
    let mut command = Command::new(DEBIAN_CARGO);
    command
        .env("RUSTC", DEBIAN_RUSTC)
        .env("CARGO_TARGET_WASM32_WASIP1_LINKER", "wasm-ld");
    for name in [
        "CARGO",
        "LD_LIBRARY_PATH",
        "RUSTUP_TOOLCHAIN",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
    ] {
        command.env_remove(name);
    }
    command
}

/// Builds the standard library of Debian's compiler and lays it out as the compiler looks for it.
fn build_sysroot(sysroot: &Path) -> Result<()> {
    let scratch = sysroot.join("build");
    let write = |path: PathBuf, text: &str| {
        fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))
    };
    fs::create_dir_all(scratch.join("src"))
        .with_context(|| format!("could not create {}", scratch.display()))?;
    write(
        scratch.join("Cargo.toml"),
        "[package]\nname = \"scratch\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    write(scratch.join("src/lib.rs"), "")?;

    let mut command = debian_cargo();
    command.current_dir(&scratch).args([
        "build",
        "--quiet",
        "--release",
        "-Zbuild-std=std,panic_abort",
        "--target",
        TARGET,
    ]);
    // `-Z` on a stable compiler, bitcode in the library so that functions can be optimised through it, and no link-time optimisation here.
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    command.stdin(Stdio::null());
    run(&mut command)?;

    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let self_contained = library.join("self-contained");
    fs::create_dir_all(&self_contained)
        .with_context(|| format!("could not create {}", self_contained.display()))?;
    let built = scratch.join("target").join(TARGET).join("release/deps");
    for entry in fs::read_dir(&built)
        .with_context(|| format!("the build did not leave {}", built.display()))?
    {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "rlib")
        {
            copy_into(&path, &library)?;
        }
    }
    for file in WASI_LIBC_FILES {
        copy_into(&Path::new(DEBIAN_WASI_LIBC).join(file), &self_contained)?;
    }
    fs::remove_dir_all(&scratch)
        .with_context(|| format!("could not remove {}", scratch.display()))?;
    // Written last: an interrupted build is begun again.
    write(sysroot.join("complete"), "")
}

fn copy_into(file: &Path, folder: &Path) -> Result<()> {
    let name = file
        .file_name()
        .with_context(|| format!("{} is not a file", file.display()))?;
    fs::copy(file, folder.join(name)).with_context(|| {
        format!(
            "could not copy {} into {}",
            file.display(),
            folder.display()
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_compiler_has_a_sysroot_of_its_own() {
        assert_eq!(
            sysroot_name("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\n"),
            "1.96.0-ac68faa20"
        );
        assert_eq!(sysroot_name("rustc 1.97.0\n"), "1.97.0");
    }

    #[test]
    fn only_a_folder_with_the_compiled_library_counts() {
        let folder = std::env::temp_dir().join(format!("xtask-toolchain-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("libcore-0.rlib"), "").unwrap();
        assert!(!contains_standard_library(&folder));
        fs::write(folder.join("libstd-0.rlib"), "").unwrap();
        assert!(contains_standard_library(&folder));
        fs::remove_dir_all(&folder).unwrap();
        assert!(!contains_standard_library(&folder));
    }
}
