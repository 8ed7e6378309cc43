//! The WebAssembly of a sealed function.

use std::ops::Range;

use memchr::memmem;
use pointer::archive::Descriptor;
use wasm_encoder::{ConstExpr, DataCountSection, DataSection, MemorySection, Module, RawSection};
use wasmparser::{MemoryType, Parser, Payload, TypeRef};

use super::SealError;

/// The unit of a memory's size.
pub const PAGE_LEN_BYTES: u64 = 64 << 10;

/// What a module of the target imports from, whatever it does.
const TARGET_IMPORT: &str = "wasi_snapshot_preview1";

/// A built function, looked through and found fit to be sealed.
#[derive(Debug)]
pub struct Function<'a> {
    module: &'a [u8],
    memory: MemoryType,
    /// Where in the module the descriptor is.
    descriptor: Range<usize>,
}

impl<'a> Function<'a> {
    /// Looks through a module.
    ///
    /// # Errors
    ///
    /// [`SealError`] for whatever is no function as `cargo xtask functions` leaves it.
    pub fn read(module: &'a [u8]) -> Result<Self, SealError> {
        // After the magic number stands a version of two bytes and a layer of two: 0 is a module, 1 a component.
        let layer = module
            .strip_prefix(b"\0asm")
            .and_then(|rest| rest.get(2..4));
        match layer {
            None => return Err(SealError::NotWebAssembly),
            Some([0, 0]) => {}
            Some(_) => return Err(SealError::Component),
        }
        let mut memories = Vec::new();
        let mut descriptors = Vec::new();
        let mut is_of_target = false;
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        is_of_target |= import.module == TARGET_IMPORT;
                        if matches!(import.ty, TypeRef::Memory(_)) {
                            return Err(SealError::NoMemory);
                        }
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        memories.push(memory?);
                    }
                }
                Payload::DataSection(section) => {
                    for segment in section {
                        let segment = segment?;
                        let start = segment.range.end - segment.data.len();
                        let found = memmem::find_iter(segment.data, &Descriptor::MAGIC);
                        descriptors.extend(found.map(|at| start + at));
                    }
                }
                _ => {}
            }
        }
        let [memory] = memories[..] else {
            return Err(SealError::NoMemory);
        };
        let wrong_target = |found| Err(SealError::WrongTarget { found });
        if memory.memory64 {
            return wrong_target("its memory has addresses of 64 bits");
        }
        if memory.shared {
            return wrong_target("its memory is shared between threads");
        }
        if memory.page_size_log2.is_some() {
            return wrong_target("its memory has pages of another size");
        }
        if !is_of_target {
            return wrong_target("it imports nothing of WASI's first preview");
        }
        let start = match descriptors[..] {
            [] => return Err(SealError::NoDescriptor),
            [start] => start,
            _ => {
                let count = descriptors.len();
                return Err(SealError::SeveralDescriptors { count });
            }
        };
        let descriptor = start..start + Descriptor::LEN_BYTES;
        match module.get(descriptor.clone()) {
            None => Err(SealError::NoDescriptor),
            Some(bytes) if bytes != Descriptor::UNSEALED.to_bytes() => {
                Err(SealError::AlreadySealed)
            }
            Some(_) => Ok(Self {
                module,
                memory,
                descriptor,
            }),
        }
    }

    /// What an instance has of memory when it starts.
    pub fn memory_len_bytes(&self) -> u64 {
        self.memory.initial * PAGE_LEN_BYTES
    }

    /// What it has when the function is sealed with an archive.
    pub fn sealed_memory_len_bytes(&self, archive: &[u8]) -> u64 {
        self.memory_len_bytes() + (archive.len() as u64).next_multiple_of(PAGE_LEN_BYTES)
    }

    /// The module with an archive behind all that its memory begins with. The same archive always gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`SealError::MemoryTooSmall`].
    pub fn seal(&self, archive: &[u8]) -> Result<Vec<u8>, SealError> {
        let needed_pages = self.sealed_memory_len_bytes(archive) / PAGE_LEN_BYTES;
        // All that 32 bits address, where the module says nothing else.
        let maximum_pages = self.memory.maximum.unwrap_or((1 << 32) / PAGE_LEN_BYTES);
        if maximum_pages < needed_pages {
            return Err(SealError::MemoryTooSmall {
                needed_pages,
                maximum_pages,
            });
        }
        let address = self.memory_len_bytes() as u32;
        let mut module = self.module.to_vec();
        let descriptor = Descriptor::new(address, archive.len() as u32);
        module[self.descriptor.clone()].copy_from_slice(&descriptor.to_bytes());

        // Everything else stays as it is, to the byte: the places of code are not moved, so that names and line tables still fit.
        let mut sealed = Module::new();
        for payload in Parser::new(0).parse_all(&module) {
            let payload = payload?;
            match &payload {
                Payload::MemorySection(_) => {
                    let mut section = MemorySection::new();
                    section.memory(wasm_encoder::MemoryType {
                        minimum: needed_pages,
                        maximum: self.memory.maximum,
                        memory64: false,
                        shared: false,
                        page_size_log2: None,
                    });
                    sealed.section(&section);
                }
                Payload::DataCountSection { count, .. } => {
                    sealed.section(&DataCountSection { count: count + 1 });
                }
                Payload::DataSection(segments) => {
                    let mut section = DataSection::new();
                    for segment in segments.clone() {
                        section.raw(&module[segment?.range]);
                    }
                    let offset = ConstExpr::i32_const(address.cast_signed());
                    section.active(0, &offset, archive.iter().copied());
                    sealed.section(&section);
                }
                _ => {
                    if let Some((id, range)) = payload.as_section() {
                        let data = &module[range];
                        sealed.section(&RawSection { id, data });
                    }
                }
            }
        }
        Ok(sealed.finish())
    }
}
