"""Reads and sends WhatsApp messages with pywa, a client that other people wrote.

    python whatsapp.py

It reads one JSON object from standard input, a request by name with its arguments, and prints the answer as one line
of JSON. The Rust tests that call this (aurora-crm/src/channels/whatsapp/tests/official.rs) assert on it.
"""

import json
import sys

import pywa
from pywa import types, utils
from pywa.types.templates import BodyText, QuickReplyButton, TemplateLanguage

NUMBER = "106540352242922"


def client(base, token):
    """A client whose Graph API is elsewhere."""
    import httpx

    class Elsewhere(httpx.BaseTransport):
        def __init__(self):
            self.inner = httpx.HTTPTransport()

        def handle_request(self, request):
            if request.url.host == "graph.facebook.com":
                there = httpx.URL(base)
                request.url = request.url.copy_with(scheme=there.scheme, host=there.host, port=there.port)
                request.headers["host"] = f"{there.host}:{there.port}"
            return self.inner.handle_request(request)

    return pywa.WhatsApp(phone_id=NUMBER, token=token, session=httpx.Client(transport=Elsewhere()))


def send(base, token, to):
    """One message of each kind; the ids that came back."""
    wa = client(base, token)
    ids = [
        wa.send_message(to=to, text="Olá", preview_url=False, tracker="msg_1"),
        wa.send_message(to=to, text="Sim", reply_to_message_id="wamid.1"),
        wa.send_message(
            to=to,
            text="Confirma?",
            header="Consulta",
            footer="Clínica",
            buttons=[types.Button("Sim", callback_data="yes"), types.Button("Não", callback_data="no")],
        ),
        wa.send_message(
            to=to,
            text="Escolha",
            buttons=types.SectionList(
                button_title="Horários",
                sections=[
                    types.Section(
                        title="Manhã",
                        rows=[types.SectionRow(title="09:00", callback_data="09", description="Dra. Ana")],
                    ),
                    types.Section(title="Tarde", rows=[types.SectionRow(title="14:00", callback_data="14")]),
                ],
            ),
        ),
        wa.send_message(to=to, text="Veja", buttons=types.URLButton(title="Mapa", url="https://example.com/m")),
        wa.send_location(to=to, latitude=-23.5, longitude=-46.6, name="Clínica", address="Av. Paulista, 1"),
        wa.send_reaction(to=to, emoji="👍", message_id="wamid.1"),
        wa.send_image(to=to, image="4490709327384033", caption="Raio X"),
        wa.send_document(to=to, document="4490709327384033", filename="laudo.pdf", caption="Laudo"),
        wa.send_contact(
            to=to,
            contact=types.Contact(
                name=types.Contact.Name(formatted_name="Ana Souza", first_name="Ana"),
                phones=[types.Contact.Phone(phone="+55 11 98765-4321", type="WORK")],
            ),
        ),
        wa.send_template(
            to=to,
            name="lembrete_consulta",
            language=TemplateLanguage.PORTUGUESE_BR,
            params=[BodyText.params("Ana", "amanhã às 10h"), QuickReplyButton.params(callback_data="confirm:1", index=0)],
        ),
    ]
    wa.mark_message_as_read("wamid.1")
    return {"ids": [getattr(sent, "id", sent) for sent in ids]}


def fails(base, token, to):
    """What the client makes of an error."""
    try:
        client(base, token).send_message(to=to, text="Olá")
    except pywa.errors.WhatsAppError as error:
        return {"code": error.code, "name": type(error).__name__, "details": error.details}
    return {}


def files(base, token, text):
    """A file up and down again."""
    wa = client(base, token)
    media = wa.upload_media(media=text.encode(), mime_type="text/plain", filename="a.txt")
    url = wa.get_media_url(media.id)
    back = wa.get_media_bytes(url=url.url)
    return {"id": media.id, "sha256": url.sha256, "size": url.file_size, "back": back.decode()}


def accepts(secret, body, header):
    """Whether the client takes a webhook for Meta's."""
    return {"accepted": utils.webhook_updates_validator(secret, body.encode(), header)}


def codes():
    """Every code that the client knows, with the group that it puts it into."""
    from pywa import errors

    known = {}
    for group in errors.WhatsAppError.__subclasses__():
        for error in group.__subclasses__():
            for code in error.__error_codes__ or ():
                known[code] = [group.__name__, error.__name__]
    return known


def read(body):
    """What the client reads out of a webhook."""
    wa = pywa.WhatsApp(phone_id=NUMBER, token="x", validate_updates=False, filter_updates=False)
    update = json.loads(body)
    value = update["entry"][0]["changes"][0]["value"]
    if "statuses" in value:
        read = types.MessageStatus.from_update(client=wa, update=update)
        seen = {"id": read.id, "status": str(read.status.value), "at": read.timestamp.timestamp(), "tracker": read.tracker}
    else:
        read = types.Message.from_update(client=wa, update=update)
        user = read.from_user
        seen = {
            "id": read.id,
            "kind": str(read.type.value),
            "at": read.timestamp.timestamp(),
            "text": read.text,
            "caption": read.caption,
            "wa_id": user.wa_id,
            "user_id": user.bsuid,
            "name": user.name,
        }
    return seen


if __name__ == "__main__":
    request = json.load(sys.stdin)
    calls = {f.__name__: f for f in (send, fails, files, accepts, codes, read)}
    print(json.dumps(calls[request.pop("request")](**request)))
