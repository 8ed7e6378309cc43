//! From a WebAssembly file to answers: componentize, compile, link once; a fresh instance for each request.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::{Method, Request};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;

use crate::answer::Answer;
use crate::call::{self, Called, HeadSlot};
use crate::compile_cache::CompileCache;
use crate::error::Cause;
use crate::gate::Permit;
use crate::imports;
use crate::metrics::FailureReason;
use crate::request_body::RequestBody;
use crate::state::{Settings, State};
use crate::{Error, Limits};

/// The pool's size and shape are Spin's, so that what is measured here resembles what runs there. Less memory stays with an instance that is gone, since a
/// function writes to less than a mebibyte.
const INSTANCE_COUNT: u32 = 1000;
const CORE_INSTANCES_PER_COMPONENT: u32 = 200;
const MEMORIES_PER_COMPONENT: u32 = 32;
const TABLES_PER_COMPONENT: u32 = 64;
const TABLE_ELEMENTS: usize = 100_000;
const COMPONENT_INSTANCE_BYTES: usize = 10 << 20;
const MEMORY_KEEP_RESIDENT_BYTES: usize = 1 << 20;
const TABLE_KEEP_RESIDENT_BYTES: usize = 512 << 10;

/// How long an instance computes before it lets others have its thread. An ordinary request is done by then.
const TIME_SLICE: Duration = Duration::from_millis(10);

/// The engine and the linked imports, shared by all components.
pub(crate) struct Runtime {
    engine: Engine,
    linker: Linker<State>,
    cache: Option<CompileCache>,
    request_timeout: Duration,
}

/// A component that can answer requests.
pub(crate) struct Component {
    settings: Arc<Settings>,
    instance: ProxyPre<State>,
    request_timeout: Duration,
}

/// Why a component gave no answer. The text is for the log and says everything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0:#}")]
    Trap(wasmtime::Error),
    #[error("it was not done after {0:?}, the time limit of a request")]
    TimeLimit(Duration),
    #[error("it wanted more than {0} bytes of memory, the limit of an instance")]
    MemoryLimit(usize),
    #[error("no answer: {0}")]
    NoAnswer(String),
}

impl Failure {
    pub(crate) fn reason(&self) -> FailureReason {
        match self {
            Self::Trap(_) => FailureReason::Trap,
            Self::TimeLimit(_) => FailureReason::TimeLimit,
            Self::MemoryLimit(_) => FailureReason::MemoryLimit,
            Self::NoAnswer(_) => FailureReason::NoAnswer,
        }
    }
}

impl Runtime {
    /// Sets the engine up. A machine that has not enough address space for the pool does without it and says so.
    pub(crate) fn new(
        pooling: bool,
        cache: Option<CompileCache>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let failed = |source: wasmtime::Error| Error::Engine {
            source: source.into(),
        };
        let engine = if pooling {
            Engine::new(&pooled_config()).or_else(|error| {
                tracing::warn!("no pool of instances, every request makes its own: {error:#}");
                Engine::new(&config())
            })
        } else {
            Engine::new(&config())
        }
        .map_err(failed)?;
        count_time_slices(&engine).map_err(|source| Error::Engine {
            source: source.into(),
        })?;
        let linker = imports::linker(&engine).map_err(failed)?;
        Ok(Self {
            engine,
            linker,
            cache,
            request_timeout: limits.request_timeout,
        })
    }

    /// Prepares the component in the file `source`. It takes seconds for a file that is not in the cache, and blocks.
    pub(crate) fn load(&self, source: &Path, settings: Arc<Settings>) -> Result<Component, Error> {
        let id = &*settings.id;
        let wasm = std::fs::read(source).map_err(|error| Error::ReadComponent {
            component: id.to_owned(),
            path: source.to_owned(),
            source: error,
        })?;
        match self.prepare(&wasm) {
            Ok(instance) => Ok(Component {
                settings,
                instance,
                request_timeout: self.request_timeout,
            }),
            Err(cause) => Err(Error::PrepareComponent {
                component: id.to_owned(),
                path: source.to_owned(),
                source: cause,
            }),
        }
    }

