//! Keeps compiled components on disk, so that a second start maps machine code instead of making it.
#![allow(
    unsafe_code,
    reason = "machine code that was compiled earlier is mapped and run; see `load`"
)]

use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::key_value::hex;

/// A folder of compiled components, each named by the hash of the WebAssembly file and of everything about the engine that its
/// code depends on: wasmtime's version, the processor, the settings.
pub(crate) struct CompileCache {
    folder: PathBuf,
}

impl CompileCache {
    /// Makes the folder, for this user alone: what lies in it is run. One that is there already is only taken if nobody else can have put
    /// anything into it.
    pub(crate) fn open(cache_dir: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let folder = cache_dir.join("components");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        // A link is not followed: who made it can let it point elsewhere later.
        if is_private(&fs::symlink_metadata(&folder)?) {
            Ok(Self { folder })
        } else {
            Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "what it holds would be run, so its folder \"components\" has to belong to this user and be writable by nobody else",
            ))
        }
    }

    /// The compiled form of the file `wasm`, if it is here and this engine can run it.
    pub(crate) fn load(&self, engine: &Engine, wasm: &[u8]) -> Option<Component> {
        let path = self.path(engine, wasm);
        if !path.exists() {
            return None;
        }
        // SAFETY: `deserialize_file` runs what the file holds, so nobody but this program may have written it, and nobody may
        // write to it while it is mapped. The file lies in a folder that `open` found to be this user's alone; `store` alone
        // writes there, and only by renaming a complete file into place, which leaves a mapped file as it was.
        // What was compiled by another version or for another processor is refused by wasmtime itself.
        match unsafe { Component::deserialize_file(engine, &path) } {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::debug!("cannot use {}: {error:#}", path.display());
                None
            }
        }
    }

    /// Keeps `component`, compiled from the file `wasm`. A cache that cannot be written costs time at the next start and no more.
    pub(crate) fn store(&self, engine: &Engine, wasm: &[u8], component: &Component) {
        let path = self.path(engine, wasm);
        let stored = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| {
                let file = tempfile::NamedTempFile::new_in(&self.folder)?;
                fs::write(file.path(), code)?;
                file.persist(&path)?;
                Ok(())
            });
        if let Err(error) = stored {
            tracing::warn!(
                "cannot keep a compiled component in {}: {error}",
                path.display()
            );
        }
    }

    fn path(&self, engine: &Engine, wasm: &[u8]) -> PathBuf {
        let mut hasher = Sha256Hasher(Sha256::new_with_prefix(wasm));
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.folder
            .join(format!("{}.cwasm", hex(&hasher.0.finalize())))
    }
}

/// Whether it is a folder of this user's, into which nobody else can write.
fn is_private(folder: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    folder.is_dir()
        && folder.uid() == rustix::process::geteuid().as_raw()
        && folder.mode() & WRITABLE_BY_OTHERS == 0
}

/// Feeds a value's `Hash` to SHA-256.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the digest is taken from the field; nothing asks for 64 bits of it")
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::Config;

    use super::*;

    /// The smallest component: the magic number, and the version and layer of components.
    const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_folder_that_others_can_write_to_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let components = folder.path().join("components");
        CompileCache::open(folder.path()).unwrap();
        for (mode, trusted) in [(0o755, true), (0o770, false), (0o702, false), (0o700, true)] {
            fs::set_permissions(&components, fs::Permissions::from_mode(mode)).unwrap();
            let opened = CompileCache::open(folder.path());
            assert_eq!(opened.is_ok(), trusted, "{mode:o}");
        }
        let linked = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(&components, linked.path().join("components")).unwrap();
        assert!(CompileCache::open(linked.path()).is_err());
    }

    #[test]
    fn what_this_engine_cannot_run_is_compiled_again_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CompileCache::open(folder.path()).unwrap();
        let plain = Engine::new(&Config::new()).unwrap();
        let sliced = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        let compile = |engine| Component::new(engine, EMPTY_COMPONENT).unwrap();

        cache.store(&plain, EMPTY_COMPONENT, &compile(&plain));
        assert!(cache.load(&plain, EMPTY_COMPONENT).is_some());
        assert!(cache.load(&sliced, EMPTY_COMPONENT).is_none());

        // Even under the right name.
        let named = |engine| cache.path(engine, EMPTY_COMPONENT);
        fs::copy(named(&plain), named(&sliced)).unwrap();
        assert!(cache.load(&sliced, EMPTY_COMPONENT).is_none());
        cache.store(&sliced, EMPTY_COMPONENT, &compile(&sliced));
        assert!(cache.load(&sliced, EMPTY_COMPONENT).is_some());
    }
}
