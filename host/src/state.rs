//! What an instance holds, and Spin's own interfaces over it: variables and key-value stores.

use std::path::PathBuf;
use std::sync::Arc;

use app::Variables;
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::guest_log::GuestLog;
use crate::key_value::{Store, Stores, Value};
use crate::memory_limit::MemoryLimit;
use crate::metrics::{ComponentMetrics, KeyValueOperation};
use crate::outbound::Outbound;

mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "host",
        imports: { default: trappable },
        with: { "fermyon:spin/key-value.store": super::OpenStore },
    });
}

use bindings::fermyon::spin::{key_value, variables};

/// What every instance of a component is given.
pub(crate) struct Settings {
    /// The component's id.
    pub(crate) id: Arc<str>,
    /// Its environment.
    pub(crate) environment: Vec<(String, String)>,
    /// The values it can read.
    pub(crate) variables: Variables,
    /// The stores it may open.
    pub(crate) stores: Stores,
    /// The folder it sees as `/`, read-only; without one it sees no file.
    pub(crate) files: Option<PathBuf>,
    /// Whom it may call.
    pub(crate) outbound: Outbound,
    /// How large its memories may grow together.
    pub(crate) memory_limit_bytes: usize,
    /// Where its deeds are counted.
    pub(crate) metrics: Arc<ComponentMetrics>,
}

/// The state of one instance, which lives for one request.
pub(crate) struct State {
    settings: Arc<Settings>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    memory: MemoryLimit,
}

/// A key-value store that an instance has opened.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenStore(Arc<Store>);

impl State {
    /// The state of a fresh instance.
    pub(crate) fn new(settings: Arc<Settings>) -> wasmtime::Result<Self> {
        let log = GuestLog::new(Arc::clone(&settings.id));
        let mut wasi = WasiCtx::builder();
        wasi.envs(&settings.environment)
            .stdout(log.clone())
            .stderr(log);
        if let Some(files) = &settings.files {
            wasi.preopened_dir(files, "/", FsPerms::ReadOnly)?;
        }
        Ok(Self {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: settings.outbound.clone(),
            memory: MemoryLimit::new(settings.memory_limit_bytes),
            settings,
        })
    }

    /// What its memories may grow to, and have grown to.
    pub(crate) fn memory(&mut self) -> &mut MemoryLimit {
        &mut self.memory
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.settings.metrics.note_memory(self.memory.used_bytes());
    }
}

/// Links the interfaces of Spin that this host has.
pub(crate) fn add_spin_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    variables::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    key_value::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    share_values(linker)
}

/// Puts a `get` in place of the generated one, whose values have to be copied into a vector of its own before they are copied into the instance.
fn share_values(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type Found = Result<Option<Value>, key_value::Error>;
    linker.allow_shadowing(true);
    linker.instance("fermyon:spin/key-value@2.0.0")?.func_wrap(
        "[method]store.get",
        |mut store, (opened, key): (Resource<OpenStore>, String)| -> wasmtime::Result<(Found,)> {
            Ok((store.data_mut().get_value(&opened, &key)?,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}

impl variables::Host for State {
    fn get(&mut self, name: String) -> wasmtime::Result<Result<String, variables::Error>> {
        Ok(match self.settings.variables.get(&name) {
            Some(value) => Ok(value.to_owned()),
            None => Err(variables::Error::Undefined(format!(
                "no variable {name:?} in [component.{}.variables]",
                self.settings.id
            ))),
        })
    }
}

impl key_value::Host for State {}

/// What a store's functions return: a trap, or the result that the component sees.
type StoreResult<T> = wasmtime::Result<Result<T, key_value::Error>>;

impl key_value::HostStore for State {
    fn open(&mut self, label: String) -> StoreResult<Resource<OpenStore>> {
        let Some(store) = self.settings.stores.get(&label) else {
            return Ok(Err(key_value::Error::AccessDenied));
        };
        let opened = self.table.push(OpenStore(Arc::clone(store)));
        Ok(opened.map_err(|_full| key_value::Error::StoreTableFull))
    }

    fn get(&mut self, store: Resource<OpenStore>, key: String) -> StoreResult<Option<Vec<u8>>> {
        let found = self.get_value(&store, &key)?;
        Ok(found.map(|value| value.map(|value| value.to_vec())))
    }

    fn set(&mut self, store: Resource<OpenStore>, key: String, value: Vec<u8>) -> StoreResult<()> {
        self.with_store(&store, KeyValueOperation::Set, |store| {
            store.set(&key, value)
        })
    }

    fn delete(&mut self, store: Resource<OpenStore>, key: String) -> StoreResult<()> {
        self.with_store(&store, KeyValueOperation::Delete, |store| {
            store.delete(&key)
        })
    }

    fn exists(&mut self, store: Resource<OpenStore>, key: String) -> StoreResult<bool> {
        self.with_store(&store, KeyValueOperation::Exists, |store| {
            Ok(store.exists(&key))
        })
    }

    fn get_keys(&mut self, store: Resource<OpenStore>) -> StoreResult<Vec<String>> {
        self.with_store(&store, KeyValueOperation::Keys, |store| Ok(store.keys()))
    }

    fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

impl State {
    fn get_value(&self, store: &Resource<OpenStore>, key: &str) -> StoreResult<Option<Value>> {
        let found = self.store(store)?.get(key);
        self.settings.metrics.count_key_value(match &found {
            Ok(Some(_)) => KeyValueOperation::GetHit,
            Ok(None) => KeyValueOperation::GetMiss,
            Err(_) => KeyValueOperation::Failed,
        });
        Ok(found.map_err(|error| component_error(&error)))
    }

    fn with_store<T>(
        &self,
        store: &Resource<OpenStore>,
        kind: KeyValueOperation,
        operation: impl FnOnce(&Store) -> std::io::Result<T>,
    ) -> StoreResult<T> {
        let result = operation(self.store(store)?);
        let counted = result.as_ref().map_or(KeyValueOperation::Failed, |_| kind);
        self.settings.metrics.count_key_value(counted);
        Ok(result.map_err(|error| component_error(&error)))
    }

    fn store(&self, store: &Resource<OpenStore>) -> wasmtime::Result<&Store> {
        let OpenStore(store) = self.table.get(store)?;
        Ok(store)
    }
}

fn component_error(error: &std::io::Error) -> key_value::Error {
    key_value::Error::Other(error.to_string())
}
