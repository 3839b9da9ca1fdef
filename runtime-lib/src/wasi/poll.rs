//! `poll_oneoff`: waiting for times and descriptors.
//!
//! # Idea
//!
//! The guest's list is read twice: once to see what to wait for, once to see what happened. What the kernel is told is
//! an array indexed by the *guest's descriptors*, so that its size depends on the table and not on the list: a guest
//! can subscribe as often as it has memory for, and costs the host nothing. Up to [`FEW`] descriptors it is on the
//! stack.
//!
//! Deadlines are compared with the clocks themselves after each wait, and a signal only means another round. The kernel
//! wakes nobody when the real-time clock is set: who waits for a time of it looks once a minute.
//!
//! What is wrong with one subscription (a closed descriptor, a missing right, a clock that cannot be waited for) is
//! that one's event. A subscription of unknown type makes the whole call `inval`, as do none at all.

use super::Result;
use super::embed::{self, Request};
use super::guest::{GuestSlice, Memory};
use super::table::{self, Open};
use super::types::{
    Errno, Event, Filestat, Subscription, UnstableSubscription, clockid, eventrwflags, eventtype, rights, subclockflags,
};
use crate::sys::{self, ClockId, PollFd, Timespec};

/// Nanoseconds after which who waits for a time of the real-time clock looks at it.
const LOOK_AT_REALTIME: u64 = 60_000_000_000;

/// Descriptors for which no memory is mapped.
const FEW: usize = 64;

/// Both forms of the guest's list.
#[derive(Clone, Copy)]
enum List {
    Stable(GuestSlice<Subscription>),
    Unstable(GuestSlice<UnstableSubscription>),
}

impl List {
    fn get(self, index: u32) -> Option<Subscription> {
        match self {
            List::Stable(list) => list.get(index),
            List::Unstable(list) => list.get(index).map(|old| Subscription {
                userdata: old.userdata,
                tag: old.tag,
                id_or_fd: if old.tag == eventtype::CLOCK { old.id } else { old.identifier_or_fd as u32 },
                timeout: old.timeout,
                precision: old.precision,
                flags: old.flags,
                ..Subscription::default()
            }),
        }
    }

    fn iter(self) -> impl Iterator<Item = Subscription> {
        (0..).map_while(move |index| self.get(index))
    }
}

pub fn poll_oneoff(memory: Memory, list: u32, events: u32, count: u32, nevents: u32) -> Result {
    let subscriptions = List::Stable(memory.slice(list, count)?);
    poll(memory, subscriptions, events, count, nevents)
}

pub fn unstable_poll_oneoff(memory: Memory, list: u32, events: u32, count: u32, nevents: u32) -> Result {
    let subscriptions = List::Unstable(memory.slice(list, count)?);
    poll(memory, subscriptions, events, count, nevents)
}

