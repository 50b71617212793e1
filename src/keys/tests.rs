//! Keys from when they are made until they work no more.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::faq::SpaceName;

fn wanted(scopes: &str, space: &str) -> NewKey {
    let grant = Grant { scopes: scopes.parse().unwrap(), space: space.parse().unwrap() };
    NewKey { name: "门户".to_owned(), grant, expires_at: None }
}

fn open() -> (tempfile::TempDir, Keys) {
    let root = tempfile::tempdir().unwrap();
    let keys = Keys::open_or_create(root.path()).unwrap();
    (root, keys)
}

fn outcome(keys: &Keys, token: &Token) -> Result<Key, Refusal> {
    keys.authenticate(token, Timestamp::now()).unwrap()
}

#[test]
fn a_key_works_at_once_for_another_process_and_stops_at_once_when_it_is_revoked() {
    let (root, serving) = open();
    let command_line = Keys::open_or_create(root.path()).unwrap();
    let (key, token) = command_line.create(&wanted("ask,feedback", "hr"), &Actor::Cli).unwrap();
    let found = outcome(&serving, &token).unwrap();
    assert_eq!(found, key);
    assert!(found.grant.space.covers(&"hr".parse::<SpaceName>().unwrap()));

    command_line.revoke(key.id, &Actor::Cli).unwrap();
    assert_eq!(outcome(&serving, &token), Err(Refusal::Revoked));
    assert!(serving.were_ever_made().unwrap(), "a revoked key does not open the service to everybody");
}

#[test]
fn a_key_ends_at_its_time() {
    let (_root, keys) = open();
    let now = Timestamp::now();
    let expires_at = Some(now + SignedDuration::from_hours(1));
    let (key, token) = keys.create(&NewKey { expires_at, ..wanted("ask", "*") }, &Actor::Cli).unwrap();
    assert!(keys.authenticate(&token, now).unwrap().is_ok());
    let later = now + SignedDuration::from_hours(1);
    assert_eq!(keys.authenticate(&token, later).unwrap(), Err(Refusal::Expired));
    assert_eq!(key.expires_at, expires_at);

    let past = NewKey { expires_at: Some(now), ..wanted("ask", "*") };
    assert!(matches!(keys.create(&past, &Actor::Cli), Err(Error::AlreadyExpired { .. })));
    assert_eq!(keys.list().unwrap().len(), 1);
}

#[test]
fn the_secret_of_one_key_opens_no_other() {
    let (_root, keys) = open();
    let (_, one) = keys.create(&wanted("ask", "*"), &Actor::Cli).unwrap();
    let (_, other) = keys.create(&wanted("admin", "*"), &Actor::Cli).unwrap();
    let mixed = one.reveal().replace(&one.id.to_string(), &other.id.to_string());
    assert_eq!(outcome(&keys, &Token::parse(&mixed).unwrap()), Err(Refusal::Unknown));
    assert_eq!(outcome(&keys, &Token::generate().unwrap()), Err(Refusal::Unknown));
    keys.revoke(other.id, &Actor::Cli).unwrap();
    let refusal = outcome(&keys, &Token::parse(&mixed).unwrap());
    assert_eq!(refusal, Err(Refusal::Unknown), "who has no secret does not learn that the key is revoked");
}

#[test]
fn no_file_holds_a_secret() {
    let (root, keys) = open();
    let (_, token) = keys.create(&wanted("edit", "*"), &Actor::Cli).unwrap();
    let text = token.reveal();
    let secret = text.rsplit_once(&format!("{}_", token.id)).unwrap().1;
    let files: Vec<_> = std::fs::read_dir(root.path()).unwrap().map(|file| file.unwrap().path()).collect();
    let found = |needle: &[u8]| {
        files.iter().any(|file| std::fs::read(file).unwrap().windows(needle.len()).any(|part| part == needle))
    };
    assert!(
        found(token.id.to_string().as_bytes()),
        "the id is there, so this test looks into the right files"
    );
    assert!(!found(secret.as_bytes()));
}

#[test]
fn changes_of_keys_are_recorded_once_with_who_made_them() {
    let (_root, keys) = open();
    let (key, _) = keys.create(&wanted("ask", "hr"), &Actor::Cli).unwrap();
    let admin = Actor::Key { id: key.id, name: "门户".to_owned() };
    keys.revoke(key.id, &admin).unwrap();
    keys.revoke(key.id, &Actor::Cli).unwrap();
    keys.space_deleted(&"hr".parse().unwrap(), &Actor::Cli).unwrap();
    let audit = keys.audit(10).unwrap();
    let told: Vec<_> = audit.iter().map(|record| (record.actor.clone(), record.action.as_str())).collect();
    let admin = format!("key {} (门户)", key.id);
    let expected = [("cli", "space.deleted"), (admin.as_str(), "key.revoked"), ("cli", "key.created")];
    assert_eq!(told, expected.map(|(actor, action)| (actor.to_owned(), action)));
    assert_eq!(
        (audit[2].subject.as_str(), audit[2].detail.as_str()),
        (&*key.id.to_string(), "门户: ask in hr")
    );
    assert_eq!(keys.audit(1).unwrap().len(), 1);
}

#[test]
fn a_space_that_is_made_again_is_closed_to_the_keys_of_the_one_before() {
    let (_root, keys) = open();
    let ((_, of_hr), (_, of_all)) = (
        keys.create(&wanted("ask", "hr"), &Actor::Cli).unwrap(),
        keys.create(&wanted("ask", "*"), &Actor::Cli).unwrap(),
    );
    // The deletion was interrupted before the keys were ended.
    keys.space_created(&"hr".parse().unwrap(), &Actor::Cli).unwrap();
    assert!(outcome(&keys, &of_hr).is_err() && outcome(&keys, &of_all).is_ok());
    let told: Vec<_> =
        keys.audit(2).unwrap().iter().map(|record| record.action.as_str().to_owned()).collect();
    assert_eq!(told, ["space.created", "key.revoked"]);
}

#[test]
fn revoking_what_is_not_there_says_so() {
    let (_root, keys) = open();
    let id = Token::generate().unwrap().id;
    let error = keys.revoke(id, &Actor::Cli).unwrap_err();
    assert!(error.to_string().contains("dayi key list"), "{error}");
    assert!(!keys.were_ever_made().unwrap());
    assert_eq!(keys.audit(10).unwrap(), []);
}
