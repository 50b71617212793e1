//! Memory of the engine: aligned to cache lines, reused from call to call, and shared between the threads that work
//! on one batch.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::Range;

/// One cache line, and the widest vector.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Numbers for which every pattern of bits is a value and no alignment exceeds a line.
///
/// # Safety
/// Both must hold for the type.
pub(super) unsafe trait Plain: Copy {}
// SAFETY: plain numbers.
unsafe impl Plain for u8 {}
// SAFETY: plain numbers.
unsafe impl Plain for i8 {}
// SAFETY: plain numbers.
unsafe impl Plain for f32 {}

/// A growing buffer of zeroed numbers that starts at a cache line.
pub(super) struct Aligned<T> {
    lines: Vec<Line>,
    kind: PhantomData<T>,
}

impl<T: Plain> Aligned<T> {
    /// A buffer of at least `len` zeros.
    pub(super) fn zeroed(len: usize) -> Self {
        Self { lines: vec![Line([0; 64]); (len * size_of::<T>()).div_ceil(64)], kind: PhantomData }
    }

    /// Makes room for `len` numbers; what is new is zero, what was there stays.
    pub(super) fn grow(&mut self, len: usize) {
        let lines = (len * size_of::<T>()).div_ceil(64);
        if lines > self.lines.len() {
            self.lines.resize(lines, Line([0; 64]));
        }
    }

    /// All numbers; the end is rounded up to a whole line.
    pub(super) fn as_slice(&self) -> &[T] {
        let len = self.lines.len() * 64 / size_of::<T>();
        // SAFETY: the lines are that many initialised bytes, aligned for any `Plain` number, and borrowed as long.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), len) }
    }

    /// All numbers, to be written.
    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        let len = self.lines.len() * 64 / size_of::<T>();
        // SAFETY: as for `as_slice`; the borrow is unique, and any bits written are a valid line.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), len) }
    }
}

/// A slice that several threads fill at once, each its own part.
///
/// The borrow checker cannot follow which thread has which part, so whoever takes a part promises that nobody else
/// has an overlapping one. The phases of a forward pass are built that way: a phase writes a buffer part by part,
/// a later phase, after all parts are done, reads it.
pub(super) struct Shared<'a, T> {
    cells: &'a [UnsafeCell<T>],
}

impl<T> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

// SAFETY: access goes through the unsafe methods below, whose callers rule out races.
unsafe impl<T: Send + Sync> Sync for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Send for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// Shares a slice for as long as it is borrowed.
    pub(super) fn new(slice: &'a mut [T]) -> Self {
        let slice: *mut [T] = slice;
        // SAFETY: `UnsafeCell<T>` has the layout of `T`, and the unique borrow is given up for the lifetime.
        Self { cells: unsafe { &*(slice as *const [UnsafeCell<T>]) } }
    }

    /// A part to read.
    ///
    /// # Safety
    /// Nobody writes to the part while the slice is alive.
    pub(super) unsafe fn read(self, range: Range<usize>) -> &'a [T] {
        let cells = &self.cells[range];
        // SAFETY: the cells are initialised numbers, and nobody writes, as demanded of the caller.
        unsafe { std::slice::from_raw_parts(cells.as_ptr().cast(), cells.len()) }
    }

    /// A part to write.
    ///
    /// # Safety
    /// Nobody else reads or writes the part while the slice is alive.
    pub(super) unsafe fn write(self, range: Range<usize>) -> &'a mut [T] {
        let cells = &self.cells[range];
        // SAFETY: an `UnsafeCell` may be written through a shared reference, and nobody else has the part, as
        // demanded of the caller.
        unsafe { std::slice::from_raw_parts_mut(UnsafeCell::raw_get(cells.as_ptr()), cells.len()) }
    }
}
