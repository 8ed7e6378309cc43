//! Takes out of a built function what describes interfaces that it does not use: `trim <built.wasm> <trimmed.wasm>`.
//!
//! The bindings of Spin's SDK leave a description of every interface that a component could call, databases and sockets included: 80 kB in a module that
//! calls a few dozen functions. Whoever makes a component of the module (Spin, our host) reads them, and takes over what the module imports. So does this
//! program, and leaves one description of just that. The module stays one that Spin wraps itself, and the component that comes out is the same.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasm_encoder::{CustomSection, Section};
use wasmparser::{Parser, Payload};
use wit_component::{StringEncoding, metadata};
use wit_parser::{LiveTypes, PackageName, Resolve, WorldId, WorldItem};

/// A name that begins as those of the bindings do, by which they are found.
const DESCRIPTION_SECTION: &str = "component-type:trimmed";

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [built, trimmed] = arguments.as_slice() else {
        bail!("usage: trim <built.wasm> <trimmed.wasm>");
    };
    let (built, trimmed) = (Path::new(built), Path::new(trimmed));
    let module =
        std::fs::read(built).with_context(|| format!("could not read {}", built.display()))?;
    let module = trim(&module).with_context(|| format!("{} cannot be trimmed", built.display()))?;
    // An unchanged file keeps its time, and what is derived from it stays valid.
    if std::fs::read(trimmed).ok().as_ref() != Some(&module) {
        std::fs::write(trimmed, &module)
            .with_context(|| format!("could not write {}", trimmed.display()))?;
    }
    Ok(())
}

/// The module with one description of what it imports and exports.
fn trim(module: &[u8]) -> Result<Vec<u8>> {
    let (stripped, mut bindings) =
        metadata::decode(module).context("its descriptions of interfaces cannot be read")?;
    let Some(mut stripped) = stripped else {
        bail!("it describes no interface: it was not built with Spin's SDK");
    };
    keep_what_is_imported(&mut bindings.resolve, bindings.world, &imports_of(module)?);
    rename(&mut bindings.resolve, bindings.world);
    // The names of the programs that made the bindings stay, since Spin goes by them.
    let description = metadata::encode(
        &bindings.resolve,
        bindings.world,
        StringEncoding::UTF8,
        bindings.producers.as_ref(),
    )?;
    CustomSection {
        name: Cow::Borrowed(DESCRIPTION_SECTION),
        data: Cow::Owned(description),
    }
    .append_to(&mut stripped);
    Ok(stripped)
}

/// Gives the world a name of its own. What several descriptions come to is called `root:root/root`, and so is what an adapter has to say: the two would be
/// taken for one.
fn rename(resolve: &mut Resolve, world: WorldId) {
    const NAME: &str = "function";
    let Some(package) = resolve.worlds[world].package else {
        return;
    };
    let name = PackageName {
        namespace: "kindred".to_owned(),
        name: NAME.to_owned(),
        version: None,
    };
    resolve.package_names.insert(name.clone(), package);
    resolve.packages[package].name = name;
    NAME.clone_into(&mut resolve.worlds[world].name);
    let worlds = &mut resolve.packages[package].worlds;
    worlds.clear();
    worlds.insert(NAME.to_owned(), world);
}

/// What a module imports: interface and function.
type Imports<'a> = HashSet<(&'a str, &'a str)>;

fn imports_of(module: &[u8]) -> Result<Imports<'_>> {
    let mut imports = HashSet::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                imports.insert((import.module, import.name));
            }
        }
    }
    Ok(imports)
}

/// Drops the functions that the module does not import, then the types that nothing refers to, then the interfaces that have nothing left.
fn keep_what_is_imported(resolve: &mut Resolve, world: WorldId, imports: &Imports<'_>) {
    let interfaces: Vec<_> = resolve.worlds[world]
        .imports
        .iter()
        .filter_map(|(key, item)| match item {
            WorldItem::Interface { id, .. } => Some((resolve.name_world_key(key), *id)),
            WorldItem::Function(_) | WorldItem::Type { .. } => None,
        })
        .collect();
    let mut live = LiveTypes::default();
    for (_, export) in &resolve.worlds[world].exports {
        live.add_world_item(resolve, export);
    }
    for (name, id) in &interfaces {
        let is_imported = |function: &str| imports.contains(&(name.as_str(), function));
        resolve.interfaces[*id]
            .functions
            .retain(|function, _| is_imported(function));
        let interface = &resolve.interfaces[*id];
        for (_, function) in &interface.functions {
            live.add_func(resolve, function);
        }
        for (resource, &id) in &interface.types {
            if is_imported(&format!("[resource-drop]{resource}")) {
                live.add_type_id(resolve, id);
            }
        }
    }
    for (_, id) in &interfaces {
        resolve.interfaces[*id]
            .types
            .retain(|_, &mut id| live.contains(id));
    }
    let is_empty = |item: &WorldItem| match item {
        WorldItem::Interface { id, .. } => {
            let interface = &resolve.interfaces[*id];
            interface.functions.is_empty() && interface.types.is_empty()
        }
        WorldItem::Function(_) | WorldItem::Type { .. } => false,
    };
    let empty: HashSet<_> = resolve.worlds[world]
        .imports
        .iter()
        .filter(|(_, item)| is_empty(item))
        .map(|(key, _)| key.clone())
        .collect();
    resolve.worlds[world]
        .imports
        .retain(|key, _| !empty.contains(key));
}

