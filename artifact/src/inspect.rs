//! What a component imports and exports, and who can run it for that.

use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

use crate::error::Cause;

/// What is seen of a component from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Whether it is a component already, and not a module that hosts make one of.
    pub is_component: bool,
    /// The interfaces that it imports, by name.
    pub imports: Vec<String>,
    /// The interfaces that it exports, by name.
    pub exports: Vec<String>,
}

/// A kind of host, and what it has.
#[derive(Debug)]
pub struct Host {
    /// What it is called.
    pub name: &'static str,
    /// Whether it makes components of modules.
    takes_modules: bool,
    /// What it has, one of `package/interface@version`. An interface `*` is any, and a version that ends in a dot is any release that begins so.
    has: &'static [&'static [&'static str]],
}

/// The one interface that every host calls of what is built here.
const CALLED: &str = "wasi:http/incoming-handler@0.2.";

/// What the adapter of a host provides to a module.
const PREVIEW_1: &str = "wasi_snapshot_preview1";

const WASI: &[&str] = &[
    "wasi:cli/*@0.2.",
    "wasi:clocks/*@0.2.",
    "wasi:filesystem/*@0.2.",
    "wasi:http/*@0.2.",
    "wasi:io/*@0.2.",
    "wasi:random/*@0.2.",
    "wasi:sockets/*@0.2.",
];

/// The world of Spin 3.6 (<https://github.com/spinframework/spin/blob/v3.6.3/wit/world.wit>).
const SPIN_3: &[&str] = &[
    "fermyon:spin/*@2.0.",
    "spin:postgres/*@3.0.",
    "spin:postgres/*@4.0.",
    "spin:sqlite/*@3.0.",
    "wasi:config/*@0.2.0-draft-2024-09-27",
    "wasi:keyvalue/*@0.2.0-draft2",
];

/// What Spin 4.0 has beside it (<https://github.com/spinframework/spin/blob/v4.0.2/wit/world.wit>).
const SPIN_4: &[&str] = &[
    "spin:key-value/*@3.0.",
    "spin:mqtt/*@3.0.",
    "spin:mysql/*@3.0.",
    "spin:postgres/*@4.2.",
    "spin:redis/*@3.0.",
    "spin:sqlite/*@3.1.",
    "spin:variables/*@3.0.",
];

/// What our own host links; a call of anything else ends the request.
const KINDRED: &[&str] = &["fermyon:spin/key-value@2.0.", "fermyon:spin/variables@2.0."];

/// The hosts that are told about.
pub const HOSTS: [Host; 4] = [
    Host {
        name: "Spin 3 (containerd-shim-spin up to 0.24)",
        takes_modules: true,
        has: &[WASI, SPIN_3],
    },
    Host {
        name: "Spin 4 (containerd-shim-spin from 0.25)",
        takes_modules: true,
        has: &[WASI, SPIN_3, SPIN_4],
    },
    Host {
        name: "host",
        takes_modules: true,
        has: &[WASI, KINDRED],
    },
    Host {
        name: "containerd-shim-wasmtime",
        takes_modules: false,
        has: &[WASI],
    },
];

impl Inspection {
    /// Looks at the file of a component, or of a module of `wasm32-wasip1`.
    pub(crate) fn of(wasm: &[u8]) -> Result<Self, Cause> {
        let mut inspection = Self {
            is_component: false,
            imports: Vec::new(),
            exports: Vec::new(),
        };
        // What is within a component is not seen from outside.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 {
                        inspection.is_component = encoding == Encoding::Component;
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ if depth != 1 => {}
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        inspection.imports.push(import?.module.to_owned());
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        // A module exports the functions of an interface, and others that are for the adapter alone.
                        if let Some((interface, _)) = export?.name.split_once('#') {
                            inspection.exports.push(interface.to_owned());
                        }
                    }
                }
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        inspection.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind == ComponentExternalKind::Instance {
                            inspection.exports.push(export.name.name.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        for names in [&mut inspection.imports, &mut inspection.exports] {
            names.sort();
            names.dedup();
        }
        Ok(inspection)
    }

    /// Why `host` cannot run it; nothing where it can.
    pub fn obstacles(&self, host: &Host) -> Vec<String> {
        let mut obstacles = Vec::new();
        if !self.is_component && !host.takes_modules {
            obstacles.push("it is a module and not a component".to_owned());
        }
        if !self.exports.iter().any(|name| is_one_of(name, CALLED)) {
            obstacles.push(format!("it does not export {CALLED}x"));
        }
        let has = |import: &str| {
            let mut known = host.has.iter().copied().flatten();
            import == PREVIEW_1 || known.any(|pattern| is_one_of(import, pattern))
        };
        let imports = self.imports.iter().filter(|import| !has(import));
        obstacles.extend(imports.map(|import| format!("it imports {import}")));
        obstacles
    }
}

/// Whether `interface` is what `pattern` says.
fn is_one_of(interface: &str, pattern: &str) -> bool {
    let (Some((name, version)), Some((known_name, known_version))) =
        (interface.split_once('@'), pattern.split_once('@'))
    else {
        return false;
    };
    let is_name = match known_name.strip_suffix('*') {
        Some(package) => name.starts_with(package),
        None => name == known_name,
    };
    let is_release = |rest: &str| {
        rest.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let is_version = match version.strip_prefix(known_version) {
        Some("") => true,
        Some(rest) => known_version.ends_with('.') && is_release(rest),
        None => false,
    };
    is_name && is_version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_component: bool, imports: &[&str], exports: &[&str], expected: [&[&str]; 4]) {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let inspection = Inspection {
            is_component,
            imports: owned(imports),
            exports: owned(exports),
        };
        for (host, expected) in HOSTS.iter().zip(expected) {
            assert_eq!(inspection.obstacles(host), expected, "{}", host.name);
        }
    }

    const HANDLER: &str = "wasi:http/incoming-handler@0.2.0";
    const MODULE: &str = "it is a module and not a component";

    #[test]
    fn hosts_run_what_they_have_the_imports_of() {
        let wasi = ["wasi:http/types@0.2.0", "wasi:cli/environment@0.2.12"];
        check(true, &wasi, &[HANDLER], [&[], &[], &[], &[]]);
        let variables = "fermyon:spin/variables@2.0.0";
        check(
            false,
            &[PREVIEW_1, variables],
            &[HANDLER],
            [
                &[],
                &[],
                &[],
                &[MODULE, "it imports fermyon:spin/variables@2.0.0"],
            ],
        );
        let sqlite = "it imports fermyon:spin/sqlite@2.0.0";
        check(
            true,
            &["fermyon:spin/sqlite@2.0.0"],
            &[HANDLER],
            [&[], &[], &[sqlite], &[sqlite]],
        );
        let newer = "it imports spin:variables/variables@3.0.0";
        check(
            true,
            &["spin:variables/variables@3.0.0"],
            &[HANDLER],
            [&[newer], &[], &[newer], &[newer]],
        );
        let draft = "it imports wasi:http/types@0.2.0-rc-2023-11-10";
        check(
            true,
            &["wasi:http/types@0.2.0-rc-2023-11-10"],
            &[HANDLER],
            [&[draft], &[draft], &[draft], &[draft]],
        );
        let nothing = "it does not export wasi:http/incoming-handler@0.2.x";
        check(
            true,
            &[],
            &["wasi:http/handler@0.3.0"],
            [&[nothing], &[nothing], &[nothing], &[nothing]],
        );
    }

    #[test]
    fn what_is_not_webassembly_is_an_error() {
        assert!(Inspection::of(b"").is_err());
        assert!(Inspection::of(b"\x7fELF").is_err());
        let empty = Inspection::of(b"\0asm\x01\0\0\0").unwrap();
        assert!(!empty.is_component && empty.imports.is_empty());
        let empty = Inspection::of(b"\0asm\x0d\0\x01\0").unwrap();
        assert!(empty.is_component);
    }
}
