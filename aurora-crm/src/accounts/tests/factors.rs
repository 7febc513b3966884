use aurora_core::access::policy::Assurance;
use futures::future::join_all;

use super::*;
use crate::accounts::sql::{self, Spent};
use crate::accounts::{Answer, Proof};

const STEP: Duration = Duration::from_secs(30);

impl Desk {
    async fn answer(&self, challenge: &Secret, proof: &Proof) -> Result<SignedIn, Error> {
        let answer = Answer::new(challenge.clone(), proof.clone());
        self.accounts.answer(&self.context, &answer).await
    }
}

#[tokio::test]
async fn an_authenticator_is_enrolled_by_a_code_and_asked_for_from_then_on() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        let (before, one) = (desk.signed_in().await, desk.signed_in().await);
        let id = one.session.id;
        assert!(
            is_not_accepted(
                accounts.activate_factor(context, id, &"123456".into()).await,
                "code"
            ),
            "nothing is enrolled"
        );
        let enrolment = accounts.enrol_factor(context, id).await.unwrap();
        assert!(
            enrolment
                .uri
                .expose()
                .starts_with("otpauth://totp/Aurora:ana%40example.com?secret=")
        );
        let secret = TotpSecret::from_base32(enrolment.secret.expose()).unwrap();
        assert_eq!(
            accounts.second_factor(context, ana.id).await.unwrap(),
            None,
            "not without a code"
        );
        desk.signed_in().await;
        let code = desk.code(&secret);
        let wrong = Secret::new(if code.expose() == "000000" {
            "000001"
        } else {
            "000000"
        });
        let mistyped = accounts.activate_factor(context, id, &wrong).await;
        assert!(is_not_accepted(mistyped, "code"));
        let codes = accounts.activate_factor(context, id, &code).await.unwrap().0;
        assert_eq!(codes.len(), 10);
        let factor = accounts.second_factor(context, ana.id).await.unwrap().unwrap();
        assert_eq!(factor.recovery_codes_left, 10);
        // the session that showed the code has two factors, the others are gone
        assert_eq!(
            accounts.check(context, id).await.unwrap().assurance,
            Assurance::Aal2
        );
        assert!(is_refused(accounts.refresh(context, &before.refresh_token).await));
        assert_eq!(accounts.sessions(context, ana.id).await.unwrap().len(), 1);
        let challenge = desk.challenged().await;
        assert!(
            is_refused(desk.answer(&challenge, &Proof::Code(code)).await),
            "it enrolled, and is spent"
        );
        desk.clock.advance(STEP);
        let answered = desk
            .answer(&challenge, &Proof::Code(desk.code(&secret)))
            .await
            .unwrap();
        assert_eq!(answered.session.assurance, Assurance::Aal2);
        assert_eq!(answered.session.methods, ["pwd", "otp"]);
        accounts.refresh(context, &answered.refresh_token).await.unwrap();
        desk.clock.advance(STEP);
        assert!(
            is_refused(desk.answer(&challenge, &Proof::Code(desk.code(&secret))).await),
            "it was answered"
        );
    })
    .await;
}

#[tokio::test]
async fn an_enrolment_ends_after_ten_minutes() {
    each_desk(|desk| async move {
        desk.ana().await;
        let accounts = desk
            .builder()
            .step_up_within(Duration::from_secs(3_600))
            .build()
            .unwrap();
        let id = desk.signed_in().await.session.id;
        let enrolment = accounts.enrol_factor(&desk.context, id).await.unwrap();
        let secret = TotpSecret::from_base32(enrolment.secret.expose()).unwrap();
        desk.clock.advance(Duration::from_secs(600));
        let late = accounts
            .activate_factor(&desk.context, id, &desk.code(&secret))
            .await;
        assert!(is_not_accepted(late, "code"));
    })
    .await;
}

#[tokio::test]
async fn a_code_is_good_once_however_many_bring_it() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let (secret, signed_in, _) = desk.enrolled().await;
        let (other, database) = desk.replica().await;
        desk.clock.advance(STEP);
        // through the door: five challenges, one code
        let mut challenges = Vec::new();
        for _ in 0..5 {
            challenges.push(desk.challenged().await);
        }
        let proof = Proof::Code(desk.code(&secret));
        let answers = challenges.iter().enumerate().map(|(number, challenge)| {
            let accounts = if number.is_multiple_of(2) {
                &desk.accounts
            } else {
                &other
            };
            let answer = Answer::new(challenge.clone(), proof.clone());
            let context = &desk.context;
            async move { accounts.answer(context, &answer).await }
        });
        let outcomes = join_all(answers).await;
        assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
        assert!(outcomes.into_iter().filter(Result::is_err).all(is_refused));
        // past the limits on attempts: fifty writes of one step, half of them through each replica
        let stores = [&desk.accounts.inner.store, &other.inner.store];
        let factor = sql::factor(stores[0], &desk.context, ana.id, sql::FactorState::Active)
            .await
            .unwrap();
        let spent = Spent::Step {
            factor: factor.unwrap().id,
            step: 60_000_000,
        };
        let known = sql::credentials(stores[0], &desk.context, ana.id)
            .await
            .unwrap()
            .unwrap();
        let raise = |number: usize| {
            sql::step_up(
                stores[number % 2],
                &desk.context,
                &signed_in.session,
                known.epoch,
                &spent,
            )
        };
        let outcomes = join_all((0..50).map(raise)).await;
        assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
        assert!(outcomes.into_iter().filter(Result::is_err).all(is_refused));
        database.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_recovery_code_opens_one_session() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let (_, _, codes) = desk.enrolled().await;
        let (one, two) = (desk.challenged().await, desk.challenged().await);
        let typed = codes[3].expose().to_lowercase().replace('-', " ");
        let proof = Proof::RecoveryCode(typed.into());
        let (a, b) = futures::join!(desk.answer(&one, &proof), desk.answer(&two, &proof));
        let (opened, refused): (Vec<_>, Vec<_>) = [a, b].into_iter().partition(Result::is_ok);
        assert_eq!((opened.len(), refused.len()), (1, 1));
        assert!(refused.into_iter().all(is_refused));
        let opened = opened.into_iter().next().unwrap().unwrap();
        assert_eq!(
            (opened.session.assurance, &*opened.session.methods[1]),
            (Assurance::Aal2, "recovery_code")
        );
        let left = async || {
            desk.accounts
                .second_factor(&desk.context, ana.id)
                .await
                .unwrap()
                .unwrap()
                .recovery_codes_left
        };
        assert_eq!(left().await, 9);
        // a set takes the place of the one before
        let session = opened.session.id;
        let new = desk
            .accounts
            .replace_recovery_codes(&desk.context, session)
            .await
            .unwrap()
            .0;
        let challenge = desk.challenged().await;
        assert!(is_refused(
            desk.answer(&challenge, &Proof::RecoveryCode(codes[4].clone()))
                .await
        ));
        desk.answer(&challenge, &Proof::RecoveryCode(new[0].clone()))
            .await
            .unwrap();
        assert_eq!(left().await, 9);
    })
    .await;
}

