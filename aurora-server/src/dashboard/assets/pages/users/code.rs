use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_crm::accounts::{Accounts, Login, LoginOutcome, NewUser};
use aurora_crm::{Context, Crm};

let crm = Crm::open("sqlite::memory:").await?;
let sealer = Sealer::new(LocalKeys::generate("2026a")?);
let accounts = Accounts::builder(&crm, sealer).build()?;
let context = Context::installation("sign-in page");

let ana = NewUser::new("ana@example.com", "Ana Souza");
accounts.create(&context, ana, &"três pratos de trigo".into()).await?;
let login = Login::new("Ana@Example.com", "três pratos de trigo");
if let LoginOutcome::SignedIn(signed_in) = accounts.login(&context, login).await? {
    println!("{} is in by {}", signed_in.user.id, signed_in.session.id);
}
