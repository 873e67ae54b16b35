//! How many people a tenant has room for.

/// How many people belong to a tenant, and how many of them take one of its seats.
///
/// A seat is taken by every member who is not switched off, whether they have signed in yet or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// Everybody who belongs to the tenant.
    pub members: u32,
    /// Those of them who take a seat.
    pub taken: u32,
}

/// What happens to the seats of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatChange {
    /// Somebody becomes a member and takes a seat.
    Join,
    /// A member leaves and frees the seat.
    Leave,
    /// A member leaves who was switched off and took none.
    LeaveSwitchedOff,
    /// A member who was switched off takes a seat again.
    SwitchOn,
    /// A member is switched off and frees the seat.
    SwitchOff,
}

impl SeatChange {
    /// By how much the number of members changes.
    #[must_use]
    pub const fn members(self) -> i32 {
        match self {
            Self::Join => 1,
            Self::Leave | Self::LeaveSwitchedOff => -1,
            Self::SwitchOn | Self::SwitchOff => 0,
        }
    }

    /// By how much the number of taken seats changes.
    #[must_use]
    pub const fn taken(self) -> i32 {
        match self {
            Self::Join | Self::SwitchOn => 1,
            Self::Leave | Self::SwitchOff => -1,
            Self::LeaveSwitchedOff => 0,
        }
    }
}

/// All seats are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all seats of this organisation's plan are taken")]
pub struct NoSeatLeft;

impl Seats {
    /// The seats after a change. A tenant that is over its limit, because the limit went down, keeps its people
    /// and takes no more.
    ///
    /// # Errors
    ///
    /// [`NoSeatLeft`] when one is to be taken and none of the `limit` is free; `None` is no limit.
    pub fn after(self, change: SeatChange, limit: Option<u32>) -> Result<Self, NoSeatLeft> {
        if change.taken() > 0 && limit.is_some_and(|limit| self.taken >= limit) {
            return Err(NoSeatLeft);
        }
        Ok(Self {
            members: self.members.saturating_add_signed(change.members()),
            taken: self.taken.saturating_add_signed(change.taken()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_taken_up_to_the_limit() {
        let seats = Seats { members: 2, taken: 1 };
        assert_eq!(seats.after(SeatChange::Join, Some(2)), Ok(Seats { members: 3, taken: 2 }));
        assert_eq!(seats.after(SeatChange::Join, Some(1)), Err(NoSeatLeft));
        assert_eq!(seats.after(SeatChange::SwitchOn, Some(1)), Err(NoSeatLeft));
        assert_eq!(seats.after(SeatChange::SwitchOn, None), Ok(Seats { members: 2, taken: 2 }));
    }

    #[test]
    fn people_may_always_leave() {
        let over = Seats { members: 9, taken: 8 };
        assert_eq!(over.after(SeatChange::Leave, Some(3)), Ok(Seats { members: 8, taken: 7 }));
        assert_eq!(over.after(SeatChange::LeaveSwitchedOff, Some(3)), Ok(Seats { members: 8, taken: 8 }));
        assert_eq!(over.after(SeatChange::SwitchOff, Some(3)), Ok(Seats { members: 9, taken: 7 }));
    }
}