#[tokio::test]
async fn a_challenge_has_five_tries_five_minutes_and_one_network() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (secret, _, _) = desk.enrolled().await;
        let (expired, foreign) = (desk.challenged().await, desk.challenged().await);
        desk.clock.advance(STEP);
        let elsewhere = desk.context.clone().origin("198.51.100.1".parse().unwrap());
        let right = Proof::Code(desk.code(&secret));
        let answer = Answer::new(foreign, right);
        let there = desk.accounts.answer(&elsewhere, &answer).await;
        assert!(is_refused(there));
        desk.clock.advance(Duration::from_secs(270));
        assert!(is_refused(
            desk.answer(&expired, &Proof::Code(desk.code(&secret))).await
        ));
        let worn = desk.challenged().await;
        let wrong = Proof::RecoveryCode("0000-0000-0000-0000".into());
        for _ in 0..5 {
            assert!(is_refused(desk.answer(&worn, &wrong).await));
            desk.clock.advance(Duration::from_secs(20));
        }
        assert!(is_refused(
            desk.answer(&worn, &Proof::Code(desk.code(&secret))).await
        ));
        // the failures are of the account, not of the challenge: another one does not help
        let fresh = desk.challenged().await;
        for _ in 0..2 {
            assert!(is_refused(desk.answer(&fresh, &wrong).await));
        }
        assert!(is_refused(
            desk.answer(&fresh, &Proof::Code(desk.code(&secret))).await
        ));
        desk.clock.advance(Duration::from_secs(60));
        desk.answer(&fresh, &Proof::Code(desk.code(&secret)))
            .await
            .unwrap();
        for garbage in ["", "aur_login_", desk.signed_in_token().await.as_str()] {
            assert!(is_refused(desk.answer(&garbage.into(), &wrong).await));
        }
    })
    .await;
}

impl Desk {
    /// A token for something else.
    async fn signed_in_token(&self) -> String {
        let issued = self
            .accounts
            .request_reset(&self.context, EMAIL)
            .await
            .unwrap()
            .unwrap();
        issued.token.expose().to_owned()
    }
}

#[tokio::test]
async fn a_factor_is_removed_or_replaced_with_the_present_one_alone() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        let none = desk.signed_in().await.session.id;
        let error = accounts.remove_factor(context, none).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let (secret, signed_in, _) = desk.enrolled().await;
        let id = signed_in.session.id;
        // a session of one factor, as one that slipped in would be
        let lower = "update sessions set assurance = 'aal1'";
        aurora_core::store::execute!(desk.db.database, sqlx::query(lower)).unwrap();
        for error in [
            accounts.remove_factor(context, id).await.unwrap_err(),
            accounts.enrol_factor(context, id).await.unwrap_err(),
            accounts.replace_recovery_codes(context, id).await.unwrap_err(),
            accounts
                .change_password(context, id, &PASSWORD.into(), &"quatro potes de mel".into())
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::StepUp);
        }
        desk.clock.advance(STEP);
        let proof = Proof::Code(desk.code(&secret));
        accounts
            .step_up(context, id, &PASSWORD.into(), Some(&proof))
            .await
            .unwrap();
        let enrolment = accounts.enrol_factor(context, id).await.unwrap();
        let new = TotpSecret::from_base32(enrolment.secret.expose()).unwrap();
        desk.clock.advance(STEP);
        accounts
            .activate_factor(context, id, &desk.code(&new))
            .await
            .unwrap();
        desk.clock.advance(STEP);
        let challenge = desk.challenged().await;
        assert!(
            is_refused(desk.answer(&challenge, &Proof::Code(desk.code(&secret))).await),
            "the one before"
        );
        let other = desk
            .answer(&challenge, &Proof::Code(desk.code(&new)))
            .await
            .unwrap();
        accounts.remove_factor(context, id).await.unwrap();
        assert!(is_refused(accounts.check(context, other.session.id).await));
        assert_eq!(accounts.second_factor(context, ana.id).await.unwrap(), None);
        assert_eq!(desk.count("select count(*) from recovery_codes").await, 0);
        desk.signed_in().await;
    })
    .await;
}