fn poll(memory: Memory, list: List, events: u32, count: u32, nevents: u32) -> Result {
    if count == 0 {
        return Err(Errno::INVAL);
    }
    let events = memory.slice::<Event>(events, count)?;
    let nevents = memory.pointer::<u32>(nevents)?;
    let start = now(ClockId::Monotonic)?;

    let mut descriptors = 0;
    for subscription in list.iter() {
        match subscription.tag {
            eventtype::CLOCK => {}
            eventtype::FD_READ | eventtype::FD_WRITE => {
                if subscription.id_or_fd < table::end() {
                    descriptors = descriptors.max(subscription.id_or_fd as usize + 1);
                }
            }
            _ => return Err(Errno::INVAL),
        }
    }
    let (mut few, mut mapped) = ([IDLE; FEW], None);
    let mut polled = Polled::of(descriptors, &mut few, &mut mapped)?;
    loop {
        let timeout = prepare(list, &mut polled, start)?;
        match sys::poll(polled.0, timeout.map(timespec)) {
            Ok(()) | Err(sys::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let happened = collect(list, polled.0, start, events)?;
        if happened > 0 {
            nevents.write(happened);
            return Ok(());
        }
    }
}

const IDLE: PollFd = PollFd { fd: -1, events: 0, returned: 0 };

/// What the kernel is told: descriptors of the host that are in use.
struct Polled<'a>(&'a mut [PollFd]);

impl<'a> Polled<'a> {
    /// Room for so many descriptors: in `few`, or in memory that is mapped. None of them is in use.
    fn of(count: usize, few: &'a mut [PollFd; FEW], mapped: &'a mut Option<sys::Scratch>) -> sys::Result<Polled<'a>> {
        if let Some(few) = few.get_mut(..count) {
            return Ok(Polled(few));
        }
        let many = mapped.insert(sys::Scratch::map(count * size_of::<PollFd>())?).poll_fds(count);
        // It is zero, and 0 is a descriptor.
        many.fill(IDLE);
        Ok(Polled(many))
    }

    fn clear(&mut self) {
        self.0.iter().filter(|poll| poll.fd >= 0).for_each(|poll| table::end_kept(poll.fd));
        self.0.fill(IDLE);
    }

    /// Adds what a subscription waits for, and says whether the kernel will tell. What is at one number is one
    /// descriptor, whatever becomes of the number; one that did not exist when the list was read first has no place.
    fn add(&mut self, fd: u32, entry: Open, events: u16) -> bool {
        let Some(poll) = self.0.get_mut(fd as usize) else { return false };
        if poll.fd < 0 {
            poll.fd = entry.keep();
            poll.events = events;
        } else if poll.fd == entry.host {
            poll.events |= events;
        } else {
            return false;
        }
        true
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The descriptor of a subscription, and what to wait for.
fn descriptor(subscription: &Subscription) -> Result<(Open, u16)> {
    let (right, events) = match subscription.tag {
        eventtype::FD_READ => (rights::FD_READ, PollFd::READ),
        _ => (rights::FD_WRITE, PollFd::WRITE),
    };
    let entry = table::get(subscription.id_or_fd)?;
    // Who may accept may wait for it.
    let may = entry.base & rights::POLL_FD_READWRITE != 0 && entry.base & (right | rights::SOCK_ACCEPT) != 0;
    if may { Ok((entry, events)) } else { Err(Errno::NOTCAPABLE) }
}

/// Fills in what the kernel shall wait for. Gives the nanoseconds after which something happens anyway.
fn prepare(list: List, polled: &mut Polled<'_>, start: u64) -> Result<Option<u64>> {
    polled.clear();
    let mut timeout: Option<u64> = None;
    for subscription in list.iter() {
        let wait = if subscription.tag == eventtype::CLOCK {
            let can_jump =
                subscription.id_or_fd == clockid::REALTIME && subscription.flags & subclockflags::ABSTIME != 0;
            let most = if can_jump { LOOK_AT_REALTIME } else { u64::MAX };
            remaining(&subscription, start).map(|wait| Some(wait.min(most)))
        } else {
            descriptor(&subscription).map(|(entry, events)| {
                // What is embedded is always ready. What another thread opened meanwhile is not waited for.
                let is_immediate = entry.embedded().is_some() || !polled.add(subscription.id_or_fd, entry, events);
                is_immediate.then_some(0)
            })
        };
        // What is wrong is an event, and so happens at once.
        if let Some(wait) = wait.unwrap_or(Some(0)) {
            timeout = Some(timeout.map_or(wait, |timeout| timeout.min(wait)));
        }
    }
    Ok(timeout)
}

/// Writes the events of what happened; gives how many.
fn collect(list: List, polled: &[PollFd], start: u64, events: GuestSlice<Event>) -> Result<u32> {
    let mut happened = 0;
    for subscription in list.iter() {
        let event = Event { userdata: subscription.userdata, event_type: subscription.tag, ..Event::default() };
        let event = if subscription.tag == eventtype::CLOCK {
            match remaining(&subscription, start) {
                Ok(0) => Some(event),
                Ok(_) => None,
                Err(error) => Some(Event { error: error.number() as u16, ..event }),
            }
        } else {
            match descriptor(&subscription) {
                Ok((entry, wanted)) => match entry.embedded() {
                    Some(node) => Some(Event { nbytes: unread_bytes(node, entry.position), ..event }),
                    None => match polled.get(subscription.id_or_fd as usize) {
                        None => ready(event, entry.host, wanted, PollFd::INVALID),
                        Some(poll) if poll.fd == entry.host => ready(event, entry.host, wanted, poll.returned),
                        // Another thread has put something else there: it is looked at in the next round.
                        Some(_) => None,
                    },
                },
                Err(error) => Some(Event { error: error.number() as u16, ..event }),
            }
        };
        if let Some(event) = event {
            events.set(happened, event);
            happened += 1;
        }
    }
    Ok(happened)
}

/// The event of a descriptor, if it is ready.
fn ready(event: Event, host: i32, wanted: u16, returned: u16) -> Option<Event> {
    if returned & PollFd::INVALID != 0 {
        return Some(Event { error: Errno::BADF.number() as u16, ..event });
    }
    if returned & (wanted | PollFd::ERROR | PollFd::HANGUP) == 0 {
        return None;
    }
    let nbytes = if wanted == PollFd::READ { sys::readable_bytes(host).unwrap_or(0) } else { 1 };
    let flags = if returned & PollFd::HANGUP != 0 { eventrwflags::HANGUP } else { 0 };
    Some(Event { nbytes, flags, ..event })
}

/// Bytes of an embedded file that were not read yet. It can be polled for reading only.
fn unread_bytes(node: u32, position: u64) -> u64 {
    let mut stat = Filestat::default();
    let _ = embed::call(Request::Describe { node, path: &[], follow: false, stat: &mut stat });
    stat.size.saturating_sub(position)
}

/// Nanoseconds until a clock's time has come.
fn remaining(subscription: &Subscription, start: u64) -> Result<u64> {
    let clock = match subscription.id_or_fd {
        clockid::REALTIME => ClockId::Realtime,
        clockid::MONOTONIC => ClockId::Monotonic,
        clockid::PROCESS_CPUTIME_ID | clockid::THREAD_CPUTIME_ID => return Err(Errno::NOTSUP),
        _ => return Err(Errno::INVAL),
    };
    if subscription.flags & !subclockflags::ABSTIME != 0 {
        return Err(Errno::INVAL);
    }
    if subscription.flags & subclockflags::ABSTIME != 0 {
        return Ok(subscription.timeout.saturating_sub(now(clock)?));
    }
    // All clocks run at the same pace; one that is set does not change how long a wait is.
    Ok(start.saturating_add(subscription.timeout).saturating_sub(now(ClockId::Monotonic)?))
}

/// A clock's time in nanoseconds; 0 before 1970.
fn now(clock: ClockId) -> Result<u64> {
    let time = sys::clock_time(clock)?;
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64))
}

fn timespec(nanoseconds: u64) -> Timespec {
    Timespec { tv_sec: (nanoseconds / 1_000_000_000) as i64, tv_nsec: (nanoseconds % 1_000_000_000) as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_in_use_at_first() {
        for count in [0, 1, FEW, FEW + 1, 1000] {
            let (mut few, mut mapped) = ([IDLE; FEW], None);
            let polled = Polled::of(count, &mut few, &mut mapped).unwrap();
            assert_eq!(polled.0.len(), count);
            assert!(polled.0.iter().all(|poll| poll.fd < 0), "{count}");
        }
    }
}
