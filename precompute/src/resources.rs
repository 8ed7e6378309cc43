use std::path::{Path, PathBuf};

/// What a training may take of the machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resources {
    /// How much memory, in bytes, about.
    pub memory_bytes: u64,
    /// The same where somebody said so. What decides the model itself goes by this alone, so that a busy machine learns the same as an idle one.
    pub stated_memory_bytes: Option<u64>,
    /// Where temporary files go that do not fit there.
    pub folder: PathBuf,
}

/// What is taken where the system does not say what is free.
const DEFAULT_MEMORY_BYTES: u64 = 2 << 30;

impl Resources {
    /// Three quarters of the memory that is free now, unless so much was given; temporary files go to `folder`.
    pub fn new(memory_bytes: Option<u64>, folder: &Path) -> Self {
        let free = || free_memory_bytes().map(|free| free / 4 * 3);
        Self {
            memory_bytes: memory_bytes.or_else(free).unwrap_or(DEFAULT_MEMORY_BYTES),
            stated_memory_bytes: memory_bytes,
            folder: folder.to_owned(),
        }
    }

    /// Those of this machine, with the system's folder for temporary files.
    pub fn of_machine() -> Self {
        Self::new(None, &std::env::temp_dir())
    }
}

/// What the kernel says could be had without swapping.
fn free_memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
