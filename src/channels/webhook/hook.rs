//! [`Hook`]: an address at which a ticket system calls, and what becomes of the ticket.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    deliver::Deliveries,
    outbox::OutboxError,
    verify::{Incoming, Verifier, VerifyError},
};
use crate::{
    channels::once::Once,
    faq::SpaceName,
    matcher,
    spaces::Space,
    triage::{Mapping, MappingError, Ticket, Triage},
};

/// Tickets whose outcome is remembered for when they come again.
const REMEMBERED: usize = 10_000;

/// Where the outcome goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Into the response.
    #[default]
    Response,
    /// To an address, later, as a signed webhook: for senders that look at no response.
    Deliver,
}

/// A ticket system's address.
pub struct Hook {
    /// Its name in the address, and in the outbox.
    pub name: String,
    /// The FAQ that answers.
    pub space: SpaceName,
    /// How the ticket system shows that it is the one.
    pub verifier: Verifier,
    /// Where the parts of a ticket stand in what it sends; a [`Ticket`] is expected without one.
    pub mapping: Option<Mapping>,
    /// Where the outcome goes.
    pub reply: Reply,
    /// What was answered to messages that may come again.
    pub(super) answered: Once<Arc<Triage>>,
}

/// What became of a message.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Here is the outcome.
    Answered(Arc<Triage>),
    /// The outcome is on its way.
    Accepted {
        /// The `webhook-id` under which it will arrive.
        delivery: String,
    },
}

/// Why a message is not taken.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Nobody we know sent it, or not now.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// It is no JSON.
    #[error("the body is not valid JSON: {reason}")]
    Json {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no ticket in it.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The model is busy or fails.
    #[error(transparent)]
    Match(#[from] matcher::Error),
    /// The outcome cannot be kept.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

/// The body of an outgoing webhook, as Standard Webhooks has it.
#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: &'a Triage,
}

impl Hook {
    /// A hook that nobody has called yet.
    #[must_use]
    pub fn new(
        (name, space): (String, SpaceName),
        verifier: Verifier,
        mapping: Option<Mapping>,
        reply: Reply,
    ) -> Self {
        Self { name, space, verifier, mapping, reply, answered: Once::new(REMEMBERED) }
    }

    /// Verifies a message and does with its ticket what is to be done; `space` is the one that it names. The same again when the message comes again.
    ///
    /// # Errors
    /// When the message is not taken. Nothing is lost then: the sender knows, and may send it again.
    pub async fn receive(
        &self,
        space: &Space,
        deliveries: Option<&Arc<Deliveries>>,
        incoming: Incoming<'_>,
        now: Timestamp,
    ) -> Result<Outcome, HookError> {
        let id = self.verifier.verify(incoming, now)?;
        let ticket = self.ticket(incoming.body)?;
        let triage =
            self.answered.answer(id.clone(), async { space.triage(&ticket).await.map(Arc::new) }).await?;
        let (Reply::Deliver, Some(deliveries)) = (self.reply, deliveries) else {
            return Ok(Outcome::Answered(triage));
        };
        let delivery = self.delivery(id);
        let event = Event { r#type: "ticket.triaged", timestamp: now, data: &triage };
        let body =
            serde_json::to_vec(&event).map_err(|error| HookError::Json { reason: error.to_string() })?;
        let (deliveries, name, sent) = (deliveries.clone(), self.name.clone(), delivery.clone());
        // The disk may be slow, and this thread answers others too.
        let put = tokio::task::spawn_blocking(move || deliveries.send(&sent, &name, &body, now));
        put.await.map_err(|_| matcher::Error::Interrupted)??;
        Ok(Outcome::Accepted { delivery })
    }

    fn ticket(&self, body: &[u8]) -> Result<Ticket, HookError> {
        let json = |error: serde_json::Error| HookError::Json { reason: error.to_string() };
        match &self.mapping {
            Some(mapping) => Ok(mapping.ticket(&serde_json::from_slice::<Value>(body).map_err(json)?)?),
            None => serde_json::from_slice(body).map_err(json),
        }
    }

    /// The id of the message that goes out: always the same for the same one that came in, so that the outbox knows it
    /// again even after a restart.
    fn delivery(&self, id: Option<String>) -> String {
        match id {
            Some(id) => {
                let digest = Sha256::digest(format!("{}\n{id}", self.name));
                format!("msg_{}", hex::encode(&digest[..16]))
            }
            None => format!("msg_{}", Uuid::now_v7().simple()),
        }
    }
}
