//! The WebAssembly of a sealed function.

use std::ops::Range;

use pointer::archive::ARCHIVE_FUNCTION;
use wasm_encoder::{CodeSection, DataCountSection, DataSection, Module, RawSection};
use wasmparser::{
    ExternalKind, FuncType, FunctionBody, Operator, Parser, Payload, TypeRef, ValType,
};

use super::SealError;

/// What a module of the target imports from, whatever it does.
const TARGET_IMPORT: &str = "wasi_snapshot_preview1";

/// A built function, looked through and found fit to be sealed.
#[derive(Debug)]
pub struct Function<'a> {
    module: &'a [u8],
    /// Where the bodies of its functions are in the module.
    bodies: Vec<Range<usize>>,
    /// The one of them that reads the archive.
    archive_body: usize,
    /// Where its data segments are in the module.
    segments: Vec<Range<usize>>,
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
        let mut types = Vec::new();
        let mut memories = Vec::new();
        let mut function_types = Vec::new();
        let mut num_imported = 0;
        let mut bodies = Vec::new();
        let mut segments = Vec::new();
        let mut archive_function = None;
        let mut is_of_target = false;
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    for of_function in section.into_iter_err_on_gc_types() {
                        types.push(of_function?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        is_of_target |= import.module == TARGET_IMPORT;
                        match import.ty {
                            TypeRef::Memory(_) => return Err(SealError::NoMemory),
                            TypeRef::Func(_) => num_imported += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for of_function in section {
                        function_types.push(of_function?);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        memories.push(memory?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if (export.name, export.kind) == (ARCHIVE_FUNCTION, ExternalKind::Func) {
                            archive_function = Some(export.index);
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                Payload::DataSection(section) => {
                    for segment in section {
                        segments.push(segment?.range);
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
        if !is_of_target {
            return wrong_target("it imports nothing of WASI's first preview");
        }
        let archive_body = archive_function
            .and_then(|index: u32| index.checked_sub(num_imported))
            .map(|index| index as usize);
        let is_expected = |index: usize| {
            let of_function = types.get(*function_types.get(index)? as usize);
            (of_function == Some(&archive_type())).then_some((index, bodies.get(index)?))
        };
        let Some((archive_body, body)) = archive_body.and_then(is_expected) else {
            return Err(SealError::NoArchiveFunction);
        };
        if reads_archive(body)? {
            return Err(SealError::AlreadySealed);
        }
        Ok(Self {
            module,
            bodies: bodies.iter().map(FunctionBody::range).collect(),
            archive_body,
            segments,
        })
    }

    /// The module with an archive in it. The same archive always gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`SealError::Malformed`].
    pub fn seal(&self, archive: &[u8]) -> Result<Vec<u8>, SealError> {
        let archive_segment = self.segments.len() as u32;
        let mut sealed = Module::new();
        for payload in Parser::new(0).parse_all(self.module) {
            let payload = payload?;
            match &payload {
                // They follow the code.
                Payload::DataCountSection { .. } | Payload::DataSection(_) => {}
                Payload::CodeSectionStart { .. } => {
                    let mut code = CodeSection::new();
                    for (index, body) in self.bodies.iter().enumerate() {
                        if index == self.archive_body {
                            code.function(&read_archive(archive_segment, archive.len() as u32));
                        } else {
                            code.raw(&self.module[body.clone()]);
                        }
                    }
                    let mut data = DataSection::new();
                    for segment in &self.segments {
                        data.raw(&self.module[segment.clone()]);
                    }
                    data.passive(archive.iter().copied());
                    let count = archive_segment + 1;
                    sealed.section(&DataCountSection { count });
                    sealed.section(&code).section(&data);
                }
                _ => {
                    if let Some((id, range)) = payload.as_section() {
                        let data = &self.module[range];
                        sealed.section(&RawSection { id, data });
                    }
                }
            }
        }
        Ok(sealed.finish())
    }
}

/// The type of [`ARCHIVE_FUNCTION`].
fn archive_type() -> FuncType {
    FuncType::new([ValType::I32; 3], [ValType::I32])
}

/// What [`ARCHIVE_FUNCTION`] is to do where there is an archive of this length.
fn read_archive(segment: u32, len_bytes: u32) -> wasm_encoder::Function {
    let mut body = wasm_encoder::Function::new([]);
    let mut instructions = body.instructions();
    instructions.local_get(0).local_get(1).local_get(2);
    instructions.memory_init(0, segment);
    instructions.i32_const(len_bytes.cast_signed()).end();
    body
}

/// Whether a body does it. No compiler makes it do so.
fn reads_archive(body: &FunctionBody<'_>) -> Result<bool, SealError> {
    for operator in body.get_operators_reader()? {
        if matches!(operator?, Operator::MemoryInit { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}
