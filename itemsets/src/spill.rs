//! Records in partitions: in memory as long as they may be, and then in files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// How much memory may be taken, and where to go when it is not enough.
#[derive(Clone, Debug)]
pub struct Budget {
    /// What is held in memory at once, about; the transactions and the counts of their items come on top.
    pub memory_bytes: usize,
    /// A folder for temporary files, which nobody finds there afterwards.
    pub folder: PathBuf,
}

/// Records of numbers of 32 bits, each in one of some partitions.
#[derive(Debug)]
pub(crate) struct Spill {
    budget: Budget,
    partitions: Vec<Partition>,
    held_len: usize,
}

#[derive(Debug, Default)]
struct Partition {
    held: Vec<u32>,
    file: Option<File>,
}

impl Spill {
    pub(crate) fn new(partition_count: usize, budget: &Budget) -> Self {
        let mut partitions = Vec::new();
        partitions.resize_with(partition_count, Partition::default);
        Self {
            budget: budget.clone(),
            partitions,
            held_len: 0,
        }
    }

    /// Takes over what was gathered for each partition.
    pub(crate) fn append(&mut self, gathered: &mut [Vec<u32>]) -> io::Result<()> {
        for (partition, records) in self.partitions.iter_mut().zip(gathered) {
            self.held_len += records.len();
            partition.held.append(records);
        }
        if self.budget.memory_bytes < self.held_len * size_of::<u32>() {
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
                none => none.insert(tempfile::tempfile_in(&self.budget.folder)?),
            };
            let bytes: Vec<u8> = partition
                .held
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect();
            file.write_all(&bytes)?;
            partition.held = Vec::new();
        }
        self.held_len = 0;
        Ok(())
    }

    /// What each partition holds, one after the other.
    pub(crate) fn into_partitions(self) -> impl Iterator<Item = io::Result<Vec<u32>>> {
        self.partitions.into_iter().map(|partition| {
            let Some(mut file) = partition.file else {
                return Ok(partition.held);
            };
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(0))?;
            file.read_to_end(&mut bytes)?;
            let (words, _) = bytes.as_chunks::<4>();
            let written = words.iter().map(|word| u32::from_le_bytes(*word));
            Ok(written.chain(partition.held).collect())
        })
    }
}
