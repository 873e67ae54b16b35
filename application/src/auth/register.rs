//! Signing up: a new person with a new tenant.

use domain::{
    EmailAddress, IdentityProvider, InvitationToken, Language, NoSeatLeft, PersonName, PhoneNumber, Role, Tenant,
    TenantId, ThrottleSubject, User, UserId,
    invitation::InvitationRefused,
    session::Device,
    tenant::TenantName,
    user::{EmailVerification, NewUser, Password, PasswordHash, PersonalContext, WeakPassword},
    verification::Purpose,
};
use futures::{TryFutureExt, future::try_join};
use serde::{Deserialize, Serialize};

use super::{Activate, AuthService, Credential, KeptOut, SignedIn, sign_in::SessionSeed};
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    idempotency::{IdempotentRequest, KeyReused, ReplayError},
    ports::{Account, AddressHolder, ChangeSet, IdentityRejected, Mail, MailKind, Write},
    retry::{Setback, settle},
    security_log,
};

/// A person who signs up.
pub struct Register {
    /// The address to sign in with.
    pub email: EmailAddress,
    /// The chosen password.
    pub password: Password,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Telephone.
    pub phone: Option<PhoneNumber>,
    /// What to call the tenant.
    pub tenant_name: Option<TenantName>,
    /// The token of an invitation, for somebody who joins a tenant in place of making one.
    pub invitation: Option<InvitationToken>,
    /// From where.
    pub device: Device,
    /// The site to link to, if the client asks for one.
    pub link_base: Option<String>,
    /// The key of the request, if the client gave one.
    pub idempotency: Option<IdempotentRequest>,
}

/// What signing up came to.
#[derive(Debug)]
pub enum Registered {
    /// The address must be confirmed. Says the same when the address was taken already (security rule 6).
    ConfirmationRequired {
        /// The new user.
        user_id: UserId,
        /// Their tenant.
        tenant_id: TenantId,
    },
    /// The person is signed in.
    SignedIn(Box<SignedIn>),
}

