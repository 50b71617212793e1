//! What a caller may do: [`Scope`]s in a space, and [`Actor`], who it is.

use std::{collections::BTreeSet, fmt, str::FromStr};

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

use super::KeyId;
use crate::faq::{SpaceName, SpaceNameError};

/// A kind of thing that one may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask questions and have tickets read.
    Ask,
    /// Say what was right or wrong with an answer.
    Feedback,
    /// Read and change the FAQ, see what was not answered.
    Edit,
    /// Everything, keys and spaces too.
    Admin,
}

impl Scope {
    /// Its name on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Feedback => "feedback",
            Self::Edit => "edit",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of [`Scope`]s. `admin` holds all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Those that were named, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether a thing of this kind may be done.
    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.0.contains(&Scope::Admin)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// `ask,feedback`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

/// Why a text names no scopes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no scope: use ask, feedback, edit or admin, separated by commas")]
pub struct ScopesError {
    /// The part that is none.
    pub name: String,
}

impl FromStr for Scopes {
    type Err = ScopesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scope = |name: &str| {
            Scope::from_str(name.trim(), false).map_err(|_| ScopesError { name: name.trim().to_owned() })
        };
        text.split(',').map(scope).collect()
    }
}

/// The spaces in which the scopes hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every space, those that are made later too.
    All,
    /// This one.
    One(SpaceName),
}

impl Reach {
    /// Whether `space` is among them.
    #[must_use]
    pub fn covers(&self, space: &SpaceName) -> bool {
        match self {
            Self::All => true,
            Self::One(name) => name == space,
        }
    }
}

/// The default space.
impl Default for Reach {
    fn default() -> Self {
        Self::One(SpaceName::default())
    }
}

/// `*` or the name of the space.
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::One(name) => name.fmt(f),
        }
    }
}

impl FromStr for Reach {
    type Err = SpaceNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" { Ok(Self::All) } else { text.parse().map(Self::One) }
    }
}

impl<'de> Deserialize<'de> for Reach {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Reach {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Scopes, and where they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// What may be done.
    pub scopes: Scopes,
    /// In which spaces.
    pub space: Reach,
}

impl Grant {
    /// Everything everywhere.
    #[must_use]
    pub fn everything() -> Self {
        Self { scopes: Scopes::from_iter([Scope::Admin]), space: Reach::All }
    }

    /// What anybody may do where anonymous callers are let in: ask, and say what was wrong, in the default space.
    #[must_use]
    pub fn of_anonymous() -> Self {
        let scopes = Scopes::from_iter([Scope::Ask, Scope::Feedback]);
        Self { scopes, space: Reach::default() }
    }
}

/// Who does something, as histories and audits record it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever runs the command line.
    Cli,
    /// Somebody without a key on the machine that serves.
    Local,
    /// Somebody without a key.
    Anonymous,
    /// Whoever holds this key.
    Key {
        /// Its id.
        id: KeyId,
        /// What it was named.
        name: String,
    },
}

/// `cli`, `local`, `anonymous` or `key 0123456789abcdef (name)`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cli => f.write_str("cli"),
            Self::Local => f.write_str("local"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::Key { id, name } if name.is_empty() => write!(f, "key {id}"),
            Self::Key { id, name } => write!(f, "key {id} ({name})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_and_written_the_same() {
        let scopes: Scopes = "feedback, ask".parse().unwrap();
        assert_eq!(scopes.to_string(), "ask,feedback");
        assert_eq!(scopes.to_string().parse::<Scopes>().unwrap(), scopes);
        for bad in ["", "ask,", "read", "ASK"] {
            let error = bad.parse::<Scopes>().unwrap_err();
            assert!(error.to_string().contains("feedback"), "{error}");
        }
    }

    #[test]
    fn only_admin_holds_what_is_not_named() {
        let ask: Scopes = "ask".parse().unwrap();
        assert!(ask.allow(Scope::Ask) && !ask.allow(Scope::Edit) && !ask.allow(Scope::Admin));
        let edit: Scopes = "edit".parse().unwrap();
        assert!(!edit.allow(Scope::Ask), "a scope holds what its name says, nothing less obvious");
        let admin: Scopes = "admin".parse().unwrap();
        assert!([Scope::Ask, Scope::Feedback, Scope::Edit, Scope::Admin].iter().all(|&s| admin.allow(s)));
    }

    #[test]
    fn a_grant_for_one_space_covers_no_other() {
        let hr: Reach = "hr".parse().unwrap();
        let name = |text: &str| text.parse::<SpaceName>().unwrap();
        assert!(hr.covers(&name("hr")) && !hr.covers(&name("it")) && !hr.covers(&SpaceName::default()));
        assert!("*".parse::<Reach>().unwrap().covers(&name("it")));
        assert!("h*".parse::<Reach>().is_err());
    }
}
