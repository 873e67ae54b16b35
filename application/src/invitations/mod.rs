//! Inviting people into a tenant. How they come in is a way to sign up, and stands in [`crate::auth`].

mod cancel;
mod check;
mod invite;
mod list;
mod resend;

use std::sync::Arc;

use domain::{
    Invitation, InvitationToken,
    invitation::{InvitationStatus, Inviter},
};

pub use cancel::CancelInvitationError;
pub use invite::{Invite, InviteError, MAX_OPEN};
pub use resend::ResendInvitationError;

use crate::{
    actor::Actor,
    error::Failure,
    links::LinkPolicy,
    ports::{
        AccountRepository, ChangeSet, Clock, EntitlementRepository, IdGenerator, InvitationNote, InvitationRepository,
        Mail, MailKind, MemberRepository, UnitOfWork,
    },
    retry::{Setback, look_again},
    use_cases::Ports,
};

/// The use cases of those who invite.
#[derive(Clone)]
pub struct InvitationService {
    accounts: Arc<dyn AccountRepository>,
    invitations: Arc<dyn InvitationRepository>,
    members: Arc<dyn MemberRepository>,
    entitlements: Arc<dyn EntitlementRepository>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    links: LinkPolicy,
}

/// An invitation as it stands now.
#[derive(Clone, Debug)]
pub struct ShownInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Where it stands.
    pub status: InvitationStatus,
}

impl InvitationService {
    /// The service on these ports. Its mails link where `links` says.
    #[must_use]
    pub fn new(ports: &Ports, links: LinkPolicy) -> Self {
        let Ports { accounts, invitations, members, entitlements, unit_of_work, clock, ids, .. } = ports.clone();
        Self { accounts, invitations, members, entitlements, unit_of_work, clock, ids, links }
    }

    fn shown(&self, invitation: Invitation) -> ShownInvitation {
        ShownInvitation { status: invitation.status(self.clock.now()), invitation }
    }

    /// The mail with the link. Its name of the inviter is that of whoever has it sent now.
    fn mail(&self, invitation: &Invitation, by: &Actor, token: &InvitationToken, base: Option<&str>) -> Mail {
        let (inviter, invitation) = (by.user.snapshot(), invitation.snapshot());
        Mail {
            to: invitation.email.clone(),
            first_name: None,
            // The best guess about a stranger: people invite people whom they talk to.
            language: inviter.language.clone(),
            kind: MailKind::Invitation(InvitationNote {
                inviter: format!("{} {}", inviter.first_name.as_str(), inviter.last_name.as_str()),
                tenant: by.tenant.snapshot().name.as_str().to_owned(),
                message: invitation.message.as_ref().map(|message| message.as_str().to_owned()),
            }),
            link: self.links.invitation(base, token),
        }
    }

    /// Commits, and has the use case look again when something changed meanwhile.
    async fn commit<E: From<Failure>>(&self, changes: ChangeSet, by: &Actor) -> Result<(), Setback<E>> {
        self.unit_of_work.commit(changes.by(by.user_id())).await.map_err(look_again)
    }
}

const fn inviter(actor: &Actor) -> Inviter<'_> {
    Inviter { user_id: actor.user_id(), role: actor.role() }
}
