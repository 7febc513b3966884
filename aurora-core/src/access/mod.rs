//! Who may do what: passwords, tokens, second factors, API keys, roles and sealed secrets.
