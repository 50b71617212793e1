//! [`RateLimits`]: how often a key, or an address without one, may call.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use super::problem::Problem;
use crate::{config::HttpConfig, keys::KeyId};

/// After so many calls those who have not called for a while are forgotten, so that memory stays bounded.
const CALLS_BETWEEN_SWEEPS: u32 = 4096;

/// One limit for keys, one for addresses without a key. Each may use a minute's requests at once, then waits for
/// them to come back evenly.
pub(super) struct RateLimits {
    keys: Limit<KeyId>,
    addresses: Limit<IpAddr>,
}

impl RateLimits {
    pub(super) fn new(config: &HttpConfig) -> Self {
        Self { keys: Limit::new(config.key_rate_limit), addresses: Limit::new(config.anonymous_rate_limit) }
    }

    /// Counts a call with this key.
    pub(super) fn count_key(&self, key: KeyId) -> Result<(), Problem> {
        self.keys.count(&key)
    }

    /// Counts a call from this address without a key, or with a wrong one.
    pub(super) fn count_address(&self, address: IpAddr) -> Result<(), Problem> {
        self.addresses.count(&network(address))
    }
}

struct Limit<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    calls: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(per_minute: Option<NonZeroU32>) -> Self {
        let limiter = per_minute.map(|limit| DefaultKeyedRateLimiter::keyed(Quota::per_minute(limit)));
        Self { limiter, calls: AtomicU32::new(0) }
    }

    fn count(&self, caller: &K) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.calls.fetch_add(1, Ordering::Relaxed) % CALLS_BETWEEN_SWEEPS == CALLS_BETWEEN_SWEEPS - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(caller).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            // Rounded up, so that who comes back after this time is let in.
            Problem::too_often(u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1))
        })
    }
}

/// What one caller is taken for: an IPv6 caller has a whole /64 to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address @ IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_an_allowance_of_its_own() {
        let limit = Limit::new(NonZeroU32::new(2));
        assert!(limit.count(&"a").is_ok() && limit.count(&"a").is_ok());
        let problem = limit.count(&"a").unwrap_err();
        assert_eq!(problem.status.as_u16(), 429);
        assert!((1..=30).contains(&problem.retry_after.unwrap()), "{problem:?}");
        assert!(limit.count(&"b").is_ok());
    }

    #[test]
    fn no_limit_is_no_limit() {
        let limit = Limit::new(None);
        assert!((0..10_000).all(|_| limit.count(&"a").is_ok()));
    }

    #[test]
    fn an_ipv6_network_is_one_caller_and_a_mapped_address_is_its_ipv4_one() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
