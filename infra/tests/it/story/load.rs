//! Requests at an even pace, and those of them that failed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ureq::Agent;

/// How long a pod may take to end that serves on for a while: its drain, and what is left to tidy up.
const END_OF_POD: Duration = Duration::from_secs(8);

/// Half of the requests come from clients that keep their connections, the other half from new ones each time.
const CLIENTS: u32 = 10;

/// Requests that go on until it is ended.
pub(super) struct Load {
    state: Arc<State>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    is_over: AtomicBool,
    answered: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Load {
    /// Begins to ask an address for a path, so often a second.
    pub(super) fn begin(address: &str, path: &str, requests_per_second: u32) -> Self {
        let state = Arc::new(State::default());
        let pause = Duration::from_secs(1) * CLIENTS / requests_per_second;
        let clients = (0..CLIENTS).map(|client| {
            let state = Arc::clone(&state);
            let url = format!("http://{address}{path}");
            thread::spawn(move || {
                thread::sleep(pause * client / CLIENTS);
                ask(&url, pause, client % 2 == 0, &state);
            })
        });
        Self {
            clients: clients.collect(),
            state,
        }
    }

    /// Goes on until pods that were told to end have ended; then says how many requests were answered, and what happened to the others.
    pub(super) fn end(self) -> (u64, Vec<String>) {
        thread::sleep(END_OF_POD);
        self.state.is_over.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.join().unwrap();
        }
        let failures = self.state.failures.lock().unwrap().clone();
        (self.state.answered.load(Ordering::SeqCst), failures)
    }
}

fn ask(url: &str, pause: Duration, keeps_connection: bool, state: &State) {
    let config = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .max_idle_connections(usize::from(keeps_connection))
        .build();
    let agent = Agent::new_with_config(config);
    let start = Instant::now();
    let mut next = start;
    while !state.is_over.load(Ordering::SeqCst) {
        let answer = agent.get(url).call();
        match answer.and_then(|mut answer| answer.body_mut().read_to_string()) {
            Ok(_) => {
                state.answered.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                let when = start.elapsed().as_millis();
                state
                    .failures
                    .lock()
                    .unwrap()
                    .push(format!("after {when} ms: {error}"));
            }
        }
        next += pause;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}
