//! What components import: linked if this host has it, a trap if not.

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};

use crate::state::{State, add_spin_to_linker};

/// The interfaces that are linked, up to the patch version: any 0.2 of WASI meets any other, but no pre-release does.
const LINKED: &[&str] = &[
    "fermyon:spin/key-value@2.0.",
    "fermyon:spin/variables@2.0.",
    "wasi:http/outgoing-handler@0.2.",
    "wasi:http/types@0.2.",
];

/// Packages of WASI that are linked whole.
const LINKED_PACKAGES: &[&str] = &["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// A linker with every import that this host has. Sockets are among them and refuse every address, as Spin's do without a grant.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    add_spin_to_linker(&mut linker)?;
    Ok(linker)
}

/// Links whatever else `component` imports as functions that trap: the SDK's components import more than they call.
///
/// `Linker::define_unknown_imports_as_traps` goes by exact names, so it would put traps under `wasi:io/poll@0.2.0`, which the
/// linker meets with a later 0.2.
pub(crate) fn trap_the_rest(
    linker: &mut Linker<State>,
    component: &Component,
) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (interface, import) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else {
            continue;
        };
        if is_linked(interface) {
            continue;
        }
        let mut traps = linker.instance(interface)?;
        for (name, export) in instance.exports(&engine) {
            match export.ty {
                ComponentItem::ComponentFunc(_) => {
                    let function = format!("{interface}#{name}");
                    traps.func_new(name, move |_, _, _, _| {
                        wasmtime::bail!("this host has no {function}")
                    })?;
                }
                ComponentItem::Resource(_) => {
                    traps.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn is_linked(interface: &str) -> bool {
    let released =
        |patch: &str| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(patch) = LINKED
        .iter()
        .find_map(|prefix| interface.strip_prefix(prefix))
    {
        return released(patch);
    }
    interface
        .strip_prefix("wasi:")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(package, _)| LINKED_PACKAGES.contains(package))
        .and_then(|(_, interface)| interface.split_once("@0.2."))
        .is_some_and(|(_, patch)| released(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_linked_and_pre_releases_are_not() {
        for interface in [
            "wasi:io/poll@0.2.0",
            "wasi:cli/environment@0.2.12",
            "wasi:http/types@0.2.3",
            "fermyon:spin/variables@2.0.0",
        ] {
            assert!(is_linked(interface), "{interface}");
        }
        for interface in [
            "wasi:http/types@0.2.0-rc-2023-11-10",
            "wasi:cli/environment@0.3.0",
            "wasi:config/store@0.2.0-draft-2024-09-27",
            "fermyon:spin/sqlite@2.0.0",
            "spin:sqlite/sqlite@3.0.0",
        ] {
            assert!(!is_linked(interface), "{interface}");
        }
    }
}
