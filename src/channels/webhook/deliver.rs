//! Sends what is in the outbox, one thread a receiver: a slow one holds up nobody else.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use serde::Deserialize;
use ureq::{
    Agent, Body,
    http::{Response, StatusCode, header},
    unversioned::{resolver::DefaultResolver, transport::DefaultConnector},
};

use super::{
    address::{NotPublic, PublicOnly},
    outbox::{Attempt, Due, Outbox, OutboxError},
    standard::{self, Secret},
};

/// Messages that are under way to one receiver at once.
const AT_ONCE: u32 = 8;
/// Longest attempt. Standard Webhooks asks for 15 to 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The outbox is looked at this often at least.
const LOOK: Duration = Duration::from_mins(10);
/// Longest response that is read.
const MAX_RESPONSE: u64 = 16 << 10;

/// A receiver.
pub struct Destination {
    /// Name by which the outbox knows it.
    pub name: String,
    /// Its address. May hold a key, so it is never shown.
    pub url: String,
    /// How it knows that a message is ours, and what it takes for one.
    pub kind: Kind,
    /// Whether it may stand in our own network.
    pub allow_private_address: bool,
}

/// What a receiver expects.
pub enum Kind {
    /// A signed Standard Webhook.
    Signed(Secret),
    /// A WeCom group robot: the key is in its address; it says in the body whether it took a message.
    GroupRobot {
        /// How many messages it takes.
        quota: Quota,
    },
}

/// The senders of all receivers. When it is dropped they finish what is under way and stop.
pub struct Deliveries {
    outbox: Arc<Outbox>,
    wake: Vec<(String, SyncSender<()>)>,
}

impl Deliveries {
    /// Starts a thread for each destination, which first sends what an earlier run left.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(outbox: Arc<Outbox>, destinations: Vec<Destination>) -> std::io::Result<Self> {
        let mut wake = Vec::with_capacity(destinations.len());
        for destination in destinations {
            let (sender, receiver) = sync_channel(1);
            wake.push((destination.name.clone(), sender));
            let courier = Courier::new(outbox.clone(), destination);
            // Not joined: a receiver may take long, and what was not delivered is in the outbox.
            std::thread::Builder::new().name("courier".to_owned()).spawn(move || courier.run(&receiver))?;
        }
        Ok(Self { outbox, wake })
    }

    /// What is to be delivered, and was.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Takes a message in and has it sent; durable when this returns. One that was taken before is not sent again.
    ///
    /// # Errors
    /// When the outbox cannot be written.
    pub fn send(&self, id: &str, destination: &str, body: &[u8], now: Timestamp) -> Result<(), OutboxError> {
        if self.outbox.put(id, destination, body, now)? {
            self.look_again(destination);
        }
        Ok(())
    }

    /// Tells the sender for `destination` that something is due.
    pub fn look_again(&self, destination: &str) {
        if let Some((_, wake)) = self.wake.iter().find(|(name, _)| name == destination) {
            // Full: it was told already. Closed: its thread died, which was logged.
            let _ = wake.try_send(());
        }
    }
}

/// The sender for one destination.
struct Courier {
    outbox: Arc<Outbox>,
    destination: Destination,
    agent: Agent,
    limiter: Option<DefaultDirectRateLimiter>,
}

impl Courier {
    fn new(outbox: Arc<Outbox>, destination: Destination) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            // Whoever answers could otherwise send a message on to where it must not go.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy would look names up itself, and reach what we must not.
            .proxy(None)
            .user_agent(concat!("dayi/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = if destination.allow_private_address {
            Agent::with_parts(config, DefaultConnector::default(), DefaultResolver::default())
        } else {
            Agent::with_parts(config, DefaultConnector::default(), PublicOnly::default())
        };
        let limiter = match destination.kind {
            Kind::Signed(_) => None,
            Kind::GroupRobot { quota } => Some(RateLimiter::direct(quota)),
        };
        Self { outbox, destination, agent, limiter }
    }

