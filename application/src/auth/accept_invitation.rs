//! Moving into the tenant of an invitation, for somebody who has an account.

use domain::{
    InvitationToken, NoSeatLeft, SeatChange, Tenant, TenantId, TokenSecret, User,
    invitation::InvitationRefused,
    session::Device,
    tenant::{CloseRefused, Reopening, TenantEvent},
};
use futures::future::{try_join, try_join5};

use super::{AuthService, KeptOut, SignedIn};
use crate::{
    actor::{Actor, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{Account, AddressHolder, ChangeSet, HeldInvitation, IdentityClaim, SeatRecord, Write},
    retry::{Setback, settle},
    security_log,
};

/// Somebody who is signed in and follows the link of an invitation.
pub struct AcceptInvitation {
    /// The token in the link.
    pub token: InvitationToken,
    /// Whether the tenant that they leave may be closed, if they are alone in it and own it.
    pub close_current_tenant: bool,
    /// From where.
    pub device: Device,
}

/// Why an invitation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptInvitationError {
    /// No such token, or not the newest.
    #[error("this invitation is not valid")]
    Unknown,
    /// The invitation cannot be taken, or not by this person.
    #[error(transparent)]
    Refused(#[from] InvitationRefused),
    /// The tenant that invited is the person's.
    #[error("you are a member of this organisation already")]
    AlreadyMember,
    /// The tenant that invited is switched off.
    #[error(transparent)]
    KeptOut(#[from] KeptOut),
    /// The tenant that invited has no room.
    #[error(transparent)]
    NoSeatLeft(#[from] NoSeatLeft),
    /// The person owns a tenant that has other members.
    #[error("you own an organisation with other members; hand it over before you leave it")]
    OwnsOthers,
    /// The person owns a tenant that nobody else is in, and has not said what is to become of it.
    #[error("you are the only member of your organisation; send close_current_tenant to close it and move")]
    MustClose,
    /// The tenant that is left cannot be closed.
    #[error(transparent)]
    CloseRefused(#[from] CloseRefused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for AcceptInvitationError {
    fn kind(&self) -> ErrorKind {
        match self {
            // Not `TokenInvalid`: whoever hears that of a signed-in request signs in again, which does not help.
            Self::Unknown => ErrorKind::NotFound,
            Self::Refused(InvitationRefused::OtherAddress) => ErrorKind::InsufficientPermissions,
            Self::Refused(_) | Self::AlreadyMember | Self::OwnsOthers | Self::MustClose | Self::CloseRefused(_) => {
                ErrorKind::Conflict
            }
            Self::KeptOut(kept_out) => kept_out.kind(),
            Self::NoSeatLeft(_) => ErrorKind::TenantLimitExceeded,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(AcceptInvitationError);

impl AcceptInvitationError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown_token",
            Self::Refused(InvitationRefused::OtherAddress) => "other_address",
            Self::Refused(_) => "closed_invitation",
            Self::AlreadyMember => "already_member",
            Self::KeptOut(kept_out) => kept_out.reason(),
            Self::NoSeatLeft(_) => "no_seat_left",
            Self::OwnsOthers => "owns_others",
            Self::MustClose | Self::CloseRefused(_) => "owns_tenant",
            Self::Failed(_) => "failed",
        }
    }
}

impl AuthService {
    /// Moves the actor into the tenant that invited them: a user belongs to exactly one. Every session of theirs
    /// ends, and a new one begins. A tenant that nobody is left in is closed, if the actor agrees.
    ///
    /// # Errors
    ///
    /// [`AcceptInvitationError`] says why not; everything is as it was then.
    pub async fn accept_invitation(
        &self,
        actor: &Actor,
        command: AcceptInvitation,
    ) -> Result<SignedIn, AcceptInvitationError> {
        let accepted = settle(|| self.try_accept_invitation(actor, &command)).await;
        let (user_id, left) = (actor.user_id(), actor.tenant_id());
        match &accepted {
            Ok(moved) => security_log::success("accept_invitation", user_id, &moved.account.tenant.snapshot().id),
            Err(AcceptInvitationError::Failed(_)) => {}
            Err(why) => security_log::refused("accept_invitation", why.reason(), user_id, left),
        }
        accepted
    }

    async fn try_accept_invitation(
        &self,
        actor: &Actor,
        command: &AcceptInvitation,
    ) -> Result<SignedIn, Setback<AcceptInvitationError>> {
        let (left, now) = (TenantScope::from(actor), self.ports.clock.now());
        let (held, account) = try_join(
            self.ports.invitations.find_by_token(&command.token),
            self.ports.accounts.find(&left, actor.user_id()),
        )
        .await?;
        let HeldInvitation { invitation: before, tenant, plan } = held.ok_or(AcceptInvitationError::Unknown)?;
        before.check(now).map_err(AcceptInvitationError::from)?;
        if !tenant.is_usable() {
            return Err(AcceptInvitationError::from(KeptOut::TenantInactive).into());
        }
        // Gone since the request was authenticated: moved by another request, which has taken the invitation.
        let Account { user: mover, tenant: old_tenant, .. } = account.ok_or(Setback::Outdated)?;
        let joined = TenantScope::from(&before);
        if joined == left {
            return Err(AcceptInvitationError::AlreadyMember.into());
        }
        let mut invitation = before.clone();
        let mut user = mover.clone();
        let (user_id, email) = (mover.snapshot().id.clone(), mover.snapshot().email.clone());
        let accepted = invitation.accept(&user_id, &email, now).map_err(AcceptInvitationError::from)?;
        let (old_record, record, entitlements, holders, identities) = try_join5(
            self.ports.members.seats(&left),
            self.ports.members.seats(&joined),
            self.ports.entitlements.find(&joined),
            self.ports.accounts.holders_of(&email),
            self.ports.identity_claims.of_user(&left, &user_id),
        )
        .await?;
        let limit = entitlements.seats();
        let seats = record.seats.after(SeatChange::Join, limit).map_err(AcceptInvitationError::from)?;
        let offer = invitation.snapshot();
        let tenant_id = offer.tenant_id.clone();
        let departure = user.move_to(tenant_id.clone(), offer.role, now);

        let changes = ChangeSet::default()
            .by(&user_id)
            .record(departure)
            .record(accepted)
            .save_invitation(before, invitation)
            .write(Write::UseTenant(tenant_id.clone()))
            .write(Write::SaveSeats { tenant_id: tenant_id.clone(), before: record, after: seats, limit })
            .write_if(claim(&holders, &user, &tenant_id))
            .write_all(identities.into_iter().map(|identity| follow(identity, &tenant_id)))
            .save_user(mover, user.clone());
        let changes = self.leave(changes, &old_tenant, old_record, &user, command)?;
        let seed = self.new_seed();
        let signed_in = self.sign_tokens(Account { user, tenant, plan }, &seed).await?;
        let changes = self.start_session(changes, &signed_in, &seed, command.device.clone(), None);
        self.commit(changes).await?;
        Ok(signed_in)
    }

    /// What becomes of the tenant that somebody leaves: a seat is free, or, when it was the last, all is over.
    fn leave(
        &self,
        changes: ChangeSet,
        tenant: &Tenant,
        record: SeatRecord,
        user: &User,
        command: &AcceptInvitation,
    ) -> Result<ChangeSet, AcceptInvitationError> {
        let (user_id, tenant_id) = (&user.snapshot().id, tenant.snapshot().id.clone());
        // Nobody is refused who leaves.
        let after = record.seats.after(SeatChange::Leave, None)?;
        let changes = changes.write(Write::SaveSeats { tenant_id, before: record, after, limit: None });
        if tenant.snapshot().owner_user_id != *user_id {
            return Ok(changes);
        }
        if after.members > 0 {
            return Err(AcceptInvitationError::OwnsOthers);
        }
        if !command.close_current_tenant {
            return Err(AcceptInvitationError::MustClose);
        }
        let mut closed = tenant.clone();
        let now = self.ports.clock.now();
        // For good: nobody is left whom a token could be sent to.
        let token = TokenSecret::from_random(self.ports.ids.secret()).hash();
        let outcome = closed.close(user_id, Reopening { until: now, token }, now)?;
        Ok(changes.save_tenant(tenant.clone(), closed).record::<TenantEvent>(outcome))
    }
}

/// An account elsewhere follows to the other tenant, too.
fn follow(before: IdentityClaim, tenant_id: &TenantId) -> Write {
    let after = IdentityClaim { tenant_id: tenant_id.clone(), ..before.clone() };
    Write::SaveIdentity { before: Box::new(before), after: Box::new(after) }
}

/// The address follows to the other tenant, unless it stands for several accounts: then it is claimed for none.
fn claim(holders: &[AddressHolder], user: &User, tenant_id: &TenantId) -> Option<Write> {
    let user = user.snapshot();
    let is_theirs = holders.iter().all(|holder| holder.user_id == user.id);
    is_theirs.then(|| Write::ClaimEmail {
        email: user.email.clone(),
        user_id: user.id.clone(),
        tenant_id: tenant_id.clone(),
    })
}
