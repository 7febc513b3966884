use aurora_core::config::Loader;
use aurora_server::App;

let loaded = Loader::new()
    .toml("aurora.toml", "[server]\nport = 9000\n")
    .environment([("DATABASE_URL", "sqlite::memory:")])
    .load()?;
let origin = loaded.origin_of("server.port").map(ToString::to_string);
println!("{origin:?}"); // aurora.toml:2:8

let app = App::build(loaded.settings().clone()).await?;
let bound = app.listen("127.0.0.1:0".parse()?).await?;
println!("http://{}", bound.local_addr());
bound.run(async { /* until something happens */ }).await?;
