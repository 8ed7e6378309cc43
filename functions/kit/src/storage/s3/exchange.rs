//! When a request is sent, sent again, and given up.

use std::time::Duration;

use super::{GetRequest, GetResponse, S3Limits, Transport, TransportFailure};

/// Requests in flight at once. A history at its limit asks for some hundreds of parts, and a service has better clients than one that opens as many
/// connections.
const MAXIMUM_REQUESTS_IN_FLIGHT: usize = 64;

/// How long to wait before a second attempt: long enough that a service that is out of breath may have got it back, and by chance, so that those who failed
/// together do not come back together.
const MINIMUM_PAUSE_MILLISECONDS: u64 = 20;
const MAXIMUM_PAUSE_MILLISECONDS: u64 = 100;

/// What comes of a request.
pub(super) type Outcome = Result<GetResponse, TransportFailure>;

/// What came of a batch.
#[derive(Debug)]
pub(super) struct Outcomes {
    /// One outcome a request.
    pub(super) of_requests: Vec<Outcome>,
    /// How many requests were sent altogether.
    pub(super) num_sent: u32,
    /// How many of them were second attempts.
    pub(super) num_second_attempts: u32,
}

/// Sends all requests side by side and waits for all answers, at most as long as a whole batch may take.
///
/// Each request has one attempt more: when its connection breaks or the service says that it cannot just now; or, where hedging is on, when the answer is late,
/// and then whichever answers first counts.
pub(super) fn exchange_all<T: Transport>(
    transport: &T,
    limits: &S3Limits,
    random: fn() -> u64,
    requests: &[GetRequest],
) -> Outcomes {
    let mut batch = Batch {
        transport,
        limits,
        random,
        deadline: transport.now() + limits.total_timeout,
        courses: requests.iter().map(Course::new).collect(),
        in_flight: Vec::new(),
    };
    loop {
        batch.send_what_is_due();
        let Some(until) = batch.next_change() else {
            break;
        };
        batch.wait(until);
        if batch.deadline <= transport.now() {
            break;
        }
    }
    batch.finish()
}

struct Batch<'a, T: Transport> {
    transport: &'a T,
    limits: &'a S3Limits,
    random: fn() -> u64,
    deadline: Duration,
    courses: Vec<Course<'a>>,
    in_flight: Vec<Attempt<T::Exchange>>,
}

/// The way of one request.
struct Course<'a> {
    request: &'a GetRequest,
    num_sent: u32,
    num_in_flight: u32,
    /// When to send it once more.
    again_at: Option<Duration>,
    /// What it comes to unless something better arrives.
    failure: Option<Outcome>,
    outcome: Option<Outcome>,
}

struct Attempt<E> {
    /// The position of its request.
    course: usize,
    /// `None` once it is over.
    exchange: Option<E>,
}

/// An attempt and one more.
const MAXIMUM_ATTEMPTS: u32 = 2;

impl<'a> Course<'a> {
    fn new(request: &'a GetRequest) -> Self {
        Self {
            request,
            num_sent: 0,
            num_in_flight: 0,
            again_at: None,
            failure: None,
            outcome: None,
        }
    }

    /// When it is to be sent, if it is.
    fn due_at(&self) -> Option<Duration> {
        match (&self.outcome, self.num_sent) {
            (Some(_), _) | (None, MAXIMUM_ATTEMPTS..) => None,
            (None, 0) => Some(Duration::ZERO),
            (None, _) => self.again_at,
        }
    }
}