#[cfg(test)]
mod tests {
    use wasi_preview1_component_adapter_provider::{
        WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
    };
    use wasm_encoder::{
        CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
        ImportSection, MemorySection, MemoryType, Module, TypeSection, ValType,
    };
    use wit_component::ComponentEncoder;

    use super::*;

    const INTERFACES: &str = "
        package test:test@1.0.0;
        interface types {
            resource thing { used: func() -> u32; unused: func(); }
            resource unused-thing { unused: func(); }
            record unused-record { field: string }
        }
        interface unused { unused: func(); }
        interface handler { use types.{thing}; handle: func(thing: thing); }
        world bindings { import types; import unused; export handler; }
    ";

    /// A module that calls one method of one resource, and says that it could call more.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        types.ty().function([ValType::I32], []);
        let mut imports = ImportSection::new();
        for (name, ty) in [("[method]thing.used", 0), ("[resource-drop]thing", 1)] {
            imports.import("test:test/types@1.0.0", name, EntityType::Function(ty));
        }
        // What the adapter is for.
        let preview1 = WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
        imports.import(preview1, "proc_exit", EntityType::Function(1));
        let mut functions = FunctionSection::new();
        functions.function(1);
        let mut exports = ExportSection::new();
        exports.export("test:test/handler@1.0.0#handle", ExportKind::Func, 3);
        exports.export("memory", ExportKind::Memory, 0);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut body = Function::new([]);
        body.instructions().end();
        let mut code = CodeSection::new();
        code.function(&body);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&memories)
            .section(&exports)
            .section(&code);
        let mut module = module.finish();

        let mut resolve = Resolve::default();
        let package = resolve.push_str("test.wit", INTERFACES).unwrap();
        let world = resolve.select_world(&[package], Some("bindings")).unwrap();
        let mut producers = wasm_metadata::Producers::empty();
        producers.add("processed-by", "wit-bindgen-rust", "0.51.0");
        let data = metadata::encode(&resolve, world, StringEncoding::UTF8, Some(&producers));
        CustomSection {
            name: "component-type:test".into(),
            data: data.unwrap().into(),
        }
        .append_to(&mut module);
        module
    }

    /// As Spin and our host make one.
    fn component_of(module: &[u8]) -> Vec<u8> {
        let encoder = ComponentEncoder::default().validate(true).module(module);
        let mut encoder = encoder
            .unwrap()
            .adapter(
                WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
                WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            )
            .unwrap();
        encoder.encode().unwrap()
    }

    #[test]
    fn only_what_is_called_stays_described_and_the_component_is_the_same() {
        let module = module();
        let trimmed = trim(&module).unwrap();
        assert_eq!(component_of(&trimmed), component_of(&module));

        let (_, bindings) = metadata::decode(&trimmed).unwrap();
        let described: Vec<(&str, Vec<&str>, Vec<&str>)> = bindings
            .resolve
            .interfaces
            .iter()
            .map(|(_, interface)| {
                let types = interface.types.keys().map(String::as_str);
                let functions = interface.functions.keys().map(String::as_str);
                let name = interface.name.as_deref().unwrap_or_default();
                (name, types.collect(), functions.collect())
            })
            .collect();
        assert_eq!(
            described,
            [
                ("types", vec!["thing"], vec!["[method]thing.used"]),
                ("handler", vec!["thing"], vec!["handle"]),
            ]
        );
        // Spin wraps a module in another way when it cannot see that a recent generator made the bindings.
        let producers = bindings.producers.unwrap();
        let generators = producers.get("processed-by").unwrap();
        assert!(
            generators
                .iter()
                .any(|(name, _)| name == "wit-bindgen-rust")
        );

        assert_eq!(trim(&trimmed).unwrap(), trimmed);
    }

    #[test]
    fn a_module_without_bindings_is_refused() {
        let error = trim(&Module::new().finish()).unwrap_err().to_string();
        assert!(error.contains("Spin's SDK"), "{error}");
    }
}