    fn run(&self, wake: &Receiver<()>) {
        loop {
            let wait = match self.round(Timestamp::now()) {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the outbox does not work");
                    LOOK
                }
            };
            if matches!(wake.recv_timeout(wait), Err(RecvTimeoutError::Disconnected)) {
                return;
            }
        }
    }

    /// One attempt at some of what is due; how long to wait before the next round.
    fn round(&self, now: Timestamp) -> Result<Duration, OutboxError> {
        let mut due = self.outbox.due(&self.destination.name, AT_ONCE, now)?;
        if due.is_empty() {
            self.outbox.forget(now)?;
        }
        self.put_off(&mut due, now)?;
        let attempts: Vec<Attempt> = std::thread::scope(|scope| {
            let threads: Vec<_> = due.iter().map(|due| scope.spawn(move || self.attempt(due, now))).collect();
            let panicked =
                |_| Attempt::Failed { error: "the attempt panicked".to_owned(), retry_after: None };
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
        });
        let attempts: Vec<(Due, Attempt)> = due.into_iter().zip(attempts).collect();
        self.outbox.record(&attempts, now)?;
        for (due, attempt) in &attempts {
            self.tell(due, attempt);
        }

        let wait =
            |next: Timestamp| next.duration_since(Timestamp::now()).try_into().unwrap_or(Duration::ZERO);
        Ok(self.outbox.next_due(&self.destination.name)?.map_or(LOOK, wait).min(LOOK))
    }

    /// Takes out of `due` what the receiver would not take yet.
    fn put_off(&self, due: &mut Vec<Due>, now: Timestamp) -> Result<(), OutboxError> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        for nth in 0..due.len() {
            if let Err(not_yet) = limiter.check() {
                let wait = not_yet.wait_time_from(DefaultClock::default().now());
                let until = now + SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
                return self.outbox.postpone(&due.split_off(nth), until);
            }
        }
        Ok(())
    }

    fn attempt(&self, due: &Due, now: Timestamp) -> Attempt {
        let mut request =
            self.agent.post(&self.destination.url).header(header::CONTENT_TYPE, "application/json");
        if let Kind::Signed(secret) = &self.destination.kind {
            let time = now.as_second();
            request = request
                .header(standard::ID, &due.id)
                .header(standard::TIMESTAMP, time)
                .header(standard::SIGNATURE, secret.sign(&due.id, time, &due.body));
        }
        match request.send(&due.body[..]) {
            Ok(response) => self.judge(response, now),
            Err(ureq::Error::Other(error)) if error.is::<NotPublic>() => {
                Attempt::Refused { error: error.to_string() }
            }
            // What ureq says of an address could hold the key in it.
            Err(ureq::Error::BadUri(_)) => Attempt::Refused { error: "its address is not valid".to_owned() },
            Err(error) => Attempt::Failed { error: error.to_string(), retry_after: None },
        }
    }

    fn judge(&self, mut response: Response<Body>, now: Timestamp) -> Attempt {
        let status = response.status();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| pause(value, now));
        if status == StatusCode::GONE {
            return Attempt::Refused {
                error: "the receiver answered 410: it wants no more messages".to_owned(),
            };
        }
        if status.is_redirection() {
            let error =
                format!("the receiver answered {status}: redirects are not followed, set its final address");
            return Attempt::Failed { error, retry_after };
        }
        if !status.is_success() {
            return Attempt::Failed { error: format!("the receiver answered {status}"), retry_after };
        }
        match self.destination.kind {
            Kind::Signed(_) => Attempt::Delivered,
            Kind::GroupRobot { .. } => {
                let body = response.body_mut().with_config().limit(MAX_RESPONSE).read_to_string();
                match body.ok().and_then(|body| serde_json::from_str::<RobotReply>(&body).ok()) {
                    Some(RobotReply { errcode: 0, .. }) => Attempt::Delivered,
                    Some(RobotReply { errcode, errmsg }) => Attempt::Failed {
                        error: format!("the group robot answered {errcode} {errmsg}"),
                        retry_after: Some(SignedDuration::from_mins(1)),
                    },
                    None => Attempt::Failed { error: "this is no group robot".to_owned(), retry_after },
                }
            }
        }
    }

    /// Tells of a failure, once an attempt.
    fn tell(&self, due: &Due, attempt: &Attempt) {
        let (id, destination) = (&due.id, &self.destination.name);
        match attempt {
            Attempt::Delivered => tracing::debug!(id, destination, "delivered a message"),
            Attempt::Failed { error, retry_after: _ } => {
                tracing::warn!(id, destination, error, "a message was not delivered and stays in the outbox");
            }
            Attempt::Refused { error } => {
                tracing::warn!(id, destination, error, "a message cannot be delivered");
            }
        }
    }
}

/// What a group robot says.
#[derive(Deserialize)]
struct RobotReply {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// The value of `Retry-After`: seconds, or a date.
fn pause(value: &str, now: Timestamp) -> Option<SignedDuration> {
    let seconds = value.trim().parse::<u32>().ok().map(|seconds| SignedDuration::from_secs(seconds.into()));
    seconds.or_else(|| Some(rfc2822::parse(value.trim()).ok()?.timestamp().duration_since(now)))
}

#[cfg(test)]
mod tests;
