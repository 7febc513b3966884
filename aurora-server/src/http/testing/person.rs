//! Somebody who is signed in with two factors.

use aurora_core::access::totp::{Totp, TotpSecret};
use aurora_crm::Context;
use aurora_crm::accounts::{Login, LoginOutcome, NewApiKey, NewUser};
use aurora_crm::workspaces::{Role, Roles};

use super::Server;

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "tres pratos de trigo";

impl Server {
    /// The value of `authorization` of the first administrator, an owner of the first workspace, who has just shown a second
    /// factor.
    pub(crate) async fn administrator(&self) -> String {
        let (accounts, state) = (self.state.doors.accounts(), &self.state);
        let context = Context::installation("test");
        let token = accounts.setup_token(&context).await.unwrap();
        let new = NewUser::new(EMAIL, "Ana Souza");
        let user = accounts
            .set_up(&context, &token, new, &PASSWORD.into())
            .await
            .unwrap();
        let house = Context::new(state.workspace, "test");
        let roles = Roles::of([Role::Owner]);
        state.crm.members().add(&house, user.id, roles).await.unwrap();
        let login = Login::new(EMAIL, PASSWORD);
        let LoginOutcome::SignedIn(signed_in) = accounts.login(&context, login).await.unwrap() else {
            panic!("a second factor was asked for");
        };
        let session = &signed_in.session;
        let enrolment = accounts.enrol_factor(&context, session.id).await.unwrap();
        let secret = TotpSecret::from_base32(enrolment.secret.expose()).unwrap();
        let code = Totp::default().code(&secret, state.clock.now());
        accounts
            .activate_factor(&context, session.id, &code)
            .await
            .unwrap();
        let issued = state
            .doors
            .issuer()
            .issue(&session.grant(state.workspace, 1))
            .unwrap();
        format!("Bearer {}", issued.token.expose())
    }

    /// The value of `authorization` of a program in the first workspace whose key carries a permission.
    pub(crate) async fn program(&self, permission: &str) -> String {
        let context = Context::new(self.state.workspace, "test");
        let new = NewApiKey::new("test").scope(permission);
        let keys = self.state.doors.accounts().api_keys();
        let made = keys.create(&context, new).await.unwrap();
        format!("Bearer {}", made.secret.expose())
    }
}
