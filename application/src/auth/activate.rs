//! Signing up into the tenant of an invitation.

use domain::{
    EmailAddress, InvitationToken, PersonName, PhoneNumber, SeatChange, ThrottleSubject, User, UserId,
    session::Device,
    user::{NewUser, Password, PasswordHash, PersonalContext},
};
use futures::future::try_join4;

use super::{
    AuthService, KeptOut, RegisterError, Registered, SignedIn,
    outside_identity::{IdToken, IdentityHolder, claim_identity},
    register::RememberedRegistration,
};
use crate::{
    actor::TenantScope,
    idempotency::IdempotentRequest,
    ports::{Account, ChangeSet, HeldInvitation, StoreError, VerifiedIdentity, Write},
    retry::{Setback, settle},
    security_log,
};

/// Somebody who follows the link of an invitation and has no account.
pub struct Activate {
    /// The token in the link.
    pub token: InvitationToken,
    /// The address that they say is theirs; the invitation's, if they say none.
    pub email: Option<EmailAddress>,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Telephone.
    pub phone: Option<PhoneNumber>,
    /// How they will sign in.
    pub credential: Credential,
    /// From where.
    pub device: Device,
    /// The key of the request, if the client gave one.
    pub idempotency: Option<IdempotentRequest>,
}

/// How somebody who joins will sign in.
pub enum Credential {
    /// With this password.
    Password(Password),
    /// With the account elsewhere that this token is of. Its address must be the invited one.
    Identity(IdToken),
}

/// A credential that was found good.
enum Proof {
    /// The password may be used; its hash.
    Password(PasswordHash),
    /// The token proves an identity with the invited address.
    Identity(VerifiedIdentity),
}

/// Where an activation begins.
enum Beginning {
    /// It happened before, under the same idempotency key.
    Again(RememberedRegistration),
    /// The invitation can be taken.
    Open(Box<HeldInvitation>),
}

impl AuthService {
    /// Signs a person up as a member of the tenant that invited them, and in. The link came by mail, so the address
    /// needs no further proof.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] says why not; nothing was stored then, and the link works as before.
    pub async fn activate(&self, command: Activate) -> Result<SignedIn, RegisterError> {
        // Judged before hashing: only the holder of a good link may keep the hashing threads busy.
        let held = match self.begin(&command).await? {
            Beginning::Again(answer) => return self.sign_in_again(answer).await,
            Beginning::Open(held) => held,
        };
        let proof = self.judge(&command, &held).await?;
        settle(|| self.try_activate(&command, &proof)).await
    }

    async fn judge(&self, command: &Activate, held: &HeldInvitation) -> Result<Proof, RegisterError> {
        let Activate { first_name, last_name, credential, .. } = command;
        let email = &held.invitation.snapshot().email;
        let token = match credential {
            Credential::Password(password) => {
                self.settings.passwords.check(password, PersonalContext { email, first_name, last_name })?;
                return Ok(Proof::Password(self.ports.passwords.hash(password).await?));
            }
            Credential::Identity(token) => token,
        };
        let verified = self.verify_identity(token).await;
        let verified = verified.map_err(|rejected| refuse(held, rejected.reason(), rejected.into()))?;
        match verified.vouched_email() {
            Some(vouched) if vouched == email => Ok(Proof::Identity(verified)),
            Some(_) => Err(refuse(held, "other_address", RegisterError::OtherIdentity(token.provider))),
            None => Err(refuse(held, "address_not_vouched_for", RegisterError::AddressNotVouchedFor(token.provider))),
        }
    }

    /// Who has what somebody is to sign in with.
    async fn holder_of(&self, proof: &Proof) -> Result<IdentityHolder, StoreError> {
        match proof {
            Proof::Password(_) => Ok(IdentityHolder::Nobody { leftover: None }),
            Proof::Identity(verified) => self.holder_of_identity(&verified.identity).await,
        }
    }

    async fn begin(&self, command: &Activate) -> Result<Beginning, RegisterError> {
        if let Some(answer) = self.first_answer(command.idempotency.as_ref()).await? {
            return Ok(Beginning::Again(answer));
        }
        let Some(held) = self.ports.invitations.find_by_token(&command.token).await? else {
            security_log::refused_token("activate_invitation", "unknown_token");
            return Err(RegisterError::UnknownInvitation);
        };
        let refused = match held.invitation.check(self.ports.clock.now()) {
            Err(why) => Some((RegisterError::from(why), "closed_invitation")),
            Ok(()) if !held.tenant.is_usable() => {
                Some((KeptOut::TenantInactive.into(), KeptOut::TenantInactive.reason()))
            }
            Ok(()) => None,
        };
        match refused {
            Some((error, reason)) => Err(refuse(&held, reason, error)),
            None => Ok(Beginning::Open(Box::new(held))),
        }
    }

