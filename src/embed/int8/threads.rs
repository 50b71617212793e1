//! How many threads are worth having.

use std::collections::BTreeSet;
use std::fs;
use std::thread::available_parallelism;

/// Physical cores that this process may use: two hardware threads of a core share its arithmetic units, so a second
/// thread on one would only be in the way.
///
/// Falls back to the number of hardware threads where the system does not tell.
#[must_use]
pub fn physical_cores() -> usize {
    let available = available_parallelism().map_or(1, usize::from);
    let Ok(folder) = fs::read_dir("/sys/devices/system/cpu") else { return available };
    let siblings: BTreeSet<String> = folder
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("topology/thread_siblings_list")).ok())
        .collect();
    if siblings.is_empty() { available } else { siblings.len().min(available) }
}