/// Why somebody could not sign up.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The password breaks a rule.
    #[error("the password {0}")]
    WeakPassword(#[from] WeakPassword),
    /// The address has an account. Said only where addresses need not be confirmed.
    #[error("an account with this email address already exists")]
    EmailAlreadyExists,
    /// The token of the invitation is no token, or not the newest.
    #[error("this invitation is not valid")]
    UnknownInvitation,
    /// The invitation cannot be taken.
    #[error(transparent)]
    Invitation(#[from] InvitationRefused),
    /// The invited address has an account. Whoever hears this has proved that the address is theirs.
    #[error("this email address has an account already; sign in and accept the invitation")]
    HasAccount,
    /// The tenant that invited has no room.
    #[error(transparent)]
    NoSeatLeft(#[from] NoSeatLeft),
    /// The tenant that invited is switched off.
    #[error(transparent)]
    KeptOut(#[from] KeptOut),
    /// The ID token proves nothing.
    #[error(transparent)]
    Rejected(#[from] IdentityRejected),
    /// The provider does not say that the address is theirs.
    #[error("{0} does not confirm your email address; please choose a password and link {0} afterwards")]
    AddressNotVouchedFor(IdentityProvider),
    /// Whoever the ID token is about has another address than the invited one.
    #[error("this invitation was sent to another email address than that of your {0} account")]
    OtherIdentity(IdentityProvider),
    /// Somebody signs in with that identity already.
    #[error("this {0} account is linked to another account; sign in with it, or choose a password")]
    IdentityTaken(IdentityProvider),
    /// The idempotency key was used for something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for RegisterError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::WeakPassword(_) => ErrorKind::WeakPassword,
            Self::EmailAlreadyExists | Self::HasAccount => ErrorKind::EmailAlreadyExists,
            Self::Invitation(InvitationRefused::OtherAddress) => ErrorKind::Validation,
            Self::Invitation(InvitationRefused::Expired) => ErrorKind::TokenExpired,
            Self::UnknownInvitation | Self::Invitation(_) => ErrorKind::TokenInvalid,
            Self::NoSeatLeft(_) => ErrorKind::TenantLimitExceeded,
            Self::KeptOut(kept_out) => kept_out.kind(),
            Self::Rejected(rejected) => rejected.kind(),
            Self::AddressNotVouchedFor(provider) => ErrorKind::OutsideIdentity(*provider),
            Self::OtherIdentity(_) => ErrorKind::InsufficientPermissions,
            Self::IdentityTaken(_) => ErrorKind::Conflict,
            Self::KeyReused(_) => ErrorKind::IdempotencyKeyReused,
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::WeakPassword(why) => Some(("password", why.to_string())),
            Self::Invitation(InvitationRefused::OtherAddress) => {
                Some(("email", "must be the address that was invited".to_owned()))
            }
            _ => None,
        }
    }
}

from_port_errors!(RegisterError);

/// How a registration is remembered under its idempotency key.
#[derive(Serialize, Deserialize)]
pub(super) struct RememberedRegistration {
    pub(super) user_id: String,
    pub(super) tenant_id: String,
    pub(super) session: Option<SessionSeed>,
}

impl AuthService {
    /// Signs a person up: with a tenant of their own, or into the one that invited them.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] says why not; nothing was stored then.
    pub async fn register(&self, command: Register) -> Result<Registered, RegisterError> {
        match command.invitation.clone() {
            Some(token) => Ok(Registered::SignedIn(Box::new(self.activate(command.joining(token)).await?))),
            None => self.found_tenant(command).await,
        }
    }

    async fn found_tenant(&self, command: Register) -> Result<Registered, RegisterError> {
        let Register { email, first_name, last_name, .. } = &command;
        self.settings.passwords.check(&command.password, PersonalContext { email, first_name, last_name })?;
        let hash = self.ports.passwords.hash(&command.password).await?;
        settle(|| self.try_register(&command, &hash)).await
    }

    async fn try_register(
        &self,
        command: &Register,
        hash: &PasswordHash,
    ) -> Result<Registered, Setback<RegisterError>> {
        let (first_answer, holders) = try_join(
            self.first_answer(command.idempotency.as_ref()),
            self.ports.accounts.holders_of(&command.email).err_into(),
        )
        .await?;
        match first_answer {
            Some(answer) => Ok(self.answer_again(answer).await?),
            None if holders.is_empty() => self.create(command, hash).await,
            None => self.answer_for_taken_address(command).await,
        }
    }

    async fn create(&self, command: &Register, hash: &PasswordHash) -> Result<Registered, Setback<RegisterError>> {
        let now = self.ports.clock.now();
        let verification = self.settings.email_verification;
        let user_id = UserId::from(self.ports.ids.uuid());
        let tenant_id = TenantId::from(self.ports.ids.uuid());
        let name = command.tenant_name.clone().unwrap_or_else(|| TenantName::of_person(&command.first_name));
        let (tenant, tenant_created) = Tenant::create(tenant_id.clone(), name, user_id.clone(), now);
        let new = NewUser {
            id: user_id.clone(),
            tenant_id: tenant_id.clone(),
            email: command.email.clone(),
            first_name: command.first_name.clone(),
            last_name: command.last_name.clone(),
            phone: command.phone.clone(),
            role: Role::Owner,
            password_hash: Some(hash.clone()),
        };
        let (mut user, user_registered) = User::register(new, verification, now);
        let changes = ChangeSet::default().by(&user_id).record(tenant_created).record(user_registered);
        let changes = self
            .send_link(changes, &mut user, Purpose::ConfirmEmail, command.link_base.as_deref())
            .write(Write::ClaimEmail {
                email: command.email.clone(),
                user_id: user_id.clone(),
                tenant_id: tenant_id.clone(),
            })
            .write(Write::CreateTenant(tenant.clone()))
            .write(Write::CreateUser(Box::new(user.clone())))
            // Whoever guessed before there was anything to guess is in nobody's way.
            .write(Write::ForgetFailures(ThrottleSubject::of_address(&command.email)));

        let mut remembered =
            RememberedRegistration { user_id: user_id.to_string(), tenant_id: tenant_id.to_string(), session: None };
        let (changes, registered) = match verification {
            EmailVerification::Required => {
                (changes, Registered::ConfirmationRequired { user_id: user_id.clone(), tenant_id: tenant_id.clone() })
            }
            EmailVerification::Optional => {
                let seed = self.new_seed();
                let signed_in = self.sign_tokens(Account { user, tenant, plan: None }, &seed).await?;
                let changes = self.start_session(changes, &signed_in, &seed, command.device.clone(), None);
                remembered.session = Some(seed);
                (changes, Registered::SignedIn(Box::new(signed_in)))
            }
        };
        self.commit(self.remember(changes, command.idempotency.as_ref(), &remembered)?).await?;
        security_log::success("register", &user_id, &tenant_id);
        Ok(registered)
    }

    /// Tells the owner of a taken address by mail, and whoever asked what the owner of a fresh address is told
    /// (security rule 6).
    async fn answer_for_taken_address(&self, command: &Register) -> Result<Registered, Setback<RegisterError>> {
        if self.settings.email_verification == EmailVerification::Optional {
            security_log::refused_address("register", "address_taken", &command.email);
            return Err(RegisterError::EmailAlreadyExists.into());
        }
        let nobody = self.nobody();
        let changes = self.send_nothing(&command.email, Purpose::ConfirmEmail).mail(Mail {
            to: command.email.clone(),
            // The name in the request is a stranger's and does not belong into a mail to the owner.
            first_name: None,
            language: Language::default(),
            kind: MailKind::AlreadyRegistered,
            link: self.settings.links.login(command.link_base.as_deref()),
        });
        let remembered = RememberedRegistration {
            user_id: nobody.user_id.to_string(),
            tenant_id: nobody.tenant_id.to_string(),
            session: None,
        };
        self.commit(self.remember(changes, command.idempotency.as_ref(), &remembered)?).await?;
        security_log::refused_address("register", "address_taken", &command.email);
        Ok(Registered::ConfirmationRequired { user_id: nobody.user_id, tenant_id: nobody.tenant_id })
    }

    pub(super) fn remember(
        &self,
        changes: ChangeSet,
        request: Option<&IdempotentRequest>,
        answer: &RememberedRegistration,
    ) -> Result<ChangeSet, RegisterError> {
        let Some(request) = request else { return Ok(changes) };
        Ok(changes.write(Write::Remember(request.record(answer, self.ports.clock.now())?)))
    }

    pub(super) async fn first_answer(
        &self,
        request: Option<&IdempotentRequest>,
    ) -> Result<Option<RememberedRegistration>, RegisterError> {
        let Some(request) = request else { return Ok(None) };
        match self.ports.accounts.find_idempotency_record(request.id()).await? {
            Some(record) => Ok(record.replay(request, self.ports.clock.now())?),
            None => Ok(None),
        }
    }

    pub(super) async fn answer_again(&self, answer: RememberedRegistration) -> Result<Registered, RegisterError> {
        let user_id = UserId::restore(answer.user_id);
        let tenant_id = TenantId::restore(answer.tenant_id);
        let Some(seed) = answer.session else {
            return Ok(Registered::ConfirmationRequired { user_id, tenant_id });
        };
        let holder = AddressHolder { user_id, tenant_id, claimed: true };
        let account = self.ports.accounts.find(&TenantScope::from(&holder), &holder.user_id).await?;
        let account = account.ok_or(RegisterError::EmailAlreadyExists)?;
        security_log::success("register_again", &holder.user_id, &holder.tenant_id);
        Ok(Registered::SignedIn(Box::new(self.sign_tokens(account, &seed).await?)))
    }
}

impl Register {
    fn joining(self, token: InvitationToken) -> Activate {
        let Self { email, password, first_name, last_name, phone, device, idempotency, .. } = self;
        let credential = Credential::Password(password);
        Activate { token, email: Some(email), first_name, last_name, phone, credential, device, idempotency }
    }
}

impl From<ReplayError> for RegisterError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused(error) => error.into(),
            ReplayError::Store(error) => error.into(),
        }
    }
}
