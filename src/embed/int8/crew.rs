//! Threads that compute one batch together: asleep when there is nothing to do, in step within nanoseconds when
//! there is.
//!
//! A forward pass of a short text is a hundred phases of a few microseconds each, far too short for a general
//! thread pool. A [`Crew`] therefore hands the whole pass to its threads once and they keep in step by themselves
//! through [`Phases`]: whoever is there takes the next task of the phase. A thread that wakes late, or is put aside
//! by the system, costs its share of speed but holds nobody up.

use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Polls before a waiting thread lets others have the processor, or an idle one goes to sleep: about 20 µs.
const PATIENCE: u32 = 2_000;

/// Set in the gate while a job may be joined; the other bits count the workers inside.
const OPEN: usize = 1 << (usize::BITS - 1);

/// What a crew works on; the argument is the number of the member, the caller being 0.
type Job<'a> = dyn Fn(usize) + Sync + 'a;

struct Board {
    gate: AtomicUsize,
    /// Number of the latest job.
    number: AtomicUsize,
    job: UnsafeCell<Option<*const Job<'static>>>,
    closing: AtomicBool,
    panicked: AtomicBool,
    asleep: Box<[AtomicBool]>,
}

// SAFETY: `job` is written only while the gate is closed and nobody is inside, and read only by who is inside.
unsafe impl Sync for Board {}
// SAFETY: the pointer in `job` is to something `Sync`, and is used under the rule above.
unsafe impl Send for Board {}

/// The caller's helpers.
pub(super) struct Crew {
    board: Arc<Board>,
    workers: Vec<JoinHandle<()>>,
}

impl Crew {
    /// A crew of `members`, the caller included: starts one thread less than that.
    pub(super) fn new(members: usize) -> std::io::Result<Self> {
        let helpers = members.max(1) - 1;
        let board = Arc::new(Board {
            gate: AtomicUsize::new(0),
            number: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            closing: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            asleep: (0..helpers).map(|_| AtomicBool::new(false)).collect(),
        });
        let mut crew = Self { board, workers: Vec::with_capacity(helpers) };
        for helper in 0..helpers {
            let board = Arc::clone(&crew.board);
            let work = move || board.work(helper);
            crew.workers.push(thread::Builder::new().name(format!("int8-{}", helper + 1)).spawn(work)?);
        }
        Ok(crew)
    }

    /// Number of members, the caller included.
    pub(super) fn members(&self) -> usize {
        self.workers.len() + 1
    }

    /// Runs `job` on the caller and on every helper that comes before the caller is through.
    ///
    /// The job must share out its work by itself, and be complete when the caller returns from it.
    ///
    /// # Panics
    /// When a helper panicked in the job.
    pub(super) fn run(&mut self, job: &Job<'_>) {
        let board = &*self.board;
        if self.workers.is_empty() {
            job(0);
            return;
        }
        let job_pointer: *const Job<'_> = job;
        #[expect(clippy::transmute_ptr_to_ptr, reason = "a cast cannot prolong the lifetime in the type")]
        // SAFETY: only the lifetime changes, and the pointer is not used beyond the real one, see below.
        let job_pointer = unsafe { std::mem::transmute::<*const Job<'_>, *const Job<'static>>(job_pointer) };
        // SAFETY: `Closer` waits until no worker is inside, even when the job panics, so
        // nobody uses the pointer after this function. The gate is closed and empty here (`&mut self`), so nobody
        // reads `job` while it is written.
        unsafe {
            *board.job.get() = Some(job_pointer);
        }
        board.panicked.store(false, Ordering::Relaxed);
        board.gate.store(OPEN, Ordering::Release);
        board.number.fetch_add(1, Ordering::SeqCst);
        let closer = Closer(board);
        for (worker, asleep) in self.workers.iter().zip(&board.asleep) {
            if asleep.swap(false, Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
        job(0);
        drop(closer);
        assert!(!board.panicked.load(Ordering::Relaxed), "a thread of the int8 engine panicked");
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.board.closing.store(true, Ordering::SeqCst);
        self.board.number.fetch_add(1, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A helper's panic was reported by `run`; at the end there is nobody to tell.
            drop(worker.join());
        }
    }
}

/// Closes the gate and waits for who is inside.
struct Closer<'a>(&'a Board);

impl Drop for Closer<'_> {
    fn drop(&mut self) {
        self.0.gate.fetch_and(!OPEN, Ordering::AcqRel);
        let mut polls = 0;
        while self.0.gate.load(Ordering::Acquire) != 0 {
            pause(&mut polls);
        }
    }
}

