"""A mail server that keeps nothing and tells what it was given: the far end of aurora-alerts/src/channels/email/tests.

The first line on standard output is {"port": …, "root": …}, the port on the loopback address and the certificate authority
of this run in PEM. Then comes one line for each event: {"event": "mail", …} for a mail as Python's email package reads it,
{"event": "closed", "received": …} for everything that a connection sent, decrypted where it was encrypted. It ends when
its standard input does.
"""

import argparse
import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import pathlib
import ssl
import sys
import tempfile

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def tell(event):
    print(json.dumps(event), flush=True)


def certificate(subject, key, issuer, issuer_key, is_authority, names):
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def encryption(host):
    """A server's TLS context for `host`, and the authority that vouches for it."""

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate(name("Test authority"), root_key, name("Test authority"), root_key, True, [])
    names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    leaf = certificate(name(host), key, name("Test authority"), root_key, False, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = pathlib.Path(folder, "server.pem")
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        pem.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(pem)
    return context, root.public_bytes(serialization.Encoding.PEM).decode()


class Session(SMTP):
    """One connection, of which every byte is kept."""

    def __init__(self, sessions, injected, *args, **options):
        super().__init__(*args, **options)
        self.injected = injected
        self.received = b""
        self.sessions = sessions
        sessions.add(self)

    async def push(self, status):
        if self.injected and status.startswith("220 Ready"):
            status = f"{status}\r\n{self.injected}"
        await super().push(status)

    def data_received(self, data):
        self.received += data
        super().data_received(data)

    def connection_lost(self, error):
        super().connection_lost(error)
        self.end()

    def end(self):
        if self in self.sessions:
            self.sessions.remove(self)
            tell({"event": "closed", "received": self.received.decode("latin1")})


class Mailbox:
    """What is refused, and how."""

    def __init__(self, options):
        self.options = options
        self.busy = options.busy

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        for refusal in self.options.reject:
            refused, _, reply = refusal.partition("=")
            if address == refused:
                return reply or f"550 5.1.1 <{address}> is unknown here"
        if self.busy > 0:
            self.busy -= 1
            return f"451 4.3.0 <{address}> later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in message.walk() if not part.is_multipart()]
        tell(
            {
                "event": "mail",
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "encrypted": session.ssl is not None or self.options.mode == "tls",
                "user": session.auth_data,
                "headers": [[name, str(value)] for name, value in message.items()],
                "type": message.get_content_type(),
                "parts": [{"type": part.get_content_type(), "text": part.get_content()} for part in parts],
                "defects": [repr(defect) for part in message.walk() for defect in part.defects],
                "bytes": len(envelope.content),
                "longest": max(len(line) for line in envelope.content.split(b"\r\n")),
                "ascii": envelope.content.isascii(),
            }
        )
        if self.options.silent:
            await asyncio.Event().wait()
        if self.options.hang_up:
            server.transport.abort()
            await asyncio.Event().wait()
        return self.options.answer


def authenticator(expected):
    def check(server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        # Not handled: aiosmtpd then answers 535 by itself.
        return AuthResult(success=given == expected, handled=False, auth_data=data.login.decode())

    return check


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["starttls", "tls", "clear"])
    parser.add_argument("--host", default="localhost", help="the name in the certificate")
    parser.add_argument("--auth", help="user:password that must be given")
    parser.add_argument("--reject", action="append", default=[], help="ADDRESS or ADDRESS=REPLY")
    parser.add_argument("--busy", type=int, default=0, help="how many recipients are answered 451 first")
    parser.add_argument("--answer", default="250 2.0.0 OK: queued as 4F1A2", help="the reply to a mail")
    parser.add_argument("--silent", action="store_true", help="never answer a mail")
    parser.add_argument("--hang-up", action="store_true", help="close instead of answering a mail")
    parser.add_argument("--inject", help="a line in clear behind the answer to STARTTLS")
    options = parser.parse_args()

    context, root = encryption(options.host)
    handler = Mailbox(options)
    loop = asyncio.get_running_loop()
    sessions = set()

    def session():
        return Session(
            sessions,
            options.inject,
            handler,
            hostname="sink.example",
            tls_context=context if options.mode == "starttls" else None,
            require_starttls=options.mode == "starttls",
            authenticator=authenticator(options.auth),
            auth_required=options.auth is not None,
            auth_require_tls=options.mode == "starttls",
            loop=loop,
        )

    wrapped = context if options.mode == "tls" else None
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=wrapped)
    tell({"port": server.sockets[0].getsockname()[1], "root": root})
    await loop.run_in_executor(None, sys.stdin.read)
    # Some that failed to become encrypted are never said to be lost.
    for session in list(sessions):
        session.end()


if __name__ == "__main__":
    asyncio.run(main())
