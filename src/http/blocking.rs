//! Work that would keep a thread of the runtime busy or waits for the disk.

use super::problem::Problem;

/// Runs `work` on a thread where nobody waits for it.
///
/// # Errors
/// 500 when `work` panics.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::fault(&error))
}
