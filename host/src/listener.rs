//! Accepts HTTP connections, bounds them, and lets the requests in flight finish.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::error::Cause;
use crate::patience::Patience;
use crate::{ConnectionLimits, Error};

/// How long a shutdown leaves idle connections open. A client that is about to use one gets its answer and is told that it is the last; one
/// that was opened and has not sent anything yet gets to do so.
const LAST_REQUESTS: Duration = Duration::from_millis(250);

/// How long to wait after a failed `accept`, which is mostly a lack of file descriptors, before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listening socket and the task that serves it. Dropping it ends its connections.
pub(crate) struct Listener {
    address: SocketAddr,
    /// Whether every answer is the last on its connection.
    is_last: Arc<AtomicBool>,
    /// Takes how long a stop waits for the requests in flight.
    stop: Option<oneshot::Sender<Duration>>,
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
    pub(crate) fn serve<S, B>(
        socket: TcpListener,
        limits: ConnectionLimits,
        service_for: impl Fn(SocketAddr) -> S + Send + 'static,
    ) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send,
        S::Error: Into<Cause>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Cause>,
    {
        let address = socket.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let connections = Connections::new(limits);
        let is_last = Arc::clone(&connections.is_last);
        let task = tokio::spawn(connections.serve_until(stopped, socket, service_for));
        Ok(Self {
            address,
            is_last,
            stop: Some(stop),
            task,
        })
    }

    /// The address, with the port that the system chose.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes every answer from now on the last on its connection, so that clients open their next where others may answer, while this goes on
    /// to accept.
    pub(crate) fn send_away(&self) {
        self.is_last.store(true, Ordering::Relaxed);
    }

    /// Stops accepting and waits until every connection is done, at most for `grace`; what is left then is ended.
    pub(crate) async fn shutdown(mut self, grace: Duration) {
        if let Some(stop) = self.stop.take() {
            // The task is gone already if the other end is.
            let _ = stop.send(grace);
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

/// The connections of a listener. They end when this is dropped.
struct Connections {
    limits: ConnectionLimits,
    /// One permit a connection.
    places: Arc<Semaphore>,
    tasks: JoinSet<()>,
    graceful: GracefulShutdown,
    /// Whether every answer is the last on its connection.
    is_last: Arc<AtomicBool>,
}

impl Connections {
    fn new(limits: ConnectionLimits) -> Self {
        Self {
            places: Arc::new(Semaphore::new(
                limits.count.clamp(1, Semaphore::MAX_PERMITS),
            )),
            limits,
            tasks: JoinSet::new(),
            graceful: GracefulShutdown::new(),
            is_last: Arc::default(),
        }
    }

    async fn serve_until<S, B>(
        mut self,
        mut stopped: oneshot::Receiver<Duration>,
        socket: TcpListener,
        service_for: impl Fn(SocketAddr) -> S,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send,
        S::Error: Into<Cause>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Cause>,
    {
        let grace = loop {
            tokio::select! {
                // Without a word the listener was dropped, and this ends with it.
                grace = &mut stopped => break grace.unwrap_or_default(),
                accepted = accept(&socket, &self.places) => match accepted {
                    Ok((stream, client, place)) => {
                        self.spawn(stream, client, Some(place), service_for(client));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                // Nothing to do but to forget it.
                Some(_) = self.tasks.join_next() => {}
            }
        };
        self.is_last.store(true, Ordering::Relaxed);
        for (stream, client) in waiting_clients(socket) {
            self.spawn(stream, client, None, service_for(client));
        }
        self.finish(grace).await;
    }

    fn spawn<S, B>(
        &mut self,
        stream: TcpStream,
        client: SocketAddr,
        place: Option<OwnedSemaphorePermit>,
        service: S,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send,
        S::Error: Into<Cause>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Cause>,
    {
        // Answers are small and written at once; waiting for more to send only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let is_last = Arc::clone(&self.is_last);
        let service = service_fn(move |request| {
            let answer = service.call(request);
            let is_last = Arc::clone(&is_last);
            async move {
                let mut answer = answer.await?;
                if is_last.load(Ordering::Relaxed) {
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(CONNECTION, close);
                }
                Ok::<_, S::Error>(answer)
            }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.idle_timeout)
            .max_header_size(self.limits.header_bytes);
        // Setting the number, even to the default, makes hyper allocate the headers of each request.
        if self.limits.header_count != ConnectionLimits::default().header_count {
            builder.max_headers(self.limits.header_count);
        }
        let stream = ClientStream::new(stream, self.limits.client_timeout);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        self.tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %client, "a connection ended early");
            }
            drop(place);
        });
    }

    /// Waits for the connections to end: by themselves, since each answer is the last; then the idle ones are closed; then all are.
    async fn finish(mut self, grace: Duration) {
        let all_ended = async |tasks: &mut JoinSet<()>| while tasks.join_next().await.is_some() {};
        if tokio::time::timeout(LAST_REQUESTS, all_ended(&mut self.tasks))
            .await
            .is_ok()
        {
            return;
        }
        if tokio::time::timeout(grace, self.graceful.shutdown())
            .await
            .is_err()
        {
            while self.tasks.try_join_next().is_some() {}
            let count = self.tasks.len();
            tracing::warn!("ended what was still in flight after {grace:?}: {count} connections");
        }
    }
}

async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, client) = socket.accept().await?;
    Ok((stream, client, place))
}

/// The connections that the system has taken and we have not. Closing the socket would break them off, and their clients may have sent requests.
fn waiting_clients(socket: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let mut clients = Vec::new();
    let Ok(socket) = socket.into_std() else {
        return clients;
    };
    // It does not block, so the first error is mostly that there is no more.
    while let Ok((stream, client)) = socket.accept() {
        let stream = stream
            .set_nonblocking(true)
            .and_then(|()| TcpStream::from_std(stream));
        clients.extend(stream.ok().map(|stream| (stream, client)));
    }
    clients
}

/// A client's connection, which fails when the client takes nothing of an answer for too long. The instance that writes the answer would wait
/// with it.
struct ClientStream {
    stream: TcpStream,
    /// It runs while a write has to wait, which answers that fit the system's buffers never do.
    patience: Patience,
}

impl ClientStream {
    fn new(stream: TcpStream, pause: Duration) -> Self {
        Self {
            stream,
            patience: Patience::new(pause),
        }
    }

    fn unless_too_slow<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.patience.rest();
            return written;
        }
        ready!(self.patience.poll_lost(context));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client does not take its answer",
        )))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_too_slow(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.unless_too_slow(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
