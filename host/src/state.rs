//! What an instance holds, and Spin's own interfaces over it: variables and key-value stores.

use std::path::PathBuf;
use std::sync::Arc;

use app::Variables;
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::guest_log::GuestLog;
use crate::key_value::{Store, Stores};
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
}

/// The state of one instance, which lives for one request.
pub(crate) struct State {
    settings: Arc<Settings>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
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
            settings,
        })
    }
}

/// Links the interfaces of Spin that this host has.
pub(crate) fn add_spin_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    variables::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    key_value::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
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
        self.with_store(&store, |store| store.get(&key))
    }

    fn set(&mut self, store: Resource<OpenStore>, key: String, value: Vec<u8>) -> StoreResult<()> {
        self.with_store(&store, |store| store.set(&key, &value))
    }

    fn delete(&mut self, store: Resource<OpenStore>, key: String) -> StoreResult<()> {
        self.with_store(&store, |store| store.delete(&key))
    }

    fn exists(&mut self, store: Resource<OpenStore>, key: String) -> StoreResult<bool> {
        self.with_store(&store, |store| store.exists(&key))
    }

    fn get_keys(&mut self, store: Resource<OpenStore>) -> StoreResult<Vec<String>> {
        self.with_store(&store, Store::keys)
    }

    fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

impl State {
    fn with_store<T>(
        &self,
        store: &Resource<OpenStore>,
        operation: impl FnOnce(&Store) -> std::io::Result<T>,
    ) -> StoreResult<T> {
        let OpenStore(store) = self.table.get(store)?;
        Ok(operation(store).map_err(|error| key_value::Error::Other(error.to_string())))
    }
}
