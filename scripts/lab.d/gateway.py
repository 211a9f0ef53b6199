#!/usr/bin/env python3
"""gateway.py ADDRESS PACKAGES - the lab's "Internet".

HTTP on port 80 for every address: /packages/FILE is a file of the folder PACKAGES, an apt repository; every other path
answers 204. DNS gives ADDRESS for every name (A records).
"""
import http.server
import os
import re
import socket
import socketserver
import struct
import sys
import threading
import urllib.parse

ADDRESS, PACKAGES = sys.argv[1:]


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.body()
        if body is None:
            self.send_response(404)
        else:
            self.send_response(200 if body else 204)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if body and self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_POST = do_GET

    def body(self):
        """None: there is no such package."""
        if not self.path.startswith("/packages/"):
            return b""
        # One plain name, so that nothing beside the folder can be had.
        name = re.fullmatch(r"/packages/(?:\./)?([A-Za-z0-9][A-Za-z0-9.+~_:%-]*)", self.path)
        if not name:
            return None
        # The name of a package with an epoch holds "%3a" itself, which apt escapes once more.
        wanted = urllib.parse.unquote(name[1])
        for known in os.listdir(PACKAGES):
            if known in (name[1], wanted):
                with open(os.path.join(PACKAGES, known), "rb") as file:
                    return file.read()
        return None

    def log_message(self, *_):
        pass


class Names(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        if len(data) < 17 or data[2] & 0x80:
            return
        end = 12
        while end < len(data) and data[end]:
            end += data[end] + 1
        question = data[12:end + 5]
        is_a = question[-4:-2] == b"\0\1"
        head = data[:2] + b"\x81\x80" + struct.pack("!4H", 1, 1 if is_a else 0, 0, 0)
        answer = b"\xc0\x0c\0\1\0\1" + struct.pack("!IH", 60, 4) + socket.inet_aton(ADDRESS)
        sock.sendto(head + question + (answer if is_a else b""), self.client_address)


socketserver.ThreadingUDPServer.allow_reuse_address = True
http.server.ThreadingHTTPServer.allow_reuse_address = True
# UDP on the one address: an answer must come from the address that was asked.
names = socketserver.ThreadingUDPServer((ADDRESS, 53), Names)
web = http.server.ThreadingHTTPServer(("0.0.0.0", 80), Web)
threading.Thread(target=names.serve_forever, daemon=True).start()
print("ready", flush=True)
web.serve_forever()
