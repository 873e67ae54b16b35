//! Mail: what it says, and three ways for it to leave.

mod mailbox;
mod sender;
mod ses;
mod smtp;
mod templates;

pub use mailbox::{CaughtMail, Mailbox};
pub use sender::{InvalidSender, Sender};
pub use ses::SesMailer;
pub use smtp::{SmtpMailer, SmtpSetupError};