    fn compile(&self, wasm: &[u8]) -> Result<wasmtime::component::Component, Cause> {
        let cached = |cache: &CompileCache| cache.load(&self.engine, wasm);
        if let Some(component) = self.cache.as_ref().and_then(cached) {
            return Ok(component);
        }
        let wrapped = componentize(wasm)?;
        let component = wasmtime::component::Component::from_binary(&self.engine, &wrapped)?;
        if let Some(cache) = &self.cache {
            cache.store(&self.engine, wasm, &component);
        }
        Ok(component)
    }

    fn prepare(&self, wasm: &[u8]) -> Result<ProxyPre<State>, Cause> {
        let component = self.compile(wasm)?;
        let mut linker = self.linker.clone();
        imports::trap_the_rest(&mut linker, &component)?;
        Ok(ProxyPre::new(linker.instantiate_pre(&component)?)?)
    }
}

impl Component {
    /// Answers one request in a fresh instance, which keeps `permit` for as long as it lives.
    pub(crate) async fn handle(
        &self,
        request: Request<RequestBody>,
        permit: Permit,
    ) -> Result<Answer, Failure> {
        let is_head = request.method() == Method::HEAD;
        let slot = HeadSlot::default();
        let called = Called {
            id: Arc::clone(&self.settings.id),
            metrics: Arc::clone(&self.settings.metrics),
        };
        let run = self.run(request, slot.clone(), permit);
        call::answer(called, Box::pin(run), slot, is_head)
            .await
            .inspect_err(|failure| self.settings.metrics.count_failure(failure.reason()))
    }

    /// An instance from its start to its end. It is stopped at the end of its time wherever it is: it yields when it waits, and at the end of
    /// each time slice when it computes.
    fn run(
        &self,
        request: Request<RequestBody>,
        slot: HeadSlot,
        permit: Permit,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
        let instance = self.instance.clone();
        let settings = Arc::clone(&self.settings);
        let request_timeout = self.request_timeout;
        let memory_limit_bytes = settings.memory_limit_bytes;
        async move {
            let _permit = permit;
            let state = State::new(settings).map_err(Failure::Trap)?;
            let mut store = Store::new(instance.engine(), state);
            let answer = async {
                store.limiter(|state| state.memory());
                store.set_epoch_deadline(1);
                store.epoch_deadline_async_yield_and_update(1);
                let mut http = store.data_mut().http();
                let request = http.new_incoming_request(Scheme::Http, request)?;
                let outparam =
                    http.new_response_outparam_from_callback(move |head| slot.put(head))?;
                let proxy = instance.instantiate_async(&mut store).await?;
                proxy
                    .wasi_http_incoming_handler()
                    .call_handle(&mut store, request, outparam)
                    .await
            };
            match tokio::time::timeout(request_timeout, answer).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) if store.data_mut().memory().is_exceeded() => {
                    Err(Failure::MemoryLimit(memory_limit_bytes))
                }
                Ok(Err(error)) => Err(Failure::Trap(error)),
                Err(_) => Err(Failure::TimeLimit(request_timeout)),
            }
        }
    }
}

/// Wraps a core module of wasm32-wasip1 with the reactor adapter, as Spin does. A component stays as it is.
fn componentize(wasm: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, Cause> {
    // After the magic number stands a version of two bytes and a layer of two: 0 is a module, 1 a component.
    const MODULE_PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";
    if !wasm.starts_with(MODULE_PREAMBLE) {
        return Ok(wasm.into());
    }
    let mut encoder = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(wasm)?
        .adapter(
            WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
        )?;
    Ok(encoder.encode()?.into())
}

/// Counts the engine's epochs, one a [`TIME_SLICE`], as long as there is anything of the engine: an instance that computes without end is
/// only stopped at the end of its slice, so the slices have to end for longer than the server lives.
fn count_time_slices(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let count = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TIME_SLICE);
        }
    };
    std::thread::Builder::new()
        .name("time-slices".to_owned())
        .spawn(count)?;
    Ok(())
}

fn config() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config
}

fn pooled_config() -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(INSTANCE_COUNT)
        .total_core_instances(4 * INSTANCE_COUNT)
        .total_memories(INSTANCE_COUNT)
        .total_tables(2 * INSTANCE_COUNT)
        .total_stacks(INSTANCE_COUNT)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_component_instance_size(COMPONENT_INSTANCE_BYTES)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT_BYTES)
        .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
