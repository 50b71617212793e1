//! What happens to a message, attempt by attempt, on a clock of our own.

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn failed(seconds: Option<i64>) -> Attempt {
    Attempt::Failed { error: "503".into(), retry_after: seconds.map(SignedDuration::from_secs) }
}

/// One attempt at everything that is due; the ids.
fn attempt(outbox: &Outbox, how: &Attempt, now: Timestamp) -> Vec<String> {
    let due = outbox.due("hook", 10, now).unwrap();
    let ids = due.iter().map(|due| due.id.clone()).collect();
    let attempts: Vec<_> = due.into_iter().map(|due| (due, how.clone())).collect();
    outbox.record(&attempts, now).unwrap();
    ids
}

fn outbox() -> (tempfile::TempDir, Outbox) {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::open_or_create(directory.path()).unwrap();
    (directory, outbox)
}

#[test]
fn a_message_is_taken_once_and_outlives_the_process() {
    let (directory, outbox) = outbox();
    assert!(outbox.put("a", "hook", b"ticket", at(0)).unwrap());
    assert!(!outbox.put("a", "hook", b"ticket", at(1)).unwrap());
    drop(outbox);
    let outbox = Outbox::open_or_create(directory.path()).unwrap();
    assert_eq!(outbox.due("hook", 10, at(1)).unwrap()[0].body, b"ticket");
    assert!(outbox.due("other", 10, at(1)).unwrap().is_empty());
    attempt(&outbox, &Attempt::Delivered, at(1));
    assert!(
        !outbox.put("a", "hook", b"ticket", at(2)).unwrap(),
        "it was delivered, so it must not be sent again"
    );
    assert!(outbox.due("hook", 10, at(100)).unwrap().is_empty());
    let body = outbox.run("read", |connection| {
        connection.query_row("SELECT body FROM deliveries", [], |row| row.get::<_, Vec<u8>>(0))
    });
    assert_eq!(body.unwrap(), b"", "what has arrived is not kept");
}

#[test]
fn pauses_grow_until_a_message_is_given_up_and_can_be_tried_again_under_its_id() {
    let (_directory, outbox) = outbox();
    outbox.put("a", "hook", b"x", at(0)).unwrap();
    let mut now = at(0);
    for (nth, pause) in PAUSES.iter().enumerate() {
        assert_eq!(attempt(&outbox, &failed(None), now), ["a"], "attempt {nth}");
        let due = outbox.next_due("hook").unwrap().unwrap();
        let waits = due.duration_since(now);
        assert!(waits >= *pause && waits <= *pause + *pause / 9, "attempt {nth}: {waits}");
        assert!(attempt(&outbox, &failed(None), due - SignedDuration::from_millis(1)).is_empty());
        now = due;
    }
    attempt(&outbox, &failed(None), now);
    assert_eq!(outbox.next_due("hook").unwrap(), None);
    let dead = outbox.list(Some(State::Dead), 10).unwrap();
    assert_eq!((dead.len(), dead[0].attempts, dead[0].last_error.as_deref()), (1, 10, Some("503")));

    let retried = outbox.retry("a", now).unwrap().unwrap();
    assert_eq!((retried.state, retried.attempts), (State::Pending, 0));
    assert_eq!(attempt(&outbox, &Attempt::Delivered, now), ["a"]);
    assert_eq!(outbox.retry("a", now).unwrap(), None, "what was delivered is not sent again");
    assert_eq!(outbox.retry("b", now).unwrap(), None);
}

#[test]
fn a_receiver_that_asks_for_time_gets_it_within_reason() {
    let (_directory, outbox) = outbox();
    for (asked, waits) in [(120, 120), (0, 5), (10_000_000, 86_400)] {
        let id = asked.to_string();
        outbox.put(&id, "hook", b"x", at(0)).unwrap();
        attempt(&outbox, &failed(Some(asked)), at(0));
        let due = outbox.next_due("hook").unwrap().unwrap().duration_since(at(0));
        assert!((waits..=waits + 1).contains(&due.as_secs()), "{asked}: {due}");
        outbox.record(&[(Due { id, body: Vec::new(), attempts: 0 }, Attempt::Delivered)], at(0)).unwrap();
    }
}

#[test]
fn a_receiver_that_is_gone_gets_no_more_attempts() {
    let (_directory, outbox) = outbox();
    outbox.put("a", "hook", b"x", at(0)).unwrap();
    attempt(&outbox, &Attempt::Refused { error: "410".into() }, at(0));
    assert_eq!(outbox.list(Some(State::Dead), 10).unwrap()[0].last_error.as_deref(), Some("410"));
    assert_eq!(outbox.list(Some(State::Pending), 10).unwrap(), []);
}

#[test]
fn putting_off_is_no_attempt() {
    let (_directory, outbox) = outbox();
    outbox.put("a", "hook", b"x", at(0)).unwrap();
    outbox.postpone(&outbox.due("hook", 10, at(0)).unwrap(), at(60)).unwrap();
    assert!(outbox.due("hook", 10, at(59)).unwrap().is_empty());
    assert_eq!(outbox.due("hook", 10, at(60)).unwrap()[0].attempts, 0);
    assert_eq!(outbox.waiting("hook").unwrap(), 1);
}

#[test]
fn only_what_was_delivered_is_forgotten_and_only_after_days() {
    let (_directory, outbox) = outbox();
    for id in ["delivered", "dead", "pending"] {
        outbox.put(id, id, b"x", at(0)).unwrap();
    }
    let record = |id: &str, how| {
        let due = outbox.due(id, 1, at(0)).unwrap().remove(0);
        outbox.record(&[(due, how)], at(0)).unwrap();
    };
    record("delivered", Attempt::Delivered);
    record("dead", Attempt::Refused { error: "410".into() });
    assert_eq!(outbox.forget(at(0) + REMEMBERED).unwrap(), 0);
    assert_eq!(outbox.forget(at(1) + REMEMBERED).unwrap(), 1);
    assert_eq!(outbox.list(None, 10).unwrap().len(), 2);
}
