// The words of the frame around the pages, and of signing in.
import { common } from "../kit/common.js";
import { texts } from "../kit/words.js";

const words = {
  en: {
    skip: "Skip to the content", notice: "Notice", navigation: "Pages", menu: "Menu", closeMenu: "Close the menu",
    demo: "DEMO · simulated providers — no message leaves this machine",
    simulated: "SIMULATED · no provider is configured, every answer is made up",
    ownKeys: "Try it on your own keys →", ownKeysTitle: "Your own keys", ownKeysText: "Three commands lead from here to a server that keeps what it is told and asks real providers:",
    "command.setup": "asks for your keys and where alerts go, and writes aurora.toml and .env", "command.check": "tries everything that they name: database, providers, channels",
    "command.serve": "serves the API and this dashboard",
    pageCode: "See the Rust code of this page", pageCodeTitle: "The Rust code of this page", pageCodeText: "The same in a program of your own, with the crates that this server is made of:",
    "group.operation": "Operation", "group.customers": "Customers", "group.administration": "Administration",
    "link.connecting": "Connecting", "link.live": "Live", "link.lost": "Trying again", "link.ended": "Not live",
    "theme.system": "Theme: as the system", "theme.light": "Theme: light", "theme.dark": "Theme: dark",
    workspace: "Workspace", signOut: "Sign out", fired: "Alert: {name}", resolved: "Resolved: {name}",
    missingTitle: "This page is not here", missingText: "The address leads nowhere, or you have no right to see what it leads to.", home: "To the first page",
    signIn: "Sign in", email: "E-mail", password: "Password", signInAbout: "With the account of this Aurora installation.",
    endedTitle: "Your session has ended", endedText: "Sign in again to go on here: what you typed is kept.", leavePage: "Leave this page",
    wrong: "E-mail or password is wrong.", wrongCode: "The code is not right, or was used already.",
    code: "Code of your authenticator app", recovery: "Recovery code", useRecovery: "Use a recovery code", useCode: "Use the authenticator app",
    secondTitle: "Second factor", secondAbout: "Your account asks for one more proof.", go: "Continue", back: "Back",
    forgot: "Forgotten the password?", resetText: "If there is an account with this address, a link to choose another password is sent to it.",
    resetSend: "Send the link", resetDone: "If the address has an account, the link is on its way.",
    stepUpTitle: "Confirm that it is you", stepUpText: "This needs a fresh proof of who you are.", stepUpWrong: "That was not right. Try again.",
  },
  "pt-BR": {
    skip: "Ir para o conteúdo", notice: "Aviso", navigation: "Páginas", menu: "Menu", closeMenu: "Fechar o menu",
    demo: "DEMONSTRAÇÃO · provedores simulados — nenhuma mensagem sai desta máquina",
    simulated: "SIMULADO · nenhum provedor configurado, todas as respostas são inventadas",
    ownKeys: "Com as suas próprias chaves →", ownKeysTitle: "As suas próprias chaves", ownKeysText: "Três comandos levam daqui a um servidor que guarda o que recebe e consulta provedores de verdade:",
    "command.setup": "pergunta pelas suas chaves e para onde vão os alertas, e grava aurora.toml e .env", "command.check": "testa tudo o que eles indicam: banco de dados, provedores, canais",
    "command.serve": "serve a API e este painel",
    pageCode: "O código Rust desta página", pageCodeTitle: "O código Rust desta página", pageCodeText: "O mesmo em um programa seu, com as crates de que este servidor é feito:",
    "group.operation": "Operação", "group.customers": "Atendimento", "group.administration": "Administração",
    "link.connecting": "Conectando", "link.live": "Ao vivo", "link.lost": "Reconectando", "link.ended": "Sem atualização",
    "theme.system": "Tema: o do sistema", "theme.light": "Tema: claro", "theme.dark": "Tema: escuro",
    workspace: "Espaço de trabalho", signOut: "Sair", fired: "Alerta: {name}", resolved: "Resolvido: {name}",
    missingTitle: "Esta página não existe", missingText: "O endereço não leva a lugar nenhum, ou você não tem permissão para ver o que há nele.", home: "Ir para a primeira página",
    signIn: "Entrar", email: "E-mail", password: "Senha", signInAbout: "Com a sua conta nesta instalação da Aurora.",
    endedTitle: "Sua sessão terminou", endedText: "Entre de novo para continuar daqui: o que você digitou foi mantido.", leavePage: "Sair desta página",
    wrong: "E-mail ou senha incorretos.", wrongCode: "O código não está certo ou já foi usado.",
    code: "Código do aplicativo autenticador", recovery: "Código de recuperação", useRecovery: "Usar um código de recuperação", useCode: "Usar o aplicativo autenticador",
    secondTitle: "Segundo fator", secondAbout: "Sua conta pede mais uma comprovação.", go: "Continuar", back: "Voltar",
    forgot: "Esqueceu a senha?", resetText: "Se houver uma conta com este endereço, enviaremos a ele um link para escolher outra senha.",
    resetSend: "Enviar o link", resetDone: "Se o endereço tiver uma conta, o link está a caminho.",
    stepUpTitle: "Confirme que é você", stepUpText: "Isto exige uma nova comprovação de quem você é.", stepUpWrong: "Não está certo. Tente de novo.",
  },
};

export const t = texts(words, common);
