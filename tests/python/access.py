"""Makes and judges what aurora-core's `access` makes and judges, with the tools that others use.

    python access.py

It reads one JSON object from standard input, a request by name with its arguments, and prints the answer as one line
of JSON. The Rust test that calls this (aurora-core/src/access/interop_tests.rs) asserts on it.
"""

import json
import sys

import argon2
import google.auth.exceptions
import google.auth.jwt
import jwt
import pyotp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def check_token(token, jwks=None, secret=None, algorithm=None, audience=None, issuer=None):
    """PyJWT's opinion of a token, with a published key set or a shared secret."""
    if jwks is not None:
        kid = jwt.get_unverified_header(token)["kid"]
        key = jwt.PyJWKSet.from_json(jwks)[kid].key
    else:
        key = secret
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        return {
            "claims": jwt.decode(
                token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options=options
            ),
            "type": jwt.get_unverified_header(token)["typ"],
        }
    except jwt.PyJWTError as failed:
        return {"error": type(failed).__name__}


def check_with_google_auth(token, public_pem, audience):
    """What Google's own library says to a token that is signed for its service accounts."""
    try:
        return {"claims": dict(google.auth.jwt.decode(token, certs=public_pem, audience=audience))}
    except (ValueError, google.auth.exceptions.GoogleAuthError) as failed:
        return {"error": type(failed).__name__}


def make_token(algorithm, claims, secret=None):
    """A token of PyJWT, with a new key where none is given, and what it takes to verify it."""
    answer = {}
    if algorithm == "HS256":
        key = secret
    elif algorithm == "EdDSA":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if algorithm != "HS256":
        made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())
        jwk = json.loads(made) if isinstance(made, str) else made
        answer["jwks"] = json.dumps({"keys": [{**jwk, "kid": "theirs", "use": "sig", "alg": algorithm}]})
        encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        answer["private_pem"] = key.private_bytes(*encoding).decode()
        public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        answer["public_pem"] = key.public_key().public_bytes(*public).decode()
    headers = {"kid": "theirs", "typ": "at+jwt"}
    answer["token"] = jwt.encode(claims, key, algorithm=algorithm, headers=headers)
    return answer


def read_pem(pem):
    """The public half of a private key, as cryptography reads it."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"public_pem": key.public_key().public_bytes(*public).decode()}


def codes(uri, seconds):
    """The codes of pyotp for what an authenticator would scan."""
    totp = pyotp.parse_uri(uri)
    return {"issuer": totp.issuer, "name": totp.name, "codes": [totp.at(second) for second in seconds]}


def check_password(hash, password):
    try:
        return {"same": argon2.PasswordHasher().verify(hash, password)}
    except argon2.exceptions.VerifyMismatchError:
        return {"same": False}


def hash_password(password, memory_kib, passes, lanes):
    hasher = argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
    return {"hash": hasher.hash(password)}


def open_sealed(key, aad, message):
    """AES-256-GCM of cryptography over nonce, ciphertext and tag, all in hexadecimal digits."""
    key, aad, message = bytes.fromhex(key), bytes.fromhex(aad), bytes.fromhex(message)
    return {"text": AESGCM(key).decrypt(message[:12], message[12:], aad).hex()}


REQUESTS = {
    function.__name__: function
    for function in (
        check_token,
        check_with_google_auth,
        make_token,
        read_pem,
        codes,
        check_password,
        hash_password,
        open_sealed,
    )
}

if __name__ == "__main__":
    request = json.load(sys.stdin)
    print(json.dumps(REQUESTS[request.pop("request")](**request)))