impl Board {
    /// Life of a helper.
    fn work(&self, helper: usize) {
        let mut seen = 0;
        loop {
            self.wait_for_news(helper, seen);
            seen = self.number.load(Ordering::SeqCst);
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            if self.enter() {
                // SAFETY: inside the gate, so the job is set and stays alive and unchanged until we leave.
                if let Some(job) = unsafe { *self.job.get() } {
                    // SAFETY: as above.
                    let job = unsafe { &*job };
                    if catch_unwind(AssertUnwindSafe(|| job(helper + 1))).is_err() {
                        self.panicked.store(true, Ordering::Relaxed);
                    }
                }
                self.gate.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }

    /// Returns when the number of the latest job is no longer `seen`; sleeps after a little patience.
    fn wait_for_news(&self, helper: usize, seen: usize) {
        for _ in 0..PATIENCE {
            if self.number.load(Ordering::Relaxed) != seen {
                return;
            }
            spin_loop();
        }
        loop {
            // The caller first changes the number and then looks at the flag; this does the reverse, so that one of
            // the two sees the other.
            self.asleep[helper].store(true, Ordering::SeqCst);
            if self.number.load(Ordering::SeqCst) != seen {
                self.asleep[helper].store(false, Ordering::SeqCst);
                return;
            }
            thread::park();
        }
    }

    /// Goes through the gate if it is open.
    fn enter(&self) -> bool {
        let step = |gate| (gate & OPEN != 0).then(|| gate + 1);
        self.gate.fetch_update(Ordering::AcqRel, Ordering::Acquire, step).is_ok()
    }
}

/// Waits a moment: at first without giving up the processor.
fn pause(polls: &mut u32) {
    *polls += 1;
    if *polls < PATIENCE {
        spin_loop();
    } else {
        thread::yield_now();
    }
}

/// A cache line of its own, so that phases do not disturb each other.
#[repr(align(64))]
#[derive(Default)]
struct Phase {
    taken: AtomicUsize,
    done: AtomicUsize,
}

/// The steps of a forward pass: every task of a phase is done before any of the next begins.
pub(super) struct Phases {
    phases: Vec<Phase>,
    failed: AtomicBool,
}

impl Phases {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { phases: Vec::new(), failed: AtomicBool::new(false) }
    }

    /// Prepares for a pass of `count` phases.
    pub(super) fn reset(&mut self, count: usize) {
        self.phases.clear();
        self.phases.resize_with(count, Phase::default);
        *self.failed.get_mut() = false;
    }
}

/// One member's way through the phases. Every member calls [`Course::phase`] with the same tasks in the same order.
pub(super) struct Course<'a> {
    /// `None` when one thread does it all.
    phases: Option<&'a Phases>,
    next: usize,
}

impl<'a> Course<'a> {
    /// All tasks of all phases on this thread.
    pub(super) fn alone() -> Self {
        Self { phases: None, next: 0 }
    }

    /// Shares the tasks with whoever else follows the same phases.
    pub(super) fn shared(phases: &'a Phases) -> Self {
        Self { phases: Some(phases), next: 0 }
    }

    /// Takes part in the next phase; returns when all its `count` tasks are done, by whomever.
    ///
    /// # Panics
    /// When a task panicked on another thread.
    pub(super) fn phase(&mut self, count: usize, mut task: impl FnMut(usize)) {
        let Some(phases) = self.phases else {
            (0..count).for_each(task);
            return;
        };
        let phase = &phases.phases[self.next];
        self.next += 1;
        let alarm = Alarm(&phases.failed);
        loop {
            let index = phase.taken.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            task(index);
            // Publishes what the task wrote to whoever sees the last count.
            phase.done.fetch_add(1, Ordering::AcqRel);
        }
        std::mem::forget(alarm);
        let mut polls = 0;
        while phase.done.load(Ordering::Acquire) < count {
            assert!(!phases.failed.load(Ordering::Relaxed), "another thread of the int8 engine panicked");
            pause(&mut polls);
        }
    }
}

/// Tells the others when a task panics, so that they do not wait for it.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other_and_every_task_runs_once() {
        const PHASES: usize = 50;
        const TASKS: usize = 7;
        let mut crew = Crew::new(4).unwrap();
        let mut phases = Phases::new();
        for _ in 0..100 {
            phases.reset(PHASES);
            let runs: Vec<AtomicUsize> = (0..PHASES).map(|_| AtomicUsize::new(0)).collect();
            crew.run(&|_| {
                let mut course = Course::shared(&phases);
                for number in 0..PHASES {
                    course.phase(TASKS, |_| {
                        assert!(number == 0 || runs[number - 1].load(Ordering::Relaxed) == TASKS);
                        runs[number].fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
            assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == TASKS));
        }
    }

    #[test]
    fn a_panic_in_a_task_reaches_the_caller_and_the_crew_stays_usable() {
        let mut crew = Crew::new(3).unwrap();
        let mut phases = Phases::new();
        phases.reset(2);
        let failure = catch_unwind(AssertUnwindSafe(|| {
            crew.run(&|_| {
                let mut course = Course::shared(&phases);
                course.phase(5, |task| assert!(task != 3, "task 3 fails"));
                course.phase(5, |_| ());
            });
        }));
        assert!(failure.is_err());
        let members = AtomicUsize::new(0);
        crew.run(&|_| {
            members.fetch_add(1, Ordering::Relaxed);
        });
        assert!((1..=3).contains(&members.into_inner()));
    }

    #[test]
    fn alone_runs_tasks_in_order() {
        let mut seen = Vec::new();
        let mut course = Course::alone();
        course.phase(3, |task| seen.push(task));
        course.phase(2, |task| seen.push(task));
        assert_eq!(seen, [0, 1, 2, 0, 1]);
    }
}
