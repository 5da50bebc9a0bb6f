#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""smtplib_client.py PORT [USER PASSWORD [MECHANISM]]: sends two messages with Python's smtplib."""
import smtplib
import sys
from email.message import EmailMessage

port, login = int(sys.argv[1]), sys.argv[2:4]
message = EmailMessage()
message["From"], message["To"], message["Subject"] = "a@client.test", "b@sink.test", "hello"
message.set_content("a line\n.a line with a dot\n.\n..\nend\n")
message.add_attachment(bytes(range(256)) * 400, maintype="application", subtype="octet-stream")
with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
    if login:
        client.ehlo()
        if sys.argv[4:]:
            client.user, client.password = login
            mechanism = sys.argv[4]
            client.auth(mechanism, getattr(client, "auth_" + mechanism.lower().replace("-", "_")))
        else:
            client.login(*login)
    client.send_message(message)
    if login:
        client.send_message(message)
