//! Records in partitions: in memory as long as they may be, and then in files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Records of numbers of 32 bits, each in one of some partitions.
#[derive(Debug)]
pub(crate) struct Spill {
    memory_bytes: usize,
    folder: PathBuf,
    partitions: Vec<Partition>,
    /// How many numbers the partitions have room for in memory.
    held_capacity: usize,
}

#[derive(Debug, Default)]
struct Partition {
    held: Vec<u32>,
    file: Option<File>,
    written_len: usize,
}

impl Spill {
    /// Holds about `memory_bytes`; the rest goes into temporary files in `folder`, which nobody finds there afterwards.
    pub(crate) fn new(partition_count: usize, memory_bytes: usize, folder: &Path) -> Self {
        let mut partitions = Vec::new();
        partitions.resize_with(partition_count, Partition::default);
        Self {
            memory_bytes,
            folder: folder.to_owned(),
            partitions,
            held_capacity: 0,
        }
    }

    /// Takes over what was gathered for each partition.
    pub(crate) fn append(&mut self, gathered: &mut [Vec<u32>]) -> io::Result<()> {
        for (partition, records) in self.partitions.iter_mut().zip(gathered) {
            let before = partition.held.capacity();
            partition.held.append(records);
            self.held_capacity += partition.held.capacity() - before;
        }
        if self.memory_bytes < self.held_capacity * size_of::<u32>() {
            self.write()?;
        }
        Ok(())
    }

    /// Whether anything had to go into files.
    pub(crate) fn has_files(&self) -> bool {
        self.partitions
            .iter()
            .any(|partition| partition.file.is_some())
    }

    fn write(&mut self) -> io::Result<()> {
        for partition in &mut self.partitions {
            let file = match &mut partition.file {
                Some(file) => file,
                none => none.insert(tempfile::tempfile_in(&self.folder)?),
            };
            file.write_all(bytemuck::cast_slice(&partition.held))?;
            partition.written_len += partition.held.len();
            partition.held = Vec::new();
        }
        self.held_capacity = 0;
        Ok(())
    }

    /// What each partition holds, one after the other.
    pub(crate) fn into_partitions(self) -> impl Iterator<Item = io::Result<Vec<u32>>> {
        self.partitions.into_iter().map(|partition| {
            let Some(mut file) = partition.file else {
                return Ok(partition.held);
            };
            let mut records = vec![0; partition.written_len + partition.held.len()];
            let (written, held) = records.split_at_mut(partition.written_len);
            file.seek(SeekFrom::Start(0))?;
            file.read_exact(bytemuck::cast_slice_mut(written))?;
            held.copy_from_slice(&partition.held);
            Ok(records)
        })
    }
}