impl<T: Transport> Batch<'_, T> {
    fn send_what_is_due(&mut self) {
        let now = self.transport.now();
        for (position, course) in self.courses.iter_mut().enumerate() {
            if MAXIMUM_REQUESTS_IN_FLIGHT <= self.in_flight.len() {
                break;
            }
            if course.due_at().is_none_or(|at| now < at) {
                continue;
            }
            let exchange = self.transport.send(course.request);
            course.num_sent += 1;
            course.num_in_flight += 1;
            course.again_at = self.limits.hedge_after.map(|after| now + after);
            self.in_flight.push(Attempt {
                course: position,
                exchange: Some(exchange),
            });
        }
    }

    /// When there is something to do even if nothing arrives; `None` when all is done.
    fn next_change(&self) -> Option<Duration> {
        let has_room = self.in_flight.len() < MAXIMUM_REQUESTS_IN_FLIGHT;
        let due = self.courses.iter().filter_map(Course::due_at);
        let next_due = due.filter(|_| has_room).min();
        if next_due.is_none() && self.in_flight.is_empty() {
            return None;
        }
        Some(next_due.unwrap_or(self.deadline).min(self.deadline))
    }

    fn wait(&mut self, until: Duration) {
        let exchanges: Vec<&T::Exchange> = self
            .in_flight
            .iter()
            .filter_map(|attempt| attempt.exchange.as_ref())
            .collect();
        for position in self.transport.wait(&exchanges, until) {
            let Some(attempt) = self.in_flight.get_mut(position) else {
                continue;
            };
            let arrived = attempt
                .exchange
                .as_mut()
                .and_then(|exchange| self.transport.advance(exchange));
            if let Some(outcome) = arrived {
                attempt.exchange = None;
                let course = attempt.course;
                self.settle(course, outcome);
            }
        }
        // Of two attempts the one that comes second is of no use any more.
        let courses = &self.courses;
        self.in_flight.retain(|attempt| {
            let is_open = |course: &Course<'_>| course.outcome.is_none();
            attempt.exchange.is_some() && courses.get(attempt.course).is_some_and(is_open)
        });
    }

    /// An attempt is over: with that the request is, too, unless it failed in a way that may pass.
    fn settle(&mut self, position: usize, outcome: Outcome) {
        let now = self.transport.now();
        let Some(course) = self.courses.get_mut(position) else {
            return;
        };
        course.num_in_flight -= 1;
        if course.outcome.is_some() {
            return;
        }
        if !may_pass(&outcome) {
            course.outcome = Some(outcome);
        } else if 0 < course.num_in_flight {
            course.failure = Some(outcome);
        } else {
            let pause = (self.random)() % (MAXIMUM_PAUSE_MILLISECONDS - MINIMUM_PAUSE_MILLISECONDS);
            let again_at = now + Duration::from_millis(MINIMUM_PAUSE_MILLISECONDS + pause);
            if course.num_sent < MAXIMUM_ATTEMPTS && again_at < self.deadline {
                course.again_at = Some(again_at);
                course.failure = Some(outcome);
            } else {
                course.outcome = Some(outcome);
            }
        }
    }

    fn finish(self) -> Outcomes {
        let count = |of: fn(&Course<'_>) -> u32| self.courses.iter().map(of).sum();
        let num_sent = count(|course| course.num_sent);
        let num_second_attempts = count(|course| course.num_sent.saturating_sub(1));
        let milliseconds = self.limits.total_timeout.as_millis();
        let outcomes = self.courses.into_iter().map(|course| {
            course.outcome.or(course.failure).unwrap_or_else(|| {
                Err(TransportFailure {
                    what: format!("it took longer than {milliseconds} ms"),
                    may_pass: false,
                })
            })
        });
        Outcomes {
            of_requests: outcomes.collect(),
            num_sent,
            num_second_attempts,
        }
    }
}

