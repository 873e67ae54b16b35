//! Rules 12, 13 and 14.

mod fixtures;
mod issuing;
mod legacy;
mod signers;
mod verifying;
