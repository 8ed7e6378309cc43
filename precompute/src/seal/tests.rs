//! What is sealed, what is refused, and what comes out. Whole functions are sealed and asked in `e2e`.

use pointer::archive::{ARCHIVE_FUNCTION, Directory, directory_range};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, FunctionSection,
    ImportSection, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wasmparser::{DataKind, Operator, Parser, Payload};

use super::*;

/// What a linker would leave of a function that does nothing.
struct Built {
    memory: Option<MemoryType>,
    import_from: &'static str,
    export: &'static str,
    parameters: Vec<ValType>,
    /// Whether it says before its code how many data segments there are.
    counts_segments: bool,
}

impl Built {
    fn new() -> Self {
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
            export: ARCHIVE_FUNCTION,
            parameters: vec![ValType::I32; 3],
            counts_segments: false,
        }
    }

    fn with_memory(edit: impl FnOnce(&mut MemoryType)) -> Self {
        let mut built = Self::new();
        edit(built.memory.as_mut().unwrap());
        built
    }

    fn module(&self) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types
            .ty()
            .function(self.parameters.iter().copied(), [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import(self.import_from, "f", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0).function(1).function(0);
        let mut memories = MemorySection::new();
        if let Some(memory) = self.memory {
            memories.memory(memory);
        }
        let mut exports = ExportSection::new();
        exports.export("other", ExportKind::Func, 1);
        exports.export(self.export, ExportKind::Func, 2);
        let mut code = CodeSection::new();
        for of_function in [0, 1, 0] {
            let mut body = wasm_encoder::Function::new([]);
            if of_function == 1 {
                body.instructions().i32_const(0);
            }
            body.instructions().end();
            code.function(&body);
        }
        let mut data = DataSection::new();
        let offset = ConstExpr::i32_const(1024);
        data.active(0, &offset, b"what lies in its memory".iter().copied());
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions);
        module.section(&memories).section(&exports);
        if self.counts_segments {
            module.section(&wasm_encoder::DataCountSection { count: 1 });
        }
        module.section(&code).section(&data);
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

    let no_place = "no place for an index";
    let without_export = Built {
        export: "kindred_archive_v0",
        ..Built::new()
    };
    check(&without_export.module(), no_place);
    for parameters in [vec![ValType::I32; 2], vec![ValType::I64; 3]] {
        let of_other_type = Built {
            parameters,
            ..Built::new()
        };
        check(&of_other_type.module(), no_place);
    }
    let sealed = Function::read(&sound).unwrap().seal(b"archive").unwrap();
    check(&sealed, "this is sealed already");
}

#[test]
fn the_archive_is_in_no_memory_and_the_function_reads_it() {
    for counts_segments in [false, true] {
        let built = Built {
            counts_segments,
            ..Built::new()
        };
        let module = built.module();
        let function = Function::read(&module).unwrap();
        let archive = vec![7; 70_000];
        let sealed = function.seal(&archive).unwrap();
        let again = function.seal(&archive).unwrap();
        assert!(sealed == again, "same input, same bytes");

        let (mut bodies, mut segments) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(&sealed) {
            match payload.unwrap() {
                Payload::MemorySection(section) => {
                    let memory = section.into_iter().next().unwrap().unwrap();
                    assert_eq!((memory.initial, memory.maximum), (2, None));
                }
                Payload::CodeSectionEntry(body) => {
                    let operators = body.get_operators_reader().unwrap().into_iter();
                    bodies.push(operators.collect::<Result<Vec<_>, _>>().unwrap());
                }
                Payload::DataSection(section) => {
                    for segment in section {
                        let segment = segment.unwrap();
                        segments.push((matches!(segment.kind, DataKind::Passive), segment.data));
                    }
                }
                _ => {}
            }
        }
        let before = &b"what lies in its memory"[..];
        assert_eq!(segments, [(false, before), (true, &archive[..])]);
        let read_archive = [
            Operator::LocalGet { local_index: 0 },
            Operator::LocalGet { local_index: 1 },
            Operator::LocalGet { local_index: 2 },
            Operator::MemoryInit {
                data_index: 1,
                mem: 0,
            },
            Operator::I32Const { value: 70_000 },
            Operator::End,
        ];
        let [first, second, third] = &bodies[..] else {
            panic!("three functions");
        };
        assert_eq!(first, &[Operator::End]);
        assert_eq!(second, &read_archive);
        assert_eq!(third, &[Operator::End]);
    }
}

#[test]
fn an_index_has_the_keys_of_a_bucket_and_a_limit() {
    let index = SealedIndex {
        objects: BTreeMap::from([("movies/current.json".to_owned(), vec![7; 2_000_000])]),
    };
    let archive = index.archive(3).unwrap();
    let prefix = archive.first_chunk().unwrap();
    let directory = directory_range(prefix).unwrap();
    let directory = &archive[directory.start as usize..directory.end as usize];
    let directory = Directory::open(prefix, directory, archive.len() as u32).unwrap();
    let place = directory.object("movies/current.json").unwrap();
    assert_eq!(place.len(), 2_000_000);
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
        "162 bytes after 140 bytes; a host compiles it for some 1 ms longer, in about four times the memory of the index, and has its 22 bytes once, for all instances"
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