/// Whether the same request may be answered when it is sent again: its connection broke, or the service cannot just now (`SlowDown` is a 503).
fn may_pass(outcome: &Outcome) -> bool {
    match outcome {
        Ok(response) => matches!(response.status, 429 | 500..),
        Err(failure) => failure.may_pass,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        collections::{BTreeMap, VecDeque},
    };

    use super::*;

    /// Answers by a script, on a clock that only moves while it is waited on.
    #[derive(Default)]
    struct Script {
        now: Cell<Duration>,
        /// By path, what its attempts come to, and after how many milliseconds.
        answers: RefCell<BTreeMap<String, VecDeque<(u64, Outcome)>>>,
        in_flight: Cell<usize>,
        most_in_flight: Cell<usize>,
        sent_at: RefCell<Vec<u128>>,
    }

    struct Scripted {
        at: Duration,
        outcome: Outcome,
    }

    impl Transport for Script {
        type Exchange = Scripted;

        fn now(&self) -> Duration {
            self.now.get()
        }

        fn send(&self, request: &GetRequest) -> Scripted {
            self.sent_at.borrow_mut().push(self.now.get().as_millis());
            self.in_flight.set(self.in_flight.get() + 1);
            let most = self.most_in_flight.get().max(self.in_flight.get());
            self.most_in_flight.set(most);
            let (after, outcome) = self
                .answers
                .borrow_mut()
                .get_mut(&request.path)
                .and_then(VecDeque::pop_front)
                .expect("an attempt that the script knows");
            Scripted {
                at: self.now.get() + Duration::from_millis(after),
                outcome,
            }
        }

        fn advance(&self, exchange: &mut Scripted) -> Option<Outcome> {
            if self.now.get() < exchange.at {
                return None;
            }
            self.in_flight.set(self.in_flight.get() - 1);
            Some(exchange.outcome.clone())
        }

        fn wait(&self, exchanges: &[&Scripted], until: Duration) -> Vec<usize> {
            let next = exchanges.iter().map(|exchange| exchange.at).min();
            let then = next.map_or(until, |next| next.min(until));
            self.now.set(self.now.get().max(then));
            let is_there = |at: Duration| at <= self.now.get();
            (0..exchanges.len())
                .filter(|&position| is_there(exchanges[position].at))
                .collect()
        }
    }

    const LIMITS: S3Limits = S3Limits {
        connect_timeout: Duration::from_secs(2),
        first_byte_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(10),
        hedge_after: None,
    };

    /// The shortest pause and 5 milliseconds.
    fn random() -> u64 {
        5
    }

    #[expect(clippy::unnecessary_wraps, reason = "an outcome among others")]
    fn status(status: u16) -> Outcome {
        Ok(GetResponse {
            status,
            ..GetResponse::default()
        })
    }

    fn failure(may_pass: bool) -> Outcome {
        Err(TransportFailure {
            what: "reset".to_owned(),
            may_pass,
        })
    }

    /// What a request of these attempts comes to, when it was sent, and when it was over.
    fn check(limits: &S3Limits, attempts: &[(u64, Outcome)], expected: (&str, &[u128], u128)) {
        let (outcomes, script) = run(limits, &[attempts]);
        let found = in_words(&outcomes.of_requests[0]);
        let over_at = script.now.get().as_millis();
        assert_eq!(
            (found.as_str(), &**script.sent_at.borrow(), over_at),
            expected
        );
        assert_eq!(outcomes.num_sent as usize, script.sent_at.borrow().len());
        assert_eq!(outcomes.num_second_attempts, outcomes.num_sent - 1);
    }

    fn run(limits: &S3Limits, requests: &[&[(u64, Outcome)]]) -> (Outcomes, Script) {
        let script = Script::default();
        let mut gets = Vec::new();
        for (position, attempts) in requests.iter().enumerate() {
            let path = format!("/{position}");
            gets.push(GetRequest {
                path: path.clone(),
                ..GetRequest::default()
            });
            let attempts = attempts.iter().cloned().collect();
            script.answers.borrow_mut().insert(path, attempts);
        }
        let outcomes = exchange_all(&script, limits, random, &gets);
        (outcomes, script)
    }

    fn in_words(outcome: &Outcome) -> String {
        match outcome {
            Ok(response) => response.status.to_string(),
            Err(failure) => failure.what.clone(),
        }
    }

    #[test]
    fn what_may_pass_is_asked_for_once_more_after_a_pause() {
        check(&LIMITS, &[(10, status(200))], ("200", &[0], 10));
        check(&LIMITS, &[(10, status(404))], ("404", &[0], 10));
        check(
            &LIMITS,
            &[(10, status(503)), (10, status(200))],
            ("200", &[0, 35], 45),
        );
        check(
            &LIMITS,
            &[(10, status(429)), (10, status(200))],
            ("200", &[0, 35], 45),
        );
        check(
            &LIMITS,
            &[(10, failure(true)), (10, status(200))],
            ("200", &[0, 35], 45),
        );
        check(
            &LIMITS,
            &[(10, failure(true)), (10, status(500))],
            ("500", &[0, 35], 45),
        );
        check(&LIMITS, &[(10, failure(false))], ("reset", &[0], 10));
    }

    #[test]
    fn nothing_goes_on_beyond_the_limit_of_the_batch() {
        check(
            &LIMITS,
            &[(99_999, status(200))],
            ("it took longer than 10000 ms", &[0], 10_000),
        );
        // There is no time left for a second attempt, or for its answer: the first says what is wrong.
        check(&LIMITS, &[(9_980, status(503))], ("503", &[0], 9_980));
        check(
            &LIMITS,
            &[(10, status(503)), (99_999, status(200))],
            ("503", &[0, 35], 10_000),
        );

        // All of a batch is waited for at once.
        let slow: &[(u64, Outcome)] = &[(99_999, status(200))];
        let (outcomes, script) = run(&LIMITS, &[slow, &[(20, status(200))], slow]);
        let found: Vec<String> = outcomes.of_requests.iter().map(in_words).collect();
        let late = "it took longer than 10000 ms";
        assert_eq!(found, [late, "200", late]);
        assert_eq!(script.now.get().as_millis(), 10_000);
    }

    #[test]
    fn a_late_answer_is_raced_where_hedging_is_on() {
        let limits = S3Limits {
            hedge_after: Some(Duration::from_millis(50)),
            ..LIMITS
        };
        check(&limits, &[(40, status(200))], ("200", &[0], 40));
        check(
            &limits,
            &[(400, status(200)), (10, status(200))],
            ("200", &[0, 50], 60),
        );
        check(
            &limits,
            &[(70, status(200)), (100, status(404))],
            ("200", &[0, 50], 70),
        );
        // One attempt more is all: the failure of one waits for the other.
        check(
            &limits,
            &[(70, status(503)), (100, status(200))],
            ("200", &[0, 50], 150),
        );
        check(
            &limits,
            &[(70, status(503)), (100, failure(true))],
            ("reset", &[0, 50], 150),
        );
        check(
            &limits,
            &[(10, status(503)), (100, status(200))],
            ("200", &[0, 35], 135),
        );
    }

    #[test]
    fn requests_in_flight_are_bounded_and_each_gets_its_own_answer() {
        let attempts: Vec<[(u64, Outcome); 1]> = (0..200)
            .map(|number| [(10 + number % 7, status(200 + number as u16))])
            .collect();
        let requests: Vec<&[(u64, Outcome)]> = attempts.iter().map(|one| &one[..]).collect();
        let (outcomes, script) = run(&LIMITS, &requests);
        for (number, outcome) in outcomes.of_requests.iter().enumerate() {
            assert_eq!(in_words(outcome), (200 + number).to_string());
        }
        assert_eq!(script.most_in_flight.get(), MAXIMUM_REQUESTS_IN_FLIGHT);
        let (outcomes, _) = run(&LIMITS, &[]);
        assert!(outcomes.of_requests.is_empty());
    }
}
