//! Accepts HTTP connections and lets the requests in flight finish.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Error;
use crate::error::Cause;

/// How long a shutdown waits for the requests in flight.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// How long to wait after a failed `accept`, which is mostly a lack of file descriptors, before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listening socket and the task that serves it. Dropping it stops accepting; connections go on until the runtime ends.
pub(crate) struct Listener {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Binds `address`, so that a port that is taken shows before anything else is done.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

impl Listener {
    /// Serves every connection with the service that `service_for` makes for the client's address.
    pub(crate) fn serve<S>(
        socket: TcpListener,
        service_for: impl Fn(SocketAddr) -> S + Send + 'static,
    ) -> std::io::Result<Self>
    where
        S: HttpService<Incoming> + Send + 'static,
        S::Future: Send,
        S::ResBody: Send + 'static,
        <S::ResBody as Body>::Data: Send,
        <S::ResBody as Body>::Error: Into<Cause>,
    {
        let address = socket.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept_until(stopped, socket, service_for));
        Ok(Self {
            address,
            stop: Some(stop),
            task,
        })
    }

    /// The address, with the port that the system chose.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting and waits until every connection is done, at most [`SHUTDOWN_GRACE`].
    pub(crate) async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // The task is gone already if the other end is.
            let _ = stop.send(());
        }
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the listener stopped by itself");
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept_until<S>(
    mut stopped: oneshot::Receiver<()>,
    socket: TcpListener,
    service_for: impl Fn(SocketAddr) -> S,
) where
    S: HttpService<Incoming> + Send + 'static,
    S::Future: Send,
    S::ResBody: Send + 'static,
    <S::ResBody as Body>::Data: Send,
    <S::ResBody as Body>::Error: Into<Cause>,
{
    let connections = GracefulShutdown::new();
    loop {
        let (stream, client) = tokio::select! {
            _ = &mut stopped => break,
            accepted = socket.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        // Answers are small and written at once; waiting for more to send only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service_for(client));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %client, "a connection ended early");
            }
        });
    }
    drop(socket);
    if tokio::time::timeout(SHUTDOWN_GRACE, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still in flight after {SHUTDOWN_GRACE:?}; left them");
    }
}