    async fn sign_in_again(&self, answer: RememberedRegistration) -> Result<SignedIn, RegisterError> {
        match self.answer_again(answer).await? {
            Registered::SignedIn(signed_in) => Ok(*signed_in),
            Registered::ConfirmationRequired { .. } => Err(RegisterError::HasAccount),
        }
    }

    async fn try_activate(&self, command: &Activate, proof: &Proof) -> Result<SignedIn, Setback<RegisterError>> {
        let held = match self.begin(command).await? {
            Beginning::Again(answer) => return Ok(self.sign_in_again(answer).await?),
            Beginning::Open(held) => *held,
        };
        let (scope, invited) = (TenantScope::from(&held.invitation), held.invitation.snapshot());
        let (holders, holder, record, entitlements) = try_join4(
            self.ports.accounts.holders_of(&invited.email),
            self.holder_of(proof),
            self.ports.members.seats(&scope),
            self.ports.entitlements.find(&scope),
        )
        .await?;
        let free = match holder {
            _ if !holders.is_empty() => Err(("address_taken", RegisterError::HasAccount)),
            IdentityHolder::Account(claim, _) => Err(("identity_taken", RegisterError::IdentityTaken(claim.provider))),
            IdentityHolder::Nobody { leftover } => Ok(leftover),
        };
        let leftover = match free {
            Ok(leftover) => leftover,
            // This very invitation may have been taken a moment ago, by whoever has the address or the identity now.
            Err((reason, error)) => match self.begin(command).await? {
                Beginning::Again(answer) => return Ok(self.sign_in_again(answer).await?),
                Beginning::Open(held) => return Err(refuse(&held, reason, error).into()),
            },
        };
        let limit = entitlements.seats();
        let seats = record.seats.after(SeatChange::Join, limit);
        let seats = seats.map_err(|why| refuse(&held, "no_seat_left", why.into()))?;

        let now = self.ports.clock.now();
        let (user_id, tenant_id) = (UserId::from(self.ports.ids.uuid()), invited.tenant_id.clone());
        let new = NewUser {
            id: user_id.clone(),
            tenant_id: tenant_id.clone(),
            email: invited.email.clone(),
            first_name: command.first_name.clone(),
            last_name: command.last_name.clone(),
            phone: command.phone.clone(),
            role: invited.role,
            password_hash: match proof {
                Proof::Password(hash) => Some(hash.clone()),
                Proof::Identity(_) => None,
            },
        };
        let (mut user, registered) = User::register_proved(new, now);
        let HeldInvitation { invitation: before, tenant, plan } = held.clone();
        let mut invitation = before.clone();
        let email = command.email.as_ref().unwrap_or(&invited.email);
        let accepted = invitation.accept(&user_id, email, now);
        let accepted = accepted.map_err(|why| refuse(&held, "other_address", why.into()))?;
        let changes = ChangeSet::default().by(&user_id).record(registered).record(accepted);
        let changes = match proof {
            Proof::Password(_) => changes,
            Proof::Identity(verified) => {
                claim_identity(changes, &mut user, verified, leftover, now).record(user.note_sign_in(now))
            }
        };
        let changes = changes
            .save_invitation(before, invitation)
            .write(Write::ClaimEmail {
                email: invited.email.clone(),
                user_id: user_id.clone(),
                tenant_id: tenant_id.clone(),
            })
            .write(Write::UseTenant(tenant_id.clone()))
            .write(Write::SaveSeats { tenant_id: tenant_id.clone(), before: record, after: seats, limit })
            .write(Write::CreateUser(Box::new(user.clone())));
        let seed = self.new_seed();
        let signed_in = self.sign_tokens(Account { user, tenant, plan }, &seed).await?;
        let changes = self.start_session(changes, &signed_in, &seed, command.device.clone(), None);
        let remembered = RememberedRegistration {
            user_id: user_id.to_string(),
            tenant_id: tenant_id.to_string(),
            session: Some(seed),
        };
        if let Proof::Password(_) = proof {
            // What was guessed at the address before is nothing to a new password, whatever becomes of the rest; and that
            // stays within the ten items that older editions of DynamoDB Local take at once.
            let forgotten = Write::ForgetFailures(ThrottleSubject::of_address(&invited.email));
            self.commit(ChangeSet::default().write(forgotten)).await?;
        }
        self.commit(self.remember(changes, command.idempotency.as_ref(), &remembered)?).await?;
        security_log::success("activate_invitation", &user_id, &tenant_id);
        Ok(signed_in)
    }
}

fn refuse(held: &HeldInvitation, reason: &'static str, error: RegisterError) -> RegisterError {
    security_log::refused_address("activate_invitation", reason, &held.invitation.snapshot().email);
    error
}
