//! What is sealed, what is refused, and what comes out. Whole functions are sealed and asked in `e2e`.

use pointer::archive::{Archive, Descriptor};
use wasm_encoder::{
    ConstExpr, DataSection, EntityType, ImportSection, MemorySection, MemoryType, Module,
    TypeSection,
};
use wasmparser::{DataKind, Parser, Payload};

use super::*;

/// What a linker would leave of a function that does nothing.
struct Built {
    memory: Option<MemoryType>,
    import_from: &'static str,
    /// What lies in its memory, at 1024.
    data: Vec<u8>,
}

impl Built {
    fn new() -> Self {
        let mut data = b"before".to_vec();
        data.extend(Descriptor::UNSEALED.to_bytes());
        data.extend(b"after");
        let memory = MemoryType {
            minimum: 2,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        Self {
            memory: Some(memory),
            import_from: "wasi_snapshot_preview1",
            data,
        }
    }

    fn with_memory(edit: impl FnOnce(&mut MemoryType)) -> Self {
        let mut built = Self::new();
        edit(built.memory.as_mut().unwrap());
        built
    }

    fn with_data(data: &[&[u8]]) -> Self {
        Self {
            data: data.concat(),
            ..Self::new()
        }
    }

    fn module(&self) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import(self.import_from, "f", EntityType::Function(0));
        let mut memories = MemorySection::new();
        if let Some(memory) = self.memory {
            memories.memory(memory);
        }
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(1024), self.data.iter().copied());
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&memories);
        module.section(&wasm_encoder::DataCountSection { count: 1 });
        module.section(&data);
        module.finish()
    }
}

/// The only door to a refusal.
fn check(module: &[u8], expected: &str) {
    let sealed = Function::read(module).and_then(|function| function.seal(b"archive"));
    let told = match sealed {
        Ok(_) => "sealed".to_owned(),
        Err(error) => error.to_string(),
    };
    assert!(told.contains(expected), "{told}");
}

#[test]
fn every_refusal_says_what_to_do() {
    let sound = Built::new().module();
    check(&sound, "sealed");
    check(b"", "this is not WebAssembly");
    check(b"#!/bin/sh\n", "this is not WebAssembly");
    check(&sound[..sound.len() - 1], "not sound WebAssembly: build it");
    check(b"\0asm\x0d\0\x01\0", "Spin and `host` make the component");

    let without_memory = Built {
        memory: None,
        ..Built::new()
    };
    check(&without_memory.module(), "no memory of its own");
    let of_other_target = Built {
        import_from: "env",
        ..Built::new()
    };
    let not_of_target = "not built for wasm32-wasip1";
    check(&of_other_target.module(), not_of_target);
    check(
        &Built::with_memory(|memory| memory.memory64 = true).module(),
        "addresses of 64 bits",
    );
    let shared = Built::with_memory(|memory| {
        memory.shared = true;
        memory.maximum = Some(9);
    });
    check(&shared.module(), "shared between threads");
    let small_pages = Built::with_memory(|memory| memory.page_size_log2 = Some(0));
    check(&small_pages.module(), "pages of another size");

    let unsealed = Descriptor::UNSEALED.to_bytes();
    check(&Built::with_data(&[b"x"]).module(), "no place for an index");
    let cut = Built::with_data(&[&Descriptor::MAGIC]);
    check(&cut.module(), "no place for an index");
    let twice = Built::with_data(&[&unsealed, b"x", &unsealed]);
    check(&twice.module(), "2 places for an index");

    let full = Built::with_memory(|memory| memory.maximum = Some(2));
    check(&full.module(), "at most 2 pages of memory, and needs 3");
    let exact = Built::with_memory(|memory| memory.maximum = Some(3));
    check(&exact.module(), "sealed");
    let sealed = Function::read(&sound).unwrap().seal(b"archive").unwrap();
    check(&sealed, "this is sealed already");
}

#[test]
fn the_archive_lies_behind_all_other_memory_and_the_descriptor_says_where() {
    let built = Built::new();
    let module = built.module();
    let function = Function::read(&module).unwrap();
    let archive = vec![7; PAGE_LEN_BYTES as usize + 1];
    let sealed = function.seal(&archive).unwrap();
    assert_eq!(
        sealed,
        function.seal(&archive).unwrap(),
        "same input, same bytes"
    );
    assert_eq!(function.memory_len_bytes(), 2 * PAGE_LEN_BYTES);
    assert_eq!(
        function.sealed_memory_len_bytes(&archive),
        4 * PAGE_LEN_BYTES
    );

    let mut segments = Vec::new();
    for payload in Parser::new(0).parse_all(&sealed) {
        match payload.unwrap() {
            Payload::MemorySection(section) => {
                let memory = section.into_iter().next().unwrap().unwrap();
                assert_eq!((memory.initial, memory.maximum), (4, None));
            }
            Payload::DataCountSection { count, .. } => assert_eq!(count, 2),
            Payload::DataSection(section) => {
                for segment in section {
                    let segment = segment.unwrap();
                    let DataKind::Active { offset_expr, .. } = segment.kind else {
                        panic!("an active segment");
                    };
                    let mut operators = offset_expr.get_operators_reader();
                    let wasmparser::Operator::I32Const { value } = operators.read().unwrap() else {
                        panic!("a constant");
                    };
                    segments.push((value.cast_unsigned(), segment.data));
                }
            }
            _ => {}
        }
    }
    let address = 2 * PAGE_LEN_BYTES as u32;
    let descriptor = Descriptor::new(address, archive.len() as u32).to_bytes();
    let patched = [b"before", &descriptor[..], b"after"].concat();
    assert_eq!(segments, [(1024, &patched[..]), (address, &archive[..])]);
}

#[test]
fn an_index_has_the_keys_of_a_bucket_and_a_limit() {
    let index = SealedIndex {
        objects: BTreeMap::from([("movies/current.json".to_owned(), vec![7; 2_000_000])]),
    };
    let archive = index.archive(3).unwrap();
    let archive = Archive::open(&archive).unwrap();
    assert_eq!(
        archive.object("movies/current.json").unwrap().len(),
        2_000_000
    );
    let error = index.archive(1).unwrap_err().to_string();
    assert!(
        error.contains("more than 1000000 are not sealed unasked"),
        "{error}"
    );
    assert!(error.contains("--maximum-megabytes"), "{error}");
}

#[test]
fn a_function_is_written_beside_no_other_and_over_none() {
    let folder = tempfile::tempdir().unwrap();
    let built = folder.path().join("recommend.wasm");
    let module = Built::new().module();
    fs::write(&built, &module).unwrap();
    let into = folder.path().join("sealed");
    let (written, cost) = seal_file(&built, &into, b"archive").unwrap();
    assert_eq!(written, into.join("recommend.wasm"));
    assert_eq!(fs::metadata(&written).unwrap().len(), cost.sealed_len_bytes);
    assert_eq!(
        cost.to_string(),
        "110 bytes after 96 bytes; an instance begins with 196.6 kB of memory after 131.1 kB, of which the index is shared by all; a host compiles it for some 1 ms longer"
    );
    // Once more gives the same, and the function as it was built stays.
    assert_eq!(
        seal_file(&built, &into, b"archive").unwrap(),
        (written, cost)
    );
    let error = seal_file(&built, folder.path(), b"archive").unwrap_err();
    assert!(format!("{error:#}").contains("--into"), "{error:#}");
    assert_eq!(fs::read(&built).unwrap(), module);
}
