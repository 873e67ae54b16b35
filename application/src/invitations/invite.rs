//! Inviting somebody.

use domain::{
    EmailAddress, Invitation, InvitationId, InvitationToken, NoSeatLeft, Permission, Role, SeatChange, TokenSecret,
    invitation::{InvitationMessage, NewInvitation, OpenFor, RoleAboveOwn},
};
use futures::{
    TryFutureExt,
    future::{try_join, try_join5},
};
use serde::{Deserialize, Serialize};

use super::{InvitationService, ShownInvitation, inviter};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    idempotency::{IdempotentRequest, KeyReused, ReplayError},
    ports::{ChangeSet, Write},
    retry::{Setback, settle},
    security_log,
};

/// How many invitations of a tenant are open at once (security rule 21). Each of them is a mail to a stranger.
pub const MAX_OPEN: usize = 200;

/// A wish to have somebody in the tenant.
pub struct Invite {
    /// Their address.
    pub email: EmailAddress,
    /// Their place in the tenant.
    pub role: Role,
    /// A few words to them.
    pub message: Option<InvitationMessage>,
    /// For how long they may think about it.
    pub open_for: OpenFor,
    /// The site to link to, if the client asks for one.
    pub link_base: Option<String>,
    /// The key of the request, if the client gave one.
    pub idempotency: Option<IdempotentRequest>,
}

/// Why somebody was not invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// The inviter may not invite.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The inviter offers more than they have.
    #[error(transparent)]
    RoleAboveOwn(#[from] RoleAboveOwn),
    /// The person is a member.
    #[error("this person is a member of your organisation already")]
    AlreadyMember,
    /// The person has an invitation.
    #[error("this person has an open invitation; send it again or cancel it")]
    AlreadyInvited,
    /// There is no room for anybody.
    #[error(transparent)]
    NoSeatLeft(#[from] NoSeatLeft),
    /// Too many people have been asked and have not answered.
    #[error("your organisation has {MAX_OPEN} open invitations; cancel some before you invite more people")]
    TooManyOpen,
    /// The idempotency key was used for something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for InviteError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::RoleAboveOwn(_) => ErrorKind::InsufficientPermissions,
            Self::AlreadyMember | Self::AlreadyInvited => ErrorKind::Conflict,
            Self::NoSeatLeft(_) | Self::TooManyOpen => ErrorKind::TenantLimitExceeded,
            Self::KeyReused(_) => ErrorKind::IdempotencyKeyReused,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(InviteError);

impl From<ReplayError> for InviteError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused(error) => error.into(),
            ReplayError::Store(error) => error.into(),
        }
    }
}

impl InviteError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::RoleAboveOwn(_) => "role_above_own",
            Self::AlreadyMember => "already_member",
            Self::AlreadyInvited => "already_invited",
            Self::NoSeatLeft(_) => "no_seat_left",
            Self::TooManyOpen => "too_many_open",
            Self::KeyReused(_) => "key_reused",
            Self::Failed(_) => "failed",
        }
    }
}

/// How an invitation is remembered under its idempotency key.
#[derive(Serialize, Deserialize)]
struct RememberedInvitation {
    invitation_id: String,
}

impl InvitationService {
    /// Invites somebody, be their address known here or not: what the inviter learns is the same (security rule 6).
    ///
    /// # Errors
    ///
    /// [`InviteError`] says why not; no mail was sent then.
    pub async fn invite(&self, actor: &Actor, command: Invite) -> Result<ShownInvitation, InviteError> {
        actor.require(Permission::ManageUsers)?;
        let command = Invite { idempotency: command.idempotency.map(|request| request.of(actor)), ..command };
        let invited = settle(|| self.try_invite(actor, &command)).await;
        match &invited {
            Ok(_) => security_log::success("invite", actor.user_id(), actor.tenant_id()),
            Err(InviteError::Failed(_)) => {}
            Err(why) => security_log::refused("invite", why.reason(), actor.user_id(), actor.tenant_id()),
        }
        invited
    }

    async fn try_invite(&self, actor: &Actor, command: &Invite) -> Result<ShownInvitation, Setback<InviteError>> {
        let (scope, now) = (TenantScope::from(actor), self.clock.now());
        let loads = try_join5(
            self.accounts.holders_of(&command.email),
            self.invitations.is_open_to(&scope, &command.email, now),
            self.invitations.count_open(&scope, now, MAX_OPEN),
            self.members.seats(&scope),
            self.entitlements.find(&scope),
        );
        let (first_answer, (holders, is_invited, open, record, entitlements)) =
            try_join(self.first_answer(&scope, command), loads.map_err(Setback::from)).await?;
        if let Some(invitation) = first_answer {
            return Ok(self.shown(invitation));
        }
        if holders.iter().any(|holder| holder.tenant_id == *actor.tenant_id()) {
            return Err(InviteError::AlreadyMember.into());
        }
        if is_invited {
            return Err(InviteError::AlreadyInvited.into());
        }
        // Nobody is asked to come to where there is no room. Whether there is some when they come is decided then.
        record.seats.after(SeatChange::Join, entitlements.seats()).map_err(InviteError::from)?;
        if open >= MAX_OPEN {
            return Err(InviteError::TooManyOpen.into());
        }

        let new = NewInvitation {
            id: InvitationId::from(self.ids.uuid()),
            tenant_id: actor.tenant_id().clone(),
            email: command.email.clone(),
            role: command.role,
            message: command.message.clone(),
            open_for: command.open_for,
        };
        let token = InvitationToken::new(&new.id, &TokenSecret::from_random(self.ids.secret()));
        let (invitation, invited) = Invitation::invite(new, inviter(actor), &token, now).map_err(InviteError::from)?;
        let changes = ChangeSet::default()
            .write(Write::CreateInvitation(Box::new(invitation.clone())))
            .record(invited)
            .mail(self.mail(&invitation, actor, &token, command.link_base.as_deref()));
        let remembered = RememberedInvitation { invitation_id: invitation.snapshot().id.to_string() };
        let record = command.idempotency.as_ref().map(|request| request.record(&remembered, now)).transpose()?;
        self.commit(changes.write_if(record.map(Write::Remember)), actor).await?;
        Ok(self.shown(invitation))
    }

    async fn first_answer(
        &self,
        scope: &TenantScope,
        command: &Invite,
    ) -> Result<Option<Invitation>, Setback<InviteError>> {
        let Some(request) = &command.idempotency else { return Ok(None) };
        let Some(record) = self.accounts.find_idempotency_record(request.id()).await? else { return Ok(None) };
        let remembered: Option<RememberedInvitation> =
            record.replay(request, self.clock.now()).map_err(InviteError::from)?;
        let Some(RememberedInvitation { invitation_id }) = remembered else { return Ok(None) };
        Ok(self.invitations.find(scope, &InvitationId::restore(invitation_id)).await?)
    }
}
