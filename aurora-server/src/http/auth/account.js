"use strict";
(() => {
  const texts = {
    en: {
      name: "Name", email: "E-mail", password: "Password (8 to 256 characters, not easily guessed)", home: "Go to Aurora",
      failed: "The server cannot be reached. Try again in a moment.", spent: "The link is not good any more. Ask for another one.",
      setup: ["First administrator", "Make the account that looks after this installation.", "Make the account", "The account is there. You can sign in now."],
      reset: ["New password", "Choose another password. You are signed out everywhere.", "Change the password", "The password was changed. You can sign in now."],
      invite: ["Your account", "Choose your password.", "Go on", "Your account is ready. You can sign in now."],
      join: ["Invitation", "Choose a name and a password. If you have an account, sign in first and open this link again.", "Accept", "You are a member now."],
      verify: ["Your address", "Confirm that this address is yours.", "Confirm", "The address is confirmed."],
    },
    pt: {
      name: "Nome", email: "E-mail", password: "Senha (8 a 256 caracteres, difícil de adivinhar)", home: "Ir para a Aurora",
      failed: "Não foi possível falar com o servidor. Tente de novo em instantes.", spent: "O link não vale mais. Peça outro.",
      setup: ["Primeiro administrador", "Crie a conta que cuida desta instalação.", "Criar a conta", "A conta foi criada. Você já pode entrar."],
      reset: ["Nova senha", "Escolha outra senha. Todas as suas sessões serão encerradas.", "Trocar a senha", "A senha foi trocada. Você já pode entrar."],
      invite: ["Sua conta", "Escolha sua senha.", "Continuar", "Sua conta está pronta. Você já pode entrar."],
      join: ["Convite", "Escolha um nome e uma senha. Se você já tem conta, entre primeiro e abra este link de novo.", "Aceitar", "Agora você faz parte."],
      verify: ["Seu endereço", "Confirme que este endereço é seu.", "Confirmar", "O endereço foi confirmado."],
    },
  };
  const fields = { setup: ["name", "email", "password"], reset: ["password"], invite: ["password"], join: ["name", "password"], verify: [] };
  const places = {
    setup: "/api/v1/auth/setup", reset: "/api/v1/auth/password/reset/confirm", invite: "/api/v1/auth/register",
    join: "/api/v1/auth/register", verify: "/api/v1/auth/verification/confirm",
  };
  const language = navigator.language.toLowerCase().startsWith("pt") ? "pt" : "en";
  const words = texts[language];
  const matter = location.pathname.slice(1);
  const token = new URLSearchParams(location.search).get("token") || "";
  // Neither the history nor what looks over a shoulder keeps the token.
  history.replaceState(null, "", location.pathname);

  const at = (id) => document.getElementById(id);
  document.documentElement.lang = language === "pt" ? "pt-BR" : "en";
  if (!places[matter]) return;
  const [title, about, send, done] = words[matter];
  document.title = title + " · Aurora";
  at("title").textContent = title;
  at("about").textContent = about;
  at("send").textContent = send;
  at("home").textContent = words.home;
  for (const span of document.querySelectorAll("[data-text]")) span.textContent = words[span.dataset.text];
  for (const name of fields[matter]) {
    at(name + "-row").hidden = false;
    at("form").elements[name].required = true;
  }
  at("form").hidden = false;

  const tell = (text, isBad) => {
    at("outcome").textContent = text;
    at("outcome").className = isBad ? "bad" : "";
  };

  const post = (place, body) =>
    fetch(place, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

  const finish = () => {
    at("form").hidden = true;
    at("home").hidden = false;
    tell(done, false);
  };

  at("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { token };
    for (const name of fields[matter]) {
      const value = at("form").elements[name].value;
      body[matter === "reset" && name === "password" ? "new_password" : name] = value;
    }
    at("send").disabled = true;
    try {
      const answer = await post(places[matter], body);
      if (answer.ok) return finish();
      const problem = await answer.json();
      if (answer.status === 401) return tell(words.spent, true);
      const errors = (problem.errors || []).map((error) => error.field + ": " + error.message);
      tell(errors.length ? errors.join("\n") : problem.detail, true);
    } catch {
      tell(words.failed, true);
    } finally {
      at("send").disabled = false;
    }
  });

  // Whoever is signed in already accepts at once.
  if (matter === "join") {
    post("/api/v1/auth/accept", { token }).then((answer) => { if (answer.ok) finish(); }).catch(() => {});
  }
})();
