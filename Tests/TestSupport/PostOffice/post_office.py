"""A mail server for tests, on aiosmtpd; or something on its port that is none. Prints its port, and ends with its input.

usage: post_office.py MODE FOLDER [CERTIFICATE KEY]

Every mail is stored in FOLDER as JSON: its envelope, its bytes, and what Python's email package reads in them.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"ada", "pässword".encode()


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 no such user here"
        if address.startswith("later"):
            return "451 4.2.0 come back later"
        if address.startswith("login"):
            return "530 5.7.0 who are you"
        envelope.rcpt_tos.append(address)
        return "250-noted\r\n250 recipient"

    async def handle_DATA(self, server, session, envelope):
        if b"Subject: too much\r\n" in envelope.content:
            return "552 5.3.4 too much"
        self.keep(envelope.mail_from, envelope.rcpt_tos, envelope.content, session.ssl is not None, session.authenticated)
        return "250 kept"

    def keep(self, sender, recipients, content, tls, authenticated):
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.count += 1
        path = os.path.join(self.folder, f"{self.count:04}.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(
                {
                    "sender": sender,
                    "recipients": recipients,
                    "content": content.decode("latin-1"),
                    "from": str(message["From"]),
                    "to": str(message["To"]),
                    "subject": str(message["Subject"]),
                    "id": str(message["Message-ID"]),
                    "date": message["Date"].datetime.isoformat(),
                    "type": message.get_content_type(),
                    "text": message.get_content().replace("\r\n", "\n"),
                    "defects": [str(defect) for defect in message.defects],
                    "headers": sorted(message.keys()),
                    "tls": tls,
                    "authenticated": bool(authenticated),
                },
                file,
            )
        os.rename(path + ".new", path)


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == USER and data.password == PASSWORD, handled=False)


def server(mode, folder, certificate, key):
    """The protocol of a real server."""
    store = Store(folder)
    options = {"hostname": "post-office.test", "loop": asyncio.get_running_loop()}
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if mode in ("login", "login-only"):
        options |= {"tls_context": context, "auth_required": True, "authenticator": authenticate}
    if mode == "login-only":
        options |= {"auth_exclude_mechanism": ["PLAIN"]}
    if mode == "tls":
        options |= {"authenticator": authenticate, "auth_require_tls": False}
    if mode == "plain-login":
        options |= {"authenticator": authenticate, "auth_require_tls": False, "auth_required": True}
    return (lambda: SMTP(store, **options)), context if mode == "tls" else None


async def old(store, reader, writer):
    """Knows HELO alone, and says so."""
    replies = {"EHLO": b"502 what?\r\n", "HELO": b"250 hello\r\n", "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}
    writer.write(b"220-old\r\n220 server\r\n")
    sender, recipients = "", []
    while line := (await reader.readline()).decode():
        verb = line[:4].upper().strip()
        sender = line[11:-3] if verb == "MAIL" else sender
        recipients += [line[9:-3]] if verb == "RCPT" else []
        writer.write(replies.get(verb, b"250 fine\r\n"))
        if verb == "DATA":
            content = b""
            while (piece := await reader.readline()) not in (b".\r\n", b""):
                content += piece[1:] if piece.startswith(b".") else piece
            store.keep(sender, recipients, content, False, False)
            writer.write(b"250 kept\r\n")


async def endless(writer, piece):
    while True:
        writer.write(piece)
        await writer.drain()


async def misbehave(mode, folder, reader, writer):
    """What a server should never do."""
    if mode == "old":
        await old(Store(folder), reader, writer)
    elif mode == "garbage":
        writer.write(b"\x00\xff\x16\x03HTTP/1.1 200 OK\r\n\r\n")
        await reader.read()
    elif mode == "unwilling":
        writer.write(b"554 no mail today\r\n")
        await reader.read()
    elif mode == "silent":
        await reader.read()
    elif mode == "long-line":
        await endless(writer, b"2" * 65536)
    elif mode == "many-lines":
        await endless(writer, b"220-and more\r\n" * 1000)
    elif mode == "two-codes":
        writer.write(b"220-one\r\n250 other\r\n")
        await reader.read()
    elif mode == "hasty":
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250-me\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250-me\r\n250 AUTH PLAIN\r\n")
        await reader.read()
    elif mode == "chatty":
        writer.write(b"220 hello\r\n220 hello\r\n220 hello\r\n")
        await reader.read()
    elif mode == "deaf-to-data":
        writer.write(b"220 hello\r\n")
        while (line := await reader.readline()) and not line.startswith(b"DATA"):
            writer.write(b"250 fine\r\n")
        writer.write(b"354 go on\r\n")
        while (await reader.readline()) not in (b".\r\n", b""):
            pass
    # "close" does nothing, and so closes.


async def main():
    mode, folder, *pair = sys.argv[1:]
    certificate, key = pair or (None, None)
    if mode in ("plain", "starttls", "tls", "login", "login-only", "plain-login"):
        protocol, context = server(mode, folder, certificate, key)
        listener = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context)
    else:

        async def serve(reader, writer):
            try:
                await misbehave(mode, folder, reader, writer)
            except ConnectionError:
                pass
            finally:
                writer.close()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    input_ends = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(input_ends), sys.stdin)
    await input_ends.read()
    os._exit(0)


asyncio.run(main())
