//! What a component prints, as lines of the log under its name.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// How much a component may write at once.
const PERMIT_BYTES: usize = 64 << 10;

/// A longer line is logged in pieces, so that a component that never ends one does not fill the host's memory.
const LINE_LIMIT_BYTES: usize = 8 << 10;

/// The standard output or error of one instance.
#[derive(Clone)]
pub(crate) struct GuestLog {
    component: Arc<str>,
}

impl GuestLog {
    pub(crate) fn new(component: Arc<str>) -> Self {
        Self { component }
    }
}

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only asked for by WASI 0.3, which is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Lines {
            component: Arc::clone(&self.component),
            pending: Vec::new(),
        })
    }
}

struct Lines {
    component: Arc<str>,
    pending: Vec<u8>,
}

impl Lines {
    fn log_pending(&mut self) {
        if !self.pending.is_empty() {
            let line = String::from_utf8_lossy(&self.pending);
            tracing::info!(target: "guest", "{}: {}", self.component, line.trim_end_matches('\r'));
            self.pending.clear();
        }
    }
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    self.pending.extend_from_slice(end);
                    self.log_pending();
                }
                None => self.pending.extend_from_slice(piece),
            }
            if LINE_LIMIT_BYTES <= self.pending.len() {
                self.log_pending();
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }
}

#[async_trait::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.log_pending();
    }
}
